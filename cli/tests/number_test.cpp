#include "output/number.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace optiinfra::cli {
namespace {

TEST(Counts, AreGroupedByThousands) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1'000), "1,000");
  EXPECT_EQ(format_count(1'234'567), "1,234,567");
  EXPECT_EQ(format_count(std::numeric_limits<std::uint64_t>::max()), "18,446,744,073,709,551,615");
}

TEST(Decimals, KeepTheirDigitsAndGroupTheRest) {
  EXPECT_EQ(format_decimal(1234567.891, 2), "1,234,567.89");
  EXPECT_EQ(format_decimal(-1234.5, 1), "-1,234.5");
  EXPECT_EQ(format_decimal(999.96, 1), "1,000.0");
  EXPECT_EQ(format_decimal(12, 0), "12");
}

TEST(Decimals, NeverShowAMinusBeforeZero) { EXPECT_EQ(format_decimal(-0.001, 2), "0.00"); }

TEST(Decimals, ShowWhatIsNoNumber) {
  EXPECT_EQ(format_decimal(std::numeric_limits<double>::quiet_NaN(), 2), "-");
  EXPECT_EQ(format_decimal(-std::numeric_limits<double>::infinity(), 2), "-inf");
}

TEST(Bytes, HaveABinaryUnitAndThreeDigits) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(1023), "1023 B");
  EXPECT_EQ(format_bytes(1536), "1.50 KiB");
  EXPECT_EQ(format_bytes(24'536'678), "23.4 MiB");
  EXPECT_EQ(format_bytes(std::uint64_t{200} << 30), "200 GiB");
}

TEST(Rates, HaveADecimalUnit) {
  EXPECT_EQ(format_rate(12), "12 /s");
  EXPECT_EQ(format_rate(1'210'000), "1.21 M/s");
}

TEST(Spans, AreAsExactAsTheirLengthAsksFor) {
  using seconds = std::chrono::duration<double>;
  EXPECT_EQ(format_span(seconds{0.0034}), "3.4 ms");
  EXPECT_EQ(format_span(seconds{3.44}), "3.4 s");
  EXPECT_EQ(format_span(seconds{12.4}), "12 s");
  EXPECT_EQ(format_span(seconds{185}), "3 min 05 s");
  EXPECT_EQ(format_span(seconds{7800}), "2 h 10 min");
}

TEST(DisplayWidth, CountsCodePointsRatherThanBytes) {
  EXPECT_EQ(display_width("ascii"), 5u);
  EXPECT_EQ(display_width("Zürich"), 6u);
  EXPECT_EQ(display_width("──"), 2u);
}

}  // namespace
}  // namespace optiinfra::cli
