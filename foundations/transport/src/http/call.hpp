/// Decides which parts of a statement go into the URL, the headers and the body of its request.
#pragma once

#include <string>
#include <vector>

#include "http/answer.hpp"
#include "http/request.hpp"

namespace optiinfra::http {

/// What a session says with each statement.
struct SessionState {
  std::string database;  ///< Empty: the server's choice for the user.
  Compression compression = Compression::kNone;
  std::vector<std::string> credentials;  ///< Headers.
  std::vector<NamedValue> settings;      ///< What SET statements left.
  bool server_marks_errors = false;      ///< Whether its answers announce an exception tag.
};

struct Call {
  Request request;
  AnswerOptions answer;
  Clock::time_point deadline;
};

/// Whether the server answers at once, piece by piece, or when the statement has ended and its outcome is
/// known.
enum class AnswerWhen { kAtOnce, kEnded };

/// Errors: kInvalidArgument and kTooLarge, before anything is sent.
Result<Call> statement_call(const SessionState& state, const Statement& statement, std::string_view format,
                            AnswerWhen when);
Result<Call> insert_call(const SessionState& state, const InsertStatement& statement, const Block& block);

/// "SELECT 1", which shows whether a ClickHouse server answers and what it knows.
Call greeting_call(const SessionState& state, Clock::time_point deadline);

/// Ends the statement of that id, without waiting until it has ended.
Call stop_call(const SessionState& state, const std::string& query_id, Clock::time_point deadline);

}  // namespace optiinfra::http
