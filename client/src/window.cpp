#include "window.hpp"

#include <algorithm>

namespace optiinfra {
namespace {

using std::chrono::hours;

sys_seconds ceil_hour(sys_seconds time) { return std::chrono::ceil<hours>(time); }

std::string instant(const char* name) { return std::string("toDateTime({") + name + ":UInt32}, 'UTC')"; }

std::string within(const char* column, const char* begin, const char* end) {
  return std::string(column) + " >= " + instant(begin) + " AND " + column + " < " + instant(end);
}

constexpr const char* kCurrencyColumn = "currency";
/// Rows that do not state theirs are taken to be in the one that others state.
const std::string kCurrencyCount = "uniqExactIf(currency, currency != '')";

const char* bucket_expression(Bucket bucket) {
  switch (bucket) {
    case Bucket::kHour:
      return "hour";
    case Bucket::kDay:
      return "toStartOfDay(hour, 'UTC')";
    case Bucket::kWeek:
      break;
  }
  return "toMonday(hour, 'UTC')";
}

std::string parameter_name(std::size_t filter, std::size_t value) {
  return "filter_" + std::to_string(filter) + "_" + std::to_string(value);
}

std::string type_of(const TableDefinition& table, std::string_view name) {
  for (const ColumnDefinition& column : table.columns()) {
    if (name == column.name) return column.contract_type;
  }
  return "String";
}

std::vector<std::string> filter_conditions(const Plan& plan, const TableDefinition& table) {
  std::vector<std::string> conditions;
  for (std::size_t i = 0; i < plan.filters.size(); ++i) {
    const std::string column = plan.filters[i].dimension->column;
    std::vector<std::string> any;
    for (std::size_t value = 0; value < plan.filters[i].values.size(); ++value)
      any.push_back(column + " = {" + parameter_name(i, value) + ":" + type_of(table, column) + "}");
    conditions.push_back(any.size() == 1 ? any.front() : "(" + joined(any, " OR ") + ")");
  }
  return conditions;
}

/// The hours of a window that are whole, and what is left of it at its edges.
struct Tiers {
  sys_seconds hour_begin, hour_end;
  bool has_hours, has_edges;
};

/// A window inside one hour has no whole hour: all of it is an edge. So is one that only raw rows answer.
Tiers tiers_of(TimeRange window, bool raw_only) {
  const sys_seconds begin = raw_only ? window.end : std::min(ceil_hour(window.begin), window.end);
  const sys_seconds end = std::max(begin, floor_hour(window.end));
  return {begin, end, begin < end, window.begin < begin || end < window.end};
}

/// The measures that the numbers are finished from, each once.
std::vector<const MeasureDefinition*> needed_measures(const FamilyPlan& family) {
  std::vector<const MeasureDefinition*> needed;
  for (const FinishedColumn& number : family.numbers) {
    if (std::find(needed.begin(), needed.end(), number.measure) == needed.end())
      needed.push_back(number.measure);
  }
  return needed;
}

/// The columns that rows are told apart by before they are added up.
std::vector<std::string> keys_read(const Plan& plan, const FamilyPlan& family) {
  std::vector<std::string> keys;
  for (const Dimension* dimension : plan.dimensions) keys.emplace_back(dimension->column);
  if (family.adds_amounts) keys.emplace_back(kCurrencyColumn);
  return keys;
}

std::string rollup_of(const FamilyPlan& family, std::string_view database) {
  return qualified(database, family.table->rollup_table);
}

std::vector<std::string> hour_conditions(const Plan& plan, const FamilyPlan& family) {
  auto conditions = filter_conditions(plan, *family.table);
  conditions.push_back(within("hour", "hour_begin", "hour_end"));
  return conditions;
}

Select whole_hours(const Plan& plan, const FamilyPlan& family, std::string_view database) {
  Select select{
      .columns = {{"hour"}}, .from = rollup_of(family, database), .where = hour_conditions(plan, family)};
  for (const std::string& key : keys_read(plan, family)) select.columns.push_back({key});
  for (const MeasureDefinition* measure : needed_measures(family)) select.columns.push_back({measure->name});
  return select;
}

Select edges(const Plan& plan, const FamilyPlan& family, std::string_view database) {
  Select select{.columns = {{"toStartOfHour(timestamp)", "hour"}},
                // Measures have the names of some raw columns, which x. tells from them.
                .from = qualified(database, family.table->raw_table) + " AS x",
                .where = filter_conditions(plan, *family.table),
                .group_by = {"hour"}};
  select.where.push_back("((" + within("timestamp", "begin", "hour_begin") + ") OR (" +
                         within("timestamp", "hour_end", "end") + "))");
  for (const std::string& key : keys_read(plan, family)) {
    select.columns.push_back({key});
    select.group_by.push_back(key);
  }
  for (const MeasureDefinition* measure : needed_measures(family))
    select.columns.push_back({measure->raw_expression("x."), measure->name});
  return select;
}

std::vector<std::string> keys_of(const Plan& plan) {
  std::vector<std::string> keys;
  if (plan.bucket) keys.emplace_back("begin");
  for (const Dimension* dimension : plan.dimensions) keys.push_back(group_name(*dimension));
  return keys;
}

/// The numbers of one family; those of the others are NULL.
Select of_family(const Plan& plan, std::size_t index, std::string_view database) {
  const FamilyPlan& family = plan.families[index];
  const Tiers tiers = tiers_of(plan.window, plan.is_raw_only());
  Select select{.group_by = keys_of(plan)};
  if (plan.bucket) {
    const std::string begin = bucket_expression(*plan.bucket);
    select.columns.push_back({"toUInt32(toDateTime(" + begin + ", 'UTC'))", "begin"});
  }
  for (const Dimension* dimension : plan.dimensions)
    select.columns.push_back(
        {"CAST(" + std::string(dimension->column) + ", 'String')", group_name(*dimension)});
  for (std::size_t other = 0; other < plan.families.size(); ++other) {
    for (std::size_t number = 0; number < plan.families[other].numbers.size(); ++number) {
      select.columns.push_back(
          {other == index ? family.numbers[number].answer_expression() : "NULL", number_name(other, number)});
    }
  }
  for (const FamilyPlan& other : plan.families) {
    if (other.adds_amounts)
      select.columns.push_back({&other == &family ? kCurrencyCount : std::string("NULL"), "currencies"});
  }
  if (!tiers.has_edges) {
    select.from = rollup_of(family, database);
    select.where = hour_conditions(plan, family);
    return select;
  }
  std::vector<Select> parts;
  if (tiers.has_hours) parts.push_back(whole_hours(plan, family, database));
  parts.push_back(edges(plan, family, database));
  select.from = subquery(parts);
  return select;
}

/// The families' rows of one key in one row. A count that a family does not have is 0, another number NaN.
Select together(const Plan& plan, std::string_view database) {
  Select select{.group_by = keys_of(plan)};
  select.add(keys_of(plan));
  std::vector<Select> parts;
  for (std::size_t family = 0; family < plan.families.size(); ++family) {
    parts.push_back(of_family(plan, family, database));
    const auto& numbers = plan.families[family].numbers;
    for (std::size_t number = 0; number < numbers.size(); ++number) {
      const std::string name = number_name(family, number);
      const bool is_count = numbers[number].measure->is_count();
      select.columns.push_back(
          {"ifNull(any(x." + name + "), " + (is_count ? "toUInt64(0)" : "nan") + ")", name});
    }
  }
  for (const FamilyPlan& family : plan.families) {
    if (family.adds_amounts)
      select.columns.push_back({"ifNull(any(x.currencies), toUInt64(0))", "currencies"});
  }
  select.from = subquery(parts) + " AS x";
  return select;
}

/// Whole hours of one key are few granules of a rollup: more threads, compiled expressions and looks for what
/// our tables do not have take longer to prepare than they save (docs/performance.md). Raw rows, and rows of
/// all keys, may be many.
std::vector<NamedValue> settings_of(bool reads_little) {
  std::vector<NamedValue> settings = {{"compile_expressions", "0"},
                                      {"compile_aggregate_expressions", "0"},
                                      {"compile_sort_description", "0"},
                                      {"use_skip_indexes", "0"},
                                      {"optimize_use_projections", "0"}};
  if (reads_little)
    settings.insert(settings.end(), {{"optimize_move_to_prewhere", "0"}, {"max_threads", "1"}});
  return settings;
}

std::string seconds_text(sys_seconds time) { return std::to_string(to_column_time(time)); }

}  // namespace

TimeRange widen(TimeRange range, sys_seconds raw_begin) {
  if (range.begin < raw_begin) range.begin = floor_hour(range.begin);
  if (range.end < raw_begin) range.end = ceil_hour(range.end);
  return range;
}

Statement make_statement(const Plan& plan, std::string_view database, const Budget& budget) {
  const Tiers tiers = tiers_of(plan.window, plan.is_raw_only());
  Select select = plan.families.size() == 1 ? of_family(plan, 0, database) : together(plan, database);
  select.order_by = plan.order;
  select.limit = plan.limit;
  Statement statement{.sql = select.sql(),
                      .settings = settings_of(!tiers.has_edges && !plan.filters.empty()),
                      .timeout = budget.timeout,
                      .stop = budget.stop};
  for (std::size_t i = 0; i < plan.filters.size(); ++i) {
    for (std::size_t value = 0; value < plan.filters[i].values.size(); ++value)
      statement.parameters.emplace_back(parameter_name(i, value), plan.filters[i].values[value]);
  }
  statement.parameters.emplace_back("begin", seconds_text(plan.window.begin));
  statement.parameters.emplace_back("end", seconds_text(plan.window.end));
  statement.parameters.emplace_back("hour_begin", seconds_text(tiers.hour_begin));
  statement.parameters.emplace_back("hour_end", seconds_text(tiers.hour_end));
  return statement;
}

}  // namespace optiinfra
