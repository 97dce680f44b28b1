#include "optiinfra/report/json.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace optiinfra::report {
namespace {

using nlohmann::json;

Section rows_section(std::string key) {
  return {.key = std::move(key),
          .records = {
              .fields = {{"hour", "hour", Look::kTime}, {"cost", "cost", Look::kDecimal}, {"name", "name"}},
              .rows = {{sys_seconds{std::chrono::seconds{3600}}, 1.25, std::string("a\"b")},
                       {std::monostate{}, std::numeric_limits<double>::quiet_NaN(), std::string("\xff")}}}};
}

TEST(Json, HasTheDocumentedShape) {
  Report report{.command = "query x"};
  report.window = TimeRange{sys_seconds{std::chrono::seconds{0}}, sys_seconds{std::chrono::seconds{3600}}};
  report.elapsed = std::chrono::microseconds{1500};
  report.sections.push_back(rows_section("rows"));
  const json parsed = json::parse(render_json(report));
  EXPECT_EQ(parsed["command"], "query x");
  EXPECT_EQ(parsed["window"]["begin"], "1970-01-01T00:00:00Z");
  EXPECT_EQ(parsed["window"]["end"], "1970-01-01T01:00:00Z");
  EXPECT_EQ(parsed["elapsed_ms"], 1.5);
  EXPECT_EQ(parsed["data"][0], (json{{"hour", "1970-01-01T01:00:00Z"}, {"cost", 1.25}, {"name", "a\"b"}}));
}

TEST(Json, ShowsWhatIsNoNumberAsNull) {
  Report report{.command = "x"};
  report.sections.push_back(rows_section("rows"));
  const json row = json::parse(render_json(report))["data"][1];
  EXPECT_TRUE(row["hour"].is_null());
  EXPECT_TRUE(row["cost"].is_null());
}

TEST(Json, StaysValidWhenTextIsNoUtf8) {
  Report report{.command = "x"};
  report.sections.push_back(rows_section("rows"));
  EXPECT_EQ(json::parse(render_json(report))["data"][1]["name"], "\xEF\xBF\xBD");
}

TEST(Json, NamesThePartsOfAnAnswerThatHasSeveral) {
  Report report{.command = "x"};
  report.sections.push_back(rows_section("rows"));
  report.sections.push_back(object_section("summary", {{"ok", "ok"}}, {true}));
  const json data = json::parse(render_json(report))["data"];
  EXPECT_EQ(data["rows"].size(), 2u);
  EXPECT_EQ(data["summary"], (json{{"ok", true}}));
}

TEST(Json, LeavesOutAWindowThatThereIsNot) {
  Report report{.command = "x"};
  report.sections.push_back(rows_section("rows"));
  EXPECT_FALSE(json::parse(render_json(report)).contains("window"));
}

TEST(JsonError, SaysKindMessageAndCode) {
  const json parsed = json::parse(render_json_error("rejected", "line 1\nline 2", 62));
  EXPECT_EQ(parsed,
            (json{{"error", {{"kind", "rejected"}, {"message", "line 1\nline 2"}, {"server_code", 62}}}}));
}

}  // namespace
}  // namespace optiinfra::report
