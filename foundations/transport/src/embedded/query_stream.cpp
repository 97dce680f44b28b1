#include "embedded/query_stream.hpp"

#include <algorithm>
#include <cstring>

#include "statement_text.hpp"

namespace optiinfra::embedded {
namespace {

/// Parameters as the C interface takes them; borrows the statement's names.
struct Bound {
  explicit Bound(const Statement& statement) {
    texts.reserve(statement.parameters.size());
    for (const NamedValue& parameter : statement.parameters) {
      texts.push_back(parameter_text(statement.sql, parameter));
      names.push_back(parameter.first.data()), name_sizes.push_back(parameter.first.size());
      values.push_back(texts.back().data()), value_sizes.push_back(texts.back().size());
    }
  }
  std::vector<std::string> texts;
  std::vector<const char*> names, values;
  std::vector<std::size_t> name_sizes, value_sizes;
};

/// The engine streams only SELECT; it says so of SHOW, DESCRIBE, EXISTS and the rest before running them.
bool cannot_be_streamed(const EngineResult& handle) {
  const auto status = handle.check(Applied::kNo);
  return !status && status.error().message.find("Streaming query is not supported") != std::string::npos;
}

/// Whether pieces in `format` may follow each other. The engine's stream formats each block by itself,
/// with the format's beginning and end: fit only for rows, not for a JSON document or a Parquet file.
/// JSONCompactEachRowWithNamesAndTypes, which has headings, repeats them with each block.
bool is_made_of_rows(std::string_view format) {
  static constexpr std::string_view kFormats[] = {"CSV",
                                                  "JSONCompactEachRow",
                                                  "JSONCompactEachRowWithNamesAndTypes",
                                                  "JSONEachRow",
                                                  "Native",
                                                  "RowBinary",
                                                  "TSV",
                                                  "TabSeparated"};
  return std::find(std::begin(kFormats), std::end(kFormats), format) != std::end(kFormats);
}

/// A statement that changes no store. The engine itself keeps the parts of a store that is only read from
/// change; what it would make in addition, such as a view, would be gone with the session.
bool is_reading(std::string_view sql) {
  static constexpr std::string_view kWords[] = {"(",      "DESC", "DESCRIBE", "EXISTS", "EXPLAIN", "FROM",
                                                "SELECT", "SET",  "SHOW",     "USE",    "VALUES",  "WITH"};
  return std::find(std::begin(kWords), std::end(kWords), next_word(sql)) != std::end(kWords);
}

Result<std::string> text_of(const Connection& connection, const Statement& statement) {
  OPTIINFRA_TRY(const std::string_view sql, single_statement(statement.sql));
  if (!is_reading(sql)) OPTIINFRA_CHECK(connection.expect_writable());
  return std::string(sql) + settings_clause(statement.settings);
}

/// `call` is query_with_params_n or stream_query_with_params_n: both take the same.
template <typename Call>
EngineResult call_engine(Call call, const Connection& connection, const Statement& statement,
                         const std::string& sql, std::string_view format) {
  const Bound bound(statement);
  return {connection.library(),
          call(connection.handle(), sql.data(), sql.size(), format.data(), format.size(), bound.names.data(),
               bound.name_sizes.data(), bound.values.data(), bound.value_sizes.data(), bound.names.size())};
}

}  // namespace

Result<void> run_statement(const Connection& connection, const Statement& statement) {
  OPTIINFRA_TRY(const std::string sql, text_of(connection, statement));
  return call_engine(connection.library().query_with_params_n, connection, statement, sql, "Null")
      .check(Applied::kUnknown);
}

Result<QueryStream> QueryStream::open(const Connection& connection, const Statement& statement,
                                      std::string_view format) {
  OPTIINFRA_TRY(const std::string sql, text_of(connection, statement));
  const Library& library = connection.library();
  const auto read_whole = [&]() -> Result<QueryStream> {
    EngineResult whole = call_engine(library.query_with_params_n, connection, statement, sql, format);
    OPTIINFRA_CHECK(whole.check(Applied::kUnknown));
    return QueryStream(connection, std::move(whole), false);
  };
  if (!is_made_of_rows(format)) return read_whole();
  EngineResult handle = call_engine(library.stream_query_with_params_n, connection, statement, sql, format);
  if (cannot_be_streamed(handle)) return read_whole();
  OPTIINFRA_CHECK(handle.check(Applied::kUnknown));
  return QueryStream(connection, std::move(handle), true);
}

QueryStream::QueryStream(const Connection& connection, EngineResult handle, bool is_stream)
    : connection_(&connection), handle_(std::move(handle)), is_stream_(is_stream) {}

QueryStream::~QueryStream() {
  // An ended stream must not be cancelled: the engine was seen to crash on it.
  if (ended_ || !is_stream_ || handle_.get() == nullptr) return;
  connection_->library().stream_cancel_query(connection_->handle(), handle_.get());
}

Result<std::string_view> QueryStream::next() {
  if (ended_) return std::string_view{};
  if (!is_stream_) {
    ended_ = true;
    return handle_.text();
  }
  const Library& library = connection_->library();
  chunk_.emplace(library, library.stream_fetch_result(connection_->handle(), handle_.get()));
  if (auto status = chunk_->check(Applied::kUnknown); !status) {
    ended_ = true;
    return std::move(status).error();
  }
  const std::string_view text = chunk_->text();
  summary_.rows_read += library.result_storage_rows_read(chunk_->get());
  summary_.bytes_read += library.result_storage_bytes_read(chunk_->get());
  ended_ = text.empty();
  return text;
}

ByteSource source_of(QueryStream& stream) {
  return [&stream, rest = std::string_view{}](std::span<std::byte> into) mutable -> Result<std::size_t> {
    if (rest.empty()) {
      OPTIINFRA_TRY(rest, stream.next());
    }
    const std::size_t step = std::min(into.size(), rest.size());
    if (step > 0) std::memcpy(into.data(), rest.data(), step);
    rest.remove_prefix(step);
    return step;
  };
}

}  // namespace optiinfra::embedded
