/// @file optiinfra/transport/fetch.hpp
/// GETs answers over HTTP, many at the same time in one thread: what sources of metrics are asked with.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "optiinfra/core/error.hpp"

namespace optiinfra {

struct FetchRequest {
  std::string url;                        ///< http:// or https://
  std::vector<std::string> headers = {};  ///< "Accept: text/plain"
  /// From the resolution of the name to the last byte. Must be positive.
  std::chrono::milliseconds timeout{10'000};
  std::size_t body_bytes_max = std::size_t{64} << 20;  ///< After decompression.
  bool follows_redirects = true;                       ///< At most kFetchRedirectsMax, http and https only.
  bool accepts_gzip = true;

  std::string user = {}, password = {};  ///< Basic authentication; none when `user` is empty.
  std::string bearer_token = {};  ///< Of "Authorization: Bearer"; empty for none. Not sent to redirects.
  std::string ca_file = {};       ///< Certificates to trust, in PEM; empty for the system's.
  std::string certificate_file = {}, key_file = {};  ///< The client's own; empty for none.
  bool verifies_certificate = true;
};

inline constexpr long kFetchRedirectsMax = 5;
/// Requests that wait for their turn while `connections` others run.
inline constexpr std::size_t kFetchesWaitingMax = 100'000;

struct FetchAnswer {
  int status = 0;
  std::string content_type = {};
  std::string body = {};
  std::chrono::duration<double> elapsed{};
};

/// Threads: one call at a time; callbacks run inside work().
class Fetcher {
 public:
  using Clock = std::chrono::steady_clock;
  /// Errors: kTimeout; kTooLarge for a longer body, as soon as it is known; kUnavailable for all that passes
  /// with time; kInvalidArgument for files that cannot be read. An answer of any status is no error. Messages
  /// do not name the URL.
  using Done = std::function<void(Result<FetchAnswer>)>;

  /// Runs `connections` requests at a time. Errors: kUnavailable when libcurl is not installed.
  static Result<Fetcher> open(unsigned connections = 64);

  /// Requests that run are given up; their callbacks do not come.
  ~Fetcher();
  Fetcher(Fetcher&&) noexcept;
  Fetcher& operator=(Fetcher&&) noexcept;

  /// Takes a request over. Errors: kTooLarge when kFetchesWaitingMax wait.
  Result<void> start(FetchRequest request, Done done);

  /// Requests that were started and are not done.
  std::size_t pending() const noexcept;

  /// Lets requests go on until one is done or `until` has come; waits for `until` when there is none.
  void work(Clock::time_point until);

 private:
  class State;
  explicit Fetcher(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

/// One request, and its answer.
Result<FetchAnswer> fetch(FetchRequest request);

}  // namespace optiinfra
