/// @file optiinfra/store/set_aside.hpp
/// Parts of tables that the engine does not use: damaged ones that it found when it started, and those that
/// somebody detached. No answer counts their rows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "optiinfra/transport/session.hpp"

namespace optiinfra::store {

struct SetAsidePart {
  std::string table;  ///< "cost_metrics_ts", without the database.
  std::string name;   ///< Of its folder: "broken-on-start_20261127_1_1_0".
  std::string day;    ///< "2026-11-27"; empty for a rollup, which is one partition, and where it is unknown.
  std::string
      reason;        ///< As the engine names it, such as "broken-on-start"; "detached" where somebody did it.
  std::string path;  ///< Of its folder, on the machine of the store.
  std::optional<std::uint64_t> rows;  ///< Where its folder is on this machine and says so.
};

/// The parts of the session's database, by table and name. Errors: those of the engine.
Result<std::vector<SetAsidePart>> read_set_aside_parts(Session& session);

/// "2 parts of cost_metrics_ts and quality_metrics_ts were set aside and are not read (1,200 rows)..." with
/// what to do about it, in one line; empty where there are none.
std::string describe_set_aside(const std::vector<SetAsidePart>& parts);

}  // namespace optiinfra::store
