#include "optiinfra/schema/tables.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace optiinfra {
namespace {

struct ContractColumn {
  const char* name;
  const char* type;
};

// The user's fixed names and types; docs of the contract.
const std::vector<ContractColumn> kContract[] = {{{"timestamp", "DateTime"},
                                                  {"customer_id", "UUID"},
                                                  {"cloud_provider", "String"},
                                                  {"service_name", "String"},
                                                  {"instance_id", "String"},
                                                  {"instance_type", "String"},
                                                  {"region", "String"},
                                                  {"cost_per_hour", "Float64"},
                                                  {"utilization_percent", "Float32"},
                                                  {"is_spot", "UInt8"},
                                                  {"is_reserved", "UInt8"}},
                                                 {{"timestamp", "DateTime"},
                                                  {"customer_id", "UUID"},
                                                  {"service_id", "UUID"},
                                                  {"service_type", "String"},
                                                  {"model_name", "String"},
                                                  {"request_id", "UUID"},
                                                  {"latency_ms", "Float32"},
                                                  {"throughput_tokens_per_sec", "Float32"},
                                                  {"gpu_utilization", "Float32"},
                                                  {"kv_cache_utilization", "Float32"},
                                                  {"batch_size", "UInt32"},
                                                  {"prompt_tokens", "UInt32"},
                                                  {"completion_tokens", "UInt32"},
                                                  {"total_tokens", "UInt32"}},
                                                 {{"timestamp", "DateTime"},
                                                  {"customer_id", "UUID"},
                                                  {"instance_id", "String"},
                                                  {"instance_type", "String"},
                                                  {"gpu_index", "UInt8"},
                                                  {"gpu_utilization", "Float32"},
                                                  {"gpu_memory_used_mb", "Float32"},
                                                  {"gpu_memory_total_mb", "Float32"},
                                                  {"gpu_temperature", "Float32"},
                                                  {"cpu_utilization", "Float32"},
                                                  {"memory_used_gb", "Float32"},
                                                  {"memory_total_gb", "Float32"},
                                                  {"network_rx_mbps", "Float32"},
                                                  {"network_tx_mbps", "Float32"}},
                                                 {{"timestamp", "DateTime"},
                                                  {"customer_id", "UUID"},
                                                  {"service_id", "UUID"},
                                                  {"request_id", "UUID"},
                                                  {"model_name", "String"},
                                                  {"relevance_score", "Float32"},
                                                  {"coherence_score", "Float32"},
                                                  {"factuality_score", "Float32"},
                                                  {"hallucination_detected", "UInt8"},
                                                  {"toxicity_score", "Float32"},
                                                  {"overall_quality_score", "Float32"},
                                                  {"prompt_hash", "String"},
                                                  {"latency_ms", "UInt32"}}};

TEST(Tables, HoldTheContractsColumnsAndTypesAndOthersMayBeLeftOut) {
  for (std::size_t index = 0; index < std::size(kContract); ++index) {
    const Family family = kFamilies[index];
    std::vector<std::string> expected, found;
    for (const auto& column : kContract[index])
      expected.push_back(std::string(column.name) + " " + column.type);
    for (const auto& column : table_of(family).columns()) {
      std::string text = std::string(column.name) + " " + column.contract_type;
      const bool is_of_contract = std::find(expected.begin(), expected.end(), text) != expected.end();
      EXPECT_TRUE(is_of_contract || column.presence == Presence::kOptional) << text;
      if (is_of_contract) found.push_back(std::move(text));
    }
    std::sort(expected.begin(), expected.end());
    std::sort(found.begin(), found.end());
    EXPECT_EQ(found, expected) << table_of(family).name;
  }
}

TEST(Tables, AreFoundByTheNameOfTheirFamily) {
  EXPECT_EQ(*parse_family("performance"), Family::kPerformance);
  EXPECT_FALSE(parse_family("Cost"));
  const std::string message = parse_family("costs").error().message;
  EXPECT_TRUE(message.starts_with("there is no family 'costs'; the families are cost, performance, "))
      << message;
  EXPECT_TRUE(message.ends_with("; did you mean 'cost'?")) << message;
}

TEST(Tables, GroupOnlyByColumnsOfTheRollupsKey) {
  for (const Family family : kFamilies) {
    const TableDefinition& table = table_of(family);
    const auto columns = table.columns();
    for (const char* key : table.grouped()) {
      EXPECT_TRUE(std::any_of(columns.begin(), columns.end(), [&](const auto& column) {
        return std::string_view(column.name) == key;
      })) << key;
    }
    EXPECT_EQ(table.grouped().size() + 1, table.rollup_key.size() + table.later_key.size())
        << "hour is part of the key";
  }
}

TEST(Tables, KeepTheStatesThatTheContractsReadersMerge) {
  const auto state = [](Family family, std::string_view name) {
    for (const auto& measure : table_of(family).measures) {
      if (name == measure.name) return measure.state_type();
    }
    return std::string("absent");
  };
  EXPECT_EQ(state(Family::kResource, "avg_gpu_util"), "AggregateFunction(avg, Float32)");
  EXPECT_EQ(state(Family::kResource, "max_gpu_util"), "AggregateFunction(max, Float32)");
  EXPECT_EQ(state(Family::kQuality, "avg_quality"), "AggregateFunction(avg, Float32)");
  EXPECT_EQ(state(Family::kQuality, "hallucination_count"), "SimpleAggregateFunction(sum, UInt64)");
  EXPECT_EQ(state(Family::kPerformance, "request_count"), "SimpleAggregateFunction(sum, UInt64)");
  EXPECT_EQ(state(Family::kCost, "total_cost"), "SimpleAggregateFunction(sum, Float64)");
}

TEST(Tables, CountTheRowsOfEachMeasureWhoseValueMayBeAbsent) {
  for (const Family family : kFamilies) {
    const TableDefinition& table = table_of(family);
    for (const auto& measure : table.measures) {
      if (!measure.source.may_be_absent || measure.aggregate == Aggregate::kCountPresent) continue;
      const auto count = std::find_if(table.measures.begin(), table.measures.end(),
                                      [&](const auto& each) { return each.name == measure.counted_by; });
      ASSERT_NE(count, table.measures.end()) << measure.name;
      EXPECT_EQ(count->aggregate, Aggregate::kCountPresent);
      EXPECT_STREQ(count->source.column, measure.source.column);
    }
  }
}

TEST(Tables, HoldEveryWriterToEachRule) {
  for (const Family family : kFamilies) {
    std::vector<std::string> expected, found;
    for (const auto& column : table_of(family).columns()) {
      if (column.rule != Rule::kAny) expected.emplace_back(column.name);
    }
    for (const auto& constraint : table_of(family).constraints()) found.push_back(constraint.name);
    EXPECT_EQ(found, expected);
  }
}

TEST(Tables, FinishEachPercentileOfTheSketch) {
  std::vector<std::string> names;
  for (const auto& column : table_of(Family::kPerformance).finished()) names.push_back(column.name);
  for (const char* name : {"p50_latency", "p90_latency", "p95_latency", "p99_latency"}) {
    EXPECT_NE(std::find(names.begin(), names.end(), name), names.end()) << name;
  }
}

TEST(Tables, FinishOnlyTheRowsOfACondition) {
  for (const auto& column : table_of(Family::kCost).finished()) {
    const std::string sql = column.expression({.condition = "side = 0"});
    EXPECT_NE(sql.find("If("), std::string::npos) << sql;
    EXPECT_NE(sql.find(", side = 0)"), std::string::npos) << sql;
  }
}

}  // namespace
}  // namespace optiinfra
