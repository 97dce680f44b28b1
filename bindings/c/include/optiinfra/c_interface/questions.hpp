/// @file optiinfra/c_interface/questions.hpp
/// Questions as bindings ask them: only by names.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "optiinfra/client/catalogue.hpp"
#include "optiinfra/client/question.hpp"

namespace optiinfra::c_interface {

/// A window: two instants, or the last hours up to now when `hours` is not 0.
struct Window {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  int hours = 0;
};

/// The longest time that "the last hours" reach back: ten years, as in the client.
inline constexpr int kHoursMax = 87'600;

/// Errors: kInvalidArgument for hours outside 1 to kHoursMax.
Result<TimeRange> range_of(const Window& window);

struct NamedAsk {
  std::string name;                                             ///< "performance-p95".
  std::vector<std::pair<std::string, std::string>> parameters;  ///< "customer" and its value.
  std::string by = {};                                          ///< One of its choices; empty for the first.
  std::string bucket = {};                                      ///< Empty for its own.
  Window window = {};
};

struct PlannedAsk {
  const NamedQuestion* named = nullptr;  ///< Whose name_columns() the answer needs.
  Question question;
};

/// Errors: kInvalidArgument for a name that is unknown, or a parameter that is missing.
Result<PlannedAsk> plan(const NamedAsk& ask);

/// What can be inserted and asked, as JSON; made on the first call.
const std::string& catalogue_json();

}  // namespace optiinfra::c_interface
