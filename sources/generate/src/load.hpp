// How busy customers and services are at an instant.
#pragma once

#include "plan.hpp"

namespace optiinfra::fleet {

/// A customer's demand, 0.18 to 1: highest at half past two in its afternoon, lowest twelve hours
/// later, and about half on its Saturdays and Sundays.
double demand(const Plan& plan, std::size_t customer, sys_seconds time);

/// How much of its capacity a service uses, 0.02 to 0.98.
double load(const Plan& plan, std::size_t service, sys_seconds time);

/// Spreads the requests over the slots by demand; part of make_plan().
void schedule_requests(Plan& plan);

}  // namespace optiinfra::fleet
