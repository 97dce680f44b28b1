#include "statement_text.hpp"

#include <algorithm>
#include <cctype>

#include "optiinfra/transport/sql.hpp"

namespace optiinfra {
namespace {

std::string quoted(std::string_view text, char quote) {
  std::string result(1, quote);
  for (const char c : text) {
    if (c == quote || c == '\\') result += '\\';
    result += c;
  }
  return result + quote;
}

std::size_t end_or(std::size_t position, std::size_t length, std::string_view sql) {
  return position == std::string_view::npos ? sql.size() : position + length;
}

/// Behind the quoted text that begins at `begin`.
std::size_t skip_quoted(std::string_view sql, std::size_t begin) {
  for (std::size_t at = begin + 1; at < sql.size(); ++at) {
    if (sql[at] == '\\') {
      ++at;
    } else if (sql[at] == sql[begin]) {
      return at + 1;
    }
  }
  return sql.size();
}

/// Behind the comment that begins at `begin`: the engine lets them nest.
std::size_t skip_comment(std::string_view sql, std::size_t begin) {
  std::size_t depth = 1, at = begin + 2;
  for (; at < sql.size() && depth > 0; ++at) {
    const std::string_view two = sql.substr(at, 2);
    if (two == "/*") ++depth, ++at;
    if (two == "*/") --depth, ++at;
  }
  return std::min(at, sql.size());
}

/// Behind the text between the Unicode quotes `open` and `close`.
std::size_t skip_unicode_quoted(std::string_view sql, std::size_t begin, std::string_view close) {
  return end_or(sql.find(close, begin), close.size(), sql);
}

/// The position after $tag$...$tag$, or after the first character when none begins here.
std::size_t skip_heredoc(std::string_view sql, std::size_t begin) {
  const std::size_t second =
      sql.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", begin + 1);
  if (second == std::string_view::npos || sql[second] != '$') return begin + 1;
  const std::string_view tag = sql.substr(begin, second - begin + 1);
  return end_or(sql.find(tag, second + 1), tag.size(), sql);
}

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0'; }

/// Behind the comment or blank at `begin`, or `begin` when there is none.
std::size_t skip_blank(std::string_view sql, std::size_t begin) {
  const std::string_view rest = sql.substr(begin);
  if (is_blank(rest[0])) return begin + 1;
  if (rest.starts_with("--") || rest.starts_with("//") || rest.starts_with("# ") || rest.starts_with("#!")) {
    return end_or(sql.find('\n', begin), 1, sql);
  }
  if (rest.starts_with("/*")) return skip_comment(sql, begin);
  return begin;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

std::size_t skip_token(std::string_view sql, std::size_t begin) {
  const char c = sql[begin];
  if (c == '\'' || c == '"' || c == '`') return skip_quoted(sql, begin);
  if (sql.substr(begin).starts_with("\u2018")) return skip_unicode_quoted(sql, begin, "\u2019");
  if (sql.substr(begin).starts_with("\u201c")) return skip_unicode_quoted(sql, begin, "\u201d");
  return c == '$' ? skip_heredoc(sql, begin) : begin + 1;
}

void drop_blanks(std::string_view& text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
}

bool drop(std::string_view& text, std::string_view start) {
  drop_blanks(text);
  if (!text.starts_with(start)) return false;
  text.remove_prefix(start.size());
  return true;
}

/// The SQL from the type of placeholder `name` on, empty when there is none.
std::string_view type_of_placeholder(std::string_view sql, std::string_view name) {
  for (auto begin = sql.find('{'); begin != std::string_view::npos; begin = sql.find('{', begin + 1)) {
    std::string_view rest = sql.substr(begin + 1);
    if (!drop(rest, name) || !drop(rest, ":")) continue;
    drop_blanks(rest);
    return rest;
  }
  return {};
}

}  // namespace

Result<std::string_view> single_statement(std::string_view sql) {
  std::size_t begin = 0, end = 0;  // Of the statement; equal while there is none.
  bool ended = false;
  for (std::size_t at = 0; at < sql.size();) {
    if (const std::size_t next = skip_blank(sql, at); next != at) {
      at = next;
    } else if (sql[at] == ';') {
      ended = end > begin, ++at;
    } else if (ended) {
      return invalid_argument("one call takes one statement, and another begins at byte " +
                              std::to_string(at) + "; send them one by one");
    } else {
      if (end == begin) begin = at;
      at = end = skip_token(sql, at);
    }
  }
  if (end == begin) return invalid_argument("the statement is empty");
  return sql.substr(begin, end - begin);
}

std::string next_word(std::string_view& sql) {
  std::size_t at = 0;
  for (std::size_t next = 0; at < sql.size() && (next = skip_blank(sql, at)) != at;) at = next;
  sql.remove_prefix(at);
  std::string word;
  while (word.size() < sql.size() && is_letter(sql[word.size()]))
    word += static_cast<char>(std::toupper(static_cast<unsigned char>(sql[word.size()])));
  if (word.empty()) word = sql.substr(0, 1);
  sql.remove_prefix(word.size());
  return word;
}

std::string settings_clause(const std::vector<NamedValue>& settings) {
  std::string clause;
  for (const auto& [name, value] : settings) {
    clause += clause.empty() ? "\nSETTINGS " : ", ";
    clause += name + " = " + sql_literal(value);
  }
  return clause;
}

std::string parameter_text(std::string_view sql, const NamedValue& parameter) {
  const std::string_view type = type_of_placeholder(sql, parameter.first);
  if (type.starts_with("Array(") || type.starts_with("Map(") || type.starts_with("Tuple("))
    return parameter.second;
  std::string text;
  text.reserve(parameter.second.size());
  for (const char c : parameter.second) {
    if (c == '\\' || c == '\n' || c == '\t') text += '\\';
    text += c == '\n' ? 'n' : c == '\t' ? 't' : c;
  }
  return text;
}

std::string sql_literal(std::string_view value) { return quoted(value, '\''); }

std::string sql_identifier(std::string_view name) { return quoted(name, '`'); }

std::vector<NamedValue> insert_settings(const InsertStatement& statement) {
  // Asynchronous inserts would cut the rows into other blocks, together with rows of other clients.
  std::vector<NamedValue> settings = {{"async_insert", "0"}};
  settings.insert(settings.end(), statement.settings.begin(), statement.settings.end());
  if (statement.deduplication_token.empty()) {
    // Else a table with a deduplication window would drop a block that equals an earlier one.
    settings.emplace_back("deduplicate_insert", "disable");
  } else {
    settings.emplace_back("insert_deduplication_token", statement.deduplication_token);
  }
  return settings;
}

std::string insert_into(const InsertStatement& statement, const Block& block) {
  std::string sql = "INSERT INTO " + statement.table + " (";
  for (const Column& column : block.columns()) {
    if (&column != block.columns().data()) sql += ", ";
    sql += sql_identifier(column.name);
  }
  return sql + ")";
}

std::string seconds_text(std::chrono::milliseconds time) {
  const std::string thousandths = std::to_string(1000 + time.count() % 1000).substr(1);
  return std::to_string(time.count() / 1000) + "." + thousandths;
}

Error cancelled(const std::string& place, Applied applied) {
  return {ErrorKind::kCancelled, place + ": the caller stopped the call", applied};
}

}  // namespace optiinfra
