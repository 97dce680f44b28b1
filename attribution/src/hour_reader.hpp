/// Reads the input for the attribution of an hour from the raw tables.
#pragma once

#include <map>

#include "optiinfra/attribution/hour.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra::attribution {

/// A hash of the raw rows of an hour: the same for the same rows in any order.
struct RawDigest {
  std::uint64_t rows = 0;
  std::uint64_t hash = 0;
};

/// Reads the charges, and the requests that ran, of each hour of `range` with rows. `range` has whole hours.
Result<std::map<sys_seconds, RawDigest>> read_digests(Session& session, TimeRange range);

/// Charges, requests and busy seconds. No rates.
/// Errors: kTooLarge beyond kRequestGroupsMax or kChargesMax, or for an amount beyond nine billion.
Result<HourInput> read_hour(Session& session, sys_seconds hour);

/// The rates of instances in their best hours in the days before `day`, from the newest versions of the
/// hours.
Result<std::vector<EfficientRate>> read_rates(Session& session, sys_seconds day);

/// "(hour, version) GLOBAL IN (...)": the newest complete versions of the hours from {from:UInt32} to
/// {to:UInt32}.
std::string newest_versions(std::string_view database);

}  // namespace optiinfra::attribution
