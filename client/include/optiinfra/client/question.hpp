/// @file optiinfra/client/question.hpp
/// The general question: measures by dimensions in buckets of time, over any window. Every other question is
/// one of these with fixed names (catalogue.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "optiinfra/core/time.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace optiinfra {

/// How long the buckets of a series are. A week starts on Monday.
enum class Bucket { kHour, kDay, kWeek };

/// Limits of one question: the engine prepares every number of it before it reads a row.
inline constexpr std::size_t kMeasuresMax = 64, kDimensionsMax = 8, kFiltersMax = 64;

/// Most rows that an Answer holds. Read longer answers row by row, with a callback.
inline constexpr std::size_t kAnswerRowsMax = 1'000'000;

/// Keeps only rows whose dimension has the value. Several filters of one dimension accept any of the values.
struct Filter {
  std::string dimension;
  std::string value;  ///< As text, also when the dimension is a UUID.
};

struct Order {
  std::string by;  ///< A measure or a dimension of the question, or "begin" for its buckets.
  bool is_descending = false;
};

/// Names are those of the catalogue: measures() and dimensions() in catalogue.hpp. Measures of several
/// families may be asked together when the families share the dimensions and filters; the answer has a row
/// when any of the families has it.
struct Question {
  /// "total_cost", "p95_latency". When several families have a name: "performance.request_count".
  std::vector<std::string> measures = {};
  std::vector<std::string> dimensions =
      {};                             ///< "customer", "model": a row for each combination. Empty: one row.
  std::optional<Bucket> bucket = {};  ///< A row for each bucket too.
  TimeRange range{};
  std::vector<Filter> filters = {};
  std::vector<Order> order = {};  ///< Empty: by bucket, then by dimension, as the question lists them.
  std::size_t limit = 0;          ///< Most rows; 0 for all.
  /// The family whose measures are meant when several families have a name.
  std::optional<Family> family = {};
};

/// Nothing, a count, a number, a text or a time.
using Cell = std::variant<std::monostate, std::uint64_t, double, std::string, sys_seconds>;

/// What the cells of a column are. A number or a count may be absent: see AnswerColumn.
enum class CellKind { kTime, kText, kCount, kNumber };

struct AnswerColumn {
  std::string key;      ///< "p95_latency_ms".
  std::string heading;  ///< For people, without the unit: "p95 latency".
  std::string unit;     ///< "ms"; empty for none.
  CellKind kind = CellKind::kText;
  int decimals = 0;  ///< Digits after the point when the number is shown to people.
};

/// How many raw rows of a family an answer is computed from.
struct Coverage {
  Family family{};
  std::uint64_t rows = 0;
};

struct Answer {
  TimeRange window;                     ///< What the numbers cover, exactly.
  std::vector<AnswerColumn> columns;    ///< The bucket's begin when there are buckets, dimensions, measures.
  std::vector<std::vector<Cell>> rows;  ///< A cell for each column. Empty when rows went to a callback.
  std::vector<Coverage> coverage;       ///< Of each family that the measures come from.
};

}  // namespace optiinfra
