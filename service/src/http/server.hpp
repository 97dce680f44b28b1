/// HTTP/1.1 on one port: reads requests within bounds, hands them to threads that may wait, writes answers.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/message.hpp"
#include "optiinfra/core/error.hpp"

namespace optiinfra::service {

/// What one peer may make the server hold, and for how long.
inline constexpr std::size_t kHeaderBytesMax = 16 << 10;
inline constexpr std::size_t kBodyBytesMax = std::size_t{64} << 20;
/// Of all requests that are being read or handled.
inline constexpr std::size_t kBodiesBytesMax = std::size_t{256} << 20;
/// From a connection's opening, or its last answer, to the end of a request's headers.
inline constexpr std::chrono::seconds kHeaderTime{30};
inline constexpr std::chrono::seconds kBodyTime{60};
inline constexpr std::chrono::seconds kAnswerTime{60};
/// Threads that handle requests, each of which may wait for the store.
inline constexpr unsigned kHandlerThreads = 16;

struct HttpOptions {
  std::string listen = "127.0.0.1";  ///< An IP address.
  std::uint16_t port = 0;            ///< 0: a free one.
  std::size_t connections_max = 1024;
  std::string certificate_file = {};  ///< PEM, with its chain; empty: no TLS. Read again when it changes.
  std::string key_file = {};
};

/// What the server has done, for its metrics.
struct HttpCounts {
  std::uint64_t connections = 0;  ///< Open now.
  std::uint64_t refused_connections = 0;
  std::uint64_t broken_requests = 0;  ///< That no handler has seen: not HTTP, too slow, too large.
};

/// What becomes of requests. `admit` runs on a thread that must not wait, when a request's headers are
/// there: an answer of it refuses the request before its body is read. `handle` may wait.
struct HttpEvents {
  std::function<std::optional<Response>(const Request&)> admit;
  std::function<Response(const Request&)> handle;
};

/// Threads: all methods from any.
class HttpServer {
 public:
  /// Opens the port; peers wait until start(). Errors: kUnavailable for a port that is taken,
  /// kInvalidArgument for an address or a certificate that is none.
  static Result<std::unique_ptr<HttpServer>> listen(const HttpOptions& options);

  virtual ~HttpServer() = default;
  virtual std::uint16_t port() const = 0;
  virtual void start(HttpEvents events) = 0;

  /// Closes the port, lets requests that are there be answered for `grace`, and ends every connection.
  virtual void stop(std::chrono::milliseconds grace) = 0;

  /// Reads the certificate again, as each new connection does when its files have changed. Errors:
  /// kInvalidArgument for files that cannot be used; the certificate of before stays.
  virtual Result<void> reload_certificate() = 0;
  virtual HttpCounts counts() const = 0;
};

}  // namespace optiinfra::service
