#include "optiinfra/testing/fake_service.hpp"

#include <poll.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "socket.hpp"

namespace optiinfra::testing {
namespace {

/// How often a wait looks whether the test is over.
constexpr int kLookEveryMs = 10;

}  // namespace

std::string FakeRequest::header(const std::string& name) const {
  const std::string begin = "\r\n" + name + ": ";
  const std::size_t at = head.find(begin);
  if (at == std::string::npos) return {};
  const std::size_t from = at + begin.size();
  return head.substr(from, head.find("\r\n", from) - from);
}

class FakeService::State {
 public:
  explicit State(std::function<FakeAnswer(const FakeRequest&)> answer)
      : answer_(std::move(answer)), listening_(listen_on_loopback()), thread_([this] { run(); }) {}
  ~State() {
    is_over_ = true;
    thread_.join();
  }

  std::uint16_t port() const { return listening_.second; }

 private:
  void run() {
    while (wait_for(listening_.first.number())) {
      const Descriptor client(::accept4(listening_.first.number(), nullptr, nullptr, SOCK_CLOEXEC));
      if (client) serve(client.number());
    }
  }

  /// False when the test is over.
  bool wait_for(int socket) const {
    pollfd wait{.fd = socket, .events = POLLIN, .revents = 0};
    while (!is_over_)
      if (::poll(&wait, 1, kLookEveryMs) > 0) return true;
    return false;
  }

  /// False when the client has gone, or the test is over.
  bool read_more(int client, std::string& bytes) const {
    if (!wait_for(client)) return false;
    char piece[65536];
    const ssize_t count = ::recv(client, piece, sizeof piece, 0);
    if (count > 0) bytes.append(piece, static_cast<std::size_t>(count));
    return count > 0;
  }

  void serve(int client) const {
    std::string bytes;
    while (bytes.find("\r\n\r\n") == std::string::npos)
      if (!read_more(client, bytes)) return;
    const std::size_t end = bytes.find("\r\n\r\n") + 2;
    FakeRequest request{.head = bytes.substr(0, end), .body = bytes.substr(end + 2)};
    if (!request.header("Expect").empty()) send_all(client, "HTTP/1.1 100 Continue\r\n\r\n");
    const auto length = static_cast<std::size_t>(std::atoll(request.header("Content-Length").c_str()));
    while (request.body.size() < length)
      if (!read_more(client, request.body)) return;
    const FakeAnswer answer = answer_(request);
    if (answer.status == 0)
      while (read_more(client, request.body)) {
      }
    else
      send_all(client, "HTTP/1.1 " + std::to_string(answer.status) +
                           " X\r\nConnection: close\r\nContent-Length: " +
                           std::to_string(answer.body.size()) + "\r\n\r\n" + answer.body);
  }

  static void send_all(int client, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  const std::function<FakeAnswer(const FakeRequest&)> answer_;
  const std::pair<Descriptor, std::uint16_t> listening_;
  std::atomic<bool> is_over_ = false;
  std::thread thread_;  ///< The last, because it uses the others.
};

FakeService::FakeService(std::function<FakeAnswer(const FakeRequest&)> answer)
    : state_(std::make_unique<State>(std::move(answer))) {}
FakeService::~FakeService() = default;
std::uint16_t FakeService::port() const noexcept { return state_->port(); }

}  // namespace optiinfra::testing
