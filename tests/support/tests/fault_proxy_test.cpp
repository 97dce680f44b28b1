#include "optiinfra/testing/fault_proxy.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <thread>

#include "socket.hpp"

namespace optiinfra::testing {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

/// Sends back what it gets, to one connection after the other.
class EchoServer {
 public:
  EchoServer() {
    std::tie(listener_, port_) = listen_on_loopback();
    thread_ = std::thread([this] { run(); });
  }
  ~EchoServer() {
    stopping_ = true;
    (void)connect_to_loopback(port_);
    thread_.join();
  }
  std::uint16_t port() const { return port_; }

 private:
  void run() {
    while (!stopping_) {
      pollfd file{listener_.number(), POLLIN, 0};
      ::poll(&file, 1, -1);
      const Descriptor socket(::accept4(listener_.number(), nullptr, nullptr, SOCK_CLOEXEC));
      char piece[1 << 10];
      for (ssize_t size; (size = ::recv(socket.number(), piece, sizeof piece, 0)) > 0;) {
        if (::send(socket.number(), piece, static_cast<std::size_t>(size), MSG_NOSIGNAL) < 0) break;
      }
    }
  }

  Descriptor listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

enum class End { kNone, kFinish, kReset };

struct Heard {
  std::string text;
  End end = End::kNone;
  steady_clock::duration took{};
};

class FaultProxyTest : public ::testing::Test {
 protected:
  Descriptor connect() const { return connect_to_loopback(proxy_.port()); }

  static void say(const Descriptor& socket, std::string_view text) {
    ::send(socket.number(), text.data(), text.size(), MSG_NOSIGNAL);
  }

  /// What comes until there are `size` bytes, the end, or nothing for a while.
  static Heard hear(const Descriptor& socket, std::size_t size = 1 << 20) {
    const auto begin = steady_clock::now();
    Heard heard;
    while (heard.text.size() < size && heard.end == End::kNone) {
      pollfd file{socket.number(), POLLIN, 0};
      if (::poll(&file, 1, 300) <= 0) break;
      char piece[1 << 10];
      const auto got = ::recv(socket.number(), piece, sizeof piece, 0);
      if (got > 0) heard.text.append(piece, static_cast<std::size_t>(got));
      if (got == 0) heard.end = End::kFinish;
      if (got < 0) heard.end = End::kReset;
    }
    heard.took = steady_clock::now() - begin;
    return heard;
  }

  Heard exchange(const Fault& fault, std::string_view text) {
    proxy_.arm(fault);
    const Descriptor socket = connect();
    say(socket, text);
    return hear(socket, fault.kind == FaultKind::kFlip ? text.size() : 1 << 20);
  }

  EchoServer server_;
  FaultProxy proxy_{server_.port()};
};

constexpr std::string_view kText = "0123456789abcdefghij";

TEST_F(FaultProxyTest, HarmsNothingUntilArmedAndCountsWhatPassed) {
  const Descriptor socket = connect();
  say(socket, kText);
  EXPECT_EQ(hear(socket, kText.size()).text, kText);
  const FaultReport report = proxy_.report();
  EXPECT_FALSE(report.fired);
  EXPECT_EQ(report.connections, 1);
  EXPECT_EQ(report.server_bytes, kText.size());
  EXPECT_EQ(report.client_bytes, kText.size());
  EXPECT_EQ(proxy_.recorded(Way::kToClient), kText);
}

TEST_F(FaultProxyTest, CutsAtEveryByteOfEachWay) {
  for (const FaultKind kind : {FaultKind::kReset, FaultKind::kFinish}) {
    for (const Way way : {Way::kToServer, Way::kToClient}) {
      for (std::size_t at = 0; at <= kText.size(); ++at) {
        const Heard heard = exchange({.kind = kind, .way = way, .at_byte = at}, kText);
        EXPECT_NE(heard.end, End::kNone) << at;
        EXPECT_TRUE(kText.starts_with(heard.text)) << at;
        EXPECT_LE(heard.text.size(), at);
        const FaultReport report = proxy_.report();
        EXPECT_TRUE(report.fired) << at;
        EXPECT_EQ(way == Way::kToServer ? report.server_bytes : report.client_bytes, at);
      }
    }
  }
}

TEST_F(FaultProxyTest, ClosesByTheRuleAskedFor) {
  const Fault cut{.kind = FaultKind::kReset, .way = Way::kToClient, .at_byte = 3};
  EXPECT_EQ(exchange(cut, kText).end, End::kReset);
  const Heard finished = exchange({.kind = FaultKind::kFinish, .way = Way::kToClient, .at_byte = 3}, kText);
  EXPECT_EQ(finished.end, End::kFinish);
  EXPECT_EQ(finished.text, "012");
}

TEST_F(FaultProxyTest, DoesNotFireWhereTheByteIsNotReached) {
  EXPECT_EQ(exchange({.kind = FaultKind::kReset, .at_byte = kText.size() + 1}, kText).text, kText);
  EXPECT_FALSE(proxy_.report().fired);
}

TEST_F(FaultProxyTest, StrikesOneConnectionAndLeavesTheNextAlone) {
  exchange({.kind = FaultKind::kReset, .at_byte = 0}, kText);
  EXPECT_TRUE(proxy_.report().fired);
  const Descriptor next = connect();
  say(next, kText);
  EXPECT_EQ(hear(next, kText.size()).text, kText);
  EXPECT_EQ(proxy_.report().connections, 2);
}

TEST_F(FaultProxyTest, TruncatesOneWayAndLetsTheOtherGoOn) {
  const Heard heard = exchange({.kind = FaultKind::kTruncate, .way = Way::kToClient, .at_byte = 4}, kText);
  EXPECT_EQ(heard.text, "0123");
  EXPECT_EQ(heard.end, End::kFinish);
  EXPECT_EQ(proxy_.report().server_bytes, kText.size());
}

TEST_F(FaultProxyTest, StallsWithoutClosing) {
  const Heard heard = exchange({.kind = FaultKind::kStall, .way = Way::kToClient, .at_byte = 5}, kText);
  EXPECT_EQ(heard.text, "01234");
  EXPECT_EQ(heard.end, End::kNone);
  EXPECT_TRUE(proxy_.report().fired);
}

TEST_F(FaultProxyTest, DelaysOnceAndTricklesPieceByPiece) {
  proxy_.arm({.kind = FaultKind::kDelay, .at_byte = 5, .pause = 100ms});
  Descriptor socket = connect();
  say(socket, kText);
  Heard heard = hear(socket, kText.size());
  EXPECT_EQ(heard.text, kText);
  EXPECT_GE(heard.took, 95ms);

  proxy_.arm({.kind = FaultKind::kTrickle, .at_byte = 5, .pause = 10ms, .piece_bytes = 3});
  socket = connect();
  say(socket, kText);
  heard = hear(socket, kText.size());
  EXPECT_EQ(heard.text, kText);
  EXPECT_GE(heard.took, 48ms) << "15 bytes are five pieces";
}

TEST_F(FaultProxyTest, FlipsOneBit) {
  for (std::size_t at = 0; at < kText.size(); ++at) {
    std::string expected(kText);
    expected[at] = static_cast<char>(expected[at] ^ 0x10);
    const Fault fault{.kind = FaultKind::kFlip, .way = Way::kToClient, .at_byte = at, .bit = 4};
    EXPECT_EQ(exchange(fault, kText).text, expected);
    EXPECT_TRUE(proxy_.report().fired);
  }
}

TEST_F(FaultProxyTest, StrikesAnOpenConnectionLater) {
  const Descriptor socket = connect();
  say(socket, kText);
  EXPECT_EQ(hear(socket, kText.size()).text, kText);
  proxy_.arm({.kind = FaultKind::kFinish, .way = Way::kToClient, .at_byte = 2}, OpenConnections::kKeep);
  say(socket, kText);
  const Heard heard = hear(socket);
  EXPECT_EQ(heard.text, "01");
  EXPECT_EQ(heard.end, End::kFinish);
}

TEST_F(FaultProxyTest, StrikesAnOpenConnectionBeforeItsNextByte) {
  const Descriptor socket = connect();
  say(socket, kText);
  EXPECT_EQ(hear(socket, kText.size()).text, kText);
  proxy_.arm({.kind = FaultKind::kStall, .way = Way::kToClient, .at_byte = 0}, OpenConnections::kKeep);
  say(socket, kText);
  EXPECT_EQ(hear(socket).text, "");
  EXPECT_TRUE(proxy_.report().fired);
}

TEST(FaultProxyWithoutAServer, RefusesItsClients) {
  std::uint16_t free_port = 0;
  {
    free_port = listen_on_loopback().second;
  }
  const FaultProxy proxy(free_port);
  const Descriptor socket = connect_to_loopback(proxy.port());
  char byte;
  EXPECT_LE(::recv(socket.number(), &byte, 1, 0), 0);
}

}  // namespace
}  // namespace optiinfra::testing
