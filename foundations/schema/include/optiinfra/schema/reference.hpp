/// @file optiinfra/schema/reference.hpp
/// The reference of tables and columns, for docs/tables.md.
#pragma once

#include <string>

namespace optiinfra {

/// Markdown: for each family the raw columns with type, unit, rule and default, and the numbers that its
/// hourly view gives. Generated from the definitions, so that it always agrees with them.
std::string reference_markdown();

}  // namespace optiinfra
