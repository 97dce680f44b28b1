/// Checks the expressions of maps. People share maps, so an expression must only compute from the columns of
/// one row: no subquery, table, file, clock or random function.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra {

/// Longest expression that is taken from a map.
inline constexpr std::size_t kExpressionBytesMax = 16 << 10;

struct Expression {
  std::string place;  ///< For messages: "column latency_ms".
  std::string text;
};

/// Checks that `text` stays inside parentheses that are put around it: brackets pair up, and outside
/// of quotes there is no comment, semicolon, brace, or letter with a meaning that only the engine's lexer
/// knows. Errors: kInvalidArgument that says what and where.
Result<void> expect_contained(const Expression& expression);

/// What an expression reads, in the order of the engine's syntax tree.
struct ExpressionNames {
  std::vector<std::string> columns;
  std::vector<std::string> functions;
};

/// Whether the expression, once the engine has accepted its types, can still fail on a value: as toUUID(text)
/// does, and toFloat64OrNull(text) does not. True where that is not known.
bool may_fail(const ExpressionNames& names);

/// Reads the engine's EXPLAIN AST of `SELECT (expression)`.
/// Errors: kInvalidArgument for anything but functions, columns and literals.
Result<ExpressionNames> read_syntax_tree(const Expression& expression, std::string_view tree);

/// Checks each expression with the engine's own parser and its list of functions, and returns what it reads.
/// Allowed are functions of one row that give the same result each time and touch nothing outside of it.
Result<std::vector<ExpressionNames>> check_expressions(Session& session,
                                                       std::span<const Expression> expressions);

}  // namespace optiinfra
