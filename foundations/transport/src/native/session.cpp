#include "native/session.hpp"

#include <algorithm>
#include <iterator>

#include "engine_error.hpp"
#include "native/text_answer.hpp"
#include "optiinfra/core/uuid.hpp"
#include "optiinfra/transport/sql.hpp"
#include "statement_text.hpp"

namespace optiinfra::native {
namespace {

using std::chrono::steady_clock;

std::chrono::microseconds since(steady_clock::time_point begin) {
  return std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - begin);
}

/// Whether `sql` leaves something behind in the server's session that later statements depend on.
bool changes_session(std::string_view sql) {
  std::string_view rest = sql;
  const std::string first = next_word(rest);
  if (first == "SET" || first == "USE" || first == "BEGIN") return true;
  if (first != "CREATE") return false;
  const std::string second = next_word(rest);
  return second == "TEMPORARY" ||
         (second == "OR" && next_word(rest) == "REPLACE" && next_word(rest) == "TEMPORARY");
}

/// A server that sees its input end before the rows, where something between us has closed one direction,
/// takes that for an insert of no rows, which succeeds. Rows of a repeated token count as written.
Error without_rows() {
  return {ErrorKind::kUnavailable, "the server ended the insert without having received its rows"};
}

class NativeSession final : public Session {
 public:
  NativeSession(std::shared_ptr<Store> store, Store::Made made)
      : store_(std::move(store)), connection_(std::move(made.connection)), host_(made.host) {}

  std::string_view database() const noexcept override { return store_->url().database; }

  Result<QuerySummary> query(const Statement& statement, const BlockSink& on_block) override {
    return run(statement, {}, on_block, net::Deadline::after(statement.timeout, statement.stop));
  }

  Result<QuerySummary> query_text(const Statement& statement, std::string_view format,
                                  const TextSink& on_text) override {
    const auto begin = steady_clock::now();
    const auto deadline = net::Deadline::after(statement.timeout, statement.stop);
    auto summary =
        answer_as_text(statement, format, on_text,
                       [&](const Statement& step, const Block& external, const BlockSink& on_block) {
                         return run(step, external, on_block, deadline);
                       });
    if (summary) summary->elapsed = since(begin);
    return summary;
  }

  Result<void> execute(const Statement& statement) override {
    if (auto ran = query(statement, [](const Block&) { return true; }); !ran) return std::move(ran).error();
    return {};
  }

  Result<InsertSummary> insert(const InsertStatement& statement, const Block& block) override;

 private:
  Result<QuerySummary> run(const Statement& statement, const Block& external, const BlockSink& on_block,
                           net::Deadline deadline);
  Result<void> read_answer(bool& stopped, const BlockSink& on_block);
  Result<void> get_ready(std::chrono::milliseconds timeout, net::Deadline deadline);
  Result<void> keep_own_settings(std::chrono::milliseconds timeout, net::Deadline deadline);
  Result<void> await_heading(const Block& block);
  Result<void> send_rows(const Block& block);
  Result<void> await_end();
  bool is_compressed() const { return connection_->compression() != Compression::kNone; }
  std::vector<NamedValue> own_settings(std::chrono::milliseconds timeout) const;
  Error lost(Error error, Applied applied);
  Error refused(const Exception& exception, Applied applied) const;
  Error overdue(Applied applied) const;

  std::shared_ptr<Store> store_;
  std::unique_ptr<Connection> connection_;  ///< Absent once it broke.
  std::size_t host_;
  std::string query_id_;                     ///< Of the latest statement.
  bool has_state_ = false;                   ///< On the server, in the session of connection_.
  std::vector<NamedValue> kept_settings_{};  ///< Own settings that the server's session has.
};

std::vector<NamedValue> NativeSession::own_settings(std::chrono::milliseconds timeout) const {
  std::vector<NamedValue> settings{{"max_execution_time", seconds_text(timeout)},
                                   {"send_profile_events", "0"},
                                   {"calculate_text_stack_trace", "0"}};
  if (is_compressed())
    settings.emplace_back("network_compression_method",
                          connection_->compression() == Compression::kZstd ? "ZSTD" : "LZ4");
  std::erase_if(settings, [this](const NamedValue& setting) {
    return std::find(kept_settings_.begin(), kept_settings_.end(), setting) != kept_settings_.end();
  });
  return settings;
}

Result<void> NativeSession::get_ready(std::chrono::milliseconds timeout, net::Deadline deadline) {
  if (timeout.count() <= 0) return invalid_argument("a call's time budget must be positive");
  if (connection_ && connection_->is_ready(deadline)) return {};
  connection_.reset();
  if (has_state_) {
    return Error{ErrorKind::kUnavailable,
                 "the session with " + store_->url().description() +
                     " ended, and with it the settings and temporary tables it had; open another session",
                 Applied::kNo, false};
  }
  OPTIINFRA_TRY(Store::Made made, store_->connect(deadline));
  connection_ = std::move(made.connection);
  host_ = made.host;
  return {};
}

/// Settings of ours go with each query, and a server whose session is read-only refuses to change any; those
/// that the session has already are no change.
Result<void> NativeSession::keep_own_settings(std::chrono::milliseconds timeout, net::Deadline deadline) {
  has_state_ = true;
  const auto settings = own_settings(timeout);
  if (settings.empty()) return {};
  std::string sql;
  for (const auto& [name, value] : settings)
    sql += (sql.empty() ? "SET " : ", ") + name + " = " + sql_literal(value);
  if (auto sent = connection_->send_query({.sql = sql, .compressed = is_compressed()}, deadline); !sent)
    return lost(std::move(sent).error(), Applied::kNo);
  if (auto sent = connection_->send_block("", Block{}); !sent)
    return lost(std::move(sent).error(), Applied::kNo);
  bool stopped = false;
  if (auto ended = read_answer(stopped, [](const Block&) { return true; }); !ended) {
    Error error = std::move(ended).error();
    error.applied = Applied::kNo;  // The call itself has not begun.
    return error;
  }
  kept_settings_.insert(kept_settings_.end(), settings.begin(), settings.end());
  return {};
}

Result<QuerySummary> NativeSession::run(const Statement& statement, const Block& external,
                                        const BlockSink& on_block, net::Deadline deadline) {
  const auto begin = steady_clock::now();
  OPTIINFRA_TRY(const std::string_view sql, single_statement(statement.sql));
  OPTIINFRA_CHECK(get_ready(statement.timeout, deadline));
  if (changes_session(sql)) OPTIINFRA_CHECK(keep_own_settings(statement.timeout, deadline));
  QueryPacket packet{.sql = sql,
                     .own_settings = own_settings(statement.timeout),
                     .settings = statement.settings,
                     .parameters = {},
                     .query_id = query_id_ = Uuid::random().to_string(),
                     .compressed = is_compressed()};
  std::transform(statement.parameters.begin(), statement.parameters.end(),
                 std::back_inserter(packet.parameters), [&](const NamedValue& parameter) {
                   return NamedValue{parameter.first, parameter_text(sql, parameter)};
                 });
  auto sent = connection_->send_query(packet, deadline);
  if (sent && !external.empty()) sent = connection_->send_block(kExternalTable, external);
  if (sent) sent = connection_->send_block("", Block{});
  if (!sent) return lost(std::move(sent).error(), Applied::kNo);
  bool stopped = false;
  auto answered = read_answer(stopped, on_block);
  if (!answered && !stopped) return std::move(answered).error();
  QuerySummary summary{.elapsed = since(begin), .query_id = query_id_};
  if (connection_) {
    summary.rows_read = connection_->totals().rows_read;
    summary.bytes_read = connection_->totals().bytes_read;
  }
  return summary;
}

/// Reads to the answer's end. Once the caller has had enough, how it ends does not matter.
Result<void> NativeSession::read_answer(bool& stopped, const BlockSink& on_block) {
  Packet packet;
  while (true) {
    if (auto read = connection_->receive(packet); !read)
      return lost(std::move(read).error(), Applied::kUnknown);
    if (packet.kind == ServerPacket::kException)
      return connection_->is_overdue() ? overdue(Applied::kUnknown)
                                       : refused(packet.exception, Applied::kUnknown);
    if (packet.kind == ServerPacket::kEndOfStream)
      return connection_->is_overdue() ? Result<void>(overdue(Applied::kUnknown)) : Result<void>{};
    if (packet.kind != ServerPacket::kData || packet.block.empty()) continue;
    if (stopped || connection_->is_overdue() || on_block(packet.block)) continue;
    stopped = true;
    if (auto cancelled = connection_->cancel(); !cancelled) {
      connection_.reset();
      return std::move(cancelled).error();
    }
  }
}

Result<InsertSummary> NativeSession::insert(const InsertStatement& statement, const Block& block) {
  const auto begin = steady_clock::now();
  const auto deadline = net::Deadline::after(statement.timeout, statement.stop);
  if (block.empty()) return InsertSummary{};
  OPTIINFRA_CHECK(get_ready(statement.timeout, deadline));
  const std::string sql = insert_into(statement, block) + " FORMAT Native";
  QueryPacket packet{.sql = sql,
                     .own_settings = own_settings(statement.timeout),
                     .settings = insert_settings(statement),
                     .query_id = query_id_ = Uuid::random().to_string(),
                     .compressed = is_compressed()};
  // Only its events tell how many rows an insert wrote.
  packet.own_settings.emplace_back("send_profile_events", "1");
  for (NamedValue& setting : whole_block_settings()) packet.own_settings.push_back(std::move(setting));
  auto sent = connection_->send_query(packet, deadline);
  if (sent) sent = connection_->send_block("", Block{});
  if (!sent) return lost(std::move(sent).error(), Applied::kNo);
  OPTIINFRA_CHECK(await_heading(block));
  OPTIINFRA_CHECK(send_rows(block));
  OPTIINFRA_CHECK(await_end());
  const std::uint64_t rows_written = connection_->totals().rows_written;
  if (rows_written == 0) return lost(without_rows(), Applied::kUnknown);
  return InsertSummary{rows_written, since(begin), query_id_};
}

/// Until the empty block has left, the server holds the rows in memory and drops them with the connection
/// (whole_block_settings): nothing can have been applied. From then on the outcome is known by its answer
/// alone.
Result<void> NativeSession::send_rows(const Block& block) {
  if (auto sent = connection_->send_block("", block); !sent) {
    if (const auto exception = connection_->early_exception()) {
      Error error = refused(*exception, Applied::kNo);
      error.connection_usable = !has_state_;
      connection_.reset();  // Half of a packet was sent.
      return error;
    }
    return lost(std::move(sent).error(), Applied::kNo);
  }
  if (auto sent = connection_->send_block("", Block{}); !sent)
    return lost(std::move(sent).error(), Applied::kUnknown);
  return {};
}

Result<void> NativeSession::await_heading(const Block& block) {
  Packet packet;
  while (true) {
    if (auto read = connection_->receive(packet, Connection::Expect::kHeading); !read)
      return lost(std::move(read).error(), Applied::kNo);
    if (packet.kind == ServerPacket::kException)
      return connection_->is_overdue() ? overdue(Applied::kNo) : refused(packet.exception, Applied::kNo);
    if (packet.kind == ServerPacket::kEndOfStream) {
      if (connection_->is_overdue()) return overdue(Applied::kNo);
      return lost(
          {ErrorKind::kCorrupt, connection_->name() + ": the server ended an insert before it took rows"},
          Applied::kNo);
    }
    if (packet.kind == ServerPacket::kData) break;
  }
  if (connection_->is_overdue())  // The heading crossed our Cancel, and what follows is unsure.
    return lost(overdue(Applied::kNo), Applied::kNo);
  for (const Column& column : block.columns()) {
    if (std::find(packet.heading.begin(), packet.heading.end(), column.name) == packet.heading.end())
      return lost({ErrorKind::kCorrupt, connection_->name() + ": the server asks for other columns than '" +
                                            column.name + "', which the insert names"},
                  Applied::kNo);
  }
  return {};
}

Result<void> NativeSession::await_end() {
  Packet packet;
  while (true) {
    if (auto read = connection_->receive(packet); !read)
      return lost(std::move(read).error(), Applied::kUnknown);
    if (packet.kind == ServerPacket::kException)
      return connection_->is_overdue() ? overdue(Applied::kUnknown)
                                       : refused(packet.exception, Applied::kUnknown);
    if (packet.kind == ServerPacket::kEndOfStream)
      return connection_->is_overdue() ? Result<void>(overdue(Applied::kUnknown)) : Result<void>{};
  }
}

Error NativeSession::lost(Error error, Applied applied) {
  if (error.kind == ErrorKind::kUnavailable || error.kind == ErrorKind::kTimeout) store_->broke(host_);
  connection_.reset();
  error.applied = applied;
  error.query_id = query_id_;
  // A column of a type that has no layout here is no fault of the server; the next call reconnects.
  error.connection_usable = error.kind == ErrorKind::kInvalidArgument && !has_state_;
  return error;
}

Error NativeSession::refused(const Exception& exception, Applied applied) const {
  Error error = with_context(engine_error(exception.text, applied), connection_->name());
  error.query_id = query_id_;
  return error;
}

Error NativeSession::overdue(Applied applied) const {
  Error error{ErrorKind::kTimeout,
              connection_->name() + ": the call's time budget is over; the statement was cancelled", applied};
  if (connection_->is_stopped()) error = cancelled(connection_->name(), applied);
  error.query_id = query_id_;
  return error;
}

}  // namespace

std::vector<NamedValue> whole_block_settings() {
  return {{"min_insert_block_size_rows", "4294967296"},  // The engine warns of more, at each insert.
          {"min_insert_block_size_bytes", "1000000000000"}};
}

std::unique_ptr<Session> make_session(std::shared_ptr<Store> store, Store::Made made) {
  return std::make_unique<NativeSession>(std::move(store), std::move(made));
}

}  // namespace optiinfra::native
