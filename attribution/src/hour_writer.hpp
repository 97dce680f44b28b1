/// Writes versions of attributed hours to the store, and reads their records.
#pragma once

#include <map>

#include "optiinfra/attribution/hour.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra::attribution {

/// What is recorded of the newest complete version of an hour.
struct HourVersion {
  std::uint64_t version = 0;
  std::uint64_t inputs = 0;
};

Result<std::map<sys_seconds, HourVersion>> read_versions(Session& session, TimeRange range);

/// Stores the rows, and then the version that makes them visible. Killed in between, or after an error, the
/// rows stay invisible, and the hour is made again under another version.
Result<void> store_version(Session& session, sys_seconds hour, const HourVersion& version,
                           const std::vector<AttributedCost>& rows);

/// The number of a version after `before`: the time in microseconds, or the next number where that is larger.
std::uint64_t next_version(std::uint64_t before);

/// Inserts rows with all columns of attributed_cost_hourly. They count once their version is recorded.
Result<void> insert_rows_of_version(Session& session, const Block& rows);

/// Records the version, which has `rows` rows that are stored. Errors: kCorrupt when there are more or fewer.
Result<void> record_version(Session& session, sys_seconds hour, const HourVersion& version,
                            std::uint64_t rows, std::uint64_t requests);

/// What a version holds, whatever its number.
struct VersionContent {
  std::uint64_t rows = 0;
  std::uint64_t hash = 0;
  std::uint64_t requests = 0;
  friend bool operator==(const VersionContent&, const VersionContent&) = default;
};
Result<VersionContent> read_content(Session& session, sys_seconds hour, std::uint64_t version);

/// "sum(...)": the hash that attributed_hours keeps of an hour's rows, whatever their order.
std::string checksum_of_rows();

/// "count(), sum(...)": the number of rows and the hash that attributed_hours keeps of them.
std::string checksum_columns();

}  // namespace optiinfra::attribution
