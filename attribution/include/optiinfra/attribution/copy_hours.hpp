/// @file optiinfra/attribution/copy_hours.hpp
/// Copies attributed hours into another store. Hours whose raw rows have expired cannot be made again there.
#pragma once

#include <cstdint>

#include "optiinfra/attribution/attribute.hpp"

namespace optiinfra::attribution {

struct AttributedHoursCopy {
  std::uint64_t copied = 0;         ///< By this call.
  std::uint64_t already_there = 0;  ///< Made from the same rows at the target, or copied before.
  /// The target has made them from other rows, for example from those of two stores: left as they are.
  std::uint64_t of_target = 0;
};

/// Copies the newest version of each attributed hour that the target lacks, or has an earlier version of,
/// whole: it is recorded after all of its rows are stored and their values equal those of the source. Hours
/// that the target would remove within a day are left out. Older versions, which nobody reads, stay behind.
/// Killed anywhere, the same call does the rest. A source of an older schema has no attributed hours.
/// Errors: kCorrupt when the rows of an hour differ after they were stored; those of either store, saying
/// which. Hours that were copied before an error stay.
Result<AttributedHoursCopy> copy_attributed_hours(Client& source, Client& target, const OnHour& on_hour = {});

}  // namespace optiinfra::attribution
