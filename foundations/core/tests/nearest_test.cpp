#include "optiinfra/core/nearest.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace optiinfra {
namespace {

const std::vector<std::string> kNames = {"timestamp", "latency_ms", "gpu_utilization"};

TEST(Nearest, FindsTheNameThatWasMeant) {
  EXPECT_EQ(nearest("gpu_utilisation", kNames), "gpu_utilization");
  EXPECT_EQ(nearest("Latency_MS", kNames), "latency_ms");
  EXPECT_EQ(nearest("latency", kNames), "latency_ms");
  EXPECT_EQ(nearest("time", kNames), "timestamp");
}

TEST(Nearest, StaysSilentWhenNothingIsNear) {
  EXPECT_EQ(nearest("colour", kNames), "");
  EXPECT_EQ(nearest("", kNames), "");
  EXPECT_EQ(nearest("x", {}), "");
  EXPECT_EQ(suggestion("colour", kNames), "");
}

TEST(Nearest, ComparesNoNameOfAnyLength) {
  const std::string long_name(5'000'000, 't');
  EXPECT_EQ(nearest(long_name, kNames), "");
  EXPECT_EQ(nearest("timestamp", std::vector<std::string>{long_name}), "");
  EXPECT_EQ(shown(long_name), std::string(80, 't') + "...");
}

TEST(Listed, CutsALongList) {
  EXPECT_EQ(listed(std::vector<std::string>{std::string(1'000'000, 'a'), "b"}),
            std::string(80, 'a') + "..., b");
  EXPECT_EQ(listed(kNames), "timestamp, latency_ms, gpu_utilization");
  EXPECT_EQ(listed(kNames, 1), "timestamp, ... (3 in all)");
}

}  // namespace
}  // namespace optiinfra
