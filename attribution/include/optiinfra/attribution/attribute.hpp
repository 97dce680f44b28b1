/// @file optiinfra/attribution/attribute.hpp
/// The hours of a store attributed and kept: what the bill of each hour paid for, in versions.
///
/// A version of an hour is stored whole before it is recorded, and readers see recorded versions alone. So a
/// run may be killed anywhere: the next one makes what is missing. An hour whose rows have not changed since
/// its newest version is left alone; late rows, a restated bill or another rate of the best hours make a new
/// version. What is made depends on the rows alone, so that every run gives the same amounts.
#pragma once

#include <cstdint>
#include <functional>

#include "optiinfra/client/client.hpp"

namespace optiinfra {

/// Kinds of requests, and charges, that one hour may have. An hour beyond that is refused.
inline constexpr std::size_t kRequestGroupsMax = 1'000'000;
inline constexpr std::size_t kChargesMax = 1'000'000;

/// Longest time for which a request counts as running.
inline constexpr std::chrono::seconds kLongestRequest{3600};

/// An instance's best hours are sought in so many days before the hour's own, and need so many hours.
inline constexpr std::chrono::days kEfficientWindow{14};
inline constexpr std::size_t kEfficientHoursMin = 24;

struct AttributionReport {
  TimeRange window{};                      ///< The whole hours that were looked at.
  std::uint64_t hours_made = 0;            ///< New versions.
  std::uint64_t hours_remade = 0;          ///< Those of them that replace a version.
  std::uint64_t hours_current = 0;         ///< Whose rows have not changed.
  std::uint64_t hours_past_retention = 0;  ///< Whose raw rows may have expired: left as they are.
  std::uint64_t rows = 0;                  ///< Stored in the new versions.
  std::uint64_t requests = 0;              ///< In the new versions.
};

/// Called with each hour's start before it is looked at; false ends the run after the hours before.
using OnHour = std::function<bool(sys_seconds hour)>;

/// Attributes the whole hours of `range` that have ended. Works on a cluster, over all shards.
/// Errors: kInvalidArgument for a range without a whole hour that has ended; kTooLarge for an hour beyond the
/// bounds above or an amount beyond nine billion; those of the store. Hours made before an error stay.
Result<AttributionReport> attribute(Client& client, TimeRange range, const OnHour& on_hour = {});

}  // namespace optiinfra
