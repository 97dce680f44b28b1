/// @file optiinfra/report/answer.hpp
/// Adds the answer of a question to a report.
#pragma once

#include "optiinfra/client/names.hpp"
#include "optiinfra/client/question.hpp"
#include "optiinfra/report/records.hpp"

namespace optiinfra::report {

/// Adds the rows of `answer`, with `names` next to ids (nullptr: none are shown), its window, units and
/// coverage to `report`.
void add_answer(Report& report, const Answer& answer, bool is_object, const Names* names);

/// The numbers of the column `key` over time. Numbers of rows with the same time are added up. The first
/// column of the rows must be their time, and they must be in its order.
Series series_of(const Answer& answer, std::string_view key, std::string title, std::chrono::seconds step);

}  // namespace optiinfra::report
