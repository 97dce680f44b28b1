/// Compares rollups with raw rows, one family and a day, or some days with few rows, at a time.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "optiinfra/core/uuid.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/verify.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra::store {

/// Which hours are compared, and which of those must agree: those whose raw rows cannot have expired.
struct ReconcileScope {
  const TableDefinition* table = nullptr;
  sys_seconds complete_from{};         ///< Hours from here on have all their raw rows.
  sys_seconds graced_arrivals_from{};  ///< Older hours too, when all of their rows arrived after this.
  TimeRange hours{sys_seconds{}, kLatestTime};  ///< Whole hours.
  std::vector<Uuid> customers = {};             ///< Only of these; empty: of all.
  /// Rows that inserts of later generations brought are left out, on both sides.
  std::uint32_t generation_max = std::numeric_limits<std::uint32_t>::max();
  /// Whether hours of which the rollup counts more rows than the raw table has count as differing.
  bool may_lower = true;
  /// In how many pieces, by key, a day is compared, so that memory does not grow with its keys.
  std::uint32_t pieces = 1;
};

/// The scope of a whole family, from its raw table's retention. `margin` is taken from the oldest end.
ReconcileScope scope_of(const Retention& raw, sys_seconds clock, std::chrono::hours margin = {});

struct DayCounts {
  std::uint64_t compared = 0, skipped = 0, differing = 0;
};

/// Days that one statement reads: "2026-03-01".
struct Days {
  std::string first, last;
  std::uint64_t rows = 0;  ///< Raw and rollup rows together.

  bool is_one() const { return first == last; }
};

/// Compares the hours of `days` once.
Result<DayCounts> count_days(Session& session, const ReconcileScope& scope, const Days& days);

/// The same for one day.
Result<DayCounts> count_day(Session& session, const ReconcileScope& scope, const std::string& day);

/// A key and hour whose two sides differ.
struct DifferingHour {
  sys_seconds hour;
  std::string key;                ///< For people: "customer_id=..., service_id=...".
  std::string hash;               ///< Names hour and key in SQL: see hour_hash().
  std::uint64_t rollup_rows = 0;  ///< What the rollup counts; 0 also where it has none.
  std::uint64_t raw_rows = 0;

  bool operator==(const DifferingHour&) const = default;
};

/// Most hours that one statement names: the engine parses at most 256 KiB of SQL.
inline constexpr std::size_t kHoursOfStatement = 5'000;

/// The first `limit` of them, by hour.
Result<std::vector<DifferingHour>> differing_hours(Session& session, const ReconcileScope& scope,
                                                   const std::string& day, std::size_t limit);

/// The hours that differ in every comparison, until nothing changes in them any more or the time for it is
/// over. A write reaches the raw table a moment before its rollup, so a right hour differs for a moment, but
/// agrees between two writes.
Result<std::vector<DifferingHour>> settled_differing_hours(Session& session, const ReconcileScope& scope,
                                                           const std::string& day, std::size_t limit);

/// Adds the measures that differ in `hours` of `day` to report.differences.
Result<void> describe_hours(Session& session, const ReconcileScope& scope, const std::string& day,
                            const std::vector<DifferingHour>& hours, VerifyReport& report);

/// SQL that is true for the rows of `hours`, of which there is one: see hour_hash().
std::string among_hours(const TableDefinition& table, const std::vector<DifferingHour>& hours,
                        std::string_view hour, std::string_view prefix = {});

/// SQL that gives a UUID for an hour and its key; `hour` is an expression, `prefix` stands before columns.
std::string hour_hash(const TableDefinition& table, std::string_view hour, std::string_view prefix = {});

/// The days for which the family has raw or rollup rows, ascending, each by itself.
Result<std::vector<Days>> days_of(Session& session, const TableDefinition& table);

/// How many keys and hours the scope has on `day`, about, and of few raw rows at most: as many as the rollup
/// has rows or, where it lacks some, as the raw rows have.
Result<std::uint64_t> count_keys(Session& session, const ReconcileScope& scope, const std::string& day);

/// In how many pieces so many keys and hours are compared: of at most 200,000.
std::uint32_t pieces_of(std::uint64_t keys);

/// The scope for one day: in pieces_of(count_keys()).
Result<ReconcileScope> scope_of_day(Session& session, const ReconcileScope& scope, const std::string& day);

/// Neighbours in `days` together, as long as they have few rows: a statement takes longer to prepare than
/// such days do to read. `days` is ascending and may have gaps.
std::vector<Days> joined(const std::vector<Days>& days);

}  // namespace optiinfra::store
