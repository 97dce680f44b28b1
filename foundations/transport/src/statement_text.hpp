/// The SQL text that goes to the engine. Serves every kind of session that sends text.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/transport/session.hpp"

namespace optiinfra {

/// `sql` without the semicolon, blanks and comments that may end it.
///
/// The embedded engine runs every statement of a text, and settings such as readonly bind the last one
/// only: a text of several statements is refused.
/// Errors: kInvalidArgument for no statement or more than one.
Result<std::string_view> single_statement(std::string_view sql);

/// The first word of `sql` in upper case, or its first character when that begins no word, and `sql` without
/// it; blanks and comments before it are passed over. Empty at the end.
std::string next_word(std::string_view& sql);

/// "\nSETTINGS a = '1', b = '2'", empty without settings.
std::string settings_clause(const std::vector<NamedValue>& settings);

/// The settings of every insert: its block is stored by itself, under its token.
std::vector<NamedValue> insert_settings(const InsertStatement& statement);

/// "INSERT INTO table (a, b)"
std::string insert_into(const InsertStatement& statement, const Block& block);

/// "1.500", as max_execution_time takes it.
std::string seconds_text(std::chrono::milliseconds time);

/// What a call that was asked to stop says.
Error cancelled(const std::string& place, Applied applied);

/// The value of a {name:Type} placeholder as the engine reads it: text is escaped (the engine takes a
/// backslash, a tab and a line's end for its own signs), an Array, Map or Tuple is in its own notation
/// already.
std::string parameter_text(std::string_view sql, const NamedValue& parameter);

}  // namespace optiinfra
