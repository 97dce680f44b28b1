#include "optiinfra/schema/measure.hpp"

#include <cstdio>

#include "optiinfra/schema/histogram.hpp"

namespace optiinfra {
namespace {

using enum Aggregate;

/// Written out, because the type of the stored state holds these digits: relative error, then kQuantiles.
constexpr const char* kQuantileLevels = "(0.01, 0.5, 0.9, 0.95, 0.99)";

/// The engine's words for one way of adding up.
struct Words {
  const char* function;  ///< The plain function: "avg".
  const char* levels;    ///< Of a sketch, after the function's name.
  bool is_state;         ///< Kept as AggregateFunction; otherwise a value that merges as itself.
  bool is_float32;       ///< Gives Float32, whatever an answer wants.
};

Words words_of(Aggregate aggregate) {
  switch (aggregate) {
    case kCount:
    case kCountPresent:
    case kCountWhere:
    case kSum:
      return {"sum", "", false, false};
    case kAverage:
      return {"avg", "", true, false};
    case kMinimum:
      return {"min", "", false, true};
    case kMaximum:
      return {"max", "", false, true};
    case kMaximumState:
      return {"max", "", true, true};
    case kBuckets:
      return {"sumMap", "", true, false};
    case kSketch:
      break;
  }
  return {"quantilesDD", kQuantileLevels, true, false};
}

/// Otherwise a view would show readers the type SimpleAggregateFunction(min, Float32).
std::string as_float32(const Words& words, std::string sql) {
  return words.is_float32 && !words.is_state ? "toFloat32(" + std::move(sql) + ")" : std::move(sql);
}

/// The value of a raw row that has one, times what it is multiplied by.
std::string value_of(const Source& source, std::string_view prefix, bool is_present) {
  const std::string before(prefix);
  std::string sql = before + source.column;
  if (is_present && source.may_be_absent) sql = "assumeNotNull(" + sql + ")";
  if (*source.times != '\0') sql += " * ifNull(" + before + source.times + ", 1)";
  if (*source.only_where != '\0') sql += " * " + before + source.only_where;
  if (source.scale != 1) sql += " * " + std::to_string(source.scale);
  return sql;
}

/// The value that changes nothing when it is added to others; a state takes no NULL.
const char* neutral_value(Aggregate aggregate) {
  if (aggregate == kMinimum) return "toFloat32(inf)";
  return aggregate == kSum ? "0" : "toFloat32(-inf)";
}

/// A row's histogram (histogram.hpp) as a Map from upper bound to count. Keeps buckets of 0: they bound
/// others.
std::string buckets_of(const std::string& column) {
  const std::string buckets = "JSONExtractKeysAndValues(" + column + ", 'UInt64')";
  return "mapFromArrays(arrayMap(b -> if(b.1 = '+Inf', toUInt64(" + std::to_string(kUnboundedUs) +
         "), toUInt64OrZero(b.1)), " + buckets + "), arrayMap(b -> b.2, " + buckets + "))";
}

/// The value, in milliseconds, below which the share `level` of what `buckets` counts lies, on a straight
/// line within its bucket, as Prometheus's histogram_quantile() has it. In the unbounded bucket it is that
/// bucket's lower bound. NaN when nothing was counted: an index of 0 gives 0, and 0 is divided by 0.
std::string quantile_of(const std::string& buckets, double level) {
  char share[16];
  std::snprintf(share, sizeof share, "%g", level);
  const std::string rank = share + std::string(" * s[-1]");
  // Lambdas over arrays of one element name what is used often: bounds, counts, sums of counts, index.
  return "arrayMap((b, c, s) -> arrayMap(i -> if(b[i] = " + std::to_string(kUnboundedUs) +
         ", toFloat64(b[i - 1]), b[i - 1] + (b[i] - b[i - 1]) * (" + rank +
         " - s[i] + c[i]) / c[i]) / 1000, [toInt64(arrayFirstIndex(x -> x > 0 AND x >= " + rank +
         ", s))])[1], [mapKeys(" + buckets + ")], [mapValues(" + buckets + ")], [arrayCumSum(mapValues(" +
         buckets + "))])[1]";
}

std::string if_and(const std::string& a, const std::string& b) {
  return a.empty() || b.empty() ? a + b : a + " AND " + b;
}

}  // namespace

std::string Condition::expression(std::string_view prefix) const {
  std::string words;
  for (const char* word : any_of) {
    if (word != nullptr) words += (words.empty() ? "'" : ", '") + std::string(word) + "'";
  }
  return std::string(prefix) + column + " IN (" + words + ")";
}

bool MeasureDefinition::is_count() const { return std::string_view(value_type) == "UInt64"; }

std::string MeasureDefinition::state_type() const {
  const Words words = words_of(aggregate);
  return std::string(words.is_state ? "AggregateFunction(" : "SimpleAggregateFunction(") + words.function +
         words.levels + ", " + value_type + ")";
}

std::string MeasureDefinition::raw_expression(std::string_view prefix) const {
  const std::string column = std::string(prefix) + source.column;
  if (aggregate == kCount) return "count()";
  if (aggregate == kCountPresent) return "count(" + column + ")";
  if (aggregate == kCountWhere) return "countIf(" + source.where.expression(prefix) + ")";
  const Words words = words_of(aggregate);
  // A minimum or maximum without -If would be that of no rows, 0, which merges as if it had been measured.
  const bool is_neutral = source.may_be_absent && (aggregate == kSum || aggregate == kMinimum ||
                                                   words.function == std::string("max"));
  const bool is_left_out = source.may_be_absent && !is_neutral;
  if (aggregate == kBuckets) return "sumMapState(" + buckets_of(column) + ")";
  const std::string value = value_of(source, prefix, is_left_out);
  const std::string condition = if_and(source.where.is_everything() ? "" : source.where.expression(prefix),
                                       is_left_out ? "isNotNull(" + column + ")" : "");
  return std::string(words.function) + (words.is_state ? "State" : "") + (condition.empty() ? "" : "If") +
         words.levels + "(" +
         (is_neutral ? "ifNull(" + value + ", " + neutral_value(aggregate) + ")" : value) +
         (condition.empty() ? "" : ", " + condition) + ")";
}

std::string MeasureDefinition::merged_expression(std::string_view prefix) const {
  const Words words = words_of(aggregate);
  const std::string arguments = words.levels + ("(" + std::string(prefix)) + name + ")";
  if (words.is_state) return std::string("CAST(") + words.function + "MergeState" + arguments + ", 'String')";
  return as_float32(words, words.function + arguments);
}

std::string FinishedColumn::expression(const Reading& reading) const {
  const Words words = words_of(measure->aggregate);
  std::string sql = words.function;
  if (words.is_state) sql += "Merge";
  if (!reading.condition.empty()) sql += "If";
  sql += words.levels + ("(" + std::string(reading.prefix)) + measure->name;
  if (!reading.condition.empty()) sql += ", " + std::string(reading.condition);
  sql = as_float32(words, sql + ")");
  if (measure->aggregate == kBuckets) return quantile_of(sql, kQuantiles[quantile].level);
  if (quantile >= 0) sql += "[" + std::to_string(quantile + 1) + "]";
  if (measure->source.scale != 1) sql += " / " + std::to_string(measure->source.scale);
  return sql;
}

std::string FinishedColumn::nullable_expression(const Reading& reading) const {
  if (measure->aggregate == kBuckets)
    return "arrayMap(v -> if(isNaN(v), NULL, v), [" + expression(reading) + "])[1]";
  if (measure->counted_by.empty()) return expression(reading);
  return "if(sum(" + std::string(reading.prefix) + measure->counted_by + ") = 0, NULL, " +
         expression(reading) + ")";
}

std::string FinishedColumn::answer_expression(const Reading& reading) const {
  return words_of(measure->aggregate).is_float32 ? "toFloat64(" + expression(reading) + ")"
                                                 : expression(reading);
}

std::vector<FinishedColumn> finished_columns(const std::vector<MeasureDefinition>& measures) {
  std::vector<FinishedColumn> columns;
  for (const MeasureDefinition& measure : measures) {
    if (!measure.gives_quantiles()) {
      columns.push_back({&measure, -1, measure.name, measure.key, measure.heading});
      continue;
    }
    int index = 0;
    for (const Quantile& quantile : kQuantiles) {
      const std::string prefix = quantile.prefix;
      columns.push_back({&measure, index++, prefix + "_" + measure.reads_as, prefix + "_" + measure.key,
                         prefix + " " + measure.heading});
    }
  }
  return columns;
}

}  // namespace optiinfra
