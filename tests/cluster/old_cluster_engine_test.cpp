// Stores of earlier schema versions on a cluster, as they were made then, brought to this program's version.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "optiinfra/store/cluster.hpp"
#include "optiinfra/store/migrate.hpp"
#include "two_shards.hpp"

namespace optiinfra {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kOldRows = 400, kNewRows = 100;

class OldClusterStore : public ::testing::TestWithParam<std::uint32_t> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(cluster_.is_ready()) << cluster_.failure();
    make_old();
  }

  std::uint32_t version() const { return GetParam(); }

  void make_old() {
    const std::string schema = "schema_" + std::to_string(version()) + ".sql";
    for (testing::ServerProcess* server : {&cluster_.a(), &cluster_.b()}) {
      const auto session = cluster_.session(*server, "default");
      for (const std::string database : {"optiinfra", kShardDatabase}) {
        run(*session, "DROP DATABASE IF EXISTS " + database + " SYNC");
        run(*session, "CREATE DATABASE " + database);
      }
      run_file(*session, "maintenance/store/tests/" + schema, kShardDatabase);
      run_file(*session, "tests/cluster/" + schema, "optiinfra");
      run(*session, "CREATE TABLE optiinfra.schema_migrations AS optiinfra_shard.schema_migrations");
      for (const std::string database : {"optiinfra", kShardDatabase})
        run(*session, "INSERT INTO " + database + ".schema_migrations (number, name) SELECT number + 1, " +
                          "'old' FROM numbers(" + std::to_string(version()) + ")");
      const auto known = store::read_cluster(*cluster_.session(*server, "optiinfra"), "pair");
      ASSERT_TRUE(known) << known.error().message;
      run(*session, "INSERT INTO optiinfra.cluster_layouts (layout) VALUES ('" + known->layout() + "')");
    }
    insert_old_rows();
  }

  /// What a program of that time wrote: requests of some services, and a host without a GPU.
  void insert_old_rows() {
    const auto session = cluster_.session(cluster_.a(), "optiinfra");
    run(*session,
        "INSERT INTO optiinfra.performance_metrics_ts (timestamp, customer_id, service_id, service_type, "
        "model_name, latency_ms) SELECT now() - 7200, toUUID('00000000-0000-0001-0000-000000000002'), "
        "toUUID(concat('00000000-0000-0000-0000-0000000000', leftPad(toString(number % 20 + 1), 2, '0'))), "
        "'vllm', 'llama', 100 FROM numbers(" +
            std::to_string(kOldRows) + ") SETTINGS distributed_foreground_insert = 1");
    run(*session,
        "INSERT INTO optiinfra.resource_metrics_ts (timestamp, customer_id, instance_id, cpu_utilization) "
        "SELECT now() - 60, toUUID('00000000-0000-0001-0000-000000000002'), 'i-1', 40 SETTINGS "
        "distributed_foreground_insert = 1");
  }

  static void run(Session& session, const std::string& sql) {
    const auto done = session.execute({.sql = sql});
    ASSERT_TRUE(done) << sql << "\n" << done.error().message;
  }

  /// Its statements with the objects in `database`.
  static void run_file(Session& session, const std::string& path, const std::string& database) {
    std::ifstream file(OPTIINFRA_SOURCE_DIR "/" + path);
    std::string text(std::istreambuf_iterator<char>(file), {});
    ASSERT_FALSE(text.empty()) << path;
    if (database == kShardDatabase) {
      for (std::size_t at = 0; (at = text.find("optiinfra.", at)) != std::string::npos; at += database.size())
        text.replace(at, std::string("optiinfra").size(), database);
    }
    std::size_t begin = 0;
    for (std::size_t end; (end = text.find(";\n", begin)) != std::string::npos; begin = end + 2)
      run(session, text.substr(begin, end - begin));
  }

  /// Of all columns, on both servers, in both databases.
  std::vector<std::uint64_t> columns() {
    std::vector<std::uint64_t> hashes;
    for (testing::ServerProcess* server : {&cluster_.a(), &cluster_.b()}) {
      for (const std::string database : {"optiinfra", kShardDatabase})
        hashes.push_back(cluster_.number(
            *server,
            "SELECT sum(cityHash64(table, name, type, default_expression, compression_codec)) FROM "
            "system.columns WHERE database = '" +
                database + "'"));
    }
    return hashes;
  }

  void expect_whole() {
    const auto verified = run_program({"verify", "--url", cluster_.url()});
    EXPECT_EQ(verified.exit_code, 0) << verified.output << verified.error_output;
    auto client = Client::open(cluster_.url());
    ASSERT_TRUE(client) << client.error().message;
    std::vector<PerformanceMetric> rows(kNewRows);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      rows[i].timestamp = now() - 1h;
      rows[i].customer_id = {1, 2}, rows[i].service_id = {0, i % 20 + 1};
      rows[i].service_type = "vllm", rows[i].model_name = "llama", rows[i].latency_ms = 100;
      rows[i].time_to_first_token_ms = 10;
    }
    const auto inserted = client->insert_performance_metrics(rows);
    ASSERT_TRUE(inserted) << inserted.error().message;
    const auto answer = client->query({.measures = {"performance.request_count", "p95_time_to_first_token"},
                                       .range = {now() - 24h, now() + 1h}});
    ASSERT_TRUE(answer) << answer.error().message;
    ASSERT_EQ(answer->rows.size(), 1u);
    expect_zeros_kept();
  }

  /// The zero of before version 5 counts as measured.
  void expect_zeros_kept() {
    EXPECT_EQ(cluster_.number(cluster_.a(),
                              "SELECT toUInt64(sum(gpu_utilization_count)) FROM optiinfra.resource_hourly"),
              version() < 5 ? 1u : 0u);
    EXPECT_EQ(cluster_.number(cluster_.b(),
                              "SELECT toUInt64(sum(request_count)) FROM optiinfra.performance_hourly"),
              kOldRows + kNewRows);
  }

  TwoShards cluster_;
};

INSTANTIATE_TEST_SUITE_P(Version, OldClusterStore, ::testing::Values(4u, 6u));

TEST_P(OldClusterStore, IsRefusedUntilItIsBroughtUpToDateAndThenIsWhatANewOneIs) {
  const auto refused = Client::open(cluster_.url());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kIncompatible) << refused.error().message;
  const auto migrated = cluster_.init();
  ASSERT_EQ(migrated.exit_code, 0) << migrated.error_output;
  expect_whole();
  const auto of_old = columns();
  for (testing::ServerProcess* server : {&cluster_.a(), &cluster_.b()}) {
    for (const std::string database : {"optiinfra", kShardDatabase})
      run(*cluster_.session(*server, "default"), "DROP DATABASE " + database + " SYNC");
  }
  ASSERT_EQ(cluster_.init().exit_code, 0);
  EXPECT_EQ(of_old, columns());
}

/// `init` is killed before its n-th call on the network, with n growing until one comes to its end: each goes
/// on where the one before was killed. A statement takes a few calls. With n growing by 1:
///   OPTIINFRA_KILLS=all cluster_tests --gtest_filter='*OldClusterStore*Killed*'
TEST_P(OldClusterStore, KilledBeforeAnyCallOnTheNetworkItIsBroughtUpToDateByTheNextInit) {
  const char* const chosen = std::getenv("OPTIINFRA_KILLS");
  const int step = chosen != nullptr && std::string_view(chosen) == "all" ? 1 : 100;
  int kills = 0;
  testing::ProgramResult result;
  for (int call = step; call < 100'000; call += step) {
    result = testing::run_program(
        {OPTIINFRA_PROGRAM, "init", "--cluster", "pair", "--no-replication", "--url", cluster_.url()},
        {.environment = {"OPTIINFRA_URL=", "LD_PRELOAD=" OPTIINFRA_KILL_AT_CALL,
                         "OPTIINFRA_KILL_CALLS=network", "OPTIINFRA_KILL_AT=" + std::to_string(call)}});
    if (result.signal != SIGKILL) break;
    ++kills;
  }
  std::printf("%d kills fired\n", kills);
  EXPECT_GT(kills, 2);
  ASSERT_EQ(result.exit_code, 0) << result.output << result.error_output;
  expect_whole();
}

}  // namespace
}  // namespace optiinfra
