/// @file optiinfra/transport/sql.hpp
/// Quotes names and texts for SQL that a program generates. Values belong in Statement::parameters wherever
/// the engine takes a placeholder.
#pragma once

#include <string>
#include <string_view>

namespace optiinfra {

/// `value` as an SQL string literal, whatever characters it holds.
std::string sql_literal(std::string_view value);

/// `name` as an SQL identifier, whatever characters it holds.
std::string sql_identifier(std::string_view name);

}  // namespace optiinfra
