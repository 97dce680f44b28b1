/// Reads the parameters of a computed question from text.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/attribution/questions.hpp"
#include "selection.hpp"

namespace optiinfra::attribution {

/// The last value of `name`.
std::optional<std::string> given_value(const GivenValues& given, std::string_view name);

/// All values of `name`, those between commas apart.
std::vector<std::string> given_names(const GivenValues& given, std::string_view name);

/// A number in (low, high), or in [low, high] when `is_closed`. nullopt when it is not given.
struct Range {
  double low, high;
  bool is_closed = true;
};
Result<std::optional<double>> given_number(const GivenValues& given, std::string_view name, Range range);

Result<std::optional<Bucket>> given_bucket(const GivenValues& given);

/// A filter for each value of a parameter that is called like a dimension of `known`.
std::vector<Filter> given_filters(const GivenValues& given, std::span<const KeyColumn> known);

/// The parameters "by", "bucket", and one for each dimension of `known`.
std::vector<QuestionParameter> selection_parameters(std::span<const KeyColumn> known);

}  // namespace optiinfra::attribution
