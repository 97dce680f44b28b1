/// @file optiinfra/store/repair.hpp
/// Rebuilds the rollup hours that differ from their raw rows. Raw rows are the truth.
///
/// A repair is exact while any client writes, also into the hours that are rebuilt. Every insert
/// stamps its rows with the raw table's present generation, and the rollup keeps the states of different
/// generations apart (schema/tables.hpp). A repair begins a new generation, waits for the inserts that
/// began in an earlier one, and then compares and rebuilds only the earlier generations: nothing is added
/// to those any more, and later inserts belong to the new one. See docs/decisions/0014-exactly-once.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "optiinfra/core/time.hpp"
#include "optiinfra/core/uuid.hpp"
#include "optiinfra/schema/metrics.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra::store {

/// A row of the rollup that was rebuilt.
struct RebuiltHour {
  Family family;
  sys_seconds hour;
  std::string key;                ///< "customer_id=..., service_id=...".
  std::uint64_t rows_before = 0;  ///< Raw rows that the rollup counted; 0 also where it had none.
  std::uint64_t rows_after = 0;   ///< Raw rows that there are; 0 where the hour is gone.
};

/// At most this many rebuilt hours are described; all are counted.
inline constexpr std::size_t kRebuiltDescribedMax = 100;

/// Longest wait for inserts that began before the repair.
inline constexpr std::chrono::minutes kEarlierInsertsWait{5};

/// What a repair does with an hour whose rollup counts more rows than the raw table has, on a day for which
/// parts of the raw table were set aside (set_aside.hpp). The rollup then holds the last trace of those rows.
enum class OnLoss { kRefuse, kAccept };

struct RepairReport {
  std::vector<RebuiltHour> rebuilt;  ///< The first kRebuiltDescribedMax.
  std::vector<RebuiltHour> refused;  ///< With OnLoss::kRefuse: the first kRebuiltDescribedMax, unchanged.
  std::uint64_t hours_refused = 0;
  std::uint64_t hours_rebuilt = 0;  ///< Rollup rows (key and hour).
  std::uint64_t hours_differing =
      0;  ///< Those that still differ after several attempts; 0 unless something interferes.
};

/// Hours of one family.
struct RepairHours {
  Family family;
  TimeRange hours;              ///< Whole hours of one UTC day.
  std::vector<Uuid> customers;  ///< Only of these; empty: of all.
};

/// Rebuilds those of `which` that differ from their raw rows, and no other; verify() with
/// RepairMode::kRollups does it for the whole store. Hours whose raw rows may have begun to expire are never
/// touched, nor are those that will within an hour.
///
/// A kill at any point leaves hours that verify() finds and the next repair rebuilds. Readers may miss an
/// hour for the moment between its removal and its return. Run one repair at a time on a store: of two at
/// once, each can bring the same hour back; one of them or the next repair finds and corrects that. A repair
/// does not wait for raw rows that arrive by other ways than an insert that names the raw table (another
/// table's view, ATTACH PARTITION).
///
/// Hours that a repair would lower although raw rows of their day were set aside are refused (OnLoss).
///
/// Errors: those of the engine; kTimeout when an insert that began before is still running after
/// kEarlierInsertsWait.
Result<RepairReport> repair_hours(Session& session, const RepairHours& which);

/// The same for all hours of a family.
Result<RepairReport> repair_family(Session& session, Family family);

}  // namespace optiinfra::store
