#include "embedded/session.hpp"

#include "embedded/insert_stream.hpp"
#include "embedded/query_stream.hpp"
#include "engine_error.hpp"
#include "optiinfra/transport/sql.hpp"
#include "optiinfra/transport/url.hpp"
#include "statement_text.hpp"

namespace optiinfra::embedded {
namespace {

using std::chrono::steady_clock;

std::chrono::microseconds since(steady_clock::time_point begin) {
  return std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - begin);
}

class EmbeddedSession final : public Session {
 public:
  explicit EmbeddedSession(Connection connection) : connection_(std::move(connection)) {}

  std::string_view database() const noexcept override { return kDefaultDatabase; }

  Result<QuerySummary> query(const Statement& statement, const BlockSink& on_block) override {
    const auto begin = steady_clock::now();
    OPTIINFRA_CHECK(set_timeout(statement.timeout));
    OPTIINFRA_TRY(QueryStream stream, QueryStream::open(connection_, statement, "Native"));
    NativeReader reader(source_of(stream));
    Block block;
    while (true) {
      OPTIINFRA_CHECK(expect_wanted(statement.stop));
      OPTIINFRA_TRY(const bool more, reader.next(block));
      if (!more || (!block.empty() && !on_block(block))) break;
    }
    QuerySummary summary = stream.summary();
    summary.elapsed = since(begin);
    return summary;
  }

  Result<QuerySummary> query_text(const Statement& statement, std::string_view format,
                                  const TextSink& on_text) override {
    const auto begin = steady_clock::now();
    OPTIINFRA_CHECK(set_timeout(statement.timeout));
    OPTIINFRA_TRY(QueryStream stream, QueryStream::open(connection_, statement, format));
    while (true) {
      OPTIINFRA_CHECK(expect_wanted(statement.stop));
      OPTIINFRA_TRY(const std::string_view text, stream.next());
      if (text.empty() || !on_text(text)) break;
    }
    QuerySummary summary = stream.summary();
    summary.elapsed = since(begin);
    return summary;
  }

  Result<void> execute(const Statement& statement) override {
    OPTIINFRA_CHECK(expect_wanted(statement.stop));
    OPTIINFRA_CHECK(set_timeout(statement.timeout));
    OPTIINFRA_CHECK(run_statement(connection_, statement));
    // What is created is in the copy when the store closes, and is created again if it is lost before.
    // A copy that cannot be written now is written then; until that it is only older.
    if (statement.sql.starts_with("ALTER ")) (void)connection_.keep_definitions();
    return {};
  }

  Result<InsertSummary> insert(const InsertStatement& statement, const Block& block) override {
    const auto begin = steady_clock::now();
    if (block.empty()) return InsertSummary{};
    OPTIINFRA_CHECK(expect_wanted(statement.stop));
    OPTIINFRA_CHECK(connection_.expect_writable());
    OPTIINFRA_CHECK(set_timeout(statement.timeout));
    OPTIINFRA_TRY(InsertStream stream,
                  InsertStream::open(connection_, insert_into(statement, block) +
                                                      settings_clause(insert_settings(statement))));
    if (auto sent =
            write_native(block, [&stream](std::span<const std::byte> bytes) { return stream.append(bytes); });
        !sent)
      return after_failure(std::move(sent).error());
    const auto rows_written = stream.finish();
    if (!rows_written) return after_failure(rows_written.error());
    OPTIINFRA_CHECK(connection_.sync_inserts());
    return InsertSummary{*rows_written, since(begin)};
  }

 private:
  static Result<void> expect_wanted(const std::stop_token& stop) {
    if (stop.stop_requested()) return cancelled("the embedded engine", Applied::kNo);
    return {};
  }

  /// After a refusal of the disk the engine lists the insert as running until its connection closes, and who
  /// repeats it would wait for it.
  static Error after_failure(Error error) {
    if (is_file_failure(error)) error.connection_usable = false;
    return error;
  }

  /// The time limit stays with the session, so it is sent only when it changes.
  Result<void> set_timeout(std::chrono::milliseconds timeout) {
    if (timeout == timeout_) return {};
    if (timeout.count() <= 0) return invalid_argument("a call's time budget must be positive");
    if (auto set = run_statement(connection_, {.sql = "SET max_execution_time = " + seconds_text(timeout)});
        !set) {
      Error error = with_context(std::move(set).error(), "set the time budget of a call");
      error.applied = Applied::kNo;  // The call itself has not begun.
      return error;
    }
    timeout_ = timeout;
    return {};
  }

  Connection connection_;
  std::chrono::milliseconds timeout_{0};
};

class EmbeddedConnector final : public Connector {
 public:
  EmbeddedConnector(std::filesystem::path folder, IfAbsent if_absent, UseReserve use_reserve)
      : folder_(std::move(folder)), if_absent_(if_absent), use_reserve_(use_reserve) {}

  Result<std::unique_ptr<Session>> connect() override {
    OPTIINFRA_TRY(Connection connection, Connection::open(folder_, if_absent_, use_reserve_));
    return std::unique_ptr<Session>(std::make_unique<EmbeddedSession>(std::move(connection)));
  }

  std::string description() const override { return "embedded:" + folder_.string(); }

 private:
  std::filesystem::path folder_;
  IfAbsent if_absent_;
  UseReserve use_reserve_;
};

}  // namespace

std::shared_ptr<Connector> make_embedded_connector(std::filesystem::path folder, IfAbsent if_absent,
                                                   UseReserve use_reserve) {
  return std::make_shared<EmbeddedConnector>(std::move(folder), if_absent, use_reserve);
}

}  // namespace optiinfra::embedded
