/// @file optiinfra/schema/select.hpp
/// A SELECT statement as a value, and the only code that renders it as SQL.
#pragma once

#include <string>
#include <vector>

namespace optiinfra {

/// A column of a SELECT.
struct Selected {
  std::string expression;
  std::string name = {};  ///< The name after AS. Empty: that of the expression.
};

struct Select {
  std::vector<Selected> columns = {};
  std::string from = {};  ///< A table, or subquery() of others; with "AS x" where it needs a name.
  std::vector<std::string> where = {};  ///< Conditions that all hold.
  std::vector<std::string> group_by = {};
  std::vector<std::string> order_by = {};
  std::size_t limit = 0;  ///< Most rows; 0 for no limit.

  /// Adds columns under their own names.
  void add(const std::vector<std::string>& names);

  std::string sql() const;
};

/// "a, b, c".
std::string joined(const std::vector<std::string>& texts, const std::string& separator = ", ");

/// The rows of all `parts`, which must have the same columns, in a form to select from.
std::string subquery(const std::vector<Select>& parts);

}  // namespace optiinfra
