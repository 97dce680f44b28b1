/// @file optiinfra/service/verification.hpp
/// Verifies a whole store and reports it, for the program and the service alike.
#pragma once

#include "optiinfra/client/client.hpp"
#include "optiinfra/report/records.hpp"
#include "optiinfra/store/verify.hpp"

namespace optiinfra::service {

enum class Detail {
  kEverything,  ///< Every part, also those that are empty: for programs.
  kFaults,      ///< Without empty parts, and with names behind the ids in texts: for people.
};

struct Verification {
  report::Report report;
  bool is_ok = false;
};

/// Errors: those of verify().
Result<Verification> verify_store(Client& client, store::RepairMode mode, Detail detail);

}  // namespace optiinfra::service
