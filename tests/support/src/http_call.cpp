#include "optiinfra/testing/http_call.hpp"

#include <poll.h>

#include <cctype>
#include <cstdlib>

#include "socket.hpp"

namespace optiinfra::testing {
namespace {

constexpr std::chrono::seconds kAnswerTime{60};

Descriptor connected_socket(std::uint16_t port) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(port);
  if (socket && ::connect(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return socket;
  return Descriptor{};
}

/// False when the peer has gone.
bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

/// Appends what has come; false at the end, after an error and after `timeout`.
bool read_some(int socket, std::string& bytes, std::chrono::milliseconds timeout) {
  pollfd wait{.fd = socket, .events = POLLIN, .revents = 0};
  if (::poll(&wait, 1, static_cast<int>(timeout.count())) <= 0) return false;
  char piece[65536];
  const ssize_t count = ::recv(socket, piece, sizeof piece, 0);
  if (count <= 0) return false;
  bytes.append(piece, static_cast<std::size_t>(count));
  return true;
}

std::string text_of(const HttpCall& call) {
  std::string text = call.method + " " + call.target + " HTTP/1.1\r\n";
  bool has_host = false, has_length = false;
  for (const auto& [name, value] : call.headers) {
    text += name + ": " + value + "\r\n";
    has_host = has_host || name == "Host";
    has_length = has_length || name == "Content-Length" || name == "Transfer-Encoding";
  }
  if (!has_host) text += "Host: localhost\r\n";
  if (!has_length && (!call.body.empty() || call.method == "POST"))
    text += "Content-Length: " + std::to_string(call.body.size()) + "\r\n";
  return text + "\r\n" + call.body;
}

HttpAnswer parse_head(const std::string& head) {
  HttpAnswer answer;
  if (head.size() < 12 || !head.starts_with("HTTP/1.1 ")) return answer;
  answer.status = std::atoi(head.c_str() + 9);
  for (std::size_t begin = head.find("\r\n"); begin != std::string::npos && begin + 2 < head.size();) {
    begin += 2;
    const std::size_t end = head.find("\r\n", begin);
    const std::string line = head.substr(begin, end - begin);
    const std::size_t mark = line.find(": ");
    if (mark != std::string::npos) {
      std::string name = line.substr(0, mark);
      for (char& letter : name) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
      answer.headers.emplace_back(name, line.substr(mark + 2));
    }
    begin = end;
  }
  return answer;
}

}  // namespace

std::string HttpAnswer::header(const std::string& name) const {
  for (const auto& [each, value] : headers)
    if (each == name) return value;
  return {};
}

struct HttpConnection::State {
  Descriptor socket;
  std::string rest = {};  ///< What came after the last answer.
};

HttpConnection::HttpConnection(std::uint16_t port) : state_(new State{connected_socket(port)}) {}
HttpConnection::~HttpConnection() = default;

HttpAnswer HttpConnection::call(const HttpCall& call) {
  if (!state_->socket) return {};
  const int socket = state_->socket.number();
  std::string& rest = state_->rest;
  // A server that refuses stops reading, and its answer is there all the same.
  (void)send_all(socket, text_of(call));
  std::size_t end;
  for (;;) {
    while ((end = rest.find("\r\n\r\n")) == std::string::npos)
      if (!read_some(socket, rest, kAnswerTime)) return {};
    if (!rest.starts_with("HTTP/1.1 100")) break;
    rest.erase(0, end + 4);
  }
  HttpAnswer answer = parse_head(rest.substr(0, end + 2));
  rest.erase(0, end + 4);
  const std::size_t length =
      call.method == "HEAD" ? 0
                            : static_cast<std::size_t>(std::atoll(answer.header("content-length").c_str()));
  while (rest.size() < length)
    if (!read_some(socket, rest, kAnswerTime)) break;
  answer.body = rest.substr(0, length);
  rest.erase(0, length);
  return answer;
}

HttpAnswer http_call(std::uint16_t port, const HttpCall& call) { return HttpConnection(port).call(call); }

std::string exchange_bytes(std::uint16_t port, const std::string& bytes, std::chrono::milliseconds timeout) {
  const Descriptor socket = connected_socket(port);
  if (!socket) return {};
  std::string answer;
  (void)send_all(socket.number(), bytes);
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0 || !read_some(socket.number(), answer, left)) break;
  }
  return answer;
}

}  // namespace optiinfra::testing
