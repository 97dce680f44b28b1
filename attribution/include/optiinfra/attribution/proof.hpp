/// @file optiinfra/attribution/proof.hpp
/// Whether what is kept of attributed hours still adds up to the bills.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "optiinfra/core/time.hpp"
#include "optiinfra/transport/transport.hpp"

namespace optiinfra {

/// Broken hours that a proof describes, the earliest first; it counts all.
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

/// Holds the newest version of every attributed hour to what was recorded of it: as many rows, the same
/// values, each charge equal to the sum of its parts, and no part below zero but what is unreconciled.
/// A store of an older schema, which has no attributed hours, proves none.
Result<AttributionProof> prove_attribution(Transport& session);

}  // namespace optiinfra
