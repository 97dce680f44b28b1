/// @file optiinfra/attribution/attribute.hpp
/// Attributes the hours of a store: computes what the bill of each hour paid for, and stores it in versions.
///
/// A version of an hour is stored whole before it is recorded, and readers see only recorded versions. So a
/// run may be killed anywhere: the next one makes what is missing. An hour whose rows have not changed since
/// its newest version is left alone; late rows, a restated bill, another rate of the best hours or another
/// price of an instance without a bill lead to a new version. The result depends only on the rows, so every
/// run gives the same amounts.
#pragma once

#include <cstdint>
#include <functional>

#include "optiinfra/client/client.hpp"

namespace optiinfra::attribution {

/// Most groups of requests, and most charges, of one hour. An hour with more is refused.
inline constexpr std::size_t kRequestGroupsMax = 1'000'000;
inline constexpr std::size_t kChargesMax = 1'000'000;

/// Longest time for which a request counts as running.
inline constexpr std::chrono::seconds kLongestRequest{3600};

/// An instance's best hours are sought in this many days before the day of the hour, and need at least this
/// many hours with requests.
inline constexpr std::chrono::days kEfficientWindow{14};
inline constexpr std::size_t kEfficientHoursMin = 24;

struct AttributionReport {
  TimeRange window{};                      ///< The whole hours that were looked at.
  std::uint64_t hours_made = 0;            ///< New versions.
  std::uint64_t hours_remade = 0;          ///< The new versions that replace another version.
  std::uint64_t hours_current = 0;         ///< Hours whose rows have not changed.
  std::uint64_t hours_past_retention = 0;  ///< Hours whose raw rows may have expired: left as they are.
  std::uint64_t rows = 0;                  ///< Stored in the new versions.
  std::uint64_t requests = 0;              ///< In the new versions.
  std::uint64_t estimated_charges = 0;  ///< Hours of instances in the new versions, priced by the price book.
};

/// Called with each hour's start before it is looked at; false ends the run after the hours before.
using OnHour = std::function<bool(sys_seconds hour)>;

/// Attributes the whole hours of `range` that have ended. Works on a cluster, over all shards.
/// Errors: kInvalidArgument for a range without a whole hour that has ended; kTooLarge for an hour beyond the
/// bounds above or an amount beyond nine billion; those of the store. Hours made before an error stay.
Result<AttributionReport> attribute(Client& client, TimeRange range, const OnHour& on_hour = {});

}  // namespace optiinfra::attribution
