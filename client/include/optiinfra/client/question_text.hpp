/// @file optiinfra/client/question_text.hpp
/// Parses the parts of a question from text, for the command line and the HTTP API.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/client/question.hpp"
#include "optiinfra/core/error.hpp"

namespace optiinfra {

/// Most hours of one window: ten years.
inline constexpr int kHoursMax = 87'600;

/// Splits "total_cost,p95_latency". Empty names are left out.
std::vector<std::string> parse_names(std::string_view text);

/// Parses "model=llama-3.1-70b". Errors: kInvalidArgument for text without a name or "=".
Result<Filter> parse_filter(std::string_view text);

/// Parses "p95_latency:desc,model".
std::vector<Order> parse_order(std::string_view text);

/// Parses "hour", "day" or "week". Errors: kInvalidArgument.
Result<Bucket> parse_bucket(std::string_view text);

/// The window of the last `hours` hours. It includes the present second, so that rows that were just stored
/// are part of the answer. Errors: kInvalidArgument for hours outside 1 to kHoursMax.
Result<TimeRange> last_hours(int hours);

/// The window from `begin` to `end`. Errors: kInvalidArgument when `end` is not after `begin`.
Result<TimeRange> range_between(sys_seconds begin, sys_seconds end);

}  // namespace optiinfra
