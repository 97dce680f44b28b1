// Columns and constraints of the tables, as data and as DDL.
#include <algorithm>

#include "optiinfra/schema/tables.hpp"
#include "optiinfra/schema/validate.hpp"

namespace optiinfra {
namespace {

constexpr const char* kTimeCodec = "DoubleDelta, ZSTD(1)";
constexpr const char* kCodec = "ZSTD(1)";

std::string words(std::span<const char* const> list) {
  std::string sql;
  for (const char* word : list) sql += (sql.empty() ? "'" : ", '") + std::string(word) + "'";
  return sql;
}

/// A number that must be given has no value that says it was not; a NaN breaks its rule.
std::string default_of(const TableDefinition& table, const ColumnDefinition& column) {
  for (const DefaultValue& value : table.defaults) {
    if (std::string_view(value.column) == column.name) return value.expression;
  }
  const bool is_float = std::string_view(column.type).starts_with("Float");
  return is_float && column.presence == Presence::kRequired ? "nan" : "";
}

/// Empty where any value of the type will do.
std::string condition_of(const std::string& name, Rule rule) {
  const std::string bytes_max = std::to_string(kTextBytesMax);
  switch (rule) {
    case Rule::kAny:
      return "";
    case Rule::kTime:
      return name + " >= toDateTime(" + std::to_string(to_column_time(kOldestTime)) + ", 'UTC') AND " + name +
             " <= now() + " + std::to_string(std::chrono::seconds(kFutureTolerance).count());
    case Rule::kIdentity:
      return name + " != toUUID('" + Uuid{}.to_string() + "')";
    case Rule::kName:
      return "notEmpty(" + name + ") AND length(" + name + ") <= " + bytes_max;
    case Rule::kLabel:
      return "length(" + name + ") <= " + bytes_max;
    case Rule::kFinite:
      return "isFinite(" + name + ")";
    case Rule::kNonNegative:
      return name + " >= 0 AND isFinite(" + name + ")";
    case Rule::kPercent:
      return name + " >= 0 AND " + name + " <= 100";
    case Rule::kScore:
      return name + " >= 0 AND " + name + " <= 1";
    case Rule::kFlag:
      return name + " <= 1";
    case Rule::kAmount:
      return "isFinite(" + name + ") AND (" + name + " >= 0 OR charge_category IN (" +
             words(kNegativeCharges) + "))";
    case Rule::kCharge:
    case Rule::kStatus:
      return name + " IN ('', " + words(words_of(rule)) + ")";
    case Rule::kCurrency:
      return name + " = '' OR match(" + name + ", '^[A-Z][A-Z][A-Z]$')";
    case Rule::kHistogram:
      return "length(" + name + ") <= " + bytes_max + " AND match(" + name +
             R"sql(, '^(\\{"([0-9]{1,16}|\\+Inf)":[0-9]{1,18}(,"([0-9]{1,16}|\\+Inf)":[0-9]{1,18})*\\})?$'))sql";
  }
  return "";
}

}  // namespace

std::string StoredColumn::ddl_without_codec() const {
  return name + " " + type + (default_value.empty() ? "" : " DEFAULT " + default_value);
}

std::string StoredColumn::ddl() const { return ddl_without_codec() + " CODEC(" + codec + ")"; }

std::vector<StoredColumn> TableDefinition::raw_columns() const {
  std::vector<StoredColumn> stored;
  for (const ColumnDefinition& column : columns())
    stored.push_back({column.name, column.type, default_of(*this, column), column.codec});
  return stored;
}

std::vector<StoredColumn> TableDefinition::rollup_columns() const {
  std::vector<StoredColumn> stored{{"hour", "DateTime('UTC')", "", kTimeCodec}};
  const auto raw = columns();
  for (const std::string_view key : grouped()) {
    const auto column =
        std::find_if(raw.begin(), raw.end(), [&](const ColumnDefinition& each) { return key == each.name; });
    stored.push_back({column->name, column->type, "", kCodec});
  }
  for (const MeasureDefinition& measure : measures)
    stored.push_back({measure.name, measure.state_type(), measure.default_value, kCodec});
  stored.push_back({"arrival_hour", "SimpleAggregateFunction(min, DateTime('UTC'))", "", kTimeCodec});
  stored.push_back({"generation", "UInt32", "", kCodec});
  return stored;
}

std::vector<Constraint> TableDefinition::constraints() const {
  std::vector<Constraint> constraints;
  for (const ColumnDefinition& column : columns()) {
    std::string condition = condition_of(column.name, column.rule);
    if (condition.empty()) continue;
    // What is absent breaks no rule.
    if (column.may_be_absent()) condition = "ifNull(" + condition + ", 1)";
    constraints.push_back({column.name, std::move(condition)});
  }
  return constraints;
}

}  // namespace optiinfra
