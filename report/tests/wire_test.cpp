#include "optiinfra/report/wire.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "optiinfra/report/csv.hpp"
#include "optiinfra/report/json.hpp"

namespace optiinfra::report {
namespace {

Report everything() {
  const sys_seconds time{std::chrono::seconds{1'700'000'000}};
  Report report{.command = "query x", .window = TimeRange{time, time + std::chrono::hours{1}}};
  report.sections.push_back(
      {.key = "rows",
       .title = "Rows",
       .records = {
           .fields = {{"begin", "from (UTC)", Look::kTime},
                      {"name", "name", Look::kText, 2, true},
                      {"cost", "cost, USD", Look::kDecimal, 4},
                      {"count", "count", Look::kCount},
                      {"balance", "balance", Look::kCount},
                      {"ok", "ok"}},
           .rows = {{time, std::string("a \"b\"\n"), 1.0, std::uint64_t{1} << 63, std::int64_t{-5}, true},
                    {Value(), Value(), 0.1, std::uint64_t{0}, std::int64_t{5}, false}}}});
  report.sections.push_back(object_section("summary", {{"ok", "ok"}}, {true}));
  report.charts.push_back({.title = "cost",
                           .begin = time,
                           .values = {1.5, std::numeric_limits<double>::quiet_NaN()},
                           .from_zero = false,
                           .decimals = 3});
  report.notes = {"a note"};
  report.units = {{"cost", "USD"}, {"a", "b"}};
  report.coverage = {{"cost", 7}};
  report.has_more = true;
  return report;
}

TEST(Wire, CarriesAReportWhole) {
  const Report sent = everything();
  const auto received = decode_report(encode_report(sent));
  ASSERT_TRUE(received) << received.error().message;
  EXPECT_EQ(render_json(*received), render_json(sent));
  EXPECT_EQ(render_csv(received->sections.front().records), render_csv(sent.sections.front().records));
  EXPECT_EQ(encode_report(*received), encode_report(sent));
}

TEST(Wire, OfAnotherProgramIsRefused) {
  for (const char* text :
       {"", "{}", "[]", "<html>", R"({"command": 5})", R"({"command": "x", "sections": 3})"}) {
    const auto report = decode_report(text);
    ASSERT_FALSE(report) << text;
    EXPECT_EQ(report.error().kind, ErrorKind::kCorrupt);
  }
}

TEST(Wire, CutAnywhereIsRefused) {
  const std::string text = encode_report(everything());
  for (std::size_t length = 0; length + 1 < text.size(); ++length)
    ASSERT_FALSE(decode_report(std::string_view(text).substr(0, length))) << length;
}

}  // namespace
}  // namespace optiinfra::report
