/// The SQL of a question over a window: whole hours from the rollup, partial edges from raw rows.
#pragma once

#include <string>
#include <vector>

#include "optiinfra/core/time.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/transport/transport.hpp"

namespace optiinfra {

/// A number of the answer: which finished column, and how it is read.
struct AnswerColumn {
  const char* name;  ///< "p95_latency"
  bool is_count;     ///< UInt64; else Float64.
};

struct Question {
  const TableDefinition* table = nullptr;
  TimeRange range{};
  std::vector<NamedValue> filters = {};  ///< Columns of the rollup's key and the values they must have.
  std::vector<std::string> groups = {};  ///< Columns that the answer is split by.
  std::string bucket = {};               ///< An expression over `hour`; empty: not split by time.
  std::string order = {};
  std::vector<AnswerColumn> columns = {};
  bool raw_only = false;  ///< A group that the rollup does not keep: all of the range is an edge.
};

/// `range` with an edge moved out to the whole hour where its raw rows are older than `raw_begin`.
TimeRange widen(TimeRange range, sys_seconds raw_begin);

/// The statement. Its columns: the bucket when there is one (UInt32), the groups (String), then `columns`.
Statement make_statement(const Question& question, std::string_view database,
                         std::chrono::milliseconds timeout);

}  // namespace optiinfra
