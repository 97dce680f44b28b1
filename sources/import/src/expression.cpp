#include "expression.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "optiinfra/core/nearest.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "sql.hpp"

namespace optiinfra {
namespace {

Error refuse(const Expression& expression, const std::string& what) {
  return invalid_argument(expression.place + ": " + what + " in \"" + expression.text.substr(0, 200) + "\"");
}

/// The position after the quoted text that begins at `at`, or npos when it does not end.
std::size_t skip_quoted(std::string_view text, std::size_t at) {
  const char quote = text[at];
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      return at + 1;  // A doubled quote begins the next quoted text at once, which comes to the same.
    }
  }
  return std::string_view::npos;
}

const char* forbidden(std::string_view rest) {
  if (rest.starts_with("--") || rest.starts_with("/*") || rest.starts_with("#") || rest.starts_with("//"))
    return "a comment";
  switch (rest.front()) {
    case ';':
      return "a semicolon";
    case '{':
    case '}':
      return "a brace";
    case '$':
    case '@':
    case '\\':
    case '\0':
      return "a character that has no place";
    default:
      return static_cast<unsigned char>(rest.front()) >= 0x80 ? "a letter outside of ASCII without quotes"
                                                              : nullptr;
  }
}

/// A line of EXPLAIN AST: spaces for the depth, the kind of the node, what it says.
struct Node {
  std::size_t depth;
  std::string_view kind;
  std::string_view text;
};

Node node_of(std::string_view line) {
  const std::size_t depth = std::min(line.find_first_not_of(' '), line.size());
  line.remove_prefix(depth);
  const std::size_t space = std::min(line.find(' '), line.size());
  return {depth, line.substr(0, space), space < line.size() ? line.substr(space + 1) : std::string_view{}};
}

std::string_view without_children(std::string_view text) {
  const auto at = text.rfind(" (children ");
  return at == std::string_view::npos ? text : text.substr(0, at);
}

bool is_top(std::size_t index, const Node& node) {
  constexpr std::string_view kTop[] = {"SelectWithUnionQuery", "ExpressionList", "SelectQuery",
                                       "ExpressionList"};
  return node.depth == index && node.kind == kTop[index] && node.text == "(children 1)";
}

/// Categories of functions whose result depends only on their arguments. Whole categories are left out that
/// read dictionaries, files, settings or the host; what is not deterministic is left out within these too.
constexpr const char* kAllowedFunctions =
    "SELECT f.name, toString(f.case_insensitive) FROM system.functions AS f "
    "LEFT JOIN system.functions AS target ON target.name = f.alias_to "
    "WHERE NOT f.is_aggregate AND f.origin = 'System' AND if(f.alias_to = '', f.deterministic, "
    "target.deterministic) = 1 "
    "AND (f.name IN ('caseWithExpression', 'transform') OR trim(if(f.alias_to = '', f.categories, "
    "target.categories)) IN "
    "('Arithmetic', 'Arrays', 'Bit', 'Comparison', 'Conditional', 'Dates and Times', 'Encoding', 'Hash', 'IP "
    "Address', 'JSON', 'Logical', "
    "'Mathematical', 'Null', 'Rounding', 'String', 'String Replacement', 'String Search', 'String "
    "Splitting', 'Tuple', 'Type Conversion', "
    "'URL', 'UUID'))";

struct AllowedFunctions {
  std::set<std::string> exact;
  std::set<std::string> in_any_case;

  bool has(const std::string& name) const {
    return exact.contains(name) || in_any_case.contains(lower_case(name));
  }
};

Result<AllowedFunctions> allowed_functions(Session& session) {
  OPTIINFRA_TRY(const auto rows, query_texts(session, {.sql = kAllowedFunctions}));
  AllowedFunctions allowed;
  for (const auto& row : rows) {
    if (row[1] == "1") allowed.in_any_case.insert(lower_case(row[0]));
    allowed.exact.insert(row[0]);
  }
  return allowed;
}

Result<std::string> syntax_tree(Session& session, const Expression& expression) {
  std::string tree;
  auto status = session.query_text({.sql = "EXPLAIN AST SELECT (\n" + expression.text + "\n)"}, "TSVRaw",
                                   [&tree](std::string_view text) {
                                     tree += text;
                                     return true;
                                   });
  if (!status) return refuse(expression, short_engine_message(status.error().message));
  return tree;
}

Result<void> expect_allowed(const Expression& expression, const ExpressionNames& names,
                            const AllowedFunctions& allowed) {
  for (const std::string& function : names.functions) {
    if (allowed.has(function)) continue;
    const std::vector<std::string> known(allowed.exact.begin(), allowed.exact.end());
    return refuse(expression, "the function '" + function +
                                  "' is unknown or does not depend only on its arguments" +
                                  suggestion(function, known));
  }
  return {};
}

}  // namespace

Result<void> expect_contained(const Expression& expression) {
  const std::string_view text = expression.text;
  if (text.size() > kExpressionBytesMax) return refuse(expression, "more than 16 KiB");
  std::string open;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '\'' || c == '"' || c == '`') {
      at = skip_quoted(text, at);
      if (at == std::string_view::npos) return refuse(expression, "a quote that does not end");
      continue;
    }
    if (const char* what = forbidden(text.substr(at))) return refuse(expression, what);
    if (c == '(' || c == '[') open += c;
    if (c == ')' || c == ']') {
      if (open.empty() || open.back() != (c == ')' ? '(' : '['))
        return refuse(expression, "a bracket that was not opened");
      open.pop_back();
    }
    ++at;
  }
  if (!open.empty()) return refuse(expression, "a bracket that is not closed");
  return {};
}

bool may_fail(const ExpressionNames& names) {
  static const std::set<std::string> kTotal = {"JSONExtract",
                                               "JSONExtractArrayRaw",
                                               "JSONExtractBool",
                                               "JSONExtractFloat",
                                               "JSONExtractInt",
                                               "JSONExtractKeys",
                                               "JSONExtractRaw",
                                               "JSONExtractString",
                                               "JSONExtractUInt",
                                               "JSONHas",
                                               "JSONLength",
                                               "and",
                                               "array",
                                               "arrayElement",
                                               "caseWithExpression",
                                               "cityHash64",
                                               "coalesce",
                                               "concat",
                                               "dateDiff",
                                               "divide",
                                               "empty",
                                               "endsWith",
                                               "equals",
                                               "extract",
                                               "floor",
                                               "greater",
                                               "greaterOrEquals",
                                               "greatest",
                                               "hex",
                                               "if",
                                               "indexOf",
                                               "ifNull",
                                               "in",
                                               "isNotNull",
                                               "isNull",
                                               "least",
                                               "length",
                                               "less",
                                               "lessOrEquals",
                                               "like",
                                               "lower",
                                               "match",
                                               "minus",
                                               "multiIf",
                                               "multiply",
                                               "negate",
                                               "not",
                                               "notEmpty",
                                               "notEquals",
                                               "notIn",
                                               "notLike",
                                               "nullIf",
                                               "or",
                                               "plus",
                                               "position",
                                               "reinterpretAsUUID",
                                               "replaceAll",
                                               "round",
                                               "sipHash128",
                                               "sipHash64",
                                               "startsWith",
                                               "toFloat64OrNull",
                                               "toIntervalHour",
                                               "toIntervalSecond",
                                               "toString",
                                               "toUUIDOrNull",
                                               "transform",
                                               "trim",
                                               "trimBoth",
                                               "trimLeft",
                                               "trimRight",
                                               "tuple",
                                               "tupleElement",
                                               "upper"};
  return !names.columns.empty() && !std::all_of(names.functions.begin(), names.functions.end(),
                                                [](const auto& name) { return kTotal.contains(name); });
}

Result<ExpressionNames> read_syntax_tree(const Expression& expression, std::string_view tree) {
  constexpr std::size_t kTopLines = 4;
  ExpressionNames names;
  // Of a lambda, x -> x + a: its parameters are a tuple of names, the first thing below it.
  struct Lambda {
    std::size_t depth;
    std::set<std::string> parameters = {};
  };
  std::vector<Lambda> enclosing;  // Those that hold the node.
  std::set<std::string> parameters;
  std::size_t tuple_depth = 0, parameter_depth = 0;  // 0: none, since both lie below the root.
  std::size_t index = 0;
  for (; !tree.empty(); ++index) {
    const std::string_view line = tree.substr(0, tree.find('\n'));
    tree.remove_prefix(std::min(line.size() + 1, tree.size()));
    const Node node = node_of(line);
    while (!enclosing.empty() && enclosing.back().depth >= node.depth) enclosing.pop_back();
    const auto is_parameter = [&](const Lambda& each) {
      return each.parameters.contains(std::string(node.text));
    };
    if (index < kTopLines) {
      if (!is_top(index, node)) return refuse(expression, "more than one expression");
    } else if (node.kind == "Function" && without_children(node.text) == "lambda") {
      enclosing.push_back({.depth = node.depth});
      tuple_depth = node.depth + 2;
      parameter_depth = 0;
    } else if (node.kind == "Function") {
      parameter_depth = 0;
      if (tuple_depth == node.depth) parameter_depth = node.depth + 2;
      tuple_depth = 0;
      names.functions.emplace_back(without_children(node.text));
    } else if (node.kind == "Identifier" && parameter_depth == node.depth) {
      parameters.emplace(node.text);
      if (!enclosing.empty()) enclosing.back().parameters.emplace(node.text);
    } else if (node.kind == "Identifier") {
      if (std::none_of(enclosing.begin(), enclosing.end(), is_parameter))
        names.columns.emplace_back(node.text);
    } else if (node.kind != "Literal" && node.kind != "ExpressionList") {
      return refuse(expression, "a " + std::string(node.kind) +
                                    ", where only functions, columns and literals are understood,");
    }
  }
  if (index <= kTopLines) return refuse(expression, "nothing to compute");
  for (const std::string& name : names.columns)
    if (parameters.contains(name))
      return refuse(
          expression,
          "'" + name + "' is a column and a parameter of a lambda: give the parameter another name,");
  return names;
}

Result<std::vector<ExpressionNames>> check_expressions(Session& session,
                                                       std::span<const Expression> expressions) {
  std::vector<ExpressionNames> result;
  if (expressions.empty()) return result;
  OPTIINFRA_TRY(const AllowedFunctions allowed, allowed_functions(session));
  for (const Expression& expression : expressions) {
    OPTIINFRA_CHECK(expect_contained(expression));
    OPTIINFRA_TRY(const std::string tree, syntax_tree(session, expression));
    OPTIINFRA_TRY(ExpressionNames names, read_syntax_tree(expression, tree));
    OPTIINFRA_CHECK(expect_allowed(expression, names, allowed));
    result.push_back(std::move(names));
  }
  return result;
}

}  // namespace optiinfra
