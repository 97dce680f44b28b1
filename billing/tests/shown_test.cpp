#include "shown.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "optiinfra/billing/customer_report.hpp"

namespace optiinfra::billing {
namespace {

TEST(Shown, TextOfUsersIsNoMarkup) {
  EXPECT_EQ(escaped("<script>alert('a & \"b\"')</script>"),
            "&lt;script&gt;alert(&#39;a &amp; &quot;b&quot;&#39;)&lt;/script&gt;");
}

TEST(Shown, NumbersHaveTheirDecimalsAndNoneBecomesZero) {
  EXPECT_EQ(shown_number(1234567.891, 2), "1,234,567.89");
  EXPECT_EQ(shown_number(-999.5, 0), "-1,000");
  EXPECT_EQ(shown_number(0, 2), "0.00");
  EXPECT_EQ(shown_number(0.0001, 2), "< 0.01");
  EXPECT_EQ(shown_number(-0.0001, 2), "> -0.01");
  EXPECT_EQ(shown_number(std::numeric_limits<double>::quiet_NaN(), 2), "–");
  EXPECT_EQ(shown_count(1'000'000), "1,000,000");
  EXPECT_EQ(shown_cell({"cost", "cost", "currency", CellKind::kNumber, 2}, std::monostate{}), "–");
}

TEST(Shown, BillionthsAreExact) {
  EXPECT_EQ(exact_amount(0), "0");
  EXPECT_EQ(exact_amount(1), "0.000000001");
  EXPECT_EQ(exact_amount(-1'500'000'000), "-1.5");
  EXPECT_EQ(exact_amount(std::numeric_limits<std::int64_t>::min()), "-9223372036.854775808");
}

TEST(Months, AreCalendarMonthsInUtc) {
  const auto february = parse_month("2028-02");
  ASSERT_TRUE(february);
  EXPECT_EQ(format_time(february->begin), "2028-02-01T00:00:00Z");
  EXPECT_EQ(format_time(february->end), "2028-03-01T00:00:00Z");
  EXPECT_EQ(format_time(parse_month("2026-12")->end), "2027-01-01T00:00:00Z");
  EXPECT_EQ(shown_month(february->begin), "February 2028");
  for (const char* wrong : {"", "2026", "2026-13", "2026-00", "2026-1", "26-11", "2026/11", "2026-1x",
                            "1999-12", "2106-02", "2026-11-01"})
    EXPECT_FALSE(parse_month(wrong)) << wrong;
}

}  // namespace
}  // namespace optiinfra::billing
