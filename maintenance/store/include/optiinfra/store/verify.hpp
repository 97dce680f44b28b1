/// @file optiinfra/store/verify.hpp
/// Verifies a store: its objects, its retention, and every rollup hour against the raw rows that it was made
/// from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "optiinfra/store/repair.hpp"
#include "optiinfra/store/retention.hpp"
#include "optiinfra/store/set_aside.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra::store {

/// One of the contract's eight objects. A materialized view shows the rows of its target table.
struct ObjectReport {
  std::string name;  ///< "cost_metrics_ts", "cost_metrics_hourly_mv".
  std::string kind;  ///< "raw table" or "materialized view".
  bool exists = false;
  std::uint64_t rows = 0;
  std::uint64_t parts = 0;
  std::uint64_t bytes_on_disk = 0;
  std::uint64_t bytes_uncompressed = 0;
};

/// A measure of one rollup row that differs from its recomputation.
struct HourDifference {
  Family family;
  sys_seconds hour;
  std::string key;      ///< "customer_id=..., service_id=...".
  std::string measure;  ///< "request_count".
  double raw = 0;       ///< Recomputed from raw rows.
  double rollup = 0;    ///< What the rollup says; NaN where the row is absent on that side.
};

/// Rows of a raw table with a value that breaks its column's rule. They were stored before the table refused
/// such rows (schema version 5).
struct RuleBreach {
  Family family;
  std::string column;
  std::string rule;  ///< "a percentage, 0 to 100".
  std::uint64_t rows = 0;
  sys_seconds first;  ///< Times of the first and the last of them.
  sys_seconds last;
};

/// Rows of one instance and charge that together cover more than their hour, at the same cost per hour: a
/// rate that was sampled several times, without the part of the hour that each sample covers, counts several
/// times.
struct OverlappingCharge {
  sys_seconds hour;
  std::string key;  ///< "customer_id=..., cloud_provider=..., instance_id=...".
  std::uint64_t rows = 0;
  double hours_covered = 0;
  double amount = 0;  ///< Of all of them, in the currency that the key names.
};

/// At most this many differences are described; all are counted.
inline constexpr std::size_t kDifferencesDescribedMax = 100;

struct VerifyReport {
  std::vector<ObjectReport> objects;       ///< Always eight.
  std::vector<Retention> retention;        ///< All eight, or none where their table is missing.
  std::vector<std::string> schema_faults;  ///< Objects and columns that are absent or altered.
  std::vector<SetAsidePart> set_aside;     ///< Parts that the engine does not read.
  std::uint64_t hours_compared = 0;        ///< Rollup rows (key and hour) recomputed.
  std::uint64_t hours_past_retention = 0;  ///< Rollup rows that have outlived their raw rows.
  std::uint64_t hours_differing = 0;
  std::vector<HourDifference> differences;  ///< The first kDifferencesDescribedMax.
  std::vector<RuleBreach> breaches;         ///< By family and column.
  std::uint64_t charges_overlapping = 0;    ///< Instances and hours.
  std::vector<OverlappingCharge> overlaps;  ///< The first kDifferencesDescribedMax.
  RepairReport repair;  ///< With a RepairMode other than kNothing: what differed and was rebuilt.

  /// Everything exists, agrees and reconciles, no part is set aside and no row breaks a rule. Overlapping
  /// charges may be intended, and do not count here.
  bool ok() const noexcept;
};

/// What verify() may change.
enum class RepairMode {
  kNothing,
  kRollups,               ///< Rollup hours that differ are rebuilt from raw rows (repair.hpp).
  kRollupsAcceptingLoss,  ///< Also hours whose raw rows were set aside, with what is left of them.
};

/// Reads the whole store once, a day at a time, so that memory stays bounded. Counts and integer sums
/// must be equal, sums and means of floating point equal to 1e-9 relative, percentiles to 1 %.
/// Safe while writes go on. Rows reach the raw table a moment before their rollup, so an hour that differs is
/// compared again, up to forty times in half a minute, until it agrees once or nothing changes in it any
/// more. An hour in which inserts overlap without a gap can still show as differing. With a RepairMode other
/// than kNothing the last comparison leaves out the rows of inserts under way, and is exact.
/// Errors: those of the engine; with a RepairMode other than kNothing also those of repair_hours(), and
/// kIncompatible for a store of another schema version.
Result<VerifyReport> verify(Session& session, RepairMode mode = RepairMode::kNothing);

}  // namespace optiinfra::store
