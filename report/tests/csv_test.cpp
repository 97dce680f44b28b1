#include "optiinfra/report/csv.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace optiinfra::report {
namespace {

TEST(Csv, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(csv_cell("plain text"), "plain text");
  EXPECT_EQ(csv_cell("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_cell("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(csv_cell("a\nb"), "\"a\nb\"");
}

TEST(Csv, HoldsKeysAndPlainValues) {
  const Records records{
      .fields = {{"at", "time (UTC)", Look::kTime},
                 {"count", "count", Look::kCount},
                 {"mean", "mean", Look::kDecimal, 1},
                 {"ok", "ok"}},
      .rows = {{sys_seconds{std::chrono::seconds{0}}, std::uint64_t{1'000}, 0.1 + 0.2, true},
               {std::monostate{}, std::int64_t{-5}, std::numeric_limits<double>::infinity(), false}}};
  EXPECT_EQ(render_csv(records),
            "at,count,mean,ok\n"
            "1970-01-01T00:00:00Z,1000,0.30000000000000004,true\n"
            ",-5,,false\n");
}

TEST(Csv, HoldsItsHeadingWithoutRowsToo) {
  EXPECT_EQ(render_csv({.fields = {{"a", "a"}, {"b", "b"}}, .rows = {}}), "a,b\n");
}

TEST(Csv, ForSpreadsheetsHoldsNoTextThatIsAFormulaAndKeepsNumbers) {
  const Records records{.fields = {{"name", "name"}, {"cost", "cost"}},
                        .rows = {{std::string("=HYPERLINK(\"http://x\")"), -1.5},
                                 {std::string("@SUM(A1)"), 2.0},
                                 {std::string("-1+1"), std::int64_t{-3}},
                                 {std::string("\t=1"), std::monostate{}},
                                 {std::string("a=b"), std::monostate{}}}};
  EXPECT_EQ(render_csv(for_spreadsheets(records)),
            "name,cost\n"
            "\"'=HYPERLINK(\"\"http://x\"\")\",-1.5\n"
            "'@SUM(A1),2\n"
            "'-1+1,-3\n"
            "'\t=1,\n"
            "a=b,\n");
}

}  // namespace
}  // namespace optiinfra::report
