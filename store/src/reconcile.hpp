/// Rollups against raw rows, one family and one day at a time.
#pragma once

#include <string>

#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/verify.hpp"
#include "optiinfra/transport/transport.hpp"

namespace optiinfra {

/// Which hours must agree: those whose raw rows cannot have expired.
struct ReconcileScope {
  const TableDefinition* table = nullptr;
  sys_seconds complete_from{};         ///< Hours from here on have all their raw rows.
  sys_seconds graced_arrivals_from{};  ///< Older hours too, when all of their rows arrived after this.
};

/// Adds the comparison of `day` ("2026-03-01") to `report`.
Result<void> reconcile_day(Transport& transport, const ReconcileScope& scope, const std::string& day,
                           VerifyReport& report);

/// The days for which the family has raw or rollup rows, ascending.
Result<std::vector<std::string>> days_of(Transport& transport, const TableDefinition& table);

}  // namespace optiinfra
