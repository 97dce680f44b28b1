#include "optiinfra/report/grafana.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "optiinfra/schema/tables.hpp"

namespace optiinfra::report {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

/// That the statements answer is held by a test with the engine, GeneratedFleet in the service.
TEST(GrafanaDashboard, HasAPanelForEveryNumberOfItsFamily) {
  for (const Family family : kFamilies) {
    const std::string text = grafana_dashboard(family, "fleet");
    const json dashboard = json::parse(text);
    EXPECT_EQ(dashboard["uid"], std::string("optiinfra-") + table_of(family).name);
    std::set<std::pair<int, int>> places;
    std::string sql;
    for (const json& panel : dashboard["panels"]) {
      const json& place = panel["gridPos"];
      EXPECT_TRUE(places.emplace(place["x"], place["y"]).second)
          << panel["title"] << " lies on another panel";
      EXPECT_EQ(panel["datasource"]["uid"], "${datasource}");
      sql += panel["targets"][0]["rawSql"].get<std::string>();
    }
    for (const FinishedColumn& number : table_of(family).finished()) {
      if (number.measure->aggregate == Aggregate::kCountPresent) continue;
      EXPECT_THAT(sql, HasSubstr("AS \"" + number.heading + "\"")) << table_of(family).name;
    }
    EXPECT_THAT(sql, HasSubstr(std::string("FROM fleet.") + table_of(family).rollup_table));
  }
}

TEST(GrafanaDashboard, AddsNoAmountsOfDifferentCurrencies) {
  const json dashboard = json::parse(grafana_dashboard(Family::kCost, "fleet"));
  for (const json& panel : dashboard["panels"]) {
    const std::string sql = panel["targets"][0]["rawSql"];
    if (sql.find("cost") != std::string::npos && sql.find("sum(r.total_cost)") != std::string::npos) {
      EXPECT_THAT(sql, HasSubstr("r.currency AS currency"));
    }
  }
}

TEST(GrafanaDashboard, RanksAmountsWithinEachCurrency) {
  const json dashboard = json::parse(grafana_dashboard(Family::kCost, "fleet"));
  int splits = 0;
  for (const json& panel : dashboard["panels"]) {
    const std::string sql = panel["targets"][0]["rawSql"];
    if (sql.find("LIMIT") == std::string::npos) continue;
    ++splits;
    EXPECT_THAT(sql, HasSubstr("LIMIT 8 BY r.currency"));
    EXPECT_THAT(sql, HasSubstr("AND (r.currency, toString(r."));
  }
  EXPECT_GT(splits, 0);
}

}  // namespace
}  // namespace optiinfra::report
