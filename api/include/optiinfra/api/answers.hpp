/// @file optiinfra/api/answers.hpp
/// Questions to a store through the HTTP API of a service, with the answers that the store itself gives.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "optiinfra/api/api_store.hpp"
#include "optiinfra/client/catalogue.hpp"
#include "optiinfra/client/question.hpp"
#include "optiinfra/report/records.hpp"

namespace optiinfra::api {

/// Most rows of one answer of a service.
inline constexpr std::size_t kApiAnswerRowsMax = 100'000;

/// Asks `question`. Errors: those of the service; kTooLarge for more rows than kApiAnswerRowsMax, unless
/// Question::limit asks for no more than that.
Result<Answer> query_api(ApiStore& store, const Question& question,
                         std::chrono::milliseconds timeout = kCallTimeout);

/// Asks a question with a name. `parameters` are those of its route, without the window.
Result<Answer> query_api_named(ApiStore& store, const NamedQuestion& named,
                               std::vector<NamedValue> parameters, const TimeRange& range,
                               std::chrono::milliseconds timeout = kCallTimeout);

/// A list of the route of that name: "customers". An answer without a window; without rows when the store has
/// none of what the filters name.
Result<Answer> list_from_api(ApiStore& store, const std::string& kind, const std::vector<Filter>& filters,
                             std::size_t limit, std::chrono::milliseconds timeout = kCallTimeout);

/// The answer that a report was made from: its first section.
Result<Answer> answer_of_report(const report::Report& report);

}  // namespace optiinfra::api
