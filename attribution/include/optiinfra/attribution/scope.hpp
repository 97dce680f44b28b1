/// @file optiinfra/attribution/scope.hpp
/// What a budget or an objective is for: everything, or one value of a dimension.
#pragma once

#include <string>

#include "optiinfra/client/names.hpp"
#include "optiinfra/core/error.hpp"

namespace optiinfra::attribution {

/// Reads "customer=acme". Empty is everything. Errors: kInvalidArgument for a text without both sides.
Result<void> parse_scope(const std::string& text, std::string& scope, std::string& scope_id);

/// Replaces the name of a customer, service or instance by its id. Errors: those of Names::id_of.
Result<void> resolve_scope(const Names& names, const std::string& scope, std::string& scope_id);

}  // namespace optiinfra::attribution
