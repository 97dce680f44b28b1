#include "optiinfra/schema/tables.hpp"

#include "optiinfra/schema/placement.hpp"

namespace optiinfra {
namespace {

using enum Aggregate;
using std::chrono::days;

// Why these keys, types and codecs: docs/decisions/0004 to 0006.
const TableDefinition kTables[] = {
    {Family::kCost,
     "cost",
     "cost_metrics_ts",
     "cost_metrics_hourly",
     "cost_metrics_hourly_mv",
     "cost_hourly",
     {"customer_id", "cloud_provider", "timestamp"},
     {"customer_id", "hour", "cloud_provider", "service_name"},
     {{"total_cost", kSum, "cost_per_hour", "Float64", "currency units"},
      {"spot_cost", kSum, "cost_per_hour * is_spot", "Float64", "currency units, spot capacity"},
      {"reserved_cost", kSum, "cost_per_hour * is_reserved", "Float64", "currency units, reserved capacity"},
      {"avg_utilization", kAverage, "utilization_percent", "Float32", "percent"},
      {"min_utilization", kMinimum, "utilization_percent", "Float32", "percent"},
      {"max_utilization", kMaximum, "utilization_percent", "Float32", "percent"},
      {"sample_count", kCount, "", "UInt64", "rows"}},
     days{90},
     1024},
    {Family::kPerformance,
     "performance",
     "performance_metrics_ts",
     "performance_metrics_hourly",
     "performance_metrics_hourly_mv",
     "performance_hourly",
     {"customer_id", "service_id", "timestamp"},
     {"customer_id", "service_id", "hour", "service_type", "model_name"},
     {{"avg_latency", kAverage, "latency_ms", "Float32", "ms"},
      {"min_latency", kMinimum, "latency_ms", "Float32", "ms"},
      {"max_latency", kMaximum, "latency_ms", "Float32", "ms"},
      // The sketch counts everything below 1 as zero; in nanoseconds nothing real is below 1.
      {"latency_ns_quantiles", kSketch, "latency_ms * 1000000", "Float64", "ms"},
      {"avg_throughput", kAverage, "throughput_tokens_per_sec", "Float32", "tokens/s of one request"},
      {"avg_gpu_util", kAverage, "gpu_utilization", "Float32", "percent"},
      {"avg_kv_cache_util", kAverage, "kv_cache_utilization", "Float32", "percent"},
      {"avg_batch_size", kAverage, "batch_size", "UInt32", "requests"},
      {"prompt_tokens", kSum, "prompt_tokens", "UInt64", "tokens"},
      {"completion_tokens", kSum, "completion_tokens", "UInt64", "tokens"},
      {"total_tokens", kSum, "total_tokens", "UInt64", "tokens"},
      {"request_count", kCount, "", "UInt64", "requests"}},
     days{30},
     256},
    {Family::kResource,
     "resource",
     "resource_metrics_ts",
     "resource_metrics_hourly",
     "resource_metrics_hourly_mv",
     "resource_hourly",
     {"customer_id", "instance_id", "timestamp", "gpu_index"},
     {"customer_id", "instance_id", "hour", "instance_type"},
     {{"avg_gpu_util", kAverage, "gpu_utilization", "Float32", "percent"},
      {"max_gpu_util", kMaximumState, "gpu_utilization", "Float32", "percent"},
      {"avg_gpu_memory", kAverage, "gpu_memory_used_mb", "Float32", "MB"},
      {"max_gpu_memory", kMaximum, "gpu_memory_used_mb", "Float32", "MB"},
      {"max_gpu_temperature", kMaximum, "gpu_temperature", "Float32", "degC"},
      {"avg_cpu_util", kAverage, "cpu_utilization", "Float32", "percent"},
      {"max_cpu_util", kMaximum, "cpu_utilization", "Float32", "percent"},
      {"avg_memory", kAverage, "memory_used_gb", "Float32", "GB"},
      {"max_memory", kMaximum, "memory_used_gb", "Float32", "GB"},
      {"avg_network_rx", kAverage, "network_rx_mbps", "Float32", "Mbit/s"},
      {"avg_network_tx", kAverage, "network_tx_mbps", "Float32", "Mbit/s"},
      {"sample_count", kCount, "", "UInt64", "rows"}},
     days{90},
     1024},
    {Family::kQuality,
     "quality",
     "quality_metrics_ts",
     "quality_metrics_hourly",
     "quality_metrics_hourly_mv",
     "quality_hourly",
     {"customer_id", "service_id", "timestamp"},
     {"customer_id", "service_id", "hour", "model_name"},
     {{"avg_quality", kAverage, "overall_quality_score", "Float32", "0-1"},
      {"min_quality", kMinimum, "overall_quality_score", "Float32", "0-1"},
      {"avg_relevance", kAverage, "relevance_score", "Float32", "0-1"},
      {"avg_coherence", kAverage, "coherence_score", "Float32", "0-1"},
      {"avg_factuality", kAverage, "factuality_score", "Float32", "0-1"},
      {"avg_toxicity", kAverage, "toxicity_score", "Float32", "0-1"},
      {"max_toxicity", kMaximum, "toxicity_score", "Float32", "0-1"},
      {"avg_latency", kAverage, "latency_ms", "UInt32", "ms"},
      {"hallucination_count", kSum, "hallucination_detected", "UInt64", "answers"},
      {"request_count", kCount, "", "UInt64", "answers"}},
     days{30},
     1024},
};

/// Written out, because the type of the stored state holds these digits: relative error, then kQuantiles.
std::string quantile_levels() { return "0.01, 0.5, 0.9, 0.95, 0.99"; }

/// "latency_ns_quantiles" gives "p95_latency", in milliseconds.
std::string quantile_column(const Quantile& quantile) { return std::string(quantile.prefix) + "_latency"; }

std::string merge_function(Aggregate aggregate) {
  switch (aggregate) {
    case kCount:
    case kSum:
      return "sum";
    case kAverage:
      return "avgMerge";
    case kMinimum:
      return "min";
    case kMaximum:
      return "max";
    case kMaximumState:
      return "maxMerge";
    case kSketch:
      return "quantilesDDMerge";
  }
  return "";
}

std::string finish(const MeasureDefinition& measure, std::string_view condition) {
  std::string sql = merge_function(measure.aggregate);
  if (!condition.empty()) sql += "If";
  if (measure.aggregate == kSketch) sql += "(" + quantile_levels() + ")";
  sql += "(" + std::string(measure.name);
  if (!condition.empty()) sql += ", " + std::string(condition);
  sql += ")";
  // Otherwise a view would show readers the type SimpleAggregateFunction(min, Float32).
  if (measure.aggregate == kMinimum || measure.aggregate == kMaximum) return "toFloat32(" + sql + ")";
  return sql;
}

template <typename Names>
std::string joined(const Names& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

}  // namespace

std::string MeasureDefinition::state_type() const {
  const std::string type = value_type;
  switch (aggregate) {
    case kCount:
    case kSum:
      return "SimpleAggregateFunction(sum, " + type + ")";
    case kAverage:
      return "AggregateFunction(avg, " + type + ")";
    case kMinimum:
      return "SimpleAggregateFunction(min, " + type + ")";
    case kMaximum:
      return "SimpleAggregateFunction(max, " + type + ")";
    case kMaximumState:
      return "AggregateFunction(max, " + type + ")";
    case kSketch:
      return "AggregateFunction(quantilesDD(" + quantile_levels() + "), " + type + ")";
  }
  return type;
}

std::string MeasureDefinition::merged_expression(std::string_view prefix) const {
  const std::string column = std::string(prefix) + name;
  switch (aggregate) {
    case kCount:
    case kSum:
      return "sum(" + column + ")";
    case kMinimum:
    case kMaximum:
      return "toFloat32(" + merge_function(aggregate) + "(" + column + "))";
    case kSketch:
      return "CAST(quantilesDDMergeState(" + quantile_levels() + ")(" + column + "), 'String')";
    case kAverage:
    case kMaximumState:
      break;
  }
  return "CAST(" + merge_function(aggregate) + "State(" + column + "), 'String')";
}

std::string MeasureDefinition::raw_expression() const {
  const std::string argument = source;
  switch (aggregate) {
    case kCount:
      return "count()";
    case kSum:
      return "sum(" + argument + ")";
    case kAverage:
      return "avgState(" + argument + ")";
    case kMinimum:
      return "min(" + argument + ")";
    case kMaximum:
      return "max(" + argument + ")";
    case kMaximumState:
      return "maxState(" + argument + ")";
    case kSketch:
      return "quantilesDDState(" + quantile_levels() + ")(" + argument + ")";
  }
  return argument;
}

std::vector<ColumnDefinition> TableDefinition::columns() const {
  std::vector<ColumnDefinition> result;
  with_metric(family, [&]<typename Row>() {
    for_each_column<Row>([&](const auto& access) { result.push_back(access.definition); });
  });
  return result;
}

std::vector<FinishedColumn> TableDefinition::finished(std::string_view condition) const {
  std::vector<FinishedColumn> result;
  for (const MeasureDefinition& measure : measures) {
    if (measure.aggregate != kSketch) {
      result.push_back({measure.name, measure.aggregate, finish(measure, condition)});
      continue;
    }
    int index = 0;
    for (const Quantile& quantile : kQuantiles) {
      result.push_back({quantile_column(quantile), kSketch,
                        finish(measure, condition) + "[" + std::to_string(++index) + "] / 1000000"});
    }
  }
  return result;
}

std::vector<const char*> TableDefinition::grouped() const {
  std::vector<const char*> result;
  for (const char* column : rollup_key) {
    if (std::string_view(column) != "hour") result.push_back(column);
  }
  return result;
}

const TableDefinition& table_of(Family family) { return kTables[static_cast<std::size_t>(family)]; }

const TableDefinition* find_table(std::string_view name) {
  for (const TableDefinition& table : kTables) {
    if (name == table.name) return &table;
  }
  return nullptr;
}

std::string qualified(std::string_view database, std::string_view table) {
  return std::string(database) + "." + std::string(table);
}

std::string ttl_expression(std::string_view time_column, days keep) {
  return "greatest(" + std::string(time_column) + " + toIntervalDay(" + std::to_string(keep.count()) +
         "), arrival_hour + toIntervalDay(" + std::to_string(kArrivalGrace.count()) + "))";
}

std::string addressed(std::string_view database, std::string_view table, const TableForm& form) {
  return qualified(database, table) +
         (form.on_cluster.empty() ? "" : " ON CLUSTER `" + form.on_cluster + "`");
}

std::string engine_clause(std::string_view engine, const TableForm& form, std::string_view arguments) {
  const std::string own(arguments);
  if (!form.is_replicated) return "ENGINE = " + std::string(engine) + (own.empty() ? "" : "(" + own + ")");
  return "ENGINE = Replicated" + std::string(engine) +
         "('/clickhouse/tables/{shard}/{database}/{table}', '{replica}'" + (own.empty() ? "" : ", " + own) +
         ")";
}

std::string rollup_query(const TableDefinition& table, std::string_view database,
                         std::string_view condition) {
  std::string sql = "SELECT toStartOfHour(timestamp) AS hour, " + joined(table.grouped());
  for (const MeasureDefinition& measure : table.measures)
    sql += ",\n    " + measure.raw_expression() + " AS " + measure.name;
  // The rows of one insert are of one generation, so the smallest is that of all.
  sql += ",\n    min(arrival_hour) AS arrival_hour,\n    min(generation) AS generation\nFROM " +
         qualified(database, table.raw_table);
  if (!condition.empty()) sql += " AS r\nWHERE " + std::string(condition);
  return sql + "\nGROUP BY hour, " + joined(table.grouped());
}

std::string generation_column(std::uint32_t generation) {
  return "generation UInt32 MATERIALIZED " + std::to_string(generation) + " CODEC(ZSTD(1))";
}

namespace {

/// How many inserts back a repeated token is still known. The engine counts parts: one insert of ours is
/// one part. Replicated tables forget by age too, after an hour unless told otherwise.
std::string deduplication_settings(const TableForm& form) {
  return form.is_replicated
             ? "replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800"
             : "non_replicated_deduplication_window = 10000";
}

/// Names the insert that brought a row, by a hash of its token; 0 without one. The engine evaluates it
/// once a block, where the insert's settings are known; a row from before the column reads 0.
std::string batch_column() {
  const std::string token = "getSetting('insert_deduplication_token')";
  return "batch_id UInt64 MATERIALIZED if(" + token + " = '', 0, sipHash64(" + token + ")) CODEC(ZSTD(1))";
}

/// Part of the sorting key, so that states of different generations never merge. It has no default of its
/// own, which the engine demands of a column that joins the key of an existing table.
std::string rollup_generation_column() { return "generation UInt32 CODEC(ZSTD(1))"; }

std::string rollup_order(const TableDefinition& table) {
  const std::string key = joined(table.rollup_key);
  return "PRIMARY KEY (" + key + ")\nORDER BY (" + key + ", generation)";
}

/// Holds foreign writers to what our own validation demands: an infinity would make the sketch throw
/// after the raw part is committed, and a NaN would spoil an hour's means.
std::string finite_constraint(const TableDefinition& table) {
  std::string check;
  for (const ColumnDefinition& column : table.columns()) {
    if (!std::string_view(column.type).starts_with("Float")) continue;
    check += (check.empty() ? "isFinite(" : " AND isFinite(") + std::string(column.name) + ")";
  }
  return "    CONSTRAINT finite CHECK " + check;
}

/// An insert returns when the files of its part, and the folder that names them, are on the disk.
constexpr const char* kSyncSettings = "fsync_after_insert = 1, fsync_part_directory = 1";

std::string create_raw(const TableDefinition& table, std::string_view database, const TableForm& form) {
  std::string sql = "CREATE TABLE IF NOT EXISTS " + addressed(database, table.raw_table, form) + "\n(\n";
  for (const ColumnDefinition& column : table.columns()) {
    sql += "    " + std::string(column.name) + " " + column.type + " CODEC(" + column.codec + "),\n";
  }
  // Hidden from SELECT * and filled by the engine: a client that knows the contract never sees them.
  sql +=
      "    arrival_hour DateTime('UTC') MATERIALIZED toStartOfHour(now('UTC')) CODEC(DoubleDelta, "
      "ZSTD(1)),\n";
  sql += "    " + batch_column() + ",\n    " + generation_column(0) + ",\n";
  sql += finite_constraint(table) + "\n)\n" + engine_clause("MergeTree", form) +
         "\nPARTITION BY toDate(timestamp)\nORDER BY (" + joined(table.raw_key) + ")\nTTL ";
  sql += ttl_expression("timestamp", table.raw_retention);
  return sql + "\nSETTINGS ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1, " + kSyncSettings +
         ", " + deduplication_settings(form);
}

/// The columns of a rollup, each behind a line break, with ` CODEC(...)` when `with_codecs`.
std::string rollup_columns(const TableDefinition& table, bool with_codecs) {
  const std::string time_codec = with_codecs ? " CODEC(DoubleDelta, ZSTD(1))" : "",
                    codec = with_codecs ? " CODEC(ZSTD(1))" : "";
  std::string sql = "\n    hour DateTime('UTC')" + time_codec + ",";
  const auto columns = table.columns();
  for (const char* key : table.grouped()) {
    for (const ColumnDefinition& column : columns) {
      if (std::string_view(column.name) == key)
        sql += "\n    " + std::string(key) + " " + column.type + codec + ",";
    }
  }
  for (const MeasureDefinition& measure : table.measures)
    sql += "\n    " + std::string(measure.name) + " " + measure.state_type() + codec + ",";
  return sql + "\n    arrival_hour SimpleAggregateFunction(min, DateTime('UTC'))" + time_codec +
         ",\n    generation UInt32" + codec + "\n";
}

std::string create_rollup(const TableDefinition& table, std::string_view database, const TableForm& form) {
  return "CREATE TABLE IF NOT EXISTS " + addressed(database, table.rollup_table, form) + "\n(" +
         rollup_columns(table, true) + ")\n" + engine_clause("AggregatingMergeTree", form) + "\n" +
         rollup_order(table) + "\nTTL " + ttl_expression("hour", kRollupRetention) +
         "\nSETTINGS index_granularity = " + std::to_string(table.rollup_granularity) + ", " + kSyncSettings +
         ", " + deduplication_settings(form);
}

std::string create_view(const TableDefinition& table, std::string_view database, const TableForm& form) {
  return "CREATE MATERIALIZED VIEW IF NOT EXISTS " + addressed(database, table.view, form) + " TO " +
         qualified(database, table.rollup_table) + " AS\n" + rollup_query(table, database);
}

std::string create_finishing_view(const TableDefinition& table, std::string_view database,
                                  const TableForm& form) {
  // Inside, measures keep their stored names; outside, the finished numbers take them over.
  std::string sql = "CREATE VIEW IF NOT EXISTS " + addressed(database, table.finishing_view, form) +
                    " AS\nSELECT hour, " + joined(table.grouped());
  for (const FinishedColumn& column : table.finished()) {
    std::string expression = column.expression;
    const auto open = expression.rfind('(');
    expression.insert(open + 1, "r.");
    sql += ",\n    " + expression + " AS " + column.name;
  }
  return sql + "\nFROM " + qualified(database, table.rollup_table) + " AS r\nGROUP BY hour, " +
         joined(table.grouped());
}

/// The columns that the contract names, with our types.
std::string raw_columns(const TableDefinition& table) {
  std::string sql;
  for (const ColumnDefinition& column : table.columns())
    sql += (sql.empty() ? "\n    " : ",\n    ") + std::string(column.name) + " " + column.type;
  return sql + "\n";
}

}  // namespace

std::vector<std::string> create_statements(const TableDefinition& table, std::string_view database,
                                           const TableForm& form) {
  return {create_raw(table, database, form), create_rollup(table, database, form),
          create_view(table, database, form), create_finishing_view(table, database, form)};
}

std::string create_distributed(std::string_view database, std::string_view table, std::string_view columns,
                               std::string_view sharding_key, const DistributedForm& form) {
  const TableForm address{.on_cluster = form.on_cluster};
  return "CREATE TABLE IF NOT EXISTS " + addressed(database, table, address) + "\n(" + std::string(columns) +
         ")\nENGINE = Distributed('" + form.cluster + "', '" + form.shard_database + "', '" +
         std::string(table) + "', " + std::string(sharding_key) + ")";
}

std::vector<std::string> create_distributed_statements(const TableDefinition& table,
                                                       std::string_view database,
                                                       const DistributedForm& form) {
  const std::string key = placement_expression(table.family), rollup = rollup_columns(table, false);
  return {create_distributed(database, table.raw_table, raw_columns(table), key, form),
          create_distributed(database, table.rollup_table, rollup, key, form),
          create_distributed(database, table.view, rollup, key, form),
          create_finishing_view(table, database, {.on_cluster = form.on_cluster})};
}

std::vector<std::string> add_batches_statements(const TableDefinition& table, std::string_view database) {
  const std::string raw = "ALTER TABLE " + qualified(database, table.raw_table);
  return {
      raw + " ADD COLUMN IF NOT EXISTS " + batch_column() + ", ADD COLUMN IF NOT EXISTS " +
          generation_column(0),
      // Written out: a column that a part lacks reads as its default of today, which repairs change.
      raw + " MATERIALIZE COLUMN generation SETTINGS mutations_sync = 2",
      "ALTER TABLE " + qualified(database, table.rollup_table) + " ADD COLUMN IF NOT EXISTS " +
          rollup_generation_column() + ", MODIFY ORDER BY (" + joined(table.rollup_key) + ", generation)",
      "ALTER TABLE " + qualified(database, table.view) + " MODIFY QUERY " + rollup_query(table, database)};
}

std::vector<std::string> sync_inserts_statements(const TableDefinition& table, std::string_view database,
                                                 const TableForm& form) {
  const auto alter = [&](const char* name) {
    return "ALTER TABLE " + addressed(database, name, form) + " MODIFY SETTING " + kSyncSettings;
  };
  return {alter(table.raw_table), alter(table.rollup_table)};
}

}  // namespace optiinfra
