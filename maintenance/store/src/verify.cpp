#include "optiinfra/store/verify.hpp"

#include <algorithm>
#include <charconv>
#include <map>

#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/migrate.hpp"
#include "optiinfra/store/restore.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "reconcile.hpp"
#include "repair_days.hpp"
#include "suspect_rows.hpp"

namespace optiinfra::store {
namespace {

struct Size {
  std::uint64_t rows = 0, parts = 0, bytes_on_disk = 0, bytes_uncompressed = 0;
};

std::uint64_t parse_count(const std::string& text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Result<std::map<std::string, Size>> read_sizes(Session& session) {
  OPTIINFRA_TRY(
      const auto rows,
      query_texts(
          session,
          {.sql =
               "SELECT table, toString(sum(rows)), toString(count()), toString(sum(bytes_on_disk)), "
               "toString(sum(data_uncompressed_bytes)) FROM system.parts WHERE database = {database:String} "
               "AND active GROUP BY table",
           .parameters = {{"database", std::string(session.database())}}}));
  std::map<std::string, Size> sizes;
  for (const auto& row : rows)
    sizes[row[0]] = {parse_count(row[1]), parse_count(row[2]), parse_count(row[3]), parse_count(row[4])};
  return sizes;
}

/// Column types by "table.column". A table without columns does not exist.
Result<std::map<std::string, std::string>> read_columns(Session& session) {
  OPTIINFRA_TRY(
      const auto rows,
      query_texts(
          session,
          {.sql = "SELECT table || '.' || name, type FROM system.columns WHERE database = {database:String}",
           .parameters = {{"database", std::string(session.database())}}}));
  std::map<std::string, std::string> columns;
  for (const auto& row : rows) columns[row[0]] = row[1];
  return columns;
}

/// A table that is missing is named once, not column by column.
bool has_table(const std::map<std::string, std::string>& columns, const std::string& column) {
  const std::string table = column.substr(0, column.find('.') + 1);
  const auto first = columns.lower_bound(table);
  return first != columns.end() && first->first.starts_with(table);
}

void expect_column(const std::map<std::string, std::string>& columns, const std::string& name,
                   const std::string& type, std::vector<std::string>& faults) {
  const auto found = columns.find(name);
  if (!has_table(columns, name)) return;
  if (found == columns.end()) {
    faults.push_back(name + " is absent; it should be " + type);
  } else if (found->second != type) {
    faults.push_back(name + " is " + found->second + "; it should be " + type);
  }
}

std::vector<std::string> find_schema_faults(const std::map<std::string, std::string>& columns) {
  std::vector<std::string> faults;
  for (const Family family : kFamilies) {
    const TableDefinition& table = table_of(family);
    for (const ColumnDefinition& column : table.columns()) {
      expect_column(columns, std::string(table.raw_table) + "." + column.name, column.type, faults);
    }
    expect_column(columns, std::string(table.raw_table) + ".batch_id", "UInt64", faults);
    expect_column(columns, std::string(table.raw_table) + ".generation", "UInt32", faults);
    expect_column(columns, std::string(table.rollup_table) + ".generation", "UInt32", faults);
    for (const MeasureDefinition& measure : table.measures) {
      expect_column(columns, std::string(table.rollup_table) + "." + measure.name, measure.state_type(),
                    faults);
    }
  }
  return faults;
}

ObjectReport report_object(const char* name, const char* kind, bool exists, const Size& size) {
  return {name, kind, exists, size.rows, size.parts, size.bytes_on_disk, size.bytes_uncompressed};
}

Error in_reconciling(const ReconcileScope& scope, const std::string& day, const Error& error) {
  return with_context(error, "reconcile " + std::string(scope.table->name) + " of " + day);
}

/// Gives how many hours of `day` differ, and still do after a while.
Result<std::uint64_t> compare_day(Session& session, const ReconcileScope& of_days, const std::string& day,
                                  RepairMode mode, VerifyReport& report) {
  OPTIINFRA_TRY(const ReconcileScope scope, scope_of_day(session, of_days, day));
  OPTIINFRA_TRY(const DayCounts counts, count_day(session, scope, day));
  report.hours_compared += counts.compared;
  report.hours_past_retention += counts.skipped;
  if (counts.differing == 0) return counts.differing;
  OPTIINFRA_TRY(auto hours, settled_differing_hours(session, scope, day, kHoursOfStatement));
  const std::uint64_t differing = hours.size() < kHoursOfStatement ? hours.size() : counts.differing;
  if (mode != RepairMode::kNothing) return differing;
  report.hours_differing += differing;
  if (hours.size() > kDifferencesDescribedMax) hours.resize(kDifferencesDescribedMax);
  OPTIINFRA_CHECK(describe_hours(session, scope, day, hours, report));
  return differing;
}

/// Gives the days of which hours differ. Those that agree are compared with their neighbours.
Result<std::vector<std::string>> compare_days(Session& session, const ReconcileScope& scope,
                                              const std::vector<Days>& days, RepairMode mode,
                                              VerifyReport& report) {
  std::vector<std::string> differing;
  auto day = days.begin();
  for (const Days& several : joined(days)) {
    const auto end =
        std::find_if(day, days.end(), [&](const Days& each) { return each.first > several.last; });
    // A busy day by itself is compared once, below.
    const auto counts =
        several.is_one() ? Result<DayCounts>(DayCounts{.differing = 1}) : count_days(session, scope, several);
    if (!counts) return in_reconciling(scope, several.first, counts.error());
    if (counts->differing == 0) {
      report.hours_compared += counts->compared;
      report.hours_past_retention += counts->skipped;
      day = end;
    }
    for (; day != end; ++day) {
      const auto compared = compare_day(session, scope, day->first, mode, report);
      if (!compared) return in_reconciling(scope, day->first, compared.error());
      if (*compared > 0) differing.push_back(day->first);
    }
  }
  return differing;
}

Result<void> reconcile(Session& session, const Retention& kept, RepairMode mode, VerifyReport& report) {
  const ReconcileScope scope = scope_of(kept, now());
  OPTIINFRA_TRY(const auto days, days_of(session, *scope.table));
  OPTIINFRA_TRY(const std::vector<std::string> differing, compare_days(session, scope, days, mode, report));
  if (mode == RepairMode::kNothing || differing.empty()) return {};
  ReconcileScope closed = scope;
  OPTIINFRA_TRY(closed.generation_max,
                repair_days(session, repair_scope_of(kept), differing,
                            mode == RepairMode::kRollups ? OnLoss::kRefuse : OnLoss::kAccept, report.repair));
  for (const std::string& day : differing) {
    OPTIINFRA_TRY(const ReconcileScope of_day, scope_of_day(session, closed, day));
    OPTIINFRA_TRY(const DayCounts left, count_day(session, of_day, day));
    if (left.differing == 0) continue;
    report.hours_differing += left.differing;
    OPTIINFRA_TRY(const auto hours, differing_hours(session, of_day, day, kDifferencesDescribedMax));
    OPTIINFRA_CHECK(describe_hours(session, of_day, day, hours, report));
  }
  return {};
}

}  // namespace

Result<RepairReport> repair_family(Session& session, Family family) {
  OPTIINFRA_CHECK(expect_current_schema(session));
  OPTIINFRA_TRY(const auto all, read_retention(session));
  VerifyReport report;
  for (const Retention& kept : all)
    if (kept.family == family && kept.tier == Tier::kRaw)
      OPTIINFRA_CHECK(reconcile(session, kept, RepairMode::kRollups, report));
  return std::move(report.repair);
}

bool VerifyReport::ok() const noexcept {
  const bool complete =
      std::all_of(objects.begin(), objects.end(), [](const ObjectReport& object) { return object.exists; });
  const bool agreed =
      std::all_of(retention.begin(), retention.end(), [](const Retention& kept) { return kept.agrees(); });
  return complete && agreed && schema_faults.empty() && hours_differing == 0 && set_aside.empty() &&
         breaches.empty();
}

Result<VerifyReport> verify(Session& session, RepairMode mode) {
  if (mode != RepairMode::kNothing) OPTIINFRA_CHECK(expect_current_schema(session));
  VerifyReport report;
  OPTIINFRA_TRY(auto sizes, read_sizes(session));
  OPTIINFRA_TRY(const auto columns, read_columns(session));
  for (const Family family : kFamilies) {
    const TableDefinition& table = table_of(family);
    report.objects.push_back(report_object(table.raw_table, "raw table",
                                           columns.contains(std::string(table.raw_table) + ".timestamp"),
                                           sizes[table.raw_table]));
  }
  for (const Family family : kFamilies) {
    const TableDefinition& table = table_of(family);
    report.objects.push_back(report_object(table.view, "materialized view",
                                           columns.contains(std::string(table.view) + ".hour"),
                                           sizes[table.rollup_table]));
  }
  OPTIINFRA_TRY(const auto object_faults, find_object_faults(session));
  report.schema_faults = find_schema_faults(columns);
  bool can_compare = report.schema_faults.empty();
  for (const ObjectFault& each : object_faults) {
    report.schema_faults.push_back(each.what);
    can_compare &= each.is_view;
  }
  OPTIINFRA_TRY(report.set_aside, read_set_aside_parts(session));
  if (!columns.contains("retention.days")) return report;
  OPTIINFRA_TRY(report.retention, read_retention(session));
  // Without the tables there is nothing to compare, and the faults say so.
  if (!can_compare) return report;
  for (const Retention& kept : report.retention) {
    if (kept.tier == Tier::kRaw) OPTIINFRA_CHECK(reconcile(session, kept, mode, report));
  }
  OPTIINFRA_CHECK(find_rule_breaches(session, report));
  OPTIINFRA_CHECK(find_overlapping_charges(session, report));
  return report;
}

}  // namespace optiinfra::store
