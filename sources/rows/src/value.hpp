/// Converts tokens to values of columns.
#pragma once

#include <cstdint>
#include <string_view>

#include "optiinfra/core/uuid.hpp"
#include "optiinfra/schema/column.hpp"
#include "token.hpp"

namespace optiinfra::rows {

/// What a token must be to become a value, in words that fit after "must be"; nullptr where it has become
/// one.
using Refusal = const char*;

Refusal read_value(const Token& token, Rule rule, std::uint8_t& into);
Refusal read_value(const Token& token, Rule rule, std::uint32_t& into);
Refusal read_value(const Token& token, Rule rule, float& into);
Refusal read_value(const Token& token, Rule rule, double& into);
Refusal read_value(const Token& token, Rule rule, Uuid& into);
Refusal read_value(const Token& token, Rule rule, sys_seconds& into);
/// `into` lies where the token's text does.
Refusal read_value(const Token& token, Rule rule, std::string_view& into);

}  // namespace optiinfra::rows
