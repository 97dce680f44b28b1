/// @file optiinfra/transport/sql.hpp
/// Names and texts inside SQL, for statements whose shape is made by a program. Values belong into
/// Statement::parameters wherever the engine takes a placeholder.
#pragma once

#include <string>
#include <string_view>

namespace optiinfra {

/// `value` as an SQL string literal, whatever characters it holds.
std::string sql_literal(std::string_view value);

/// `name` as an SQL identifier, whatever characters it holds.
std::string sql_identifier(std::string_view name);

}  // namespace optiinfra
