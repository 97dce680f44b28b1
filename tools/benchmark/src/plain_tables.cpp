#include "plain_tables.hpp"

#include "optiinfra/schema/tables.hpp"

namespace optiinfra::benchmark {
namespace {

/// The contract's measures, by family.
const char* measures_of(Family family) {
  switch (family) {
    case Family::kCost:
      return "sumState(cost_per_hour) AS total_cost, avgState(utilization_percent) AS avg_utilization, "
             "countState() AS sample_count";
    case Family::kPerformance:
      return "avgState(latency_ms) AS avg_latency, quantileState(0.95)(latency_ms) AS p95_latency, "
             "quantileState(0.99)(latency_ms) AS p99_latency, avgState(throughput_tokens_per_sec) AS "
             "avg_throughput, avgState(gpu_utilization) AS avg_gpu_util, countState() AS request_count";
    case Family::kResource:
      return "avgState(gpu_utilization) AS avg_gpu_util, maxState(gpu_utilization) AS max_gpu_util, "
             "avgState(gpu_memory_used_mb) AS avg_gpu_memory, avgState(cpu_utilization) AS avg_cpu_util, "
             "countState() AS sample_count";
    case Family::kQuality:
      return "avgState(overall_quality_score) AS avg_quality, avgState(relevance_score) AS avg_relevance, "
             "avgState(coherence_score) AS avg_coherence, avgState(factuality_score) AS avg_factuality, "
             "sumState(hallucination_detected) AS hallucination_count, countState() AS request_count";
    default:  // The contract does not have it.
      return "countState() AS sample_count";
  }
}

template <typename Names>
std::string joined(const Names& names) {
  std::string text;
  for (const char* name : names) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

}  // namespace

Result<PlainTables> make_plain_tables(Session& session, Family family) {
  const TableDefinition& table = table_of(family);
  const std::string raw = std::string("plain_") + table.raw_table,
                    rollup = std::string("plain_") + table.rollup_table;
  std::string columns;
  std::vector<const char*> names;
  for (const ColumnDefinition& column : table.columns()) {
    columns += (columns.empty() ? "" : ", ") + std::string(column.name) + " " + column.contract_type;
    names.push_back(column.name);
  }
  const auto run = [&](std::string sql) {
    return session.execute({.sql = std::move(sql), .timeout = kMergeTimeout});
  };
  const std::string raw_name = qualified(session.database(), raw),
                    rollup_name = qualified(session.database(), rollup);
  OPTIINFRA_CHECK(run("CREATE TABLE " + raw_name + " (" + columns +
                      ") ENGINE = MergeTree PARTITION BY toYYYYMM(timestamp) ORDER BY (" +
                      joined(table.raw_key) + ")"));
  OPTIINFRA_CHECK(run("INSERT INTO " + raw_name + " SELECT " + joined(names) + " FROM " +
                      qualified(session.database(), table.raw_table)));
  const std::string later = table.later_key.empty() ? "" : ", " + joined(table.later_key);
  OPTIINFRA_CHECK(run("CREATE TABLE " + rollup_name +
                      " ENGINE = AggregatingMergeTree PARTITION BY toYYYYMM(hour) ORDER BY (" +
                      joined(table.rollup_key) + later + ") AS SELECT toStartOfHour(timestamp) AS hour, " +
                      joined(table.grouped()) + ", " + measures_of(family) + " FROM " + raw_name +
                      " GROUP BY hour, " + joined(table.grouped())));
  return PlainTables{{raw, rollup}};
}

}  // namespace optiinfra::benchmark
