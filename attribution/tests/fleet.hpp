/// A small fleet in a store of its own, for the tests of attribution on the engine.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "optiinfra/attribution/attribute.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra::testing {

using namespace std::chrono_literals;

class FleetTest : public ::testing::Test {
 protected:
  const Uuid kPlatform{1, 1}, kAcme{2, 2}, kZen{3, 3}, kChat{4, 4};
  const sys_seconds kHour = floor_hour(now()) - 30h;
  const TimeRange kHours{kHour, kHour + 3h};

  void SetUp() override {
    auto opened = Client::open(url(), {.create = true});
    ASSERT_TRUE(opened) << opened.error().message;
    client_.emplace(*std::move(opened));
  }

  std::string url() const { return "embedded:" + (folder_.path() / "store").string(); }

  CostMetric charge(sys_seconds hour, double amount, const char* instance = "gpu-1") const {
    CostMetric row;
    row.timestamp = hour;
    row.customer_id = kPlatform;
    row.cloud_provider = "aws";
    row.instance_id = instance;
    row.instance_type = "p5.48xlarge";
    row.region = "us-east-1";
    row.cost_per_hour = amount;
    row.currency = "USD";
    return row;
  }

  PerformanceMetric request(sys_seconds time, const Uuid& customer, std::uint32_t prompt,
                            std::uint32_t completion, float latency_ms,
                            const char* instance = "gpu-1") const {
    PerformanceMetric row;
    row.timestamp = time;
    row.customer_id = customer;
    row.service_id = kChat;
    row.model_name = "llama";
    row.latency_ms = latency_ms;
    row.prompt_tokens = prompt;
    row.completion_tokens = completion;
    row.instance_id = instance;
    row.status = "ok";
    return row;
  }

  template <typename Row>
  void insert(const std::vector<Row>& rows) {
    const auto stored = client_->insert(rows);
    ASSERT_TRUE(stored) << stored.error().message;
  }

  /// Three hours: two customers on one instance, an idle one, a request over the end of the first hour.
  void insert_fleet() {
    insert(std::vector<CostMetric>{charge(kHour, 36), charge(kHour + 1h, 36), charge(kHour, 10, "gpu-2")});
    insert(std::vector<PerformanceMetric>{request(kHour + 10s, kAcme, 1000, 100, 900'000),
                                          request(kHour + 20s, kZen, 500, 50, 100'000),
                                          request(kHour + 3590s, kAcme, 100, 10, 20'000),
                                          request(kHour + 2h + 1min, kZen, 7, 7, 100, "gpu-9")});
  }

  attribution::AttributionReport attributed() { return attributed(kHours); }
  attribution::AttributionReport attributed(TimeRange range) {
    auto report = attribution::attribute(*client_, range);
    EXPECT_TRUE(report) << report.error().message;
    return report ? *report : attribution::AttributionReport{};
  }

  /// The first column of the first row.
  std::string ask(const std::string& sql) {
    std::string answer;
    const auto asked = client_->with_session([&](Session& session) -> Result<void> {
      OPTIINFRA_TRY(const auto rows,
                    query_texts(session, {.sql = "SELECT ifNull(toString(" + sql + "), '')"}));
      answer = rows.empty() ? "" : rows[0][0];
      return {};
    });
    EXPECT_TRUE(asked) << sql << "\n" << asked.error().message;
    return answer;
  }

  void run(const std::string& sql) {
    const auto done = client_->with_session([&](Session& session) { return session.execute({.sql = sql}); });
    ASSERT_TRUE(done) << sql << "\n" << done.error().message;
  }

  /// Everything that readers see, as one number.
  std::string fingerprint() {
    return ask(
        "(SELECT sum(cityHash64(hour, customer_id, served_customer_id, toString(instance_id), "
        "toString(kind), "
        "cost, input_cost, shared_idle, shared_underfill, billed, requests, weight, toString(method))) FROM "
        "optiinfra.attributed_cost_hourly WHERE (hour, version) IN (SELECT hour, max(version) FROM "
        "optiinfra.attributed_hours GROUP BY hour))");
  }

  std::string cost(const std::string& condition) {
    return ask(
        "(SELECT sum(cost) FROM optiinfra.attributed_cost_hourly WHERE (hour, version) IN (SELECT hour, "
        "max(version) FROM optiinfra.attributed_hours GROUP BY hour) AND " +
        condition + ")");
  }

  testing::TemporaryFolder folder_;
  std::optional<Client> client_;
};

}  // namespace optiinfra::testing
