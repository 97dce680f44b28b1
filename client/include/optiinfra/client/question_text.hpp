/// @file optiinfra/client/question_text.hpp
/// The parts of a question from texts, as the command line and the HTTP API take them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/client/question.hpp"
#include "optiinfra/core/error.hpp"

namespace optiinfra {

/// Hours that one window may have: ten years.
inline constexpr int kHoursMax = 87'600;

/// "total_cost,p95_latency". Empty words are left out.
std::vector<std::string> parse_names(std::string_view text);

/// "model=llama-3.1-70b". Error: kInvalidArgument for text without a name or "=".
Result<Filter> parse_filter(std::string_view text);

/// "p95_latency:desc,model".
std::vector<Order> parse_order(std::string_view text);

/// "hour", "day" or "week". Error: kInvalidArgument.
Result<Bucket> parse_bucket(std::string_view text);

/// The window that ends with the present second, so that what was just stored is part of the answer.
/// Error: kInvalidArgument for hours outside 1 to kHoursMax.
Result<TimeRange> last_hours(int hours);

/// Error: kInvalidArgument when `end` is not after `begin`.
Result<TimeRange> range_between(sys_seconds begin, sys_seconds end);

}  // namespace optiinfra
