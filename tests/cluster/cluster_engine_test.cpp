// The store on a cluster of two servers: where rows lie, what is answered, and what happens when a shard is
// down.
#include <algorithm>
#include <csignal>
#include <thread>

#include "two_shards.hpp"

namespace optiinfra {
namespace {

using namespace std::chrono_literals;

class OnACluster : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(cluster_.is_ready()) << cluster_.failure();
    const auto made = cluster_.init();
    ASSERT_EQ(made.exit_code, 0) << made.error_output;
  }

  Client open(const std::string& url, ClientOptions options = {}) {
    auto client = Client::open(url, options);
    EXPECT_TRUE(client) << client.error().message;
    return std::move(client).value();
  }

  /// Rows of `table` on one server under a condition.
  std::uint64_t count(testing::ServerProcess& server, const std::string& from) {
    return cluster_.number(server, "SELECT toUInt64(count()) FROM optiinfra_shard." + from);
  }

  static PerformanceMetric request(const Uuid& service, sys_seconds time) {
    PerformanceMetric row;
    row.timestamp = time;
    row.customer_id = {1, 2};
    row.service_id = service;
    row.service_type = "vllm";
    row.model_name = "llama";
    row.latency_ms = 100;
    return row;
  }

  /// A service whose rows lie on shard `shard` (0 or 1).
  static Uuid service_on(std::size_t shard) {
    const Placement two = *Placement::of_weights(std::vector<std::uint32_t>{1, 1});
    for (std::uint64_t i = 1;; ++i) {
      const Uuid service{9, i};
      if (two.shard_of(placement_hash({1, 2}, service.to_string())) == shard) return service;
    }
  }

  TwoShards cluster_;
};

TEST_F(OnACluster, EveryRowLiesOnTheShardThatItsHashNames) {
  Client client = open(cluster_.url());
  EXPECT_EQ(client.shard_count(), 2u);
  insert_fleet(client, 20'000, 2);
  // A stranger inserts through the Distributed table and lands on the same shards.
  auto stranger = cluster_.session(cluster_.b(), "optiinfra");
  const auto inserted = stranger->execute(
      {.sql = "INSERT INTO optiinfra.cost_metrics_ts "
              "(timestamp, customer_id, cloud_provider, service_name, cost_per_hour) "
              "SELECT now(), generateUUIDv4(), 'aws', 'service ' || toString(number), 1 FROM numbers(500) "
              "SETTINGS distributed_foreground_insert = 1"});
  ASSERT_TRUE(inserted) << inserted.error().message;
  for (const Family family : kFamilies) {
    const TableDefinition& table = table_of(family);
    const std::string slot = placement_expression(family) + " % 2";
    for (const std::string name : {table.raw_table, table.rollup_table}) {
      const std::uint64_t on_a = count(cluster_.a(), name), on_b = count(cluster_.b(), name);
      EXPECT_GT(on_a, 0u) << name;
      EXPECT_GT(on_b, 0u) << name;
      EXPECT_EQ(count(cluster_.a(), name + " WHERE " + slot + " = 0"), on_a) << name;
      EXPECT_EQ(count(cluster_.b(), name + " WHERE " + slot + " = 1"), on_b) << name;
    }
  }
  std::uint64_t rows = 0;
  for (const Family family : kFamilies)
    rows += cluster_.number(
        cluster_.b(), std::string("SELECT toUInt64(count()) FROM optiinfra.") + table_of(family).raw_table);
  EXPECT_EQ(rows, 20'500u) << "the contract's names read all shards, on every host";
  const auto verified = run_program({"verify", "--url", cluster_.b().native_url(), "--json"});
  EXPECT_EQ(verified.exit_code, 0) << verified.output << verified.error_output;
  EXPECT_EQ(nlohmann::json::parse(verified.output)["data"]["objects"].size(), 4 * std::size(kFamilies));
}

TEST_F(OnACluster, TheQuestionsAreAnsweredAsByTheStoreOnOneMachine) {
  Client client = open(cluster_.url());
  const testing::TemporaryFolder folder;
  Client single = open("embedded:" + (folder.path() / "store").string(), {.create = true});
  insert_fleet(client, 10'000, 2);
  insert_fleet(single, 10'000, 2);
  const fleet::Fleet fleet = make_test_fleet(10'000, 2);
  const TimeRange whole = fleet.description().range;
  const TimeRange ragged{whole.begin + 40min, whole.end - 1s};

  for (std::size_t i = 0; i < 8; ++i) {
    const fleet::FleetService& service = fleet.description().services[i];
    const Uuid customer = fleet.description().customers[service.customer].id;
    const auto left = client.query_performance(customer, service.id, ragged);
    const auto right = single.query_performance(customer, service.id, ragged);
    ASSERT_TRUE(left) << left.error().message;
    ASSERT_TRUE(right) << right.error().message;
    EXPECT_EQ(left->window, right->window);
    EXPECT_EQ(left->total_requests, right->total_requests);
    EXPECT_EQ(left->total_tokens, right->total_tokens);
    EXPECT_DOUBLE_EQ(left->p95_latency_ms.value(), right->p95_latency_ms.value());
    EXPECT_DOUBLE_EQ(left->max_latency_ms.value(), right->max_latency_ms.value());
    EXPECT_NEAR(left->avg_latency_ms.value(), right->avg_latency_ms.value(), 1e-9 * *right->avg_latency_ms);

    const auto trend = client.query_quality(customer, service.id, ragged);
    const auto expected = single.query_quality(customer, service.id, ragged);
    ASSERT_TRUE(trend) << trend.error().message;
    ASSERT_EQ(trend->hours.size(), expected->hours.size());
    for (std::size_t hour = 0; hour < trend->hours.size(); ++hour) {
      EXPECT_EQ(trend->hours[hour].hour, expected->hours[hour].hour);
      EXPECT_EQ(trend->hours[hour].total_requests, expected->hours[hour].total_requests);
      EXPECT_NEAR(trend->hours[hour].avg_quality.value(), expected->hours[hour].avg_quality.value(), 1e-9);
    }
  }
  for (std::size_t i = 0; i < 6; ++i) {
    const fleet::FleetInstance& instance = fleet.description().instances[i];
    const Uuid customer =
        fleet.description().customers[fleet.description().services[instance.service].customer].id;
    const auto left = client.query_resource(customer, instance.id, ragged);
    const auto right = single.query_resource(customer, instance.id, ragged);
    ASSERT_TRUE(left) << left.error().message;
    EXPECT_EQ(left->sample_count, right->sample_count);
    EXPECT_DOUBLE_EQ(left->max_gpu_utilization.value(), right->max_gpu_utilization.value());
    EXPECT_NEAR(left->avg_gpu_utilization.value(), right->avg_gpu_utilization.value(),
                1e-9 * *right->avg_gpu_utilization);
  }
  for (const fleet::FleetCustomer& customer : fleet.description().customers) {
    const auto left = client.query_cost_hourly(customer.id, whole.begin, whole.end);
    const auto right = single.query_cost_hourly(customer.id, whole.begin, whole.end);
    ASSERT_TRUE(left) << left.error().message;
    ASSERT_EQ(left->hours.size(), right->hours.size());
    for (std::size_t i = 0; i < left->hours.size(); ++i) {
      EXPECT_EQ(left->hours[i].hour, right->hours[i].hour);
      EXPECT_EQ(left->hours[i].service_name, right->hours[i].service_name);
      EXPECT_NEAR(left->hours[i].total_cost.value(), right->hours[i].total_cost.value(),
                  1e-9 * *right->hours[i].total_cost);
    }
  }
}

TEST_F(OnACluster, AShardThatIsDownIsNamedAndOthersGoOnUntilTheRepeatedCallCompletesIt) {
  Client client = open(cluster_.url(), {.call_timeout = 5s});
  const Uuid here = service_on(0), there = service_on(1);
  const sys_seconds time = floor_hour(now()) - 2h;
  ASSERT_TRUE(client.insert_performance_metrics(std::vector{request(here, time), request(there, time)}));
  cluster_.b().kill();

  const std::vector<PerformanceMetric> both = {request(here, time), request(there, time + 1s)};
  const auto failed = client.insert_performance_metrics(both, {.token = "both"});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::kUnavailable) << failed.error().message;
  EXPECT_EQ(failed.error().applied, Applied::kUnknown);
  EXPECT_NE(failed.error().message.find("shard 2 of pair (127.0.0.1:"), std::string::npos)
      << failed.error().message;
  EXPECT_NE(failed.error().message.find("the 1 rows of the other shards are stored"), std::string::npos)
      << failed.error().message;

  // Customers on the other shard notice nothing.
  EXPECT_TRUE(client.insert_performance_metrics(std::vector{request(here, time + 2s)}));
  const auto answer = client.query_performance({1, 2}, here, {time, time + 1h});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->total_requests, 3u);

  const auto refused = client.query_performance({1, 2}, there, {time, time + 1h});
  ASSERT_FALSE(refused) << "an answer without the rows of a missing shard";
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnavailable) << refused.error().message;
  EXPECT_NE(refused.error().message.find("a shard of cluster pair"), std::string::npos);
  EXPECT_FALSE(client.query_cost_hourly({1, 2}, time, time + 1h)) << "a customer's cost lies on every shard";
  const auto verified = run_program({"verify", "--url", cluster_.url()});
  EXPECT_EQ(verified.exit_code, 1);
  EXPECT_NE(verified.error_output.find("shard 2 of pair"), std::string::npos) << verified.error_output;

  ASSERT_TRUE(cluster_.b().start()) << cluster_.b().failure();
  const auto completed = client.insert_performance_metrics(both, {.token = "both"});
  ASSERT_TRUE(completed) << completed.error().message;
  EXPECT_EQ(client.query_performance({1, 2}, here, {time, time + 1h})->total_requests, 3u);
  EXPECT_EQ(client.query_performance({1, 2}, there, {time, time + 1h})->total_requests, 2u);
}

TEST_F(OnACluster, OverHttpRowsTakeTheirPlaceTooAndCountOncePerToken) {
  Client client = open(cluster_.a().http_url());
  const std::vector<PerformanceMetric> rows = {request(service_on(0), now() - 1h),
                                               request(service_on(1), now() - 1h),
                                               request(service_on(1), now() - 30h)};
  for (const char* token : {"one", "one", "two"})
    ASSERT_TRUE(client.insert_performance_metrics(rows, {.token = token}));
  EXPECT_EQ(count(cluster_.a(), "performance_metrics_ts"), 2u);
  EXPECT_EQ(count(cluster_.b(), "performance_metrics_ts"), 4u);
  EXPECT_EQ(client.query_performance_p95({1, 2}, service_on(1), 48)->total_requests, 4u);
}

TEST_F(OnACluster, RetentionIsSetOnEveryShardAndInitRunsAgainFromAnyHost) {
  const auto set = run_program({"retention", "set", "performance", "raw", "20d", "--yes", "--url",
                                cluster_.url(), "--output", "json"});
  ASSERT_EQ(set.exit_code, 0) << set.error_output;
  const auto data = nlohmann::json::parse(set.output)["data"]["retention"];
  ASSERT_EQ(data.size(), 4 * std::size(kFamilies)) << "raw rows and rollups, on two shards";
  for (const auto& row : data) {
    if (row["table"] == "performance_metrics_ts") {
      EXPECT_EQ(row["effective_days"], 20) << "shard " << row["shard"];
    }
  }
  EXPECT_EQ(run_program({"retention", "apply", "--url", cluster_.url()}).exit_code, 0);
  const auto again = run_program({"init", "--url", cluster_.b().native_url(), "--output", "json"});
  ASSERT_EQ(again.exit_code, 0) << again.error_output;
  EXPECT_EQ(nlohmann::json::parse(again.output)["data"]["store"]["state"], "was current");
  const auto otherwise = cluster_.init({});
  EXPECT_EQ(otherwise.exit_code, 1);
  EXPECT_NE(otherwise.error_output.find("--no-replication"), std::string::npos) << otherwise.error_output;
  const auto unknown = run_program({"init", "--cluster", "fleet", "--url", cluster_.url()});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_NE(unknown.error_output.find("it knows"), std::string::npos);
  EXPECT_NE(unknown.error_output.find("pair"), std::string::npos) << unknown.error_output;
}

TEST(ClusterInit, KilledAtAnyMomentIsFinishedByTheNext) {
  TwoShards cluster;
  ASSERT_TRUE(cluster.is_ready()) << cluster.failure();
  int killed = 0;
  for (int round = 0; round < 5; ++round) {
    testing::Program init(
        {OPTIINFRA_PROGRAM, "init", "--cluster", "pair", "--no-replication", "--url", cluster.url()},
        {.environment = {"OPTIINFRA_URL="}});
    std::this_thread::sleep_for(30ms + 60ms * round);
    init.send_signal(SIGKILL);
    killed += init.wait().signal == SIGKILL ? 1 : 0;
  }
  EXPECT_GT(killed, 0);
  const auto finished = cluster.init();
  ASSERT_EQ(finished.exit_code, 0) << finished.error_output;
  const auto verified = run_program({"verify", "--url", cluster.url()});
  EXPECT_EQ(verified.exit_code, 0) << verified.output << verified.error_output;
}

TEST(ClusterInit, TakesInANewShardAndRowsPlacedBeforeAreStillFound) {
  TwoShards cluster(1);
  ASSERT_TRUE(cluster.is_ready()) << cluster.failure();
  ASSERT_EQ(cluster.init().exit_code, 0);
  constexpr std::uint64_t kServices = 20;
  std::vector<PerformanceMetric> rows(kServices);
  for (std::uint64_t i = 0; i < kServices; ++i) {
    rows[i].timestamp = now() - 1h;
    rows[i].customer_id = {1, 2}, rows[i].service_id = {9, i + 1};
    rows[i].service_type = "vllm", rows[i].model_name = "llama", rows[i].latency_ms = 1;
  }
  ASSERT_TRUE(Client::open(cluster.url())->insert_performance_metrics(rows));

  cluster.restart(2);
  ASSERT_TRUE(cluster.is_ready()) << cluster.failure();
  const auto refused = Client::open(cluster.url());
  ASSERT_FALSE(refused) << "rows would be placed where nobody looks";
  EXPECT_EQ(refused.error().kind, ErrorKind::kIncompatible);
  EXPECT_NE(refused.error().message.find("1:1,2:1"), std::string::npos) << refused.error().message;
  EXPECT_NE(refused.error().message.find("optiinfra init --cluster pair"), std::string::npos);

  const auto taken_in = cluster.init();
  ASSERT_EQ(taken_in.exit_code, 0) << taken_in.error_output;
  EXPECT_NE(taken_in.output.find("has been resized"), std::string::npos) << taken_in.output;
  auto client = Client::open(cluster.b().native_url());
  ASSERT_TRUE(client) << client.error().message;
  ASSERT_TRUE(client->insert_performance_metrics(rows));
  EXPECT_GT(
      cluster.number(cluster.b(), "SELECT toUInt64(count()) FROM optiinfra_shard.performance_metrics_ts"),
      0u);
  for (std::uint64_t i = 0; i < kServices; ++i)
    EXPECT_EQ(client->query_performance_p95({1, 2}, {9, i + 1})->total_requests, 2u) << i;
}

TEST(ClusterInit, LeavesAStoreOnOneMachineAloneAndSaysHowToMove) {
  TwoShards cluster;
  ASSERT_TRUE(cluster.is_ready()) << cluster.failure();
  const auto single = run_program({"init", "--url", cluster.url()});
  ASSERT_EQ(single.exit_code, 0) << single.error_output;
  const auto refused = cluster.init();
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_NE(refused.error_output.find("holds a store on one machine"), std::string::npos)
      << refused.error_output;
  EXPECT_NE(refused.error_output.find("optiinfra copy"), std::string::npos);
  EXPECT_EQ(cluster.number(cluster.a(),
                           "SELECT toUInt64(count()) FROM system.databases WHERE name = "
                           "'optiinfra_shard'"),
            0u);
}

}  // namespace
}  // namespace optiinfra
