#include "suspect_rows.hpp"

#include "optiinfra/schema/tables.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "reconcile.hpp"

namespace optiinfra::store {
namespace {

constexpr std::chrono::minutes kTimeout{10};
/// The migration that gave the raw tables their constraints.
constexpr const char* kConstraintsMigration = "5";

sys_seconds time_of(std::uint32_t seconds) { return sys_seconds{std::chrono::seconds{seconds}}; }

/// For each constraint: rows, time of the first, time of the last.
std::string breaches_sql(const TableDefinition& table, std::string_view database) {
  std::string columns;
  for (const Constraint& constraint : table.constraints()) {
    const std::string is_broken = "NOT (" + constraint.condition + ")";
    columns +=
        (columns.empty() ? "" : ", ") + ("toUInt64(countIf(" + is_broken + ")), toUInt32(minIf(timestamp, " +
                                         is_broken + ")), toUInt32(maxIf(timestamp, " + is_broken + "))");
  }
  return "SELECT " + columns + " FROM " + qualified(database, table.raw_table) +
         " PREWHERE arrival_hour <= (SELECT toStartOfHour(min(applied_at)) FROM " +
         qualified(database, "schema_migrations") + " WHERE number = " + kConstraintsMigration + ")";
}

}  // namespace

Result<void> find_rule_breaches(Session& session, VerifyReport& report) {
  for (const Family family : kFamilies) {
    const TableDefinition& table = table_of(family);
    const auto constraints = table.constraints();
    const auto columns = table.columns();
    OPTIINFRA_CHECK(done(
        session.query({.sql = breaches_sql(table, session.database()),
                       // Seldom a row is read, and there are many expressions.
                       .settings = {{"compile_expressions", "0"}, {"compile_aggregate_expressions", "0"}},
                       .timeout = kTimeout},
                      [&](const Block& block) {
                        for (std::size_t i = 0; i < constraints.size() && block.row_count() != 0; ++i) {
                          const std::uint64_t rows = (*block.values<std::vector<std::uint64_t>>(3 * i))[0];
                          if (rows == 0) continue;
                          RuleBreach breach{family, constraints[i].name, "", rows, {}, {}};
                          for (const ColumnDefinition& column : columns) {
                            if (breach.column == column.name) breach.rule = rule_text(column.rule);
                          }
                          breach.first = time_of((*block.values<std::vector<std::uint32_t>>(3 * i + 1))[0]);
                          breach.last = time_of((*block.values<std::vector<std::uint32_t>>(3 * i + 2))[0]);
                          report.breaches.push_back(std::move(breach));
                        }
                        return true;
                      })));
  }
  return {};
}

Result<void> find_overlapping_charges(Session& session, VerifyReport& report) {
  const TableDefinition& table = table_of(Family::kCost);
  // What is left of rounding when parts of an hour are added up.
  const std::string sql =
      "SELECT toUInt32(toStartOfHour(timestamp)) AS hour, concat('customer_id=', toString(customer_id), ', "
      "cloud_provider=', cloud_provider, ', service_name=', service_name, ', instance_id=', instance_id, "
      "if(charge_category = '', '', concat(', charge_category=', charge_category)), if(currency = '', '', "
      "concat(', currency=', currency))) AS key, toUInt64(count()) AS rows, sum(ifNull(hours_covered, 1)) AS "
      "hours, sum(cost_per_hour * ifNull(hours_covered, 1)) AS amount FROM " +
      qualified(session.database(), table.raw_table) +
      " WHERE toDate(timestamp) >= {day:Date} AND toDate(timestamp) <= {last_day:Date} AND instance_id != '' "
      "AND cost_per_hour != 0 GROUP BY hour, "
      "key, "
      "cost_per_hour HAVING hours > 1.001 ORDER BY hour, key";
  OPTIINFRA_TRY(const auto days, days_of(session, table));
  for (const Days& each : joined(days)) {
    OPTIINFRA_CHECK(done(session.query(
        {.sql = sql, .parameters = {{"day", each.first}, {"last_day", each.last}}, .timeout = kTimeout},
        [&](const Block& block) {
          report.charges_overlapping += block.row_count();
          for (std::size_t row = 0;
               row < block.row_count() && report.overlaps.size() < kDifferencesDescribedMax; ++row)
            report.overlaps.push_back({time_of((*block.values<std::vector<std::uint32_t>>(0))[row]),
                                       std::string((*block.values<Strings>(1))[row]),
                                       (*block.values<std::vector<std::uint64_t>>(2))[row],
                                       (*block.values<std::vector<double>>(3))[row],
                                       (*block.values<std::vector<double>>(4))[row]});
          return true;
        })));
  }
  return {};
}

}  // namespace optiinfra::store
