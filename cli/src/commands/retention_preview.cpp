#include "commands/retention_preview.hpp"

#include <charconv>
#include <set>

#include "commands/confirmation.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "output/number.hpp"

namespace optiinfra::cli {
namespace {

std::uint64_t number_of(const std::string& text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// A day goes when all of it is past.
Result<std::vector<store::ExpiredPartition>> days_before(Session& session, const TableDefinition& table,
                                                         sys_seconds cutoff) {
  OPTIINFRA_TRY(const auto days,
                query_texts(session, {.sql = "SELECT partition, toString(sum(rows)) FROM system.parts "
                                             "WHERE database = {database:String} AND table = {table:String} "
                                             "AND active GROUP BY partition "
                                             "HAVING toDateTime(toDate(partition) + 1, 'UTC') <= "
                                             "toDateTime({cutoff:UInt32}, 'UTC') ORDER BY partition",
                                      .parameters = {{"database", std::string(session.database())},
                                                     {"table", table.raw_table},
                                                     {"cutoff", std::to_string(to_column_time(cutoff))}}}));
  std::vector<store::ExpiredPartition> expired;
  for (const auto& day : days) expired.push_back({table.raw_table, day[0], number_of(day[1])});
  return expired;
}

Result<std::vector<store::ExpiredPartition>> hours_before(Session& session, const TableDefinition& table,
                                                          sys_seconds cutoff) {
  OPTIINFRA_TRY(const std::uint64_t rows,
                query_number(session, {.sql = "SELECT toUInt64(count()) FROM " +
                                              qualified(session.database(), table.rollup_table) +
                                              " WHERE hour < toDateTime({cutoff:UInt32}, 'UTC')",
                                       .parameters = {{"cutoff", std::to_string(to_column_time(cutoff))}}}));
  std::vector<store::ExpiredPartition> expired;
  if (rows != 0)
    expired.push_back(
        {table.rollup_table, "before " + format_time(std::chrono::ceil<std::chrono::hours>(cutoff)), rows});
  return expired;
}

/// "8,640 rows of cost_metrics_ts: 3 days from 2026-03-01 to 2026-03-03".
std::string summary_of(const std::vector<store::ExpiredPartition>& expired) {
  std::uint64_t rows = 0;
  std::set<std::string> days;  // Each once, of all shards.
  for (const store::ExpiredPartition& each : expired) {
    rows += each.rows;
    days.insert(each.partition);
  }
  const std::string text = format_count(rows) + " rows of " + expired.front().table + ": ";
  if (days.size() == 1) return text + *days.begin();
  return text + format_count(days.size()) + " days from " + *days.begin() + " to " + *days.rbegin();
}

}  // namespace

Result<std::vector<store::ExpiredPartition>> what_expires(Session& session, Family family, store::Tier tier,
                                                          std::chrono::days keep) {
  // Beyond these set_retention() refuses, and removes nothing.
  if (keep < store::kRetentionMin || keep > store::kRetentionMax)
    return std::vector<store::ExpiredPartition>();
  const sys_seconds cutoff = std::max(now() - keep, sys_seconds{});
  const TableDefinition& table = table_of(family);
  return tier == store::Tier::kRaw ? days_before(session, table, cutoff)
                                   : hours_before(session, table, cutoff);
}

Result<void> confirm_removal(const Context& context, const std::vector<store::ExpiredPartition>& expired) {
  if (expired.empty()) return {};
  return confirm(context, "this removes " + summary_of(expired), "each day");
}

}  // namespace optiinfra::cli
