// Numbers exactly: whole numbers are never wrapped or rounded, floats are the nearest there is.
#include "decimal.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>

namespace optiinfra::rows {
namespace {

constexpr std::uint32_t kMax = 0xFFFF'FFFF;

TEST(WholeNumber, TakesWhateverIsWholeAndFits) {
  const std::pair<const char*, std::uint32_t> good[] = {{"0", 0},
                                                        {"-0", 0},
                                                        {"0.000", 0},
                                                        {"0e99999999999999999999", 0},
                                                        {"7", 7},
                                                        {"12.0", 12},
                                                        {"1.2e1", 12},
                                                        {"1200e-2", 12},
                                                        {"4294967295", kMax},
                                                        {"4294967295.0000000000000000000000", kMax},
                                                        {"42949672.95e2", kMax},
                                                        {"0.00000000004294967295e20", kMax},
                                                        {"1000000000", 1'000'000'000},
                                                        {"1e9", 1'000'000'000}};
  for (const auto& [text, expected] : good) {
    std::uint32_t value = 1;
    EXPECT_TRUE(read_whole(text, kMax, value)) << text;
    EXPECT_EQ(value, expected) << text;
  }
}

TEST(WholeNumber, RefusesFractionsSignsAndWhatDoesNotFit) {
  for (const char* bad :
       {"-1", "1.5", "0.1", "4294967296", "4294967295.00000000000000000000000000001", "1e10",
        "18446744073709551617", "4294967296.0", "1e-1", "1e99999999999999999999", "1e-99999999999999999999",
        "0.99999999999999999999999", "99999999999999999999999999999999999999"}) {
    std::uint32_t value = 1;
    EXPECT_FALSE(read_whole(bad, kMax, value)) << bad << " became " << value;
  }
  std::uint32_t value = 1;
  EXPECT_FALSE(read_whole("256", 255, value));
  EXPECT_FALSE(read_whole("2.56e2", 255, value));
  EXPECT_TRUE(read_whole("2.55e2", 255, value));
}

TEST(FloatingNumber, IsTheNearestOrRefused) {
  float narrow = -1;
  EXPECT_TRUE(read_float("0.1", narrow));
  EXPECT_EQ(narrow, 0.1f);
  EXPECT_TRUE(read_float("16777217", narrow));
  EXPECT_EQ(narrow, 16777216.0f);
  EXPECT_TRUE(read_float("3.4028234e38", narrow));
  for (const char* bad : {"3.5e38", "-3.5e38", "1e39", "1e400", "1e99999999999999999999"})
    EXPECT_FALSE(read_float(bad, narrow)) << bad;
  double wide = -1;
  EXPECT_TRUE(read_float("1e39", wide));
  EXPECT_EQ(wide, 1e39);
  EXPECT_TRUE(read_float("0.1", wide));
  EXPECT_EQ(wide, 0.1);
  EXPECT_FALSE(read_float("1e309", wide));
  EXPECT_FALSE(read_float(std::string(400, '9'), wide));
}

TEST(FloatingNumber, IsZeroWhereTheNumberIsTooSmall) {
  for (const char* small : {"1e-60", "1e-400", "0.1e-99999999999999999999", "0e400", "0"}) {
    float narrow = -1;
    EXPECT_TRUE(read_float(small, narrow)) << small;
    EXPECT_EQ(narrow, 0.0f) << small;
  }
  float denormal = 0;
  EXPECT_TRUE(read_float("1e-40", denormal));
  EXPECT_GT(denormal, 0.0f);
  double wide = -1;
  EXPECT_TRUE(read_float(("0." + std::string(400, '0') + "1").c_str(), wide));
  EXPECT_EQ(wide, 0.0);
}

}  // namespace
}  // namespace optiinfra::rows
