#include "optiinfra/store/repair.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <thread>

#include "optiinfra/store/disk_room.hpp"
#include "optiinfra/store/retention.hpp"
#include "optiinfra/store/set_aside.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "reconcile.hpp"
#include "repair_days.hpp"

namespace optiinfra::store {
namespace {

/// Raw rows of older hours could expire while they are read.
constexpr std::chrono::hours kRetentionMargin{1};
constexpr std::chrono::minutes kRepairTimeout{10};
constexpr std::chrono::milliseconds kPoll{20};
constexpr int kAttemptsMax = 3;

/// Inserts into `table` that are running. Those that wait in the server's buffer for asynchronous inserts
/// get their generation when they leave it.
Result<std::vector<std::string>> running_inserts(Session& session, const TableDefinition& table) {
  OPTIINFRA_TRY(
      const auto rows,
      query_texts(session, {.sql = "SELECT query_id FROM system.processes WHERE query_kind IN ('Insert', "
                                   "'AsyncInsertFlush') AND position(query, {table:String}) > 0",
                            .parameters = {{"table", table.raw_table}}}));
  std::vector<std::string> ids;
  for (const auto& row : rows) ids.push_back(row[0]);
  return ids;
}

Result<void> wait_for_earlier_inserts(Session& session, const TableDefinition& table) {
  const auto deadline = std::chrono::steady_clock::now() + kEarlierInsertsWait;
  OPTIINFRA_TRY(std::vector<std::string> earlier, running_inserts(session, table));
  while (!earlier.empty()) {
    if (std::chrono::steady_clock::now() > deadline) {
      return Error{ErrorKind::kTimeout, std::to_string(earlier.size()) + " inserts into " +
                                            std::string(table.raw_table) +
                                            " that began before the repair are still running (query " +
                                            earlier[0] + "); wait for them or end them, then repair again"};
    }
    std::this_thread::sleep_for(kPoll);
    OPTIINFRA_TRY(const std::vector<std::string> running, running_inserts(session, table));
    std::erase_if(earlier, [&](const std::string& id) {
      return std::find(running.begin(), running.end(), id) == running.end();
    });
  }
  return {};
}

Result<std::uint32_t> present_generation(Session& session, const TableDefinition& table) {
  OPTIINFRA_TRY(const auto rows,
                query_texts(session, {.sql = "SELECT default_expression FROM system.columns WHERE database "
                                             "= {database:String} AND table = {table:String} AND name = "
                                             "'generation'",
                                      .parameters = {{"database", std::string(session.database())},
                                                     {"table", table.raw_table}}}));
  std::uint32_t generation = 0;
  const std::string text = rows.empty() ? "" : rows[0][0];
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), generation);
  if (fault == std::errc{} && end == text.data() + text.size()) return generation;
  return Error{ErrorKind::kCorrupt, std::string(table.raw_table) + ".generation is '" + text +
                                        "', which is not a number; it was changed by hand"};
}

/// The highest generation that rows carry. It is above the table's own where a definition was lost and
/// restored from an older copy of it.
Result<std::uint64_t> stored_generation(Session& session, const TableDefinition& table) {
  const auto max_of = [&](const char* name) {
    return "(SELECT max(generation) FROM " + qualified(session.database(), name) + ")";
  };
  return query_number(session, {.sql = "SELECT toUInt64(assumeNotNull(greatest(" + max_of(table.raw_table) +
                                       ", " + max_of(table.rollup_table) + ")))",
                                .timeout = kRepairTimeout});
}

/// Begins a generation. Gives the last one to which nothing is added any more.
Result<std::uint32_t> close_generation(Session& session, const TableDefinition& table) {
  OPTIINFRA_TRY(const std::uint32_t present, present_generation(session, table));
  OPTIINFRA_TRY(const std::uint64_t stored, stored_generation(session, table));
  const std::uint32_t generation = std::max(present, static_cast<std::uint32_t>(stored));
  OPTIINFRA_CHECK(session.execute({.sql = "ALTER TABLE " + qualified(session.database(), table.raw_table) +
                                          " MODIFY COLUMN " + generation_column(generation + 1),
                                   .settings = {{"alter_sync", "2"}},
                                   .timeout = kRepairTimeout}));
  OPTIINFRA_CHECK(wait_for_earlier_inserts(session, table));
  return generation;
}

std::string time_literal(sys_seconds time) {
  return "toDateTime(" + std::to_string(to_column_time(time)) + ", 'UTC')";
}

/// Which rows of `column`'s table belong to `hours`, which are sorted.
std::string condition_of(const ReconcileScope& scope, const std::vector<DifferingHour>& hours,
                         const std::string& prefix, const std::string& column) {
  const std::string hour = column == "hour" ? prefix + column : "toStartOfHour(" + prefix + column + ")";
  return prefix + "generation <= " + std::to_string(scope.generation_max) + " AND " + prefix + column +
         " >= " + time_literal(hours.front().hour) + " AND " + prefix + column + " < " +
         time_literal(hours.back().hour + std::chrono::hours{1}) + " AND " +
         among_hours(*scope.table, hours, hour, prefix);
}

/// Takes the hours out of the rollup's rows and puts them back from raw rows. Rows that are inserted after
/// the removal was accepted are out of its reach: it has a number among the parts, and theirs are higher.
Result<void> rebuild(Session& session, const ReconcileScope& scope, const std::vector<DifferingHour>& hours) {
  const TableDefinition& table = *scope.table;
  const std::string rollup = qualified(session.database(), table.rollup_table);
  OPTIINFRA_CHECK(
      session.execute({.sql = "DELETE FROM " + rollup + " WHERE " + condition_of(scope, hours, "", "hour"),
                       .settings = {{"lightweight_deletes_sync", "2"}},
                       .timeout = kRepairTimeout}));
  std::string columns = "hour";
  for (const char* key : table.grouped()) columns += ", " + std::string(key);
  for (const MeasureDefinition& measure : table.measures) columns += std::string(", ") + measure.name;
  return session.execute(
      {.sql = "INSERT INTO " + rollup + " (" + columns + ", arrival_hour, generation)\n" +
              rollup_query(table, session.database(), condition_of(scope, hours, "r.", "timestamp")),
       // Else an hour rebuilt to what it was once before would be left out. The floor that inserts of
       // metrics leave does not hold: without this insert the hours just removed are missing.
       .settings = {{"deduplicate_insert", "disable"},
                    {"async_insert", "0"},
                    {"min_free_disk_bytes_to_perform_insert", "0"}},
       .timeout = kRepairTimeout});
}

void describe(const TableDefinition& table, const std::vector<DifferingHour>& hours,
              std::vector<RebuiltHour>& described) {
  for (const DifferingHour& each : hours) {
    if (described.size() == kRebuiltDescribedMax) return;
    described.push_back({table.family, each.hour, each.key, each.rollup_rows, each.raw_rows});
  }
}

/// The days of which raw rows were set aside.
struct LossyDays {
  std::set<std::string> days;
  bool all = false;  ///< A part does not say of which day it is.

  bool contains(const std::string& day) const { return all || days.contains(day); }
};

Result<LossyDays> lossy_days(Session& session, const TableDefinition& table, OnLoss on_loss) {
  LossyDays lossy;
  if (on_loss == OnLoss::kAccept) return lossy;
  OPTIINFRA_TRY(const auto parts, read_set_aside_parts(session));
  for (const SetAsidePart& part : parts) {
    if (part.table != table.raw_table) continue;
    lossy.all |= part.day.empty();
    lossy.days.insert(part.day);
  }
  return lossy;
}

/// Names the hours of a lossy day that were left as they are, once all others of it are repaired.
Result<void> describe_refused(Session& session, ReconcileScope scope, const std::string& day,
                              RepairReport& report) {
  scope.may_lower = true;
  OPTIINFRA_TRY(const DayCounts counts, count_day(session, scope, day));
  report.hours_refused += counts.differing;
  OPTIINFRA_TRY(const auto hours, differing_hours(session, scope, day, kRebuiltDescribedMax));
  describe(*scope.table, hours, report.refused);
  return {};
}

/// The generations of `scope` are closed, so one comparison is enough.
Result<void> rebuild_differing(Session& session, const ReconcileScope& scope, const std::string& day,
                               RepairReport& report) {
  std::map<std::string, int> attempts;
  while (true) {
    OPTIINFRA_TRY(std::vector<DifferingHour> hours, differing_hours(session, scope, day, kHoursOfStatement));
    if (hours.empty()) return {};
    std::vector<DifferingHour> first_time;
    bool hopeless = false;
    for (const DifferingHour& each : hours) {
      const int attempt = ++attempts[each.hash];
      if (attempt == 1) first_time.push_back(each);
      hopeless |= attempt > kAttemptsMax;
    }
    if (hopeless) {
      OPTIINFRA_TRY(const DayCounts counts, count_day(session, scope, day));
      report.hours_differing += counts.differing;
      return {};
    }
    OPTIINFRA_CHECK(rebuild(session, scope, hours));
    report.hours_rebuilt += first_time.size();
    describe(*scope.table, first_time, report.rebuilt);
  }
}

Result<void> repair_day(Session& session, const ReconcileScope& of_days, const std::string& day,
                        RepairReport& report) {
  OPTIINFRA_TRY(const ReconcileScope scope, scope_of_day(session, of_days, day));
  OPTIINFRA_CHECK(rebuild_differing(session, scope, day, report));
  if (scope.may_lower) return {};
  return describe_refused(session, scope, day, report);
}

}  // namespace

Result<std::uint32_t> repair_days(Session& session, ReconcileScope scope,
                                  const std::vector<std::string>& days, OnLoss on_loss,
                                  RepairReport& report) {
  if (auto room = expect_room_to_mutate(session, scope.table->rollup_table); !room) {
    Error error = std::move(room).error();
    error.applied = Applied::kUnknown;  // Rows whose hours are repaired here may be stored already.
    return error;
  }
  OPTIINFRA_TRY(const LossyDays lossy, lossy_days(session, *scope.table, on_loss));
  OPTIINFRA_TRY(scope.generation_max, close_generation(session, *scope.table));
  for (const std::string& day : days) {
    scope.may_lower = !lossy.contains(day);
    if (auto repaired = repair_day(session, scope, day, report); !repaired)
      return with_context(std::move(repaired).error(),
                          "repair " + std::string(scope.table->rollup_table) + " of " + day);
  }
  return scope.generation_max;
}

ReconcileScope repair_scope_of(const Retention& raw) { return scope_of(raw, now(), kRetentionMargin); }

Result<RepairReport> repair_hours(Session& session, const RepairHours& which) {
  RepairReport report;
  const std::string day = format_time(which.hours.begin).substr(0, 10);
  OPTIINFRA_TRY(const auto retention, read_retention(session));
  for (const Retention& kept : retention) {
    if (kept.tier != Tier::kRaw || kept.family != which.family) continue;
    ReconcileScope scope = repair_scope_of(kept);
    scope.hours = which.hours;
    scope.customers = which.customers;
    OPTIINFRA_TRY(scope, scope_of_day(session, scope, day));
    OPTIINFRA_TRY(const DayCounts counts, count_day(session, scope, day));
    if (counts.differing > 0)
      OPTIINFRA_CHECK(done(repair_days(session, scope, {day}, OnLoss::kRefuse, report)));
  }
  return report;
}

}  // namespace optiinfra::store
