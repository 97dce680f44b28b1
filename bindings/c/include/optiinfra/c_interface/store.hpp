/// @file optiinfra/c_interface/store.hpp
/// What a client of a binding is: a store in this process, on a server, or behind the API of a service.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "optiinfra/c_interface/failure.hpp"
#include "optiinfra/c_interface/questions.hpp"
#include "optiinfra/client/client.hpp"
#include "optiinfra/transport/url.hpp"

namespace optiinfra::c_interface {

/// The URL of a store for a writer; nullptr takes that of the environment.
/// Errors: kInvalidArgument, also for the URL of an API: its service has a writer of its own.
Result<StoreUrl> store_url_of(const char* url);

/// Threads: as Client.
class Store {
 public:
  /// Opens the store at `url`: a store URL (transport/url.hpp), or "api://host:7070", "apis://host", which
  /// needs no engine and takes its token from OPTIINFRA_TOKEN or OPTIINFRA_TOKEN_FILE. nullptr takes the URL
  /// of the environment. Errors: those of Client::open; of an API, that it is away or the token is unknown.
  static Result<Store> open(const char* url, const ClientOptions& options);

  ~Store();
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;

  bool ping() noexcept;

  /// nullopt when `batch` was stored. Where a rule was broken, the failure has the first value that broke
  /// one.
  std::optional<Failure> insert(const AnyBatch& batch, const std::string& token);

  /// Through an API an answer has at most kApiAnswerRowsMax rows, and a longer one is kTooLarge.
  Result<Answer> query(const Question& question);

  /// The answer under the names of the question's own columns.
  /// Errors: kInvalidArgument for a name that is unknown, or a parameter that is missing.
  Result<Answer> query(const NamedAsk& ask);

  /// "customers", "services", "instances" or "models": what the rows name, those with the most rows first. An
  /// answer without a window. Errors: kInvalidArgument for another list, or a filter that it does not take.
  Result<Answer> list(const std::string& kind, const std::vector<Filter>& filters, std::size_t limit);

 private:
  class Api;
  using Place = std::variant<Client, std::unique_ptr<Api>>;
  explicit Store(Place place);
  Place place_;
};

}  // namespace optiinfra::c_interface
