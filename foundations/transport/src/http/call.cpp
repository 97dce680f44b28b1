#include "http/call.hpp"

#include "optiinfra/core/uuid.hpp"
#include "statement_text.hpp"

namespace optiinfra::http {
namespace {

using std::chrono::milliseconds;

/// The server ends a statement at its budget and says so; its word is waited for this much longer.
constexpr milliseconds kAnswerGrace{100};

void set_all(std::vector<NamedValue>& settings, const std::vector<NamedValue>& more) {
  for (const auto& [name, value] : more) set_value(settings, name, value);
}

Call make_call(const SessionState& state, std::vector<NamedValue> url, Clock::time_point deadline) {
  Call call{{}, {.query_id = Uuid::random().to_string()}, deadline};
  url.emplace_back("query_id", call.answer.query_id);
  call.request.url_query = url_query(url);
  call.request.headers = state.credentials;
  if (!state.database.empty()) call.request.headers.push_back("X-ClickHouse-Database: " + state.database);
  return call;
}

/// The settings of a statement with its time budget: the session's, ours, then its own.
Result<std::vector<NamedValue>> settings_of(const SessionState& state, std::vector<NamedValue> ours,
                                            const std::vector<NamedValue>& own, milliseconds timeout) {
  if (timeout.count() <= 0) return invalid_argument("a call's time budget must be positive");
  OPTIINFRA_CHECK(expect_settings(own));
  std::vector<NamedValue> settings = state.settings;
  set_all(settings, ours);
  set_value(settings, "max_execution_time", seconds_text(timeout));
  set_all(settings, own);
  return settings;
}

Call small_call(const SessionState& state, std::string sql, Clock::time_point deadline) {
  Call call = make_call(state, {{"default_format", "Null"}, {"wait_end_of_query", "1"}}, deadline);
  call.answer.held_back = true;
  call.request.headers.push_back("Content-Type: text/plain; charset=UTF-8");
  call.request.body = std::move(sql);
  return call;
}

}  // namespace

Result<Call> statement_call(const SessionState& state, const Statement& statement, std::string_view format,
                            AnswerWhen when) {
  std::vector<NamedValue> ours;
  // Else formats of JSON would give an error the look of an answer. Older servers do not know the setting.
  if (state.server_marks_errors) ours.emplace_back("http_write_exception_in_output_format", "0");
  OPTIINFRA_TRY(auto url, settings_of(state, std::move(ours), statement.settings, statement.timeout));
  OPTIINFRA_TRY(Body body, statement_body(statement));
  const bool held_back = when == AnswerWhen::kEnded || !state.server_marks_errors;
  const bool compressed = state.compression != Compression::kNone;
  url.emplace_back("default_format", format);
  if (held_back) url.emplace_back("wait_end_of_query", "1");
  if (compressed) url.emplace_back("compress", "1");
  Call call = make_call(state, std::move(url), Clock::now() + statement.timeout + kAnswerGrace);
  call.request.stop = statement.stop;
  call.answer.compressed = compressed;
  call.answer.held_back = held_back;
  call.request.headers.push_back("Content-Type: " + body.content_type);
  call.request.body = std::move(body.bytes);
  return call;
}

Result<Call> insert_call(const SessionState& state, const InsertStatement& statement, const Block& block) {
  OPTIINFRA_TRY(auto url, settings_of(state, {}, insert_settings(statement), statement.timeout));
  OPTIINFRA_TRY(std::string sql, insert_head(statement, block));
  url.emplace_back("query", std::move(sql));
  url.emplace_back("wait_end_of_query", "1");
  if (state.compression != Compression::kNone) url.emplace_back("decompress", "1");
  Call call = make_call(state, std::move(url), Clock::now() + statement.timeout + kAnswerGrace);
  call.request.stop = statement.stop;
  call.answer.held_back = true;
  call.request.headers.push_back("Content-Type: application/octet-stream");
  return call;
}

Call greeting_call(const SessionState& state, Clock::time_point deadline) {
  return small_call(state, "SELECT 1", deadline);
}

Call stop_call(const SessionState& state, const std::string& query_id, Clock::time_point deadline) {
  return small_call(state, "KILL QUERY WHERE query_id = '" + query_id + "' ASYNC", deadline);
}

}  // namespace optiinfra::http
