/// Inserts a generated fleet into a store, on two threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "optiinfra/client/client.hpp"
#include "optiinfra/generate/fleet.hpp"

namespace optiinfra::cli {

struct LoadOutcome {
  std::uint64_t rows = 0;        ///< Handed to the store.
  std::uint64_t rows_added = 0;  ///< By which the store's raw tables have grown.
  std::chrono::duration<double> elapsed{};
  bool was_stopped = false;
};

/// What names the rows of these options, and no others, across runs.
std::string token_prefix(const fleet::FleetOptions& options);

/// Inserts all of `fleet`, each batch under a token of `prefix`, family and number. `on_rows` gets
/// the number of rows of each stored batch, from any of the threads but one at a time; it returns false to
/// stop.
Result<LoadOutcome> load_fleet(fleet::Fleet& fleet, Client& client, const std::string& prefix,
                               const std::function<bool(std::uint64_t)>& on_rows);

}  // namespace optiinfra::cli
