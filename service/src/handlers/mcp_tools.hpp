/// What agents can do through the Model Context Protocol: the questions of the API, as tools.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "routes.hpp"

namespace optiinfra::service {

/// The tools that the caller may use, in an order that stays.
nlohmann::ordered_json tools_for(const Caller& caller);

/// What a tool answers, or nothing where the caller has no such tool. A question that fails is a result that
/// says what to do.
std::optional<nlohmann::ordered_json> call_tool(const Call& call, const std::string& name,
                                                const nlohmann::ordered_json& arguments);

}  // namespace optiinfra::service
