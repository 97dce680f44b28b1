/// @file optiinfra/store/migrate.hpp
/// Brings a store to this program's schema.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "optiinfra/transport/session.hpp"

namespace optiinfra::store {

struct MigrationReport {
  std::uint32_t version_before = 0;  ///< 0: an empty store.
  std::uint32_t version_after = 0;
  std::vector<std::string> applied;  ///< Names, in order. Empty when the store was current.
  /// Objects that were missing or altered and are now restored: "cost_hourly was missing and ...".
  std::vector<std::string> restored = {};
};

/// The schema version that this program writes and reads.
std::uint32_t schema_version_of_program() noexcept;

/// The version recorded in the store; 0 when it has none.
Result<std::uint32_t> schema_version_of_store(Session& session);

/// Applies the missing migrations in the order of their numbers, and records each one when it is complete.
/// Every statement may run twice, so a call after a kill at any point finishes the work. Objects that are
/// missing or altered although their migration is recorded are restored.
/// Errors: kIncompatible, changing nothing, when the store is newer than the program.
Result<MigrationReport> migrate(Session& session);

/// Succeeds when the store has exactly this program's schema version.
/// Errors: kIncompatible that says which side is older and what to do.
Result<void> expect_current_schema(Session& session);

}  // namespace optiinfra::store
