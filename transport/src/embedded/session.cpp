#include "embedded/session.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstring>
#include <map>

#include "embedded/engine.hpp"
#include "engine_error.hpp"
#include "optiinfra/codec/native.hpp"

namespace optiinfra::embedded {
namespace {

using std::chrono::steady_clock;

std::chrono::microseconds since(steady_clock::time_point begin) {
  return std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - begin);
}

/// A result of the engine, given back to it when this goes.
class EngineResult {
 public:
  EngineResult(const Library& library, chdb_result* result) : library_(&library), result_(result) {}
  EngineResult(EngineResult&& other) noexcept
      : library_(other.library_), result_(std::exchange(other.result_, nullptr)) {}
  EngineResult& operator=(EngineResult&&) = delete;
  ~EngineResult() {
    if (result_ != nullptr) library_->destroy_query_result(result_);
  }

  chdb_result* get() const noexcept { return result_; }
  std::string_view text() const {
    const char* buffer = library_->result_buffer(result_);
    return buffer == nullptr ? std::string_view{}
                             : std::string_view(buffer, library_->result_length(result_));
  }
  Result<void> check(Applied applied) const {
    if (result_ == nullptr) return engine_error("the engine gave no result", applied);
    if (const char* message = library_->result_error(result_)) return engine_error(message, applied);
    return {};
  }

 private:
  const Library* library_;
  chdb_result* result_;
};

/// Parameters as the C interface takes them; borrows the statement's strings.
struct Bound {
  explicit Bound(const Statement& statement) {
    for (const auto& [name, value] : statement.parameters) {
      names.push_back(name.c_str()), name_sizes.push_back(name.size());
      values.push_back(value.c_str()), value_sizes.push_back(value.size());
    }
  }
  std::vector<const char*> names, values;
  std::vector<std::size_t> name_sizes, value_sizes;
};

std::string settings_clause(const std::vector<NamedValue>& settings) {
  std::string clause;
  for (const auto& [name, value] : settings) {
    clause += clause.empty() ? "\nSETTINGS " : ", ";
    clause += name + " = " + sql_literal(value);
  }
  return clause;
}

/// A running query whose chunks are pulled one by one. Ends the query when it goes away early.
class Stream {
 public:
  Stream(const Connection& connection, const Statement& statement, std::string_view format)
      : connection_(connection), handle_(open(connection, statement, format)) {}

  ~Stream() {
    // An ended stream must not be cancelled: the engine was seen to crash on it.
    if (!ended_ && handle_.get() != nullptr)
      connection_.library().stream_cancel_query(connection_.handle(), handle_.get());
  }

  Result<void> check() {
    auto status = handle_.check(Applied::kNo);
    if (!status) ended_ = true;
    return status;
  }

  /// The next chunk, empty at the end. Valid until the next call.
  Result<std::string_view> next() {
    if (ended_) return std::string_view{};
    const Library& library = connection_.library();
    chunk_.emplace(library, library.stream_fetch_result(connection_.handle(), handle_.get()));
    if (auto status = chunk_->check(Applied::kNo); !status) {
      ended_ = true;
      return std::move(status).error();
    }
    const std::string_view text = chunk_->text();
    summary_.rows_read += library.result_storage_rows_read(chunk_->get());
    summary_.bytes_read += library.result_storage_bytes_read(chunk_->get());
    ended_ = text.empty();
    return text;
  }

  const QuerySummary& summary() const { return summary_; }

 private:
  static EngineResult open(const Connection& connection, const Statement& statement,
                           std::string_view format) {
    const std::string sql = statement.sql + settings_clause(statement.settings);
    const Bound bound(statement);
    const Library& library = connection.library();
    return {library, library.stream_query_with_params_n(connection.handle(), sql.data(), sql.size(),
                                                        format.data(), format.size(), bound.names.data(),
                                                        bound.name_sizes.data(), bound.values.data(),
                                                        bound.value_sizes.data(), bound.names.size())};
  }

  const Connection& connection_;
  EngineResult handle_;
  std::optional<EngineResult> chunk_;
  QuerySummary summary_;
  bool ended_ = false;
};

/// Whether pieces in `format` may follow each other. The engine's stream formats each block by itself,
/// with the format's beginning and end: fit for rows alone, not for a JSON document or a Parquet file.
/// The one format here with headings repeats them with each block.
bool is_made_of_rows(std::string_view format) {
  static constexpr std::string_view kFormats[] = {
      "CSV", "JSONCompactEachRow", "JSONCompactEachRowWithNamesAndTypes", "JSONEachRow", "RowBinary",
      "TSV", "TabSeparated"};
  return std::find(std::begin(kFormats), std::end(kFormats), format) != std::end(kFormats);
}

/// SHOW, DESCRIBE, EXPLAIN and everything without an answer runs, but not as a stream.
bool cannot_stream(const Error& error) {
  return error.server_code == 36 &&
         error.message.find("Streaming query is not supported") != std::string::npos;
}

/// Makes a ByteSource of a stream's chunks.
ByteSource source_of(Stream& stream) {
  return [&stream, rest = std::string_view{}](std::span<std::byte> into) mutable -> Result<std::size_t> {
    if (rest.empty()) {
      OPTIINFRA_TRY(rest, stream.next());
    }
    const std::size_t step = std::min(into.size(), rest.size());
    std::memcpy(into.data(), rest.data(), step);
    rest.remove_prefix(step);
    return step;
  };
}

/// An insert in progress. Unless finished, it is abandoned: nothing of it is stored.
class InsertStream {
 public:
  InsertStream(const Connection& connection, const std::string& sql)
      : library_(connection.library()),
        stream_(library_.stream_insert_n(connection.handle(), sql.data(), sql.size(), "Native", 6)) {}

  ~InsertStream() {
    if (!finished_) library_.stream_cancel_insert(stream_);
    library_.destroy_insert_stream(stream_);
  }

  Result<void> check() const {
    if (const char* message = library_.stream_insert_error(stream_))
      return engine_error(message, Applied::kNo);
    return {};
  }

  Result<void> append(std::span<const std::byte> bytes) {
    if (library_.stream_append(stream_, bytes.data(), bytes.size()) == 0) return {};
    const char* message = library_.stream_insert_error(stream_);
    return engine_error(message != nullptr ? message : "the engine took no more data", Applied::kUnknown);
  }

  Result<std::uint64_t> finish() {
    finished_ = true;
    const EngineResult result(library_, library_.stream_done(stream_));
    OPTIINFRA_CHECK(result.check(Applied::kUnknown));
    return library_.result_rows_written(result.get());
  }

 private:
  const Library& library_;
  chdb_insert_stream stream_;
  bool finished_ = false;
};

class Session final : public Transport {
 public:
  explicit Session(Connection connection) : connection_(std::move(connection)) {}

  Result<QuerySummary> query(const Statement& statement, const BlockSink& on_block) override {
    const auto begin = steady_clock::now();
    OPTIINFRA_CHECK(set_timeout(statement.timeout));
    Stream stream(connection_, statement, "Native");
    OPTIINFRA_CHECK(stream.check());
    NativeReader reader(source_of(stream));
    Block block;
    while (true) {
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
    if (!is_made_of_rows(format)) return query_whole(statement, format, on_text, begin);
    Stream stream(connection_, statement, format);
    if (auto status = stream.check(); !status) {
      if (cannot_stream(status.error())) return query_whole(statement, format, on_text, begin);
      return std::move(status).error();
    }
    while (true) {
      OPTIINFRA_TRY(const std::string_view text, stream.next());
      if (text.empty() || !on_text(text)) break;
    }
    QuerySummary summary = stream.summary();
    summary.elapsed = since(begin);
    return summary;
  }

  Result<void> execute(const Statement& statement) override {
    OPTIINFRA_CHECK(set_timeout(statement.timeout));
    return run(statement);
  }

  Result<InsertSummary> insert(const InsertStatement& statement, const Block& block) override {
    const auto begin = steady_clock::now();
    if (block.empty()) return InsertSummary{};
    OPTIINFRA_CHECK(set_timeout(statement.timeout));
    InsertStream stream(connection_, insert_sql(statement, block));
    OPTIINFRA_CHECK(stream.check());
    OPTIINFRA_CHECK(
        write_native(block, [&stream](std::span<const std::byte> bytes) { return stream.append(bytes); }));
    OPTIINFRA_TRY(const std::uint64_t rows_written, stream.finish());
    return InsertSummary{rows_written, since(begin)};
  }

 private:
  static std::string insert_sql(const InsertStatement& statement, const Block& block) {
    std::string sql = "INSERT INTO " + statement.table + " (";
    for (const Column& column : block.columns())
      sql += (&column == block.columns().data() ? "" : ", ") + column.name;
    auto settings = statement.settings;
    if (!statement.deduplication_token.empty())
      settings.emplace_back("insert_deduplication_token", statement.deduplication_token);
    return sql + ")" + settings_clause(settings);
  }

  /// Runs a query and hands over its answer in one piece.
  Result<QuerySummary> query_whole(const Statement& statement, std::string_view format,
                                   const TextSink& on_text, steady_clock::time_point begin) {
    const EngineResult result = run_whole(statement, format);
    OPTIINFRA_CHECK(result.check(Applied::kUnknown));
    if (!result.text().empty()) on_text(result.text());
    const Library& library = connection_.library();
    return QuerySummary{.rows_read = library.result_storage_rows_read(result.get()),
                        .bytes_read = library.result_storage_bytes_read(result.get()),
                        .elapsed = since(begin)};
  }

  /// The time limit stays with the session, so it is sent only when it changes.
  Result<void> set_timeout(std::chrono::milliseconds timeout) {
    if (timeout == timeout_) return {};
    if (timeout.count() <= 0)
      return Error{ErrorKind::kInvalidArgument, "a call's time budget must be positive"};
    const double seconds = static_cast<double>(timeout.count()) / 1000;
    OPTIINFRA_CHECK(run({.sql = "SET max_execution_time = " + std::to_string(seconds)}));
    timeout_ = timeout;
    return {};
  }

  Result<void> run(const Statement& statement) {
    return run_whole(statement, "Null").check(Applied::kUnknown);
  }

  EngineResult run_whole(const Statement& statement, std::string_view format) {
    const std::string sql = statement.sql + settings_clause(statement.settings);
    const Bound bound(statement);
    const Library& library = connection_.library();
    return {library,
            library.query_with_params_n(connection_.handle(), sql.data(), sql.size(), format.data(),
                                        format.size(), bound.names.data(), bound.name_sizes.data(),
                                        bound.values.data(), bound.value_sizes.data(), bound.names.size())};
  }

  Connection connection_;
  std::chrono::milliseconds timeout_{0};
};

class EmbeddedConnector final : public Connector {
 public:
  EmbeddedConnector(std::filesystem::path folder, IfAbsent if_absent)
      : folder_(std::move(folder)), if_absent_(if_absent) {}

  Result<std::unique_ptr<Transport>> connect() override {
    OPTIINFRA_TRY(Connection connection, Connection::open(folder_, if_absent_));
    return std::unique_ptr<Transport>(std::make_unique<Session>(std::move(connection)));
  }

  std::string description() const override { return "embedded:" + folder_.string(); }

 private:
  std::filesystem::path folder_;
  IfAbsent if_absent_;
};

}  // namespace

std::shared_ptr<Connector> make_embedded_connector(std::filesystem::path folder, IfAbsent if_absent) {
  return std::make_shared<EmbeddedConnector>(std::move(folder), if_absent);
}

}  // namespace optiinfra::embedded
