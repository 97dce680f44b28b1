#include "optiinfra/schema/placement.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "optiinfra/schema/tables.hpp"

namespace optiinfra {
namespace {

const Uuid kCustomer = *Uuid::parse("61f0c404-5cb3-11e7-907b-a6006ad3dba0");
const Uuid kService = *Uuid::parse("550e8400-e29b-41d4-a716-446655440000");

Placement placement_of(const std::vector<std::uint32_t>& weights) { return *Placement::of_weights(weights); }

TEST(Placement, HashesTheTextOfBothIdsWithXxh64) {
  // SELECT xxHash64('61f0c404-5cb3-11e7-907b-a6006ad3dba0/ec2') and so on, on ClickHouse 26.7.
  EXPECT_EQ(placement_hash(kCustomer, "ec2"), 2531249602992059169u);
  EXPECT_EQ(placement_hash(kCustomer, ""), 3206832353498115972u);
  EXPECT_EQ(placement_hash(kCustomer, kService.to_string()), 6911187581836268546u);
}

TEST(Placement, GivesEachShardAsManySlotsAsItsWeight) {
  const Placement placement = placement_of({1, 3, 0, 2});
  EXPECT_EQ(placement.slot_count(), 6u);
  const std::vector<std::size_t> expected = {0, 1, 1, 1, 3, 3, 0};
  for (std::uint64_t hash = 0; hash < expected.size(); ++hash)
    EXPECT_EQ(placement.shard_of(hash), expected[hash]) << hash;
  EXPECT_EQ(placement.slots_of(1), (SlotRange{1, 4}));
  EXPECT_EQ(placement.slots_of(2), (SlotRange{4, 4}));
}

TEST(Placement, RefusesAClusterThatTakesNoRows) {
  EXPECT_FALSE(Placement::of_weights({}));
  EXPECT_FALSE(Placement::of_weights(std::array<std::uint32_t, 2>{0, 0}));
}

TEST(Placement, UsesOnlyColumnsOfTheRollupsKeySoThatARollupRowIsMadeOnOneShard) {
  for (const Family family : kFamilies) {
    const auto key = table_of(family).grouped();
    for (const std::string_view column : {"customer_id", placement_column(family)})
      EXPECT_NE(std::find(key.begin(), key.end(), column), key.end()) << column;
    EXPECT_NE(placement_expression(family).find(placement_column(family)), std::string::npos);
  }
}

TEST(Placement, OfABatchIsThatOfItsRows) {
  const Placement placement = placement_of({2, 5, 1});
  CostBatch costs;
  PerformanceBatch requests;
  for (std::uint64_t i = 0; i < 200; ++i) {
    CostMetric cost;
    cost.customer_id = {i / 3, i % 2};
    cost.service_name = "service " + std::to_string(i % 5);
    costs.append(cost);
    PerformanceMetric request;
    request.customer_id = {i / 3, 7};
    request.service_id = {i % 2, i};
    requests.append(request);
  }
  const auto of_costs = shards_of<CostMetric>(costs, placement);
  const auto of_requests = shards_of<PerformanceMetric>(requests, placement);
  for (std::size_t row = 0; row < 200; ++row) {
    EXPECT_EQ(of_costs[row],
              placement.shard_of(placement_hash(costs.customer_id[row], costs.service_name[row])));
    EXPECT_EQ(of_requests[row], placement.shard_of(placement_hash(requests.customer_id[row],
                                                                  requests.service_id[row].to_string())));
  }
}

TEST(DistributedTables, ShardByThePlacementUnderTheContractsNames) {
  const auto sql = create_distributed_statements(table_of(Family::kCost), "optiinfra",
                                                 {.cluster = "fleet", .shard_database = "optiinfra_shard"});
  ASSERT_EQ(sql.size(), 4u);
  EXPECT_TRUE(
      sql[0].ends_with("ENGINE = Distributed('fleet', 'optiinfra_shard', 'cost_metrics_ts', "
                       "xxHash64(concat(toString(customer_id), '/', service_name)))"))
      << sql[0];
  EXPECT_EQ(sql[0].find("arrival_hour"), std::string::npos) << "filled on the shard, never sent";
  EXPECT_NE(sql[2].find("optiinfra.cost_metrics_hourly_mv"), std::string::npos);
  EXPECT_NE(sql[3].find("CREATE VIEW IF NOT EXISTS optiinfra.cost_hourly"), std::string::npos);
}

TEST(ReplicatedTables, NameTheirReplicaAndRememberTokens) {
  const auto sql = create_statements(table_of(Family::kCost), "optiinfra_shard",
                                     {.is_replicated = true, .on_cluster = "fleet"});
  EXPECT_NE(sql[0].find("optiinfra_shard.cost_metrics_ts ON CLUSTER `fleet`"), std::string::npos);
  EXPECT_NE(sql[0].find("ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', "
                        "'{replica}')"),
            std::string::npos);
  EXPECT_NE(sql[1].find("ENGINE = ReplicatedAggregatingMergeTree("), std::string::npos);
  for (int table : {0, 1}) {
    EXPECT_NE(sql[table].find(" replicated_deduplication_window = 10000"), std::string::npos);
    EXPECT_EQ(sql[table].find("non_replicated"), std::string::npos);
  }
}

}  // namespace
}  // namespace optiinfra
