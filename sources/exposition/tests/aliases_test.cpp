#include "optiinfra/exposition/aliases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "pattern.hpp"
#include "samples.hpp"

namespace optiinfra::exposition {
namespace {

using testing::HasSubstr;

std::string refused_file(std::string_view toml) {
  AliasTable table;
  const auto added = table.add("mine", toml);
  return added ? "was read" : added.error().message;
}

TEST(Aliases, OfTheLibraryAreReadAndNameEachMetricOnce) {
  const AliasTable& table = AliasTable::builtin();
  EXPECT_GE(table.sources().size(), 11u);
  std::map<std::string, std::uint16_t> source_of;
  for (const Alias& each : table.aliases()) {
    const auto [at, is_new] = source_of.emplace(each.metric, each.source);
    EXPECT_TRUE(is_new || at->second == each.source) << each.metric << " stands in two files";
    EXPECT_FALSE(table
                     .find(definition_of(each.quantity).kind == QuantityKind::kHistogram
                               ? each.metric + "_bucket"
                               : each.metric)
                     .empty())
        << each.metric;
  }
}

TEST(Aliases, ReachEveryQuantity) {
  std::set<Quantity> reached;
  for (const Alias& each : AliasTable::builtin().aliases()) reached.insert(each.quantity);
  reached.insert(Quantity::kCpuPercent);  // For files of users: no exporter that we know tells it.
  for (const QuantityDefinition& each : quantity_definitions())
    EXPECT_TRUE(reached.contains(each.quantity)) << each.name;
}

TEST(Aliases, OfAUserComeBeforeThoseOfTheLibrary) {
  AliasTable table = AliasTable::builtin();
  const auto added = table.add("mine", R"(
[row]
model = "m"
[[alias]]
metric = "vllm:num_requests_running"
to = "requests_waiting"
[[alias]]
metric = "my_tokens_total"
to = "completion_tokens"
scale = 1000
[[known]]
metric = "my_*"
why = "mine"
)");
  ASSERT_TRUE(added) << added.error().message;
  const MetricsReading before = reading_of("my_tokens_total{m=\"x\"} 1\n", 0, table);
  const MetricsReading after =
      reading_of("vllm:num_requests_running 3\nmy_tokens_total{m=\"x\"} 3\n", 10, table);
  const RowsBetween rows = rows_between(&before, after, table, owner());
  ASSERT_EQ(rows.servings.size(), 2u);
  EXPECT_EQ(rows.servings[0].requests_waiting, 3);
  EXPECT_FALSE(rows.servings[0].requests_running);
  EXPECT_EQ(rows.servings[1].completion_tokens, 2000);
  EXPECT_EQ(rows.servings[1].model_name, "x");
  EXPECT_EQ(rows.servings[1].service_type, "mine");
  EXPECT_EQ(table.find_known("my_x")->why, "mine");
}

TEST(Aliases, RefuseWhatTheyDoNotKnowWithItsLine) {
  EXPECT_THAT(refused_file("\n\ntitel = \"x\"\n"), HasSubstr("aliases mine: line 3: unknown key 'titel'"));
  EXPECT_THAT(refused_file("[[alias]]\nmetric = \"a\"\nto = \"gpu_utilisation\"\n"),
              HasSubstr("line 3: unknown quantity 'gpu_utilisation'"));
  EXPECT_THAT(refused_file("[[alias]]\nto = \"gpu_power\"\n"), HasSubstr("has no 'metric'"));
  EXPECT_THAT(refused_file("[[alias]]\nmetric = \"a\"\n"), HasSubstr("has no 'to'"));
  EXPECT_THAT(refused_file("[[alias]]\nmetric = []\n"), HasSubstr("line 2: the list is empty"));
  EXPECT_THAT(refused_file("[[alias]]\nmetric = 5\n"), HasSubstr("a text in quotes"));
  EXPECT_THAT(refused_file("[[alias]]\nmetric = \"a\"\nto = \"gpu_power\"\nscale = \"x\"\n"),
              HasSubstr("a number"));
  EXPECT_THAT(refused_file("[[alias]]\nmetric = \"a\"\nto = \"gpu_power\"\nacross = \"min\"\n"),
              HasSubstr("sum, max or mean"));
  EXPECT_THAT(refused_file("[[known]]\nmetric = \"a\"\n"), HasSubstr("needs 'metric' and 'why'"));
  EXPECT_THAT(refused_file("absent = [[1]]\n"), HasSubstr("two numbers"));
  EXPECT_THAT(refused_file("[row]\ngpu = \"x\"\n"), HasSubstr("unknown key 'gpu' in [row]"));
  EXPECT_THAT(refused_file("a = \n"), HasSubstr("aliases mine: line 1: "));
}

TEST(Aliases, StayAsTheyWereAfterARefusedFile) {
  AliasTable table = AliasTable::builtin();
  const std::size_t aliases = table.aliases().size();
  EXPECT_FALSE(table.add("mine", "[[alias]]\nmetric = \"vllm:num_requests_running\"\nto = \"x\"\n"));
  EXPECT_EQ(table.aliases().size(), aliases);
  EXPECT_FALSE(table.find("vllm:num_requests_running").empty());
}

TEST(Patterns, MatchAnyTextAtAStar) {
  EXPECT_TRUE(matches_pattern("veth12", "veth*"));
  EXPECT_TRUE(matches_pattern("eth0.100", "*.*"));
  EXPECT_TRUE(matches_pattern("", "*"));
  EXPECT_TRUE(matches_pattern("abcbc", "a*bc"));
  EXPECT_FALSE(matches_pattern("eth0", "*.*"));
  EXPECT_FALSE(matches_pattern("lo0", "lo"));
  EXPECT_FALSE(matches_pattern("", "a"));
  EXPECT_TRUE(matches_pattern("", ""));
}

}  // namespace
}  // namespace optiinfra::exposition
