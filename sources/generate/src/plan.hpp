// Everything about a fleet that is settled before its first row: who, where, what goes wrong, and how
// many rows lie where. Rows are functions of the plan and of their own number.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "catalog.hpp"
#include "optiinfra/generate/fleet.hpp"
#include "random.hpp"

namespace optiinfra::fleet {

/// Demand is steady within a slot.
inline constexpr std::chrono::seconds kSlot{300};
inline constexpr std::size_t kSlotsPerDay = 288;
inline constexpr std::size_t kPromptsPerService = 64;

/// What a service is, in addition to its FleetService of the same index.
struct ServiceProfile {
  std::size_t model = 0;     ///< Index in models().
  std::size_t workload = 0;  ///< Index in workloads().
  double capacity = 0;       ///< Its load at the height of its customer's day.
};

/// The place of one incident in the plan: a service, instance, model or customer.
struct Trouble {
  TimeRange range;
  std::size_t index = 0;
  unsigned gpu_index = 0;

  bool strikes(std::size_t what, sys_seconds time) const {
    return what == index && time >= range.begin && time < range.end;
  }
};

struct Plan {
  FleetOptions options;
  FleetDescription description;
  std::vector<ServiceProfile> services;
  std::vector<const Machine*> machines;                ///< By instance.
  std::vector<std::uint32_t> engines;                  ///< The instances with a GPU, ascending.
  std::vector<std::vector<std::uint32_t>> engines_of;  ///< By service.
  std::vector<std::size_t> busiest_services;           ///< Indexes, the largest share first.

  Trouble slow_service;     ///< By service.
  Trouble lost_gpu;         ///< By instance.
  Trouble regressed_model;  ///< By model.
  Trouble lost_discount;    ///< By customer.

  std::array<std::uint64_t, std::size(kFamilies)> rows{};
  sys_seconds first_hour;                     ///< The first hour that begins in the range.
  std::uint64_t resource_rows_per_round = 0;  ///< One per GPU, and one per gateway.
  std::uint64_t resource_rounds = 0;
  std::uint64_t serving_rounds = 0;            ///< Of one row per engine.
  std::vector<std::uint64_t> requests_before;  ///< By slot, and one more: all.

  std::uint64_t rows_of(Family family) const { return rows[static_cast<std::size_t>(family)]; }
  bool has_all_columns() const { return options.columns == FleetColumns::kAll; }
  std::uint64_t hours() const { return static_cast<std::uint64_t>(options.days) * 24; }
  Random random(Purpose purpose, std::uint64_t index) const { return {options.seed, purpose, index}; }
  std::uint64_t stream(Purpose purpose) const { return Random::stream(options.seed, purpose); }
};

Result<Plan> make_plan(const FleetOptions& options);

/// Chooses what goes wrong; part of make_plan().
void plan_incidents(Plan& plan);

}  // namespace optiinfra::fleet
