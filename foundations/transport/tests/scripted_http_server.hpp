/// A server that does to its clients what a test tells it to, on a free port of 127.0.0.1.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace optiinfra::testing {

struct HttpRequest {
  std::string line;  ///< "POST /?... HTTP/1.1"
  std::string head;  ///< The headers, each with its line's end.
  std::string body;

  /// The value of a parameter in the URL, still encoded; empty when it is not there.
  std::string parameter(std::string_view name) const;
};

/// One connection, from the server's side.
class HttpPeer {
 public:
  explicit HttpPeer(int socket) : socket_(socket) {}

  /// Reads a whole request. False when the client has gone.
  bool read_request(HttpRequest& request);
  /// Reads the head and leaves the body.
  bool read_head(HttpRequest& request);
  /// Reads the body of a request whose head has been read.
  bool read_body(HttpRequest& request);

  /// False when the client has gone.
  bool write(std::string_view bytes);

  /// A whole answer, as ClickHouse gives it to `request`.
  void answer(const HttpRequest& request, std::string_view body, std::string_view more_headers = {});
  /// Only its head, for a chunked body.
  void begin_answer(const HttpRequest& request, std::string_view more_headers = {});
  void write_chunk(std::string_view bytes);

  /// Waits until the client closes.
  void wait_for_close();

 private:
  bool read_more();

  int socket_;
  std::string input_;
};

/// Threads: one for each connection runs `script` until it returns; then the connection is closed.
class ScriptedHttpServer {
 public:
  using Script = std::function<void(HttpPeer&)>;

  explicit ScriptedHttpServer(Script script);
  ScriptedHttpServer(const ScriptedHttpServer&) = delete;
  ScriptedHttpServer& operator=(const ScriptedHttpServer&) = delete;
  ~ScriptedHttpServer();

  int port() const noexcept { return port_; }
  /// "http://ada:secret@127.0.0.1:40123/metrics"
  std::string url() const;
  int connections() const noexcept { return connections_; }

 private:
  void accept_all();

  Script script_;
  int listener_ = -1, port_ = 0;
  std::atomic<int> connections_ = 0;
  std::mutex mutex_;
  std::vector<int> sockets_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace optiinfra::testing
