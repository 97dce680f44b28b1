// Rows that other programs write over the server's ports are held to the rules of docs/tables.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "served_store.hpp"

namespace optiinfra::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kCustomer = "11111111-1111-4111-8111-111111111111";

class ServerRules : public ServedStore {
 protected:
  void SetUp() override { start(); }

  std::string insert(const std::string& family, const std::string& json) const {
    return ask("INSERT INTO optiinfra." + family + "_metrics_ts FORMAT JSONEachRow " + json);
  }

  /// A request with `more` in place of what a good one has.
  std::string request(const std::string& more) const {
    nlohmann::json row = {
        {"timestamp", now_text()}, {"customer_id", kCustomer}, {"service_id", kCustomer}, {"latency_ms", 5}};
    row.update(nlohmann::json::parse(more));
    return insert("performance", row.dump());
  }

  std::string charge(const std::string& more) const {
    nlohmann::json row = {{"timestamp", now_text()},
                          {"customer_id", kCustomer},
                          {"cloud_provider", "aws"},
                          {"instance_id", "i-1"},
                          {"cost_per_hour", 98.32}};
    row.update(nlohmann::json::parse(more));
    return insert("cost", row.dump());
  }

  std::string now_text() const { return std::string(ask("SELECT toString(now() - 60)"), 1, 19); }
};

TEST_F(ServerRules, RefuseEachRowThatBreaksOneAndNameTheColumn) {
  const std::pair<const char*, const char*> bad[] = {
      {R"({"timestamp":1795852800123})", "timestamp"},
      {R"({"timestamp":"1999-01-01 00:00:00"})", "timestamp"},
      {R"({"customer_id":"00000000-0000-0000-0000-000000000000"})", "customer_id"},
      {R"({"latency_ms":-5})", "latency_ms"},
      {R"({"latency_ms":null})", "latency_ms"},
      {R"({"gpu_utilization":101})", "gpu_utilization"},
      {R"({"gpu_utilization":"inf"})", "gpu_utilization"},
      {R"({"status":"failed"})", "status"},
      {R"({"promt_tokens":7})", "promt_tokens"},
  };
  for (const auto& [more, column] : bad) EXPECT_THAT(request(more), HasSubstr(column)) << more;
  EXPECT_THAT(insert("performance", R"({"timestamp":")" + now_text() + R"(","customer_id":")" + kCustomer +
                                        R"(","service_id":")" + kCustomer + R"("})"),
              HasSubstr("latency_ms"))
      << "left out";
  EXPECT_EQ(ask("SELECT count() FROM optiinfra.performance_metrics_ts"), "0\n");
  EXPECT_EQ(ask("SELECT count() FROM optiinfra.performance_metrics_hourly"), "0\n");
}

TEST_F(ServerRules, AbsentValuesStayAbsentAndTokensAddUp) {
  EXPECT_EQ(request(R"({"prompt_tokens":3,"completion_tokens":4})"), "");
  EXPECT_EQ(request(R"({"prompt_tokens":null,"gpu_utilization":null})"), "");
  EXPECT_EQ(request(R"({"prompt_tokens":10,"gpu_utilization":50,"total_tokens":11})"), "");
  EXPECT_EQ(ask("SELECT sum(request_count), sum(prompt_tokens), sum(prompt_tokens_count), sum(total_tokens), "
                "any(avg_gpu_util), any(avg_kv_cache_util) FROM optiinfra.performance_hourly"),
            "3,13,2,18,50,\\N\n");
}

TEST_F(ServerRules, AmountsBelowZeroNeedACharge) {
  EXPECT_THAT(charge(R"({"cost_per_hour":-1})"), HasSubstr("cost_per_hour"));
  EXPECT_EQ(charge(R"({"cost_per_hour":-1,"charge_category":"credit"})"), "");
  EXPECT_THAT(charge(R"({"charge_category":"gift"})"), HasSubstr("charge_category"));
  EXPECT_THAT(charge(R"({"currency":"usd"})"), HasSubstr("currency"));
}

TEST_F(ServerRules, ARateThatIsSampledCountsTheHoursThatItCovers) {
  for (int sample = 0; sample < 12; ++sample)
    EXPECT_EQ(charge(R"({"hours_covered":0.08333333333333333,"instance_type":"s)" + std::to_string(sample) +
                     R"("})"),
              "");
  EXPECT_EQ(ask("SELECT round(sum(total_cost), 6) FROM optiinfra.cost_hourly"), "98.32\n");
  EXPECT_EQ(charge(R"({"region":"a"})"), "");
  const auto verified = home.json({"verify", "--url", server->native_url()});
  EXPECT_EQ(verified["data"]["summary"]["charges_overlapping"], 1);
  EXPECT_NEAR(verified["data"]["overlapping_charges"][0]["hours_covered"], 2, 1e-6);
}

TEST_F(ServerRules, AmountsOfTwoCurrenciesAreNotAdded) {
  EXPECT_EQ(charge(R"({"currency":"USD"})"), "");
  EXPECT_EQ(charge(R"({"currency":"EUR","cost_per_hour":1})"), "");
  const std::string url = server->native_url();
  const auto hourly = home.json(
      {"query", "cost-hourly", "--customer", kCustomer, "--from", "now-2h", "--to", "now", "--url", url});
  ASSERT_EQ(hourly["data"].size(), 2u);
  EXPECT_EQ(hourly["data"][0]["currency"], "EUR");
  const auto mixed = home.run({"query", "metrics", "--measures", "total_cost", "--url", url});
  EXPECT_EQ(mixed.exit_code, 2);
  EXPECT_THAT(mixed.error_output, HasSubstr("several currencies"));
  const auto one =
      home.json({"query", "metrics", "--measures", "total_cost", "--where", "currency=EUR", "--url", url});
  ASSERT_EQ(one["data"].size(), 1u);
  EXPECT_EQ(one["data"][0]["total_cost"], 1.0);
}

TEST_F(ServerRules, VerifyNamesRowsFromBeforeThatBreakOne) {
  EXPECT_EQ(ask("ALTER TABLE optiinfra.performance_metrics_ts DROP CONSTRAINT latency_ms"), "");
  EXPECT_EQ(request(R"({"latency_ms":-5})"), "");
  EXPECT_EQ(request(R"({"latency_ms":-6})"), "");
  const auto verified = home.run({"verify", "--url", server->native_url(), "--output", "json"});
  EXPECT_EQ(verified.exit_code, 4);
  const auto breaches = nlohmann::json::parse(verified.output)["data"]["rule_breaches"];
  ASSERT_EQ(breaches.size(), 1u);
  EXPECT_EQ(breaches[0]["column"], "latency_ms");
  EXPECT_EQ(breaches[0]["rows"], 2);
}

}  // namespace
}  // namespace optiinfra::cli
