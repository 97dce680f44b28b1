// Moving up: the embedded store of one machine into a cluster, killed on the way.
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "optiinfra/copy/copy.hpp"
#include "two_shards.hpp"

namespace optiinfra {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kRows = 30'000;
constexpr int kDays = 2;

class CopyToACluster : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(cluster_.is_ready()) << cluster_.failure();
    const auto made = cluster_.init();
    ASSERT_EQ(made.exit_code, 0) << made.error_output;
    Client source = opened(source_url(), {.create = true});
    insert_fleet(source, kRows, kDays);
  }

  static Client opened(const std::string& url, ClientOptions options = {}) {
    auto client = Client::open(url, options);
    EXPECT_TRUE(client) << client.error().message;
    return std::move(client).value();
  }

  std::string source_url() const { return "embedded:" + (folder_.path() / "store").string(); }

  std::vector<std::string> copy_command() {
    return {"copy", "--from", source_url(), "--to", cluster_.url(), "--output", "json"};
  }

  nlohmann::json copied() {
    const auto result = run_program(copy_command());
    EXPECT_EQ(result.exit_code, 0) << result.output << result.error_output;
    return nlohmann::json::parse(result.output, nullptr, false)["data"];
  }

  std::uint64_t rows_at_target() {
    std::uint64_t rows = 0;
    for (const Family family : kFamilies)
      rows += cluster_.number(
          cluster_.a(), std::string("SELECT toUInt64(count()) FROM optiinfra.") + table_of(family).raw_table);
    return rows;
  }

  static std::uint64_t sum(const nlohmann::json& data, const char* key) {
    std::uint64_t total = 0;
    for (const auto& family : data["families"]) total += family[key].get<std::uint64_t>();
    return total;
  }

  testing::TemporaryFolder folder_;
  TwoShards cluster_;
};

TEST_F(CopyToACluster, ReconcilesAndTheSameCommandAgainCopiesOnlyWhatCameSince) {
  const auto first = copied();
  EXPECT_EQ(sum(first, "rows_copied"), kRows);
  EXPECT_TRUE(first["summary"]["ok"]);
  EXPECT_GT(first["summary"]["rollup_hours_verified"], 0);
  EXPECT_EQ(rows_at_target(), kRows);

  const auto second = copied();
  EXPECT_EQ(sum(second, "rows_copied"), 0u);
  EXPECT_EQ(sum(second, "rows_already_copied"), kRows);

  {
    Client source = opened(source_url());
    insert_fleet(source, 10'000, kDays, 6);
  }
  const auto third = copied();
  EXPECT_EQ(sum(third, "rows_copied"), 10'000u) << "days that got rows after they were copied";
  EXPECT_EQ(rows_at_target(), kRows + 10'000);

  // And the way back, from all shards into a folder.
  const std::string url = "embedded:" + (folder_.path() / "back").string();
  {
    Client target = opened(url, {.create = true});
  }
  const auto back = run_program({"copy", "--from", cluster_.url(), "--to", url, "--output", "json"});
  ASSERT_EQ(back.exit_code, 0) << back.output << back.error_output;
  EXPECT_EQ(sum(nlohmann::json::parse(back.output)["data"], "rows_copied"), kRows + 10'000);
}

/// The copy is ended before its n-th call on the network, with n growing from run to run until one comes to
/// its end: each run goes on where the one before was killed. With n growing by 3, some nine minutes:
///   OPTIINFRA_KILLS=all cluster_tests --gtest_filter='*Killed*'
TEST_F(CopyToACluster, KilledBeforeAnyCallOnTheNetworkItStoresEachRowOnce) {
  const char* chosen = std::getenv("OPTIINFRA_KILLS");
  const int step = chosen != nullptr && std::string_view(chosen) == "all" ? 3 : 100;
  std::vector<std::string> words = copy_command();
  words.insert(words.begin(), OPTIINFRA_PROGRAM);
  int kills = 0;
  testing::ProgramResult result;
  for (int call = step; call < 100'000; call += step) {
    result = testing::run_program(
        words,
        {.environment = {"OPTIINFRA_URL=", "LD_PRELOAD=" OPTIINFRA_KILL_AT_CALL,
                         "OPTIINFRA_KILL_CALLS=network", "OPTIINFRA_KILL_AT=" + std::to_string(call)}});
    if (result.signal != SIGKILL) break;
    ++kills;
  }
  std::printf("%d kills fired\n", kills);
  EXPECT_GT(kills, 5);
  ASSERT_EQ(result.exit_code, 0) << result.output << result.error_output;
  EXPECT_TRUE(nlohmann::json::parse(result.output)["data"]["summary"]["ok"]);
  EXPECT_EQ(rows_at_target(), kRows);
}

TEST_F(CopyToACluster, HoursWithoutRawRowsComeAsTheirRollupAndADifferenceIsNamed) {
  const sys_seconds old = floor_hour(now()) - std::chrono::days{50};
  const Uuid customer{1, 2}, service{3, 4};
  std::vector<PerformanceMetric> rows(1'000);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].timestamp = old + std::chrono::seconds{i};
    rows[i].customer_id = customer;
    rows[i].service_id = service;
    rows[i].service_type = "vllm", rows[i].model_name = "llama";
    rows[i].latency_ms = static_cast<float>(i + 1);
  }
  PerformanceSummary before;
  {
    Client source = opened(source_url());
    ASSERT_TRUE(source.insert_performance_metrics(rows));
    const auto answer = source.query_performance(customer, service, {old, old + 1h});
    ASSERT_TRUE(answer) << answer.error().message;
    before = *answer;
  }
  ASSERT_EQ(before.total_requests, 1'000u);
  const auto data = copied();
  EXPECT_EQ(sum(data, "rollup_hours_copied"), 1u);
  EXPECT_EQ(sum(data, "rows_copied"), kRows) << "rows past their retention stay behind";
  Client target = opened(cluster_.url());
  const auto after = target.query_performance(customer, service, {old, old + 1h});
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ(after->total_requests, 1'000u);
  EXPECT_DOUBLE_EQ(after->p99_latency_ms.value(), before.p99_latency_ms.value());
  EXPECT_DOUBLE_EQ(after->avg_latency_ms.value(), before.avg_latency_ms.value());

  // Rows that the target has lost since.
  const auto deleted = cluster_.session(cluster_.a(), "optiinfra_shard")
                           ->execute({.sql = "ALTER TABLE optiinfra_shard.quality_metrics_ts DELETE WHERE 1",
                                      .settings = {{"mutations_sync", "1"}}});
  ASSERT_TRUE(deleted) << deleted.error().message;
  const auto result = run_program(copy_command());
  EXPECT_EQ(result.exit_code, 4);
  const auto compared = nlohmann::json::parse(result.output)["data"];
  EXPECT_FALSE(compared["summary"]["ok"]);
  ASSERT_FALSE(compared["differences"].empty());
  EXPECT_EQ(compared["differences"][0]["family"], "quality");
  EXPECT_EQ(compared["differences"][0]["measure"], "rows");
}

TEST(Copy, RefusesOneStoreTwiceAndTwoFoldersInOneProcess) {
  const testing::TemporaryFolder folder;
  const auto two = run_program({"copy", "--from", "embedded:" + (folder.path() / "a").string(), "--to",
                                "embedded:" + (folder.path() / "b").string()});
  EXPECT_EQ(two.exit_code, 2);
  EXPECT_NE(two.error_output.find("optiinfra server"), std::string::npos) << two.error_output;
  testing::ServerProcess server(OPTIINFRA_PROGRAM, folder.path() / "served");
  ASSERT_TRUE(server.is_ready()) << server.failure();
  const auto same =
      run_program({"copy", "--from", server.native_url(), "--to", server.native_url("default")});
  EXPECT_EQ(same.exit_code, 2);
  EXPECT_NE(same.error_output.find("the same store"), std::string::npos) << same.error_output;
}

}  // namespace
}  // namespace optiinfra
