#include "hosts.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace optiinfra {
namespace {

using namespace std::chrono_literals;
using Order = std::vector<std::size_t>;

class HostsOf3 : public ::testing::Test {
 protected:
  std::chrono::steady_clock::time_point now_{1h};
  Hosts hosts_{{{"a", 1}, {"b", 2}, {"c", 3}}, [this] { return now_; }};
};

TEST_F(HostsOf3, AreTriedAsTheUrlNamesThem) { EXPECT_EQ(hosts_.in_order(), (Order{0, 1, 2})); }

TEST_F(HostsOf3, ThatFailedComeLastUntilTheirPauseIsOver) {
  hosts_.failed(0);
  EXPECT_EQ(hosts_.in_order(), (Order{1, 2, 0}));
  now_ += kHostPauseMin - 1ms;
  EXPECT_EQ(hosts_.in_order(), (Order{1, 2, 0}));
  now_ += kHostPauseMin;  // More than the jitter can add.
  EXPECT_EQ(hosts_.in_order(), (Order{0, 1, 2}));
}

TEST_F(HostsOf3, AreAllTriedWhenAllFailedTheOneWithTheShortestPauseFirst) {
  hosts_.failed(1);
  now_ += 1ms;
  hosts_.failed(2);
  now_ += 60ms;
  hosts_.failed(0);
  EXPECT_EQ(hosts_.in_order().size(), 3u);
  EXPECT_EQ(hosts_.in_order().back(), 0u);
}

TEST_F(HostsOf3, PauseLongerWithEachFailureUpToTheMaximum) {
  auto before = 0ms;
  for (int i = 0; i < 40; ++i) {
    hosts_.failed(0);
    auto pause = 0ms;
    for (; hosts_.in_order().front() != 0; now_ += 10ms) pause += 10ms;
    EXPECT_LE(pause, kHostPauseMax * (1 + kHostPauseJitter) + 10ms);
    if (before < kHostPauseMax / 2) {
      EXPECT_GT(pause, before);
    }
    before = pause;
  }
  EXPECT_GE(before, kHostPauseMax);
}

TEST_F(HostsOf3, AreWellAfterASuccess) {
  for (int i = 0; i < 10; ++i) {
    hosts_.failed(0);
    now_ += 1h;
  }
  hosts_.succeeded(0);
  hosts_.failed(0);
  now_ += 2 * kHostPauseMin;
  EXPECT_EQ(hosts_.in_order(), (Order{0, 1, 2}));
}

TEST_F(HostsOf3, CountFailuresDuringAPauseOnce) {
  for (int i = 0; i < 20; ++i) hosts_.failed(0);
  now_ += 2 * kHostPauseMin;
  EXPECT_EQ(hosts_.in_order(), (Order{0, 1, 2}));
}

TEST(Hosts, MayBeUsedFromSeveralThreads) {
  Hosts hosts({{"a", 1}, {"b", 2}});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&hosts, i] {
      for (int round = 0; round < 1000; ++round) {
        i % 2 == 0 ? hosts.failed(0) : hosts.succeeded(0);
        EXPECT_EQ(hosts.in_order().size(), 2u);
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

TEST(Hosts, AreNamedForPeople) {
  EXPECT_EQ(to_string(Endpoint{"db1", 9000}), "db1:9000");
  EXPECT_EQ(to_string(Endpoint{"::1", 9440}), "[::1]:9440");
}

}  // namespace
}  // namespace optiinfra
