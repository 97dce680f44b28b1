/// The tools of the Model Context Protocol for agents: the questions of the API.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "routes.hpp"

namespace optiinfra::service {

/// The tools that the caller may use, always in the same order.
nlohmann::ordered_json tools_for(const Caller& caller);

/// The answer of a tool; nothing when the caller has no such tool. A question that fails is a result that
/// says what to do.
std::optional<nlohmann::ordered_json> call_tool(const Call& call, const std::string& name,
                                                const nlohmann::ordered_json& arguments);

}  // namespace optiinfra::service
