/// Parses the values of a query string; a wrong or an unknown parameter is an error that names it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "optiinfra/core/error.hpp"
#include "optiinfra/core/time.hpp"

namespace optiinfra::service {

/// What a route takes, for its handler and for /openapi.json.
struct RouteParameter {
  std::string name;
  std::string meaning;
  std::string form = "string";  ///< Of JSON schema: "integer", "time", ...; "string" else.
  bool is_required = false;
  std::vector<std::string> words = {};  ///< All that it can be; empty: anything.
  bool is_repeated = false;
};

/// Refuses a parameter that `known` does not list, that is given twice or that is missing, and a value that
/// is not one of its words.
Result<void> check_parameters(const std::vector<NamedText>& given, const std::vector<RouteParameter>& known);

std::optional<std::string> value_of(const std::vector<NamedText>& given, std::string_view name);
std::vector<std::string> values_of(const std::vector<NamedText>& given, std::string_view name);

/// hours, or from and to, as on the command line; 24 hours when none is given.
Result<TimeRange> window_of(const std::vector<NamedText>& given);
std::vector<RouteParameter> window_parameters();

/// A whole number within [low, high]; `otherwise` when it is not given.
Result<std::uint64_t> number_of(const std::vector<NamedText>& given, std::string_view name, std::uint64_t low,
                                std::uint64_t high, std::uint64_t otherwise);

}  // namespace optiinfra::service
