/// libcurl's handles. Only this file, exchange and libcurl know libcurl.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "http/libcurl.hpp"
#include "optiinfra/core/error.hpp"
#include "optiinfra/transport/url.hpp"

namespace optiinfra::http {

using Clock = std::chrono::steady_clock;

/// How long an idle connection is used again when the server does not say how long it keeps one.
inline constexpr std::chrono::milliseconds kIdleMax{1'000};

/// One kept-alive connection to one host, with what all requests over it have in common.
/// Threads: one at a time.
class Connection {
 public:
  /// Errors: kInvalidArgument for a ca_file that cannot be read, kUnavailable when libcurl is not there.
  static Result<std::unique_ptr<Connection>> make(const StoreUrl& store, const Endpoint& endpoint);

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// "db1:8123", for messages.
  const std::string& place() const noexcept { return place_; }
  const std::string& url() const noexcept { return url_; }
  const Libcurl& curl() const noexcept { return curl_; }
  CURL* easy() const noexcept { return easy_; }
  CURLM* multi() const noexcept { return multi_; }

  /// Clears the easy handle of its last request and sets it up for the next.
  void prepare();

  /// Call when an answer has come whole, with what it said about idle connections.
  void set_idle(std::optional<std::chrono::seconds> keep_alive);

 private:
  Connection(const Libcurl& curl, const StoreUrl& store, const Endpoint& endpoint);

  const Libcurl& curl_;
  CURL* easy_;
  CURLM* multi_;
  std::string place_, url_, ca_file_;
  bool verify_;
  Clock::time_point stale_from_{};
};

}  // namespace optiinfra::http
