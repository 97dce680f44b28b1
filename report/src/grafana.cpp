#include "optiinfra/report/grafana.hpp"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "json_text.hpp"
#include "optiinfra/client/catalogue.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra::report {
namespace {

constexpr const char* kDataSource = "grafana-clickhouse-datasource";
/// Of Grafana's grid, which is 24 units wide.
constexpr int kPanelWidth = 12, kPanelHeight = 8;
/// The dimensions by which a family's first number is split, where its rollup keeps them.
constexpr const char* kSplits[] = {"customer", "model", "provider", "instance"};
constexpr int kSplitValuesMax = 8;

/// Our unit, and what Grafana calls it. Others are plain numbers.
constexpr std::pair<std::string_view, const char*> kUnits[] = {
    {"ms", "ms"},        {"s", "s"},        {"percent", "percent"}, {"requests/s", "reqps"}, {"W", "watt"},
    {"degC", "celsius"}, {"MiB", "mbytes"}, {"GB", "decgbytes"},    {"Mbit/s", "Mbits"},     {"J", "joule"}};

const char* grafana_unit(std::string_view unit) {
  for (const auto& [ours, theirs] : kUnits)
    if (unit == ours) return theirs;
  return "short";
}

bool is_amount(const FinishedColumn& number) { return std::string_view(number.measure->unit) == "currency"; }

/// Numbers that stand in one panel: those of one column and unit.
struct Group {
  std::string title;
  std::vector<FinishedColumn> numbers;
};

/// "average latency" and "p95 latency" are about "Latency".
std::string title_of(const std::vector<FinishedColumn>& numbers) {
  std::string title = numbers.front().heading;
  if (const std::size_t blank = title.find(' '); numbers.size() > 1 && blank != std::string::npos)
    title = title.substr(blank + 1);
  title.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(title.front())));
  return title;
}

/// Without those that only count how many rows have a value.
std::vector<Group> groups_of(const TableDefinition& table) {
  std::vector<Group> groups;
  for (FinishedColumn& number : table.finished()) {
    if (number.measure->aggregate == Aggregate::kCountPresent) continue;
    const auto is_about = [&](const Group& group) {
      const MeasureDefinition &first = *group.numbers.front().measure, &measure = *number.measure;
      return std::string_view(first.source.column) == measure.source.column &&
             std::string_view(first.unit) == measure.unit && !measure.is_count() && !first.is_count() &&
             !is_amount(number) && *measure.source.column != '\0';
    };
    const auto found = std::ranges::find_if(groups, is_about);
    if (found != groups.end())
      found->numbers.push_back(std::move(number));
    else
      groups.push_back({.title = {}, .numbers = {std::move(number)}});
  }
  for (Group& group : groups) group.title = title_of(group.numbers);
  return groups;
}

constexpr const char* kWhere =
    "$__timeFilter(r.hour) AND $__conditionalAll(toString(r.customer_id) IN (${customer:singlequote}), "
    "$customer)";

/// What a family has most to say of: money, else how many rows.
FinishedColumn main_number(const TableDefinition& table) {
  std::vector<FinishedColumn> numbers = table.finished();
  const auto amount = std::ranges::find_if(numbers, is_amount);
  if (amount != numbers.end()) return *amount;
  return *std::ranges::find(numbers, Aggregate::kCount,
                            [](const FinishedColumn& each) { return each.measure->aggregate; });
}

std::string expression_of(const FinishedColumn& number) {
  return number.nullable_expression({.prefix = "r."}) + " AS \"" + number.heading + "\"";
}

/// The numbers of a group for each hour. Amounts are never added over currencies.
std::string sql_over_time(const std::string& table, const Group& group) {
  const bool by_currency = is_amount(group.numbers.front());
  std::string sql = "SELECT r.hour AS time";
  if (by_currency) sql += ", r.currency AS currency";
  for (const FinishedColumn& number : group.numbers) sql += ",\n  " + expression_of(number);
  return sql + "\nFROM " + table + " AS r\nWHERE " + kWhere + "\nGROUP BY time" +
         (by_currency ? ", currency" : "") + "\nORDER BY time";
}

/// One number for each hour and value of a column; the values of most of it alone, of an amount those of each
/// currency.
std::string sql_by(const std::string& table, const FinishedColumn& number, const std::string& column) {
  const bool by_currency = is_amount(number);
  const std::string value = "toString(r." + column + ")", where = kWhere,
                    keys = by_currency ? "r.currency, " + value : value,
                    limit = std::to_string(kSplitValuesMax) + (by_currency ? " BY r.currency" : "");
  return "SELECT r.hour AS time, " + value + " AS " + column +
         (by_currency ? ", r.currency AS currency" : "") + ",\n  " + expression_of(number) + "\nFROM " +
         table + " AS r\nWHERE " + where + " AND (" + keys + ") IN (\n  SELECT " + keys + " FROM " + table +
         " AS r WHERE " + where + "\n  GROUP BY " + keys + " ORDER BY " +
         number.expression({.prefix = "r."}) + " DESC LIMIT " + limit + ")\nGROUP BY time, " + column +
         (by_currency ? ", currency" : "") + "\nORDER BY time";
}

Json data_source() { return {{"type", kDataSource}, {"uid", "${datasource}"}}; }

/// The next panel, to the right of the last one or below it.
void add_panel(Json& panels, const std::string& title, const char* unit, bool is_stacked,
               const std::string& sql) {
  const int count = static_cast<int>(panels.size()), columns = 24 / kPanelWidth;
  const Json stacking = {{"mode", is_stacked ? "normal" : "none"}, {"group", "A"}};
  panels.push_back(
      {{"id", count + 1},
       {"type", "timeseries"},
       {"title", title},
       {"datasource", data_source()},
       {"gridPos",
        {{"x", count % columns * kPanelWidth},
         {"y", count / columns * kPanelHeight},
         {"w", kPanelWidth},
         {"h", kPanelHeight}}},
       {"fieldConfig",
        {{"defaults",
          {{"unit", grafana_unit(unit)},
           {"custom",
            {{"fillOpacity", is_stacked ? 60 : 0}, {"stacking", stacking}, {"showPoints", "auto"}}}}},
         {"overrides", Json::array()}}},
       {"options",
        {{"legend", {{"displayMode", "list"}, {"placement", "bottom"}}}, {"tooltip", {{"mode", "multi"}}}}},
       {"targets",
        {{{"refId", "A"},
          {"datasource", data_source()},
          {"editorType", "sql"},
          {"queryType", "timeseries"},
          {"format", 0},
          {"rawSql", sql}}}}});
}

Json variables(const std::string& table) {
  return {{{"name", "datasource"}, {"label", "Data source"}, {"type", "datasource"}, {"query", kDataSource}},
          {{"name", "customer"},
           {"label", "Customer"},
           {"type", "query"},
           {"datasource", data_source()},
           {"query", "SELECT DISTINCT toString(customer_id) FROM " + table + " ORDER BY 1"},
           {"refresh", 2},
           {"multi", true},
           {"includeAll", true},
           {"current", {{"text", {"All"}}, {"value", {"$__all"}}}}}};
}

}  // namespace

std::string grafana_dashboard(Family family, std::string_view database) {
  const TableDefinition& table = table_of(family);
  const std::string from = std::string(database) + "." + table.rollup_table;
  const std::vector<Group> groups = groups_of(table);
  Json panels = Json::array();
  for (const Group& group : groups)
    add_panel(panels, group.title, group.numbers.front().measure->unit,
              group.numbers.front().measure->is_count() || is_amount(group.numbers.front()),
              sql_over_time(from, group));
  const FinishedColumn main = main_number(table);
  for (const char* const name : kSplits) {
    const auto dimension = std::ranges::find_if(
        dimensions(), [&](const Dimension& each) { return name == std::string_view(each.name); });
    if (dimension == dimensions().end() || known_by(family, *dimension) != KnownBy::kRollup) continue;
    std::string title = main.heading + " by " + dimension->heading;
    title.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(title.front())));
    add_panel(panels, title, main.measure->unit, true, sql_by(from, main, dimension->column));
  }
  const Json dashboard = {{"uid", std::string("optiinfra-") + table.name},
                          {"title", std::string("OptiInfra: ") + table.name},
                          {"tags", {"optiinfra"}},
                          {"schemaVersion", 39},
                          {"version", 1},
                          {"editable", true},
                          {"timezone", "browser"},
                          {"refresh", "1m"},
                          {"time", {{"from", "now-24h"}, {"to", "now"}}},
                          {"templating", {{"list", variables(from)}}},
                          {"annotations", {{"list", Json::array()}}},
                          {"panels", std::move(panels)}};
  return dashboard.dump(2) + "\n";
}

}  // namespace optiinfra::report
