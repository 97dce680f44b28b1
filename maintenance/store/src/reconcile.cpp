#include "reconcile.hpp"

#include <algorithm>
#include <cmath>
#include <thread>
#include <tuple>
#include <unordered_set>

#include "optiinfra/transport/small_answer.hpp"
#include "optiinfra/transport/sql.hpp"

namespace optiinfra::store {
namespace {

/// Relative difference that summing the same numbers in another order can make.
constexpr double kSumTolerance = 1e-9;
/// Between two looks at hours that differ; each pause is twice the one before.
constexpr std::chrono::milliseconds kLookPauseMin{20}, kLookPauseMax{200};
/// A writer has brought its rows from the raw table to the rollup within this time, or failed to.
constexpr std::chrono::milliseconds kUnchangedSettles{750};
/// Enough for two writers of one hour without a pause: 0 of 200 verifications were wrong (decision 0014).
constexpr int kLooksMax = 40;
constexpr std::chrono::seconds kLooksTimeout{30};
constexpr std::chrono::minutes kDayTimeout{10};
/// Rows that one statement compares when it takes several days; a busy day may have many times more.
constexpr std::uint64_t kJoinedRowsMax = 500'000;

bool is_exact(Aggregate aggregate) {
  return aggregate == Aggregate::kCount || aggregate == Aggregate::kMinimum ||
         aggregate == Aggregate::kMaximum || aggregate == Aggregate::kMaximumState;
}

/// How far the two sides of a column may lie apart, relative to the larger.
double tolerance(Aggregate aggregate) {
  if (is_exact(aggregate)) return 0;
  return aggregate == Aggregate::kSketch ? kQuantileError : kSumTolerance;
}

bool differs(double raw, double rollup, Aggregate aggregate) {
  if (std::isnan(raw) || std::isnan(rollup)) return std::isnan(raw) != std::isnan(rollup);
  return std::abs(raw - rollup) > tolerance(aggregate) * std::max(std::abs(raw), std::abs(rollup));
}

std::string number_text(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", number);
  return text;
}

std::string joined_keys(const TableDefinition& table) {
  std::string sql = "hour";
  for (const char* key : table.grouped()) sql += ", " + std::string(key);
  return sql;
}

std::string within(const std::string& column) {
  return column + " >= toDateTime({begin:UInt32}, 'UTC') AND " + column +
         " < toDateTime({end:UInt32}, 'UTC')";
}

/// Keys and hours that are compared at once: their states, sketches among them, take up to 2.5 KB each.
constexpr std::uint64_t kKeysOfPieceMax = 200'000;

/// What holds for the keys of one piece of the scope.
std::string in_piece(const ReconcileScope& scope) {
  if (scope.pieces == 1) return {};
  std::string keys;
  for (const char* key : scope.table->grouped()) keys += (keys.empty() ? "" : ", ") + std::string(key);
  return " AND sipHash64(" + keys + ") % {pieces:UInt32} = {piece:UInt32}";
}

/// Both sides of each key and hour in one row: columns rollup_X and raw_X for each finished column X.
std::string both_sides(const ReconcileScope& scope, std::string_view database) {
  const TableDefinition& table = *scope.table;
  const std::string keys = joined_keys(table);
  std::string measures, raw, finished;
  for (const MeasureDefinition& measure : table.measures) {
    measures += std::string(", ") + measure.name;
    raw += ", " + measure.raw_expression("x.") + " AS " + measure.name;
  }
  for (const FinishedColumn& column : table.finished()) {
    finished += ", toFloat64(" + column.expression({.condition = "side = 0"}) + ") AS rollup_" + column.name +
                ", toFloat64(" + column.expression({.condition = "side = 1"}) + ") AS raw_" + column.name;
  }
  const std::string customers = scope.customers.empty() ? "" : " AND customer_id IN {customers:Array(UUID)}",
                    generation = " AND generation <= {generation_max:UInt32}" + customers + in_piece(scope);
  return "SELECT " + keys +
         ", countIf(side = 0) > 0 AS in_rollup, countIf(side = 1) > 0 AS in_raw, min(arrival_hour) AS "
         "arrived" +
         finished + "\nFROM (SELECT " + keys + measures + ", arrival_hour, 0 AS side FROM " +
         qualified(database, table.rollup_table) +
         " WHERE hour >= toDateTime({day:Date}, 'UTC') AND hour < toDateTime({last_day:Date} + 1, 'UTC') "
         "AND " +
         within("hour") + generation + "\nUNION ALL SELECT toStartOfHour(timestamp) AS " + keys + raw +
         ", min(x.arrival_hour), 1 FROM " + qualified(database, table.raw_table) +
         " AS x WHERE toDate(timestamp) >= {day:Date} AND toDate(timestamp) <= {last_day:Date} AND " +
         within("timestamp") + generation + " GROUP BY " + keys + ")\nGROUP BY " + keys;
}

std::string difference_condition(const ReconcileScope& scope) {
  const TableDefinition& table = *scope.table;
  std::string sql = "in_rollup != in_raw";
  for (const FinishedColumn& column : table.finished()) {
    const std::string raw = "raw_" + column.name, rollup = "rollup_" + column.name;
    sql += " OR abs(" + raw + " - " + rollup + ") > " + number_text(tolerance(column.measure->aggregate)) +
           " * greatest(abs(" + raw + "), abs(" + rollup + "))";
  }
  const std::string count = table.row_count().name;
  return "(" + sql + ")" + (scope.may_lower ? "" : " AND raw_" + count + " >= rollup_" + count);
}

/// Hours whose raw rows must be there.
constexpr const char* kInScope =
    "(hour >= toDateTime({complete_from:UInt32}, 'UTC') OR arrived > toDateTime({graced_from:UInt32}, "
    "'UTC'))";

Statement statement(const ReconcileScope& scope, const std::string& day, std::string sql, std::uint32_t piece,
                    const std::string& last_day = {}) {
  const auto seconds = [](sys_seconds time) { return std::to_string(to_column_time(time)); };
  Statement statement{.sql = std::move(sql),
                      .parameters = {{"day", day},
                                     {"last_day", last_day.empty() ? day : last_day},
                                     {"complete_from", seconds(scope.complete_from)},
                                     {"graced_from", seconds(scope.graced_arrivals_from)},
                                     {"begin", seconds(scope.hours.begin)},
                                     {"end", seconds(scope.hours.end)},
                                     {"generation_max", std::to_string(scope.generation_max)}},
                      // Compiling its many expressions takes longer than a day's rows do.
                      .settings = {{"compile_expressions", "0"}, {"compile_aggregate_expressions", "0"}},
                      .timeout = kDayTimeout};
  if (scope.pieces > 1) {
    statement.parameters.emplace_back("pieces", std::to_string(scope.pieces));
    statement.parameters.emplace_back("piece", std::to_string(piece));
  }
  std::string customers;
  for (const Uuid& customer : scope.customers)
    customers += (customers.empty() ? "'" : ",'") + customer.to_string() + "'";
  if (!customers.empty()) statement.parameters.emplace_back("customers", "[" + customers + "]");
  return statement;
}

/// "customer_id=..., service_id=..." of a row, as SQL.
std::string key_text(const TableDefinition& table) {
  std::string key;
  for (const char* name : table.grouped())
    key += (key.empty() ? "concat('" : ", ', ") + std::string(name) + "=', toString(" + name + ")";
  return key + ")";
}

void describe(const TableDefinition& table, const Block& block, std::size_t row, VerifyReport& report) {
  HourDifference difference{table.family, {}, {}, {}, 0, 0};
  difference.hour = sys_seconds{std::chrono::seconds{(*block.values<std::vector<std::uint32_t>>(0))[row]}};
  difference.key = (*block.values<Strings>(1))[row];
  const bool in_rollup = (*block.values<std::vector<std::uint8_t>>(2))[row] != 0,
             in_raw = (*block.values<std::vector<std::uint8_t>>(3))[row] != 0;
  constexpr double kAbsent = std::numeric_limits<double>::quiet_NaN();
  std::size_t column = 4;
  for (const FinishedColumn& finished : table.finished()) {
    const double rollup = in_rollup ? (*block.values<std::vector<double>>(column))[row] : kAbsent;
    const double raw = in_raw ? (*block.values<std::vector<double>>(column + 1))[row] : kAbsent;
    column += 2;
    if (report.differences.size() == kDifferencesDescribedMax) return;
    const bool stands_for_absence = in_rollup != in_raw && finished.measure->aggregate == Aggregate::kCount;
    if (!stands_for_absence && (in_rollup != in_raw || !differs(raw, rollup, finished.measure->aggregate)))
      continue;
    difference.measure = finished.name;
    difference.raw = raw;
    difference.rollup = rollup;
    report.differences.push_back(difference);
  }
}

}  // namespace

ReconcileScope scope_of(const Retention& raw, sys_seconds clock, std::chrono::hours margin) {
  return {.table = &table_of(raw.family),
          .complete_from = std::chrono::ceil<std::chrono::hours>(clock - raw.effective) + margin,
          .graced_arrivals_from = std::max(clock - kArrivalGrace + std::chrono::hours{1}, raw.set_at)};
}

Result<DayCounts> count_day(Session& session, const ReconcileScope& scope, const std::string& day) {
  return count_days(session, scope, {day, day});
}

Result<DayCounts> count_days(Session& session, const ReconcileScope& scope, const Days& days) {
  const std::string sql =
      "SELECT arrayJoin([countIf(in_scope), countIf(NOT in_scope), countIf(in_scope AND "
      "differing)]) FROM (SELECT " +
      std::string(kInScope) + " AS in_scope, " + difference_condition(scope) + " AS differing FROM (" +
      both_sides(scope, session.database()) + "))";
  DayCounts counts;
  for (std::uint32_t piece = 0; piece < scope.pieces; ++piece) {
    OPTIINFRA_TRY(const auto rows,
                  query_numbers(session, statement(scope, days.first, sql, piece, days.last)));
    if (rows.size() != 3)
      return Error{ErrorKind::kCorrupt, "the comparison of " + days.first + " gave no counts"};
    counts.compared += rows[0];
    counts.skipped += rows[1];
    counts.differing += rows[2];
  }
  return counts;
}

std::string hour_hash(const TableDefinition& table, std::string_view hour, std::string_view prefix) {
  std::string sql = "reinterpretAsUUID(sipHash128(" + std::string(hour);
  for (const char* key : table.grouped()) sql += ", " + std::string(prefix) + key;
  return sql + "))";
}

std::string among_hours(const TableDefinition& table, const std::vector<DifferingHour>& hours,
                        std::string_view hour, std::string_view prefix) {
  std::string list;
  for (const DifferingHour& each : hours) list += (list.empty() ? "" : ",") + sql_literal(each.hash);
  return hour_hash(table, hour, prefix) + " IN (" + list + ")";
}

Result<void> describe_hours(Session& session, const ReconcileScope& scope, const std::string& day,
                            const std::vector<DifferingHour>& hours, VerifyReport& report) {
  if (hours.empty() || report.differences.size() == kDifferencesDescribedMax) return {};
  const TableDefinition& table = *scope.table;
  std::string columns;
  for (const FinishedColumn& column : table.finished())
    columns += ", rollup_" + column.name + ", raw_" + column.name;
  const std::string sql =
      "SELECT toUInt32(hour), " + key_text(table) + ", toUInt8(in_rollup), toUInt8(in_raw)" + columns +
      " FROM (" + both_sides(scope, session.database()) + ") WHERE " + among_hours(table, hours, "hour") +
      " AND " + difference_condition(scope) + " ORDER BY hour";
  const auto first = static_cast<std::ptrdiff_t>(report.differences.size());
  for (std::uint32_t piece = 0; piece < scope.pieces && report.differences.size() < kDifferencesDescribedMax;
       ++piece) {
    OPTIINFRA_CHECK(done(session.query(statement(scope, day, sql, piece), [&](const Block& block) {
      for (std::size_t row = 0; row < block.row_count(); ++row) describe(table, block, row, report);
      return report.differences.size() < kDifferencesDescribedMax;
    })));
  }
  if (scope.pieces == 1) return {};
  std::sort(report.differences.begin() + first, report.differences.end(),
            [](const HourDifference& a, const HourDifference& b) {
              return std::tie(a.hour, a.key, a.measure) < std::tie(b.hour, b.key, b.measure);
            });
  return {};
}

Result<std::vector<DifferingHour>> differing_hours(Session& session, const ReconcileScope& scope,
                                                   const std::string& day, std::size_t limit) {
  const TableDefinition& table = *scope.table;
  const std::string count = table.row_count().name;
  const std::string sql = "SELECT toUInt32(hour), " + key_text(table) + ", toString(" +
                          hour_hash(table, "hour") + "), toUInt64(rollup_" + count + "), toUInt64(raw_" +
                          count + ") FROM (" + both_sides(scope, session.database()) + ") WHERE " + kInScope +
                          " AND " + difference_condition(scope) + " ORDER BY 1, 3 LIMIT " +
                          std::to_string(limit);
  std::vector<DifferingHour> found;
  const auto add = [&](const Block& block) {
    for (std::size_t row = 0; row < block.row_count(); ++row) {
      found.push_back({sys_seconds{std::chrono::seconds{(*block.values<std::vector<std::uint32_t>>(0))[row]}},
                       std::string((*block.values<Strings>(1))[row]),
                       std::string((*block.values<Strings>(2))[row]),
                       (*block.values<std::vector<std::uint64_t>>(3))[row],
                       (*block.values<std::vector<std::uint64_t>>(4))[row]});
    }
    return true;
  };
  for (std::uint32_t piece = 0; piece < scope.pieces; ++piece)
    OPTIINFRA_CHECK(done(session.query(statement(scope, day, sql, piece), add)));
  if (scope.pieces == 1) return found;
  std::sort(found.begin(), found.end(), [](const DifferingHour& a, const DifferingHour& b) {
    return std::tie(a.hour, a.hash) < std::tie(b.hour, b.hash);
  });
  if (found.size() > limit) found.resize(limit);
  return found;
}

Result<std::vector<DifferingHour>> settled_differing_hours(Session& session, const ReconcileScope& scope,
                                                           const std::string& day, std::size_t limit) {
  using std::chrono::steady_clock;
  ReconcileScope looked_at = scope;
  OPTIINFRA_TRY(std::vector<DifferingHour> differing, differing_hours(session, looked_at, day, limit));
  const auto begin = steady_clock::now();
  auto unchanged_since = begin;
  auto pause = kLookPauseMin;
  for (int look = 2; look <= kLooksMax && !differing.empty(); ++look) {
    const auto clock = steady_clock::now();
    if (clock - unchanged_since >= kUnchangedSettles || clock - begin >= kLooksTimeout) break;
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, kLookPauseMax);
    // A list that was cut tells nothing of the hours that are not in it.
    const bool whole = differing.size() < limit;
    if (whole) looked_at.hours = {differing.front().hour, differing.back().hour + std::chrono::hours{1}};
    OPTIINFRA_TRY(std::vector<DifferingHour> again, differing_hours(session, looked_at, day, limit));
    if (whole) {
      std::unordered_set<std::string_view> before;
      for (const DifferingHour& each : differing) before.insert(each.hash);
      std::erase_if(again, [&](const DifferingHour& each) { return !before.contains(each.hash); });
    }
    if (again != differing) unchanged_since = steady_clock::now();
    differing = std::move(again);
  }
  return differing;
}

Result<std::vector<Days>> days_of(Session& session, const TableDefinition& table) {
  OPTIINFRA_TRY(
      const auto rows,
      query_texts(session,
                  {.sql = "SELECT toString(day), toString(sum(n)) FROM (SELECT toDate(timestamp) AS day, "
                          "count() AS n FROM " +
                          qualified(session.database(), table.raw_table) +
                          " GROUP BY day UNION ALL SELECT toDate(hour) AS day, count() AS n FROM " +
                          qualified(session.database(), table.rollup_table) +
                          " GROUP BY day) GROUP BY day ORDER BY day",
                   .timeout = kDayTimeout}));
  std::vector<Days> days;
  for (const auto& row : rows) days.push_back({row[0], row[0], std::stoull(row[1])});
  return days;
}

Result<std::uint64_t> count_keys(Session& session, const ReconcileScope& scope, const std::string& day) {
  const TableDefinition& table = *scope.table;
  const std::string customers = scope.customers.empty() ? "" : " AND customer_id IN {customers:Array(UUID)}";
  const std::string in_rollup = "count()) FROM " + qualified(session.database(), table.rollup_table) +
                                " WHERE toDate(hour) = {day:Date} AND " + within("hour") + customers;
  const std::string in_raw = ") FROM " + qualified(session.database(), table.raw_table) +
                             " WHERE toDate(timestamp) = {day:Date} AND " + within("timestamp") + customers;
  ReconcileScope whole = scope;
  whole.pieces = 1;
  const auto count = [&](const std::string& sql) -> Result<std::uint64_t> {
    OPTIINFRA_TRY(const auto counts, query_numbers(session, statement(whole, day, sql, 0)));
    return counts.empty() ? 0 : counts.front();
  };
  OPTIINFRA_TRY(const std::uint64_t hours, count("SELECT toUInt64(" + in_rollup));
  OPTIINFRA_TRY(const std::uint64_t rows, count("SELECT toUInt64(count()" + in_raw));
  // To count keys costs much more than to count rows.
  if (rows <= kKeysOfPieceMax) return std::max(hours, rows);
  std::string keys = "toStartOfHour(timestamp)";
  for (const char* key : table.grouped()) keys += ", " + std::string(key);
  OPTIINFRA_TRY(const std::uint64_t in_rows, count("SELECT toUInt64(uniq(" + keys + ")" + in_raw));
  return std::max(hours, in_rows);
}

std::uint32_t pieces_of(std::uint64_t keys) { return static_cast<std::uint32_t>(keys / kKeysOfPieceMax + 1); }

Result<ReconcileScope> scope_of_day(Session& session, const ReconcileScope& scope, const std::string& day) {
  OPTIINFRA_TRY(const std::uint64_t keys, count_keys(session, scope, day));
  ReconcileScope of_day = scope;
  of_day.pieces = pieces_of(keys);
  return of_day;
}

std::vector<Days> joined(const std::vector<Days>& days) {
  std::vector<Days> together;
  for (const Days& each : days) {
    if (together.empty() || together.back().rows + each.rows > kJoinedRowsMax) {
      together.push_back(each);
      continue;
    }
    together.back().last = each.last;
    together.back().rows += each.rows;
  }
  return together;
}

}  // namespace optiinfra::store
