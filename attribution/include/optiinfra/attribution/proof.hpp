/// @file optiinfra/attribution/proof.hpp
/// Verifies that the stored attributed hours still add up to the bills.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "optiinfra/core/time.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra::attribution {

/// Most broken hours that a proof describes, the earliest first; it counts all.
inline constexpr std::size_t kBrokenHoursDescribedMax = 100;

struct BrokenHour {
  sys_seconds hour;
  std::string what;  ///< "the parts of i-1 add up to 2.5 USD of 3 USD billed".
};

struct AttributionProof {
  std::uint64_t hours_proved = 0;
  std::uint64_t hours_broken = 0;
  std::vector<BrokenHour> broken;
};

/// Compares the newest version of every attributed hour with its record: the number of rows, their values,
/// each charge equal to the sum of its parts, and no part below zero except the unreconciled one.
/// For a store of an older schema, which has no attributed hours, the counts are 0.
Result<AttributionProof> prove_attribution(Session& session);

}  // namespace optiinfra::attribution
