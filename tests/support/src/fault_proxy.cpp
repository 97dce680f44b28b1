#include "optiinfra/testing/fault_proxy.hpp"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

#include "socket.hpp"

namespace optiinfra::testing {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kPieceBytesMax = std::size_t{64} << 10;

/// One of the two streams of a connection.
struct Stream {
  std::string held;  ///< Read and not passed on yet.
  bool ended = false, end_passed = false;
  bool stalled = false, swallowing = false, trickling = false;
  steady_clock::time_point not_before{};
};

struct Connection {
  std::array<Descriptor, 2> sockets;  ///< Indexed by where a stream goes: the server, the client.
  std::array<Stream, 2> streams;      ///< Indexed by Way.
  bool gone = false;

  int source(int way) const { return sockets[static_cast<std::size_t>(1 - way)].number(); }
  int target(int way) const { return sockets[static_cast<std::size_t>(way)].number(); }
  Stream& stream(int way) { return streams[static_cast<std::size_t>(way)]; }

  void reset() {
    for (Descriptor& socket : sockets) socket.reset();
    gone = true;
  }
  /// The receiver sees the end; what the sender still sends is taken and dropped, so that no RST follows.
  void end(int way) {
    stream(way).swallowing = stream(way).end_passed = true;
    ::shutdown(target(way), SHUT_WR);
  }
};

void make_prompt(const Descriptor& socket) {
  const int on = 1;
  ::setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::fcntl(socket.number(), F_SETFL, O_NONBLOCK);
}

}  // namespace

class FaultProxy::Loop {
 public:
  explicit Loop(std::uint16_t server_port)
      : server_port_(server_port), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    std::tie(listener_, port_) = listen_on_loopback();
    thread_ = std::thread([this] { run(); });
  }

  ~Loop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake();
    thread_.join();
  }

  std::uint16_t port() const noexcept { return port_; }

  void arm(const Fault& fault, OpenConnections open) {
    const std::lock_guard lock(mutex_);
    if (open == OpenConnections::kDrop) connections_.clear(), drop_waiting();
    fault_ = fault;
    report_ = {};
    for (std::string& bytes : recorded_) bytes.clear();
    wake();
  }

  FaultReport report() {
    const std::lock_guard lock(mutex_);
    return report_;
  }

  std::string recorded(Way way) {
    const std::lock_guard lock(mutex_);
    return recorded_[static_cast<std::size_t>(way)];
  }

 private:
  void wake() const { ::eventfd_write(wake_.number(), 1); }

  void run() {
    std::vector<pollfd> files;
    while (true) {
      int wait_ms = -1;
      {
        const std::lock_guard lock(mutex_);
        if (stopping_) return;
        work();
        files.assign({{wake_.number(), POLLIN, 0}, {listener_.number(), POLLIN, 0}});
        for (Connection& connection : connections_) {
          for (const int way : {0, 1}) wait_ms = shorter(wait_ms, watch(connection, way, files));
        }
      }
      ::poll(files.data(), files.size(), wait_ms);
      eventfd_t ignored = 0;
      ::eventfd_read(wake_.number(), &ignored);
    }
  }

  static int shorter(int left, int right) {
    return left < 0 ? right : right < 0 ? left : std::min(left, right);
  }

  /// Adds what this stream waits for; returns the time after which it goes on by itself, or -1.
  static int watch(Connection& connection, int way, std::vector<pollfd>& files) {
    const Stream& stream = connection.stream(way);
    if (stream.stalled) return -1;
    if (stream.held.empty()) {
      if (!stream.ended) files.push_back({connection.source(way), POLLIN, 0});
      return -1;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(stream.not_before - steady_clock::now());
    if (left.count() > 0) return static_cast<int>(left.count());
    files.push_back({connection.target(way), POLLOUT, 0});
    return -1;
  }

  /// Does all that can be done without waiting.
  void work() {
    accept_all();
    bool moved = true;
    while (moved) {
      moved = false;
      for (Connection& connection : connections_) {
        for (const int way : {0, 1}) moved = (!connection.gone && move(connection, way)) || moved;
      }
      connections_.remove_if([](const Connection& connection) { return connection.gone; });
    }
  }

  Descriptor accept_one() {
    return Descriptor(::accept4(listener_.number(), nullptr, nullptr, SOCK_CLOEXEC));
  }

  void drop_waiting() {
    while (Descriptor client = accept_one()) client.reset();
  }

  void accept_all() {
    while (Descriptor client = accept_one()) {
      ++report_.connections;
      Descriptor server = connect_to_loopback(server_port_);
      if (!server) {
        client.reset();
        continue;
      }
      make_prompt(client), make_prompt(server);
      connections_.push_back({{std::move(server), std::move(client)}, {}});
      strike_if_due(connections_.back(), static_cast<int>(fault_.way));
    }
  }

  /// Passes on one piece. True when something changed.
  bool move(Connection& connection, int way) {
    Stream& stream = connection.stream(way);
    if (stream.stalled) return false;
    if (stream.held.empty()) return !stream.ended ? take(connection, way) : pass_end(connection, way);
    if (stream.swallowing) return stream.held.clear(), true;
    if (steady_clock::now() < stream.not_before) return false;
    return pass(connection, way);
  }

  static bool take(Connection& connection, int way) {
    Stream& stream = connection.stream(way);
    std::array<char, kPieceBytesMax> piece;
    const auto size = ::recv(connection.source(way), piece.data(), piece.size(), 0);
    if (size < 0 && errno == EAGAIN) return false;
    if (size < 0) return connection.reset(), true;
    stream.held.assign(piece.data(), static_cast<std::size_t>(size));
    stream.ended = size == 0;
    return true;
  }

  static bool pass_end(Connection& connection, int way) {
    Stream& stream = connection.stream(way);
    const bool passed_now = !std::exchange(stream.end_passed, true);
    if (passed_now) ::shutdown(connection.target(way), SHUT_WR);
    const Stream& other = connection.stream(1 - way);
    connection.gone = other.ended && other.end_passed;
    return passed_now || connection.gone;
  }

  bool pass(Connection& connection, int way) {
    if (strike_if_due(connection, way)) return true;
    Stream& stream = connection.stream(way);
    std::size_t size = stream.held.size();
    if (stream.trickling) size = std::min(size, fault_.piece_bytes);
    const bool aimed =
        !report_.fired && fault_.kind != FaultKind::kNone && static_cast<int>(fault_.way) == way;
    const std::uint64_t distance = fault_.at_byte - passed(way);
    if (aimed && fault_.kind == FaultKind::kFlip && distance < size) {
      stream.held[distance] = static_cast<char>(stream.held[distance] ^ (1 << fault_.bit));
      report_.fired = true;
    } else if (aimed && distance > 0) {
      size = std::min(size, static_cast<std::size_t>(distance));
    }
    const auto sent = ::send(connection.target(way), stream.held.data(), size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) return false;
    if (sent < 0) return connection.reset(), true;
    record(way, std::string_view(stream.held).substr(0, static_cast<std::size_t>(sent)));
    stream.held.erase(0, static_cast<std::size_t>(sent));
    if (stream.trickling) stream.not_before = steady_clock::now() + fault_.pause;
    strike_if_due(connection, way);
    return true;
  }

  std::uint64_t& passed(int way) { return way == 0 ? report_.server_bytes : report_.client_bytes; }

  void record(int way, std::string_view bytes) {
    passed(way) += bytes.size();
    std::string& kept = recorded_[static_cast<std::size_t>(way)];
    kept.append(bytes.substr(0, kRecordedBytesMax - std::min(kept.size(), kRecordedBytesMax)));
  }

  bool strike_if_due(Connection& connection, int way) {
    if (report_.fired || fault_.kind == FaultKind::kNone || fault_.kind == FaultKind::kFlip) return false;
    if (static_cast<int>(fault_.way) != way || passed(way) != fault_.at_byte) return false;
    report_.fired = true;
    strike(connection, way);
    return true;
  }

  void strike(Connection& connection, int way) {
    Stream& stream = connection.stream(way);
    switch (fault_.kind) {
      case FaultKind::kReset:
        return connection.reset();
      case FaultKind::kFinish:
        return connection.end(0), connection.end(1);
      case FaultKind::kTruncate:
        return connection.end(way);
      case FaultKind::kStall:
        stream.stalled = true;
        return;
      case FaultKind::kTrickle:
        stream.trickling = true;
        [[fallthrough]];
      case FaultKind::kDelay:
        stream.not_before = steady_clock::now() + fault_.pause;
        return;
      case FaultKind::kNone:
      case FaultKind::kFlip:
        return;
    }
  }

  const std::uint16_t server_port_;
  Descriptor wake_, listener_;
  std::uint16_t port_ = 0;

  std::mutex mutex_;  // Guards all below.
  bool stopping_ = false;
  Fault fault_;
  FaultReport report_;
  std::array<std::string, 2> recorded_;
  std::list<Connection> connections_;

  std::thread thread_;
};

FaultProxy::FaultProxy(std::uint16_t server_port) : loop_(std::make_unique<Loop>(server_port)) {}
FaultProxy::~FaultProxy() = default;

std::uint16_t FaultProxy::port() const noexcept { return loop_->port(); }
void FaultProxy::arm(const Fault& fault, OpenConnections open) { loop_->arm(fault, open); }
FaultReport FaultProxy::report() const { return loop_->report(); }
std::string FaultProxy::recorded(Way way) const { return loop_->recorded(way); }

}  // namespace optiinfra::testing
