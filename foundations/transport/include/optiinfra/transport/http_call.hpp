/// @file optiinfra/transport/http_call.hpp
/// Calls an HTTP service that is no store itself: the API of `optiinfra server`.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/transport/session.hpp"
#include "optiinfra/transport/url.hpp"

namespace optiinfra {

/// Longest answer that is read.
inline constexpr std::size_t kHttpAnswerBytesMax = std::size_t{256} << 20;

/// Where the service is.
struct HttpService {
  Endpoint endpoint;
  bool is_encrypted = false;
  std::string ca_file = {};  ///< Certificates to trust instead of the system's, in PEM.
  bool verify_certificate = true;
};

struct HttpCall {
  std::string method = "GET";
  std::string path = "/";
  std::vector<NamedValue> parameters = {};  ///< Of the query string; encoded here.
  std::vector<std::string> headers = {};    ///< "Authorization: Bearer ...".
  std::string body = {};
  std::chrono::milliseconds timeout = kCallTimeout;
  /// The call ends with kCancelled soon after a stop is requested; the service may have had it.
  std::stop_token stop = {};
};

struct HttpAnswer {
  int status = 0;
  std::string body;
  /// Those whose names begin with "optiinfra-", in lower case, and their values.
  std::vector<std::pair<std::string, std::string>> own_headers = {};

  /// The value of one of them; empty when there is none.
  std::string own_header(std::string_view name) const;
};

/// A kept-alive connection to one service, made again when it breaks. libcurl is loaded with the first one.
/// Threads: one at a time.
class HttpClient {
 public:
  /// Errors: kUnavailable without libcurl, kInvalidArgument for a ca_file that cannot be read. Connects with
  /// the first call.
  static Result<HttpClient> make(const HttpService& service);

  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  /// The answer, whatever its status. A call is sent once.
  /// Errors: kUnavailable, kTimeout, kCorrupt for what is not HTTP, kTooLarge; Applied::kUnknown when the
  /// service may have had the call.
  Result<HttpAnswer> call(const HttpCall& call);

 private:
  class State;
  explicit HttpClient(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace optiinfra
