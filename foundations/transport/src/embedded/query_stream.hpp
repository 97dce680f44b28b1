/// A query whose answer is pulled chunk by chunk.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "embedded/engine.hpp"
#include "embedded/engine_result.hpp"
#include "optiinfra/codec/native.hpp"

namespace optiinfra::embedded {

/// Runs `statement` to its end, without an answer.
Result<void> run_statement(const Connection& connection, const Statement& statement);

/// A running query; the connection must live longer. Destroying it before its end stops the query.
class QueryStream {
 public:
  /// Errors: kInvalidArgument for no statement or more than one, and those of the engine.
  static Result<QueryStream> open(const Connection& connection, const Statement& statement,
                                  std::string_view format);

  QueryStream(QueryStream&&) = default;
  ~QueryStream();

  /// The next chunk, empty at the end. Valid until the next call.
  Result<std::string_view> next();

  /// Of what has been pulled so far; `elapsed` is left 0.
  const QuerySummary& summary() const { return summary_; }

 private:
  QueryStream(const Connection& connection, EngineResult handle, bool is_stream);

  const Connection* connection_;
  EngineResult handle_;
  std::optional<EngineResult> chunk_;
  QuerySummary summary_;
  bool is_stream_;  ///< Otherwise handle_ holds the whole answer: the engine streams only SELECT.
  bool ended_ = false;
};

/// The stream's chunks as one run of bytes. `stream` must live longer.
ByteSource source_of(QueryStream& stream);

}  // namespace optiinfra::embedded
