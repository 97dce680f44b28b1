/// @file optiinfra/api/api_store.hpp
/// A store behind the HTTP API of an `optiinfra server`: where it is, and calls of its routes.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/report/records.hpp"
#include "optiinfra/transport/http_call.hpp"
#include "optiinfra/transport/secret_file.hpp"

namespace optiinfra::api {

/// Where an API is: "api://host:7070", "apis://host?ca_file=/etc/ca.pem&verify=no". Port 7070 unless said.
struct ApiUrl {
  HttpService service;
  std::string description = {};  ///< "api://host:7070".
};

/// Whether the URL names an API, rightly or not.
bool is_api_url(std::string_view url);

/// Errors: kInvalidArgument; a token in the URL is refused without repeating it.
Result<ApiUrl> parse_api_url(std::string_view url);

/// The token that the environment holds: OPTIINFRA_TOKEN, or the first line of the file that
/// OPTIINFRA_TOKEN_FILE names; `is_open_to_all` is about that file. Empty when neither is set.
/// Errors: kStorage, kInvalidArgument for a text that no token is.
Result<Secret> token_of_environment();

/// The answer to a question: its report, or why the store has no such rows.
struct ApiAnswer {
  report::Report report;
  std::string not_found = {};
};

/// Threads: one at a time. Errors of all calls name the service, and what to do.
class ApiStore {
 public:
  static Result<ApiStore> make(ApiUrl url, std::string token);

  const std::string& description() const noexcept { return url_.description; }

  /// The answer of a route that gives a report.
  Result<ApiAnswer> ask(const std::string& path, std::vector<NamedValue> parameters,
                        std::chrono::milliseconds timeout = kCallTimeout, std::string method = "GET");

  /// A good answer. `call` needs no token. Errors: what the service says, by its kind.
  Result<HttpAnswer> fetch(HttpCall call);

  /// The body of a good answer. `call` needs no token. Errors: what the service says, by its kind.
  Result<std::string> send(HttpCall call);

  /// As send(), for rows that are kept until the service has them. Only what the service itself says of these
  /// rows is kInvalidArgument, kTooLarge or kConflict, by the `kind` of its problem. What a missing route, a
  /// proxy or another program says is not: kRejected unless it is retryable.
  Result<std::string> send_rows(HttpCall call);

 private:
  ApiStore(ApiUrl url, std::string token, HttpClient client)
      : url_(std::move(url)), token_(std::move(token)), client_(std::move(client)) {}

  Result<HttpAnswer> exchange(HttpCall call);
  Error error_of(const HttpAnswer& answer) const;

  ApiUrl url_;
  std::string token_;
  HttpClient client_;
};

}  // namespace optiinfra::api
