/// @file optiinfra/service/service.hpp
/// The HTTP API of a store, through which many programs insert and query at the same time.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/core/log.hpp"
#include "optiinfra/transport/url.hpp"

namespace optiinfra::service {

/// A request that was answered, or refused before its body was read.
struct AnsweredRequest {
  std::string
      id;  ///< Also the answer's header X-Request-Id: the request's own, when it has one, or a new UUID.
  std::string caller;        ///< The id of the token; "local" without one, "unknown" where the token is.
  std::string method, path;  ///< The path without parameters, in printable characters.
  int status = 0;
  double elapsed_ms = 0;  ///< From the end of its body to its answer.
  std::size_t body_bytes = 0, answer_bytes = 0;
};

struct ServiceOptions {
  std::string listen = "127.0.0.1";  ///< An IP address.
  std::uint16_t port = 7070;         ///< 0: a free one.
  /// Where the service keeps its spool and its tokens; created when absent.
  std::filesystem::path folder = {};
  /// Names by which clients reach it, in addition to IP addresses, localhost and this machine's own name.
  std::vector<std::string> host_names = {};
  std::size_t connections_max = 1024;
  /// Requests per second that each token may send, and programs without one together; twice as many at once
  /// after a pause. 0: any number.
  std::uint32_t requests_per_second = 0;
  /// A certificate with its chain and its key, in PEM; both or neither.
  std::string certificate_file = {}, key_file = {};
  /// Whether programs on this machine need a token too; programs on other machines always do.
  bool is_token_needed = false;
  /// Allows an address that other machines reach without TLS: tokens then travel without encryption.
  bool is_insecure_allowed = false;
  /// Attributes what each hour cost when it has ended, the first time so long after the start. nullopt:
  /// never.
  std::optional<std::chrono::milliseconds> attribute_after = std::chrono::seconds{30};
  /// Told what an operator should know of the store and the spool. Empty: nothing is told.
  LogSink log = {};
  /// Told of every answer, from any thread, several at once; must not throw. Empty: nothing is told.
  std::function<void(const AnsweredRequest&)> on_answer = {};
};

/// Threads: one at a time, except stop() and reload(), which any thread may call after start() has returned.
class Service {
 public:
  /// Opens the port; clients that connect wait until start(). Errors: kInvalidArgument for options that
  /// contradict each other, kUnavailable for a port that is taken.
  static Result<Service> listen(const ServiceOptions& options);

  ~Service();
  Service(Service&&) noexcept;
  Service& operator=(Service&&) noexcept;

  /// "127.0.0.1:7070".
  std::string address() const;

  /// Opens the store and the spool, and then answers requests. Rows that an earlier run left in the spool are
  /// stored in the background.
  /// With `why_only_reading`, or when the spool's disk refuses writes, the service answers questions only;
  /// inserts fail with that reason, and nothing is written. Errors: those of Client::open and Writer::open.
  Result<void> start(const StoreUrl& store, const std::string& why_only_reading = {});

  /// Reads the certificate and the tokens again, as connections and requests do by themselves when the files
  /// have changed, and says what is wrong with them: kInvalidArgument for a certificate that cannot be used,
  /// where the one of before stays; kCorrupt and kStorage for tokens that cannot be read, where all are
  /// refused.
  Result<void> reload();

  /// Answers the requests that are running, for up to `grace`, and then stores the accepted rows, for as long
  /// again. Rows that are not stored by then are in the spool, and the next run stores them: no acknowledged
  /// row is lost.
  void stop(std::chrono::milliseconds grace);

 private:
  class State;
  explicit Service(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace optiinfra::service
