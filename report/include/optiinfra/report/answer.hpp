/// @file optiinfra/report/answer.hpp
/// A question's answer as a part of a report.
#pragma once

#include "optiinfra/client/question.hpp"
#include "optiinfra/report/records.hpp"

namespace optiinfra::report {

/// The rows of `answer`, and what they rest on, in `report`.
void add_answer(Report& report, const Answer& answer, bool is_object);

/// The numbers of the column `key` over time, added up where several rows have one time. Rows must be in
/// order of time, which their first column holds.
Series series_of(const Answer& answer, std::string_view key, std::string title, std::chrono::seconds step);

}  // namespace optiinfra::report
