/// @file optiinfra/schema/measure.hpp
/// Describes a measure of a rollup: its source, how it is kept, and the numbers that readers get from it. The
/// rollup's column, the materialized view, the finishing view, the questions, the answers and the
/// documentation are derived from it.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace optiinfra {

/// How a measure of a rollup adds up.
enum class Aggregate {
  kCount,         ///< Rows.
  kCountPresent,  ///< Rows in which the source is not absent.
  kCountWhere,    ///< Rows that meet the source's condition.
  kSum,
  kAverage,  ///< Kept as sum and count, so that averages of hours combine exactly.
  kMinimum,
  kMaximum,
  kMaximumState,  ///< As kMaximum, in the form that the contract's readers merge with maxMerge.
  kBuckets,       ///< A histogram's buckets; gives the percentiles of kQuantiles, exact to the bucket.
  kSketch,        ///< A sketch (quantilesDD) that gives the percentiles of kQuantiles within 1 %.
};

/// A percentile that a sketch or a histogram gives.
struct Quantile {
  const char* prefix;  ///< "p95".
  double level;
};
inline constexpr Quantile kQuantiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p95", 0.95}, {"p99", 0.99}};

/// Relative error of a percentile, which the sketch guarantees.
inline constexpr double kQuantileError = 0.01;

/// Which raw rows a measure takes: those whose `column` has one of the texts.
struct Condition {
  const char* column = "";                 ///< Empty: every row.
  std::array<const char*, 2> any_of = {};  ///< nullptr: no further one.

  bool is_everything() const { return *column == '\0'; }
  std::string expression(std::string_view prefix) const;  ///< "r.status IN ('server_error', 'dropped')".
};

/// The value of each raw row that is aggregated.
struct Source {
  const char* column = "";      ///< Empty when rows are counted.
  const char* only_where = "";  ///< A flag: a row in which it is 0 adds nothing to the sum. Empty: every row.
  /// The state holds the column multiplied by this; readers get the divided value. A sketch counts everything
  /// below 1 as zero, so smaller values are kept in a smaller unit.
  int scale = 1;
  const char* times = "";  ///< A column that the value is multiplied by; absent it counts as 1. Empty: none.
  Condition where = {};
  bool may_be_absent = false;  ///< Of the column; table_of() sets it.
};

/// How an expression names a measure's column, and which rows it reads.
struct Reading {
  std::string_view prefix = {};     ///< Stands before the column: "r.".
  std::string_view condition = {};  ///< Only the rows for which it holds. Empty: all.
};

/// One column of a rollup that is not part of its key, and the numbers that readers get from it.
struct MeasureDefinition {
  std::string name;  ///< As stored: "avg_latency", "latency_ns_quantiles".
  Aggregate aggregate;
  Source source;
  const char* value_type;  ///< The engine's type of the source or, for sums, of the total.
  const char* unit;        ///< Of the numbers: "ms".
  /// The name of a number in answers ("avg_latency_ms"), and for people ("average latency"). For percentiles
  /// they follow the percentile: "latency_ms" becomes "p95_latency_ms".
  std::string key;
  std::string heading;
  int decimals = 1;           ///< Shown in tables. Answers hold all digits.
  const char* note = "";      ///< What the unit does not say: "spot capacity".
  const char* reads_as = "";  ///< For percentiles: in SQL its numbers are called "p95_" and this.

  /// The value, as SQL, in rollup rows that are older than the column. Empty: the engine's default.
  /// table_of() sets it.
  std::string default_value = {};
  /// The measure that counts the rows with a value, when the source may be absent. Empty: every row has one.
  /// table_of() sets it.
  std::string counted_by = {};

  std::string state_type() const;  ///< "AggregateFunction(avg, Float32)".

  /// From raw rows to a state: "avgState(r.latency_ms)" with the prefix "r.". Absent values add nothing. When
  /// all values are absent, a minimum is infinite, a maximum minus infinite, an average NaN and a sum 0.
  std::string raw_expression(std::string_view prefix) const;

  /// From rows of one key and hour to one value that an insert accepts, with states as their bytes in a
  /// String: "CAST(avgMergeState(r.avg_latency), 'String')" with the prefix "r.".
  std::string merged_expression(std::string_view prefix) const;

  /// Whether its numbers count something, in whole numbers. Without rows a count is 0; any other number is
  /// absent.
  bool is_count() const;

  bool gives_quantiles() const { return aggregate == Aggregate::kSketch || aggregate == Aggregate::kBuckets; }
};

/// A number that readers get: a finished measure, or one percentile.
struct FinishedColumn {
  const MeasureDefinition* measure;
  int quantile;         ///< For percentiles the index in kQuantiles, otherwise -1.
  std::string name;     ///< In the finishing view: "p95_latency".
  std::string key;      ///< In answers: "p95_latency_ms".
  std::string heading;  ///< For people, without the unit: "p95 latency".

  /// SQL over the rollup's columns, grouped by its key. Without any value the result is that of
  /// raw_expression().
  std::string expression(const Reading& reading = {}) const;

  /// The same, but NULL when no row has a value. For SQL that people write.
  std::string nullable_expression(const Reading& reading) const;

  /// The same, as UInt64 for a count, else as Float64. Converts only when the type differs, because each
  /// conversion costs time in the engine's planner.
  std::string answer_expression(const Reading& reading = {}) const;
};

/// A count divided by the seconds of the window that it covers: computed from an answer, not stored.
struct RateDefinition {
  const char* name;     ///< "requests_per_second", in questions and in answers.
  const char* measure;  ///< The count: "request_count".
  const char* unit;
  const char* heading;
  int decimals;
};

/// The numbers of `measures`, in their order.
std::vector<FinishedColumn> finished_columns(const std::vector<MeasureDefinition>& measures);

}  // namespace optiinfra
