// `optiinfra forget`: what it removes, what it asks, what it refuses, and that nothing of the customer is
// left on the disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "optiinfra/client/client.hpp"
#include "optiinfra/service/tokens.hpp"
#include "optiinfra/spool/spool.hpp"
#include "program_under_test.hpp"

namespace optiinfra::cli {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::ordered_json;

const Uuid kAcme{0xA1, 1}, kZen{0xB2, 2};
/// A text that no compression hides.
constexpr const char* kMark = "qX7-only-acme-has-this-model-Jz9";

class Forget : public ::testing::Test {
 protected:
  void SetUp() override {
    auto client = Client::open("embedded:" + home.store_folder().string(), {.create = true});
    ASSERT_TRUE(client) << client.error().message;
    for (const Uuid& customer : {kAcme, kZen}) {
      std::vector<PerformanceMetric> requests;
      for (int i = 0; i < 50; ++i)
        requests.push_back({.timestamp = begin + std::chrono::minutes{i * 40},
                            .customer_id = customer,
                            .service_id = {1, customer.low},
                            .model_name = customer == kAcme ? kMark : "llama",
                            .latency_ms = 100});
      ASSERT_TRUE(client->insert(requests));
      ASSERT_TRUE(client->insert(std::vector{CostMetric{
          .timestamp = begin, .customer_id = customer, .cloud_provider = "aws", .cost_per_hour = 3}}));
    }
    const std::vector<NewName> names = {{NameKind::kCustomer, "acme", kAcme.to_string()},
                                        {NameKind::kService, "chat", Uuid{1, kAcme.low}.to_string()}};
    ASSERT_TRUE(set_names(*client, names, "test"));
  }

  std::vector<std::string> forget(const std::vector<std::string>& more) const {
    std::vector<std::string> words{"forget", "--customer", "acme"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  std::filesystem::path state() const { return home.store_folder() / "service"; }

  Json rows(const std::string& condition) const {
    return home.json(
        {"sql", "SELECT (SELECT count() FROM performance_metrics_ts WHERE " + condition +
                    ") AS raw, (SELECT toUInt64(sum(request_count)) FROM performance_hourly WHERE " +
                    condition + ") AS hourly"})["data"][0];
  }

  bool is_on_disk(const std::string& text) const {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(home.store_folder() / "engine")) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string bytes(std::istreambuf_iterator<char>(file), {});
      if (bytes.find(text) != std::string::npos) return true;
    }
    return false;
  }

  const Home home;
  const sys_seconds begin = floor_hour(now()) - std::chrono::hours{50};
};

TEST_F(Forget, RemovesEverythingOfTheCustomerAndNothingElse) {
  service::Tokens tokens(state());
  ASSERT_TRUE(tokens.create("acme-reads", service::Scope::kRead, {kAcme}));
  ASSERT_TRUE(is_on_disk(kMark));
  const Json counted = home.json(forget({"--dry-run"}))["data"];
  EXPECT_EQ(counted["summary"]["is_forgotten"], false);
  EXPECT_EQ(counted["summary"]["customer_name"], "acme");
  EXPECT_EQ(counted["summary"]["names"], 2);
  EXPECT_EQ(counted["summary"]["tokens"], 1);
  const Json others = rows("customer_id != '" + kAcme.to_string() + "'");

  const Json forgotten = home.json(forget({"--yes"}))["data"];
  EXPECT_EQ(forgotten["summary"]["is_forgotten"], true);
  for (const Json& each : forgotten["tables"]) EXPECT_EQ(each["rows_after"], 0) << each.dump();
  EXPECT_FALSE(is_on_disk(kMark));
  EXPECT_EQ(rows("customer_id != '" + kAcme.to_string() + "'"), others);
  EXPECT_EQ(others, Json({{"raw", 50}, {"hourly", 50}}));
  EXPECT_EQ(home.run({"verify"}).exit_code, 0);
  EXPECT_EQ(home.run({"verify", "--repair"}).exit_code, 0);
  EXPECT_EQ(rows("customer_id = '" + kAcme.to_string() + "'"), Json({{"raw", 0}, {"hourly", 0}}));
  EXPECT_EQ(home.json({"names", "list"})["data"].size(), 0u);

  EXPECT_EQ(home.run(forget({"--yes"})).exit_code, 2) << "nobody is called acme any more";
  EXPECT_EQ(home.run({"forget", "--customer", kAcme.to_string(), "--yes"}).exit_code, 0);
}

TEST_F(Forget, RemovesRowsThatARepairHidInTheRollup) {
  ASSERT_EQ(home.run({"sql", "--write",
                      "DELETE FROM optiinfra.performance_metrics_hourly WHERE customer_id = '" +
                          kAcme.to_string() + "' SETTINGS lightweight_deletes_sync = 2"})
                .exit_code,
            0);
  ASSERT_EQ(home.run(forget({"--yes"})).exit_code, 0);
  EXPECT_FALSE(is_on_disk(kMark));
}

TEST_F(Forget, NeedsAnAnswerOrYes) {
  const auto refused = home.run(forget({}));
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.error_output, HasSubstr("records of names and 0 tokens of customer acme"));
  EXPECT_THAT(refused.error_output, HasSubstr("Nothing was changed"));
  EXPECT_EQ(rows("customer_id = '" + kAcme.to_string() + "'")["raw"], 50);
}

TEST_F(Forget, RefusesWhileAcceptedRowsWaitInASpool) {
  std::filesystem::create_directories(state());
  auto spool = *spool::Spool::open(state() / "spool");
  const std::string payload = "rows";
  const std::span<const std::byte> part = std::as_bytes(std::span(payload));
  ASSERT_TRUE(spool->sync(*spool->append(std::span(&part, 1))));
  ASSERT_TRUE(spool->close());
  spool.reset();
  const auto refused = home.run(forget({"--yes"}));
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.error_output, HasSubstr("1 accepted inserts wait in"));
  EXPECT_EQ(rows("customer_id = '" + kAcme.to_string() + "'")["raw"], 50);
}

TEST_F(Forget, RefusesWhilePartsAreSetAside) {
  ASSERT_EQ(home.run({"sql", "--write",
                      "ALTER TABLE optiinfra.performance_metrics_ts DETACH PARTITION '" +
                          format_time(begin).substr(0, 10) + "'"})
                .exit_code,
            0);
  const auto refused = home.run(forget({"--yes"}));
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.error_output,
              ::testing::ContainsRegex("of performance_metrics_ts (was|were) set aside"));
}

}  // namespace
}  // namespace optiinfra::cli
