#include "load.hpp"

#include <algorithm>

#include "mathematics.hpp"

namespace optiinfra::fleet {
namespace {

constexpr double kNightDemand = 0.18;
constexpr double kWeekendFactor = 0.55;
constexpr double kPeakHour = 14.5;
constexpr double kOverload = 0.98;

bool is_weekend(std::chrono::sys_days day) {
  const std::chrono::weekday weekday{day};
  return weekday == std::chrono::Saturday || weekday == std::chrono::Sunday;
}

}  // namespace

double demand(const Plan& plan, std::size_t customer, sys_seconds time) {
  const sys_seconds local =
      time + std::chrono::minutes{plan.description.customers[customer].utc_offset_minutes};
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const double hour = static_cast<double>((local - day).count()) / 3600;
  const double daylight = 0.5 + 0.5 * cosine_of_turns((hour - kPeakHour) / 24);
  return kNightDemand + (1 - kNightDemand) * daylight * (is_weekend(day) ? kWeekendFactor : 1);
}

double load(const Plan& plan, std::size_t service, sys_seconds time) {
  constexpr std::uint64_t kHoursMax = 1 << 21;  // More than a 32-bit time has.
  if (plan.slow_service.strikes(service, time)) return kOverload;
  const auto hour = static_cast<std::uint64_t>(time.time_since_epoch().count()) / 3600;
  const double wobble = 0.08 * (plan.random(Purpose::kLoad, service * kHoursMax + hour).unit() - 0.5);
  const double share =
      plan.services[service].capacity * demand(plan, plan.description.services[service].customer, time);
  return std::clamp(share + wobble, 0.02, 0.95);
}

void schedule_requests(Plan& plan) {
  const std::size_t slots = static_cast<std::size_t>(plan.options.days) * kSlotsPerDay;
  std::vector<double> demand_before(slots + 1, 0);
  for (std::size_t slot = 0; slot < slots; ++slot) {
    const sys_seconds middle = plan.description.range.begin + kSlot * slot + kSlot / 2;
    double sum = 0;
    for (std::size_t customer = 0; customer < plan.description.customers.size(); ++customer) {
      sum += plan.description.customers[customer].share * demand(plan, customer, middle);
    }
    demand_before[slot + 1] = demand_before[slot] + sum;
  }
  const auto requests = static_cast<double>(plan.rows_of(Family::kPerformance));
  plan.requests_before.resize(slots + 1);
  for (std::size_t slot = 0; slot <= slots; ++slot) {
    plan.requests_before[slot] =
        static_cast<std::uint64_t>(requests * (demand_before[slot] / demand_before[slots]));
  }
}

}  // namespace optiinfra::fleet
