#include "proc.hpp"

#include <gtest/gtest.h>

namespace optiinfra::host {
namespace {

constexpr std::string_view kStat =
    "cpu  137373 10 65828 195147 3120 5 1331 191 7 0\n"
    "cpu0 67187 0 30332 102536 1142 0 50 92 0 0\n"
    "intr 1 2 3\n";

TEST(CpuTicks, ReadsTheLineOfAllCores) {
  const auto ticks = parse_cpu_ticks(kStat);
  ASSERT_TRUE(ticks);
  EXPECT_EQ(*ticks, (CpuTicks{137373, 10, 65828, 195147, 3120, 5, 1331, 191}));
}

TEST(CpuTicks, ReadsAKernelWithFourFields) {
  const auto ticks = parse_cpu_ticks("cpu 1 2 3 4\n");
  ASSERT_TRUE(ticks);
  EXPECT_EQ(*ticks, (CpuTicks{1, 2, 3, 4, 0, 0, 0, 0}));
}

TEST(CpuTicks, RefusesEveryOtherForm) {
  for (const char* text : {"", "cpu0 1 2 3 4\n", "cpu  1 2 3\n", "cpu  a b c d\n", "cpu"}) {
    const auto ticks = parse_cpu_ticks(text);
    ASSERT_FALSE(ticks) << text;
    EXPECT_EQ(ticks.error().kind, ErrorKind::kCorrupt);
  }
}

TEST(BusyPercent, IsAllButIdleAndIowait) {
  const CpuTicks before{100, 0, 50, 1000, 10, 0, 0, 0};
  const CpuTicks after{120, 5, 60, 1040, 20, 3, 2, 10};  // 50 of 100 ticks busy, 10 of them stolen.
  EXPECT_DOUBLE_EQ(busy_percent(before, after).value(), 50.0);
}

TEST(BusyPercent, IsAbsentWhenNoTickPassed) {
  const CpuTicks ticks{1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_FALSE(busy_percent(ticks, ticks));
}

TEST(BusyPercent, IgnoresFieldsThatStepBack) {
  const CpuTicks before{100, 0, 0, 1000, 10, 0, 0, 0};
  EXPECT_DOUBLE_EQ(busy_percent(before, {125, 0, 0, 1075, 9, 0, 0, 0}).value(), 25.0);
  EXPECT_FALSE(busy_percent(before, {1, 0, 0, 1, 1, 0, 0, 0}));
}

TEST(Memory, IsTotalLessAvailableInBytes) {
  const auto memory =
      parse_memory("MemTotal:       24684084 kB\nMemFree: 1 kB\nMemAvailable:   23708492 kB\n");
  ASSERT_TRUE(memory);
  EXPECT_EQ(memory->total, 24684084ULL * 1024);
  EXPECT_EQ(memory->used, (24684084ULL - 23708492ULL) * 1024);
}

TEST(Memory, IsNeverNegative) {
  const auto memory = parse_memory("MemTotal: 100 kB\nMemAvailable: 101 kB\n");
  ASSERT_TRUE(memory);
  EXPECT_EQ(memory->used, 0u);
}

TEST(Memory, RefusesEveryOtherForm) {
  for (const char* text :
       {"", "MemTotal: 100 kB\n", "MemAvailable: 100 kB\n", "MemTotal: x kB\nMemAvailable: 1 kB\n",
        "MemTotal: 0 kB\nMemAvailable: 0 kB\n", "MemTotal: 18446744073709551615 kB\nMemAvailable: 1 kB\n"}) {
    EXPECT_FALSE(parse_memory(text)) << text;
  }
}

constexpr std::string_view kHeadings =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo "
    "colls\n";

TEST(Network, ReadsEveryInterfaceWithOrWithoutABlankAfterTheColon) {
  const auto read = parse_network(
      std::string(kHeadings) +
      "    lo:   19987     277    0    0    0     0          0         0    19988 277 0 0 0 0 0 0\n"
      "  eth0:1409183199 30188 0 0 0 0 0 0 1510450 19055 0 0 0 0 0 0\n");
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ((*read)[0].name, "lo");
  EXPECT_EQ((*read)[0].sent, 19988u);
  EXPECT_EQ((*read)[1].name, "eth0");
  EXPECT_EQ((*read)[1].received, 1409183199u);
  EXPECT_EQ((*read)[1].sent, 1510450u);
}

TEST(Network, HasNoInterfacesUnderHeadingsAlone) {
  const auto read = parse_network(kHeadings);
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->empty());
}

TEST(Network, RefusesEveryOtherForm) {
  EXPECT_FALSE(parse_network(""));
  EXPECT_FALSE(parse_network(std::string(kHeadings) + "eth0: 1 2 3\n"));
  EXPECT_FALSE(parse_network(std::string(kHeadings) + "eth0: a b c d e f g h i j\n"));
  EXPECT_FALSE(parse_network(std::string(kHeadings) + ": 1 2 3 4 5 6 7 8 9\n"));
}

TEST(Network, CountsWhatRoseAndKnowsNothingOfACounterThatStartedAgain) {
  const std::vector<InterfaceBytes> before{{"a", 100, 100}, {"b", 4294967290, 50}, {"gone", 5, 5}};
  const std::vector<InterfaceBytes> after{{"a", 150, 100}, {"b", 4, 60}, {"came", 1000, 1000}};
  const BytesMoved moved = bytes_between(before, after);
  EXPECT_EQ(moved.received, std::nullopt) << "b's counter began again: what it moved is unknown";
  EXPECT_EQ(moved.sent, 10u);
}

TEST(Network, MovesNothingKnownWithoutAnInterface) {
  EXPECT_EQ(bytes_between({}, {}).received, std::nullopt);
  const std::vector<InterfaceBytes> came{{"a", 1000, 1000}};
  EXPECT_EQ(bytes_between({}, came).sent, std::nullopt) << "since when is unknown";
}

}  // namespace
}  // namespace optiinfra::host
