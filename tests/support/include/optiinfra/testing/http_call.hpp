/// @file optiinfra/testing/http_call.hpp
/// One request to an HTTP server on this machine, written and read by hand, so that a test can send what no
/// library would.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace optiinfra::testing {

struct HttpAnswer {
  int status = 0;                                            ///< 0 when none came.
  std::vector<std::pair<std::string, std::string>> headers;  ///< Names in lower case.
  std::string body;

  /// The value of a header; empty when there is none.
  std::string header(const std::string& name) const;
};

struct HttpCall {
  std::string method = "GET";
  std::string target = "/";
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
};

/// Sends `call` on a connection of its own to 127.0.0.1:`port`.
HttpAnswer http_call(std::uint16_t port, const HttpCall& call);

/// Sends these bytes and reads until the server closes, or `timeout` is over; the bytes that came.
std::string exchange_bytes(std::uint16_t port, const std::string& bytes,
                           std::chrono::milliseconds timeout = std::chrono::seconds{40});

/// A connection that stays open over several calls.
class HttpConnection {
 public:
  explicit HttpConnection(std::uint16_t port);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;
  HttpAnswer call(const HttpCall& call);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace optiinfra::testing
