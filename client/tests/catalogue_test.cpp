#include "optiinfra/client/catalogue.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>

#include "plan.hpp"

namespace optiinfra {
namespace {

const TimeRange kDay{sys_seconds{std::chrono::days{20'000}}, sys_seconds{std::chrono::days{20'001}}};

std::string error_of(Question question) {
  if (question.range.begin == question.range.end) question.range = kDay;
  const auto plan = make_plan(question);
  return plan ? "" : plan.error().message;
}

TEST(Catalogue, PlansEveryNamedQuestion) {
  for (const NamedQuestion& named : named_questions()) {
    Question question = named.over(kDay);
    const auto plan = make_plan(question);
    ASSERT_TRUE(plan) << named.name << ": " << plan.error().message;
    EXPECT_EQ(plan->families.size(), 1u) << named.name;
    auto columns = plan->columns;
    named.name_columns(columns);
    std::set<std::string> keys;
    for (const AnswerColumn& column : columns) keys.insert(column.key);
    EXPECT_EQ(keys.size(), columns.size()) << named.name;
    EXPECT_TRUE(!named.drawing || keys.contains(named.drawing->key)) << named.name;
    for (const Choice& choice : named.choices) {
      question.dimensions.front() = choice.dimension;
      EXPECT_EQ(error_of(question), "") << choice.name;
    }
  }
}

TEST(Catalogue, EveryMeasureCanBeAskedForByItsFamilysName) {
  for (const Measure& measure : measures()) {
    const std::string name = std::string(table_of(measure.family).name) + "." + measure.name;
    EXPECT_EQ(error_of({.measures = {name}}), "") << name;
    EXPECT_NE(measure.column.unit, "") << name << " needs a unit";
  }
}

TEST(Plan, NamesTheNearestWhereANameIsUnknown) {
  EXPECT_NE(error_of({.measures = {"p95_latncy"}}).find("p95_latency"), std::string::npos);
  EXPECT_NE(error_of({.measures = {"total_cost"}, .dimensions = {"regoin"}}).find("region"),
            std::string::npos);
  EXPECT_NE(error_of({.measures = {"total_cost"}, .order = {{"total_costs"}}}).find("total_cost"),
            std::string::npos);
  EXPECT_NE(error_of({.measures = {"frobnicate"}}).find("query --list"), std::string::npos);
}

TEST(Plan, SaysWhichFamilyIsMeantWhereSeveralHaveTheName) {
  const std::string message = error_of({.measures = {"request_count"}});
  EXPECT_NE(message.find("performance.request_count"), std::string::npos) << message;
  EXPECT_NE(message.find("quality.request_count"), std::string::npos) << message;
  EXPECT_EQ(error_of({.measures = {"request_count"}, .dimensions = {"server"}}), "")
      << "quality has no server";
}

TEST(Plan, RefusesADimensionThatTheFamilyDoesNotHave) {
  const std::string message = error_of({.measures = {"total_cost"}, .dimensions = {"customer", "model"}});
  EXPECT_NE(message.find("model"), std::string::npos) << message;
}

TEST(Plan, HoldsItsBounds) {
  EXPECT_NE(error_of({.measures = {}}), "");
  EXPECT_NE(error_of({.measures = std::vector<std::string>(kMeasuresMax + 1, "total_cost")}), "");
  EXPECT_NE(error_of({.measures = {"total_cost"},
                      .dimensions = std::vector<std::string>(kDimensionsMax + 1, "region")}),
            "");
  EXPECT_NE(error_of({.measures = {"total_cost"},
                      .filters = std::vector<Filter>(kFiltersMax + 1, Filter{"region", "x"})}),
            "");
  EXPECT_NE(error_of({.measures = {"total_cost"}, .range = {kDay.end, kDay.begin}}), "");
  EXPECT_NE(error_of({.measures = {"total_cost"}, .filters = {{"customer", "nobody"}}}), "");
  EXPECT_NE(error_of({.measures = {"total_cost"}, .dimensions = {"region", "region"}}), "");
}

TEST(Plan, TellsTheColumnsOfTwoFamiliesApart) {
  const auto plan =
      make_plan({.measures = {"performance.request_count", "quality.request_count", "total_cost"},
                 .dimensions = {"customer"},
                 .range = kDay});
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->columns[1].key, "performance_total_requests");
  EXPECT_EQ(plan->columns[2].key, "quality_total_requests");
  EXPECT_EQ(plan->columns[3].key, "total_cost");
}

TEST(Plan, ReadsRawRowsAloneWhereTheRollupDoesNotKeepTheDimension) {
  EXPECT_TRUE(
      make_plan({.measures = {"total_cost"}, .dimensions = {"region"}, .range = kDay})->is_raw_only());
  EXPECT_FALSE(
      make_plan({.measures = {"total_cost"}, .dimensions = {"provider"}, .range = kDay})->is_raw_only());
}

// After a change of the catalogue: OPTIINFRA_UPDATE_DOCS=1 build/release/client/client_tests
// --gtest_filter='QuestionsDocument*'
TEST(QuestionsDocument, IsWhatTheCatalogueSays) {
  const std::string path = std::string(OPTIINFRA_SOURCE_DIR) + "/docs/json.md";
  const std::string begin = "<!-- Made from the catalogue; a test holds the two together. -->\n",
                    end = "<!-- End of what is made from the catalogue. -->\n";
  std::ifstream file(path);
  std::string text(std::istreambuf_iterator<char>(file), {});
  const auto from = text.find(begin), to = text.find(end);
  ASSERT_NE(from, std::string::npos);
  ASSERT_NE(to, std::string::npos);
  const auto first = from + begin.size();
  if (std::getenv("OPTIINFRA_UPDATE_DOCS") != nullptr)
    std::ofstream(path) << text.replace(first, to - first, questions_markdown());
  else
    EXPECT_EQ(text.substr(first, to - first), questions_markdown()) << path << " is out of date";
}

}  // namespace
}  // namespace optiinfra
