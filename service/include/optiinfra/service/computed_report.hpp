/// @file optiinfra/service/computed_report.hpp
/// The answer to a computed question as a report, for the program and the service alike.
#pragma once

#include "optiinfra/attribution/questions.hpp"
#include "optiinfra/client/names.hpp"
#include "optiinfra/report/records.hpp"

namespace optiinfra::service {

report::Report computed_report(const attribution::ComputedQuestion& question, const Answer& answer,
                               const Names& names);

}  // namespace optiinfra::service
