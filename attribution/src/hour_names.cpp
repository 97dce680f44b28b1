#include "optiinfra/attribution/hour.hpp"

namespace optiinfra::attribution {

const char* to_string(CostKind kind) {
  constexpr const char* kNames[] = {"served",   "wasted",       "underfill", "idle",
                                    "overhead", "unreconciled", "unpriced"};
  return kNames[static_cast<std::size_t>(kind)];
}

const char* to_string(WeightMethod method) {
  constexpr const char* kNames[] = {"request_times", "instance_rates", "multiplier", "duration"};
  return kNames[static_cast<std::size_t>(method)];
}

const char* to_string(Placement placement) {
  constexpr const char* kNames[] = {"instance", "service", "pool", "none"};
  return kNames[static_cast<std::size_t>(placement)];
}

}  // namespace optiinfra::attribution
