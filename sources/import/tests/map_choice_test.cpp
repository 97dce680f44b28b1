#include "map_choice.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "source_names.hpp"

namespace optiinfra {
namespace {

using testing::HasSubstr;

std::vector<ImportMap> all_maps() {
  auto maps = ready_made_maps();
  EXPECT_TRUE(maps) << maps.error().message;
  return *std::move(maps);
}

std::vector<std::string> needed_columns(const ImportMap& map) { return lacking_columns(map, {}); }

TEST(FittingMap, KnowsEachReadyMadeMapByWhatItCannotDoWithout) {
  const auto maps = all_maps();
  for (const ImportMap& map : maps) {
    const auto fitting = fitting_map(maps, *map.family, needed_columns(map));
    ASSERT_TRUE(fitting) << fitting.error().message;
    EXPECT_EQ(fitting->name, map.name);
  }
}

TEST(FittingMap, KnowsColumnsInOtherSpellings) {
  const auto fitting =
      fitting_map(all_maps(), Family::kCost,
                  {"line_item_line_item_type", "line_item_usage_start_date", "x", "line_item_usage_end_date",
                   "line_item_unblended_cost", "LINE ITEM PRODUCT CODE", "line_item_usage_type"});
  ASSERT_TRUE(fitting);
  EXPECT_EQ(fitting->name, "aws-cur");
}

TEST(FittingMap, TakesTheContractFirst) {
  auto columns = needed_columns(all_maps().front());
  for (const char* name : {"timestamp", "customer_id", "cloud_provider", "cost_per_hour", "misspelt"})
    columns.emplace_back(name);
  const auto fitting = fitting_map(all_maps(), Family::kCost, columns);
  ASSERT_TRUE(fitting);
  EXPECT_EQ(fitting->name, kContractMap);
}

TEST(FittingMap, RefusesToChooseBetweenTwo) {
  const auto maps = all_maps();
  std::vector<std::string> columns;
  for (const ImportMap& map : maps) {
    if (map.name != "focus" && map.name != "oracle-cost") continue;
    for (auto& name : needed_columns(map)) columns.push_back(std::move(name));
  }
  const auto fitting = fitting_map(maps, Family::kCost, columns);
  ASSERT_FALSE(fitting);
  EXPECT_THAT(fitting.error().message, HasSubstr("focus, oracle-cost: choose one with --map"));
}

TEST(FittingMap, TakesFewColumnsOnlyFromAMapThatIsKnownByMore) {
  const auto named = [](const std::string& more) {
    auto map =
        parse_map(more + "family = 'quality'\n[source]\na = 'String'\n[columns]\ntimestamp = 'a'\n", "m");
    EXPECT_TRUE(map) << map.error().message;
    auto fitting = fitting_map({*std::move(map)}, Family::kQuality, {"a", "b"});
    EXPECT_TRUE(fitting) << fitting.error().message;
    return fitting->name;
  };
  EXPECT_EQ(named(""), "");
  EXPECT_EQ(named("known_by = 'a > 1'\n"), "m");
}

TEST(FittingMap, IsSilentWhereNothingIsNear) {
  const auto fitting = fitting_map(all_maps(), Family::kCost, {"timestamp", "customer_id", "cost", "who"});
  ASSERT_TRUE(fitting);
  EXPECT_EQ(fitting->name, "");
  EXPECT_EQ(fitting->hint, std::nullopt) << "the contract is nearer than any map";
}

TEST(FindSourceColumns, PrefersTheNameItselfThenItsSpellingsThenItsAliases) {
  const auto map = parse_map(
      "[source]\nCost = { type = 'Float64', aliases = ['Price', 'amount'] }\n[columns]\na = 'Cost'\n",
      "m.toml");
  ASSERT_TRUE(map) << map.error().message;
  const auto place = [&](const std::vector<std::string>& names) {
    const auto places = find_source_columns(*map, names);
    return places.empty() ? -1 : static_cast<int>(places.begin()->second);
  };
  EXPECT_EQ(place({"amount", "price", "cost", "Cost"}), 3);
  EXPECT_EQ(place({"amount", "price", "c-o-s-t"}), 2);
  EXPECT_EQ(place({"amount", "price"}), 1) << "the first alias first";
  EXPECT_EQ(place({"COST", "cost"}), -1) << "which of the two is not known";
  EXPECT_EQ(place({"", "cos"}), -1);
}

TEST(ReadyMadeMaps, OfBillsReconcileAndKnowWhoPays) {
  for (const ImportMap& map : all_maps()) {
    if (map.family != Family::kCost) continue;
    EXPECT_NE(map.amount, "") << map.name;
    EXPECT_NE(map.category, "") << map.name;
    EXPECT_NE(expression_of(map, "charge_category"), "") << map.name;
    EXPECT_NE(expression_of(map, "source"), "") << map.name;
    EXPECT_FALSE(map.keys.empty()) << map.name;
  }
}

}  // namespace
}  // namespace optiinfra
