#include "tier_sql.hpp"

#include <algorithm>

namespace optiinfra::copy {
namespace {

template <typename Names>
std::string joined(const Names& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

std::vector<std::string> raw_columns(const TableDefinition& table) {
  std::vector<std::string> names;
  for (const ColumnDefinition& column : table.columns()) names.emplace_back(column.name);
  return names;
}

/// A hash over an absent value is absent, so whether there is one is hashed apart from it.
std::string raw_hash(const TableDefinition& table) {
  std::vector<std::string> hashed;
  for (const ColumnDefinition& column : table.columns()) {
    const std::string name = column.name;
    hashed.push_back(column.may_be_absent() ? "isNull(" + name + "), ifNull(" + name + ", 0)" : name);
  }
  return "cityHash64(" + joined(hashed) + ")";
}

/// The table's sorting key first, so that the engine reads in order, and then all other columns: rows that
/// this leaves in any order are equal.
std::string raw_order(const TableDefinition& table) {
  std::string order = joined(table.raw_key);
  for (const std::string& column : raw_columns(table)) {
    const bool in_key = std::find(table.raw_key.begin(), table.raw_key.end(), column) != table.raw_key.end();
    if (!in_key) order += ", " + column;
  }
  return order;
}

/// An arrival that is as old as the hour says that no raw rows are to be expected of it.
std::string rollup_columns(const TableDefinition& table) {
  std::string columns = "hour, " + joined(table.grouped());
  for (const MeasureDefinition& measure : table.measures)
    columns += ", " + measure.merged_expression("r.") + " AS " + measure.name;
  return columns + ", hour AS arrival_hour";
}

std::string seconds_text(sys_seconds time) { return std::to_string(to_column_time(time)); }

std::string in_slice(std::uint64_t slice, std::uint64_t slices) {
  return " AND row_hash % " + std::to_string(slices) + " = " + std::to_string(slice);
}

}  // namespace

TierSql::TierSql(const TableDefinition& table, store::Tier tier, CopyBorders borders,
                 std::chrono::milliseconds read_timeout)
    : table_(&table), tier_(tier), read_timeout_(read_timeout) {
  parameters_ = {{"raw_from", seconds_text(borders.raw_from)}};
  if (tier == store::Tier::kRaw) {
    columns_ = joined(raw_columns(table));
    row_hash_ = raw_hash(table);
    time_ = "timestamp";
    condition_ = "timestamp >= toDateTime({raw_from:UInt32}, 'UTC')";
    order_ = raw_order(table);
  } else {
    const std::string key = "hour, " + joined(table.grouped());
    columns_ = rollup_columns(table);
    row_hash_ = "cityHash64(" + key + ")";
    time_ = "hour";
    condition_ =
        "hour >= toDateTime({rollup_from:UInt32}, 'UTC') AND hour < toDateTime({raw_from:UInt32}, 'UTC')";
    group_by_ = " GROUP BY " + key;
    order_ = key;
    parameters_.emplace_back("rollup_from", seconds_text(borders.rollup_from));
  }
}

Statement TierSql::statement(const Session& session, const std::string& select, const std::string& rest,
                             const std::string& day) const {
  const char* const name = tier_ == store::Tier::kRaw ? table_->raw_table : table_->rollup_table;
  Statement result{.sql = "SELECT " + select + " FROM " + qualified(session.database(), name) +
                          " AS r WHERE " + condition_ + rest,
                   .parameters = parameters_,
                   .timeout = read_timeout_};
  if (!day.empty()) result.parameters.emplace_back("day", day);
  return result;
}

Statement TierSql::rows(const Session& session, const std::string& day) const {
  return statement(session, columns_ + ", " + row_hash_ + " AS row_hash",
                   " AND toDate(" + time_ + ") = {day:Date}" + group_by_ + " ORDER BY " + order_, day);
}

Statement TierSql::rows(const Session& session, const std::string& day, std::uint64_t slice,
                        std::uint64_t slices) const {
  return statement(
      session, columns_ + ", " + row_hash_ + " AS row_hash",
      " AND toDate(" + time_ + ") = {day:Date}" + in_slice(slice, slices) + group_by_ + " ORDER BY row_hash",
      day);
}

Statement TierSql::hashes(const Session& session, const std::string& day, std::uint64_t slice,
                          std::uint64_t slices) const {
  // A rollup may hold its key and hour in several rows until a merge.
  return statement(
      session, row_hash_ + " AS row_hash, toUInt64(" + (tier_ == store::Tier::kRaw ? "count()" : "1") + ")",
      " AND toDate(" + time_ + ") = {day:Date}" + in_slice(slice, slices) + " GROUP BY row_hash", day);
}

Statement TierSql::contents(const Session& session) const {
  if (tier_ == store::Tier::kRaw)
    return statement(session, "toString(toDate(timestamp)) AS day, toUInt64(count()), sum(" + row_hash_ + ")",
                     " GROUP BY day", {});
  Statement keys = statement(
      session, "DISTINCT toString(toDate(hour)) AS day, " + order_ + ", " + row_hash_ + " AS row_hash", {},
      {});
  keys.sql = "SELECT day, toUInt64(count()), sum(row_hash) FROM (" + keys.sql + ") GROUP BY day";
  return keys;
}

Statement TierSql::finished(const Session& session) const {
  std::string inner = "hour", outer;
  for (const FinishedColumn& column : table_->finished()) {
    inner += ", " + column.expression() + " AS finished_" + column.name;
    // Hours without a value have a NaN or an infinity.
    const std::string name = "finished_" + column.name;
    outer += ", toFloat64(sumIf(" + name + ", isFinite(" + name + ")))";
  }
  Statement result = statement(session, inner, group_by_, {});
  result.sql = "SELECT toString(toDate(hour)) AS day" + outer + " FROM (" + result.sql + ") GROUP BY day";
  return result;
}

}  // namespace optiinfra::copy
