#include "scripted_http_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

namespace optiinfra::testing {
namespace {

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::abort();
}

bool has_header(const HttpRequest& request, std::string_view header) {
  return request.head.find(header) != std::string::npos;
}

}  // namespace

std::string HttpRequest::parameter(std::string_view name) const {
  for (std::size_t at = line.find_first_of("?&"); at != std::string::npos; at = line.find('&', at + 1)) {
    const std::string_view rest = std::string_view(line).substr(at + 1);
    if (rest.starts_with(name) && rest.substr(name.size()).starts_with('=')) {
      const std::string_view value = rest.substr(name.size() + 1);
      return std::string(value.substr(0, value.find_first_of("& ")));
    }
  }
  return {};
}

bool HttpPeer::read_more() {
  char buffer[64 << 10];
  const ssize_t size = ::recv(socket_, buffer, sizeof buffer, 0);
  if (size > 0) input_.append(buffer, static_cast<std::size_t>(size));
  return size > 0;
}

bool HttpPeer::read_head(HttpRequest& request) {
  std::size_t end;
  while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
    if (!read_more()) return false;
  }
  const std::size_t line = input_.find("\r\n");
  request.line = input_.substr(0, line);
  request.head = input_.substr(line + 2, end - line);
  request.body.clear();
  input_.erase(0, end + 4);
  return true;
}

bool HttpPeer::read_request(HttpRequest& request) { return read_head(request) && read_body(request); }

bool HttpPeer::read_body(HttpRequest& request) {
  if (has_header(request, "chunked")) {
    while (true) {
      std::size_t line;
      while ((line = input_.find("\r\n")) == std::string::npos) {
        if (!read_more()) return false;
      }
      const std::size_t size = std::stoul(input_, nullptr, 16);
      while (input_.size() < line + 2 + size + 2) {
        if (!read_more()) return false;
      }
      request.body += input_.substr(line + 2, size);
      input_.erase(0, line + 2 + size + 2);
      if (size == 0) return true;
    }
  }
  const auto at = request.head.find("Content-Length: ");
  const std::size_t size = at == std::string::npos ? 0 : std::stoul(request.head.substr(at + 16));
  while (input_.size() < size) {
    if (!read_more()) return false;
  }
  request.body = input_.substr(0, size);
  input_.erase(0, size);
  return true;
}

bool HttpPeer::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

void HttpPeer::answer(const HttpRequest& request, std::string_view body, std::string_view more_headers) {
  write("HTTP/1.1 200 OK\r\nX-ClickHouse-Query-Id: " + request.parameter("query_id") +
        "\r\nKeep-Alive: timeout=30\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
        std::string(more_headers) + "\r\n" + std::string(body));
}

void HttpPeer::begin_answer(const HttpRequest& request, std::string_view more_headers) {
  write("HTTP/1.1 200 OK\r\nX-ClickHouse-Query-Id: " + request.parameter("query_id") +
        "\r\nTransfer-Encoding: chunked\r\n" + std::string(more_headers) + "\r\n");
}

void HttpPeer::write_chunk(std::string_view bytes) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  write(size + std::string(bytes) + "\r\n");
}

void HttpPeer::wait_for_close() {
  while (read_more()) input_.clear();
}

ScriptedHttpServer::ScriptedHttpServer(Script script) : script_(std::move(script)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (listener_ < 0 || ::bind(listener_, generic, size) != 0 || ::listen(listener_, 16) != 0 ||
      ::getsockname(listener_, generic, &size) != 0)
    give_up("scripted server");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

ScriptedHttpServer::~ScriptedHttpServer() {
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
  ::close(listener_);
}

std::string ScriptedHttpServer::url() const {
  return "http://ada:secret@127.0.0.1:" + std::to_string(port_) + "/metrics";
}

void ScriptedHttpServer::accept_all() {
  while (true) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    ++connections_;
    const std::lock_guard lock(mutex_);
    sockets_.push_back(socket);
    threads_.emplace_back([this, socket] {
      HttpPeer peer(socket);
      script_(peer);
      // Closed, not only shut down: a client that fills our window would wait where a real server is gone.
      const std::lock_guard lock_again(mutex_);
      std::erase(sockets_, socket);
      ::close(socket);
    });
  }
}

}  // namespace optiinfra::testing
