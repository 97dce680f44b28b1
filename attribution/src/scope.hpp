/// Checks what people state of a budget or an objective.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "optiinfra/attribution/scope.hpp"
#include "selection.hpp"

namespace optiinfra::attribution {

/// The names of the dimensions.
std::vector<std::string> scopes_of(std::span<const KeyColumn> known);

/// That `one` ("budget") has a name, and is for everything or for one value of a dimension of `known`.
/// A UUID gets its usual form. Errors: kInvalidArgument.
Result<void> expect_scope(const std::string& one, const std::string& name, const std::string& scope,
                          std::string& scope_id, std::span<const KeyColumn> known);

/// "there is no budget 'x'; did you mean 'y'?"
Error no_such(const std::string& one, const std::string& name, const std::vector<std::string>& known);

}  // namespace optiinfra::attribution
