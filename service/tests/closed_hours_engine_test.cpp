// The service attributes hours that have ended, by itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "customers.hpp"
#include "optiinfra/client/client.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/service/service.hpp"
#include "optiinfra/testing/http_call.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "optiinfra/transport/url.hpp"

namespace optiinfra::service {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class ClosedHoursOfAService : public ::testing::Test {
 protected:
  void SetUp() override {
    auto client = Client::open(url(), {.create = true});
    ASSERT_TRUE(client) << client.error().message;
    CostMetric cost;
    cost.timestamp = hour_;
    cost.customer_id = kAda;
    cost.cloud_provider = "aws";
    cost.service_name = "ec2";
    cost.instance_id = "i-1";
    cost.cost_per_hour = 3.5;
    cost.currency = "USD";
    ASSERT_TRUE(client->insert(std::vector{cost}));
    PerformanceMetric request;
    request.timestamp = hour_ + 10min;
    request.customer_id = kAda;
    request.service_id = kService;
    request.model_name = "llama";
    request.instance_id = "i-1";
    request.latency_ms = 60'000;
    request.prompt_tokens = 100;
    request.completion_tokens = 200;
    ASSERT_TRUE(client->insert(std::vector{request}));
  }

  std::string url() const { return "embedded:" + (folder_ / "store").string(); }

  void start(std::optional<std::chrono::milliseconds> attribute_after) {
    auto service =
        Service::listen({.port = 0, .folder = folder_ / "service", .attribute_after = attribute_after});
    ASSERT_TRUE(service) << service.error().message;
    service_.emplace(std::move(service).value());
    const auto started = service_->start(*parse_store_url(url()));
    ASSERT_TRUE(started) << started.error().message;
  }

  std::string get(const std::string& target) {
    const std::string address = service_->address();
    const auto port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
    return testing::http_call(port, {.method = "GET", .target = target}).body;
  }

  /// Of the hour; null while it is not attributed.
  nlohmann::json total_cost() {
    const auto answer = nlohmann::json::parse(
        get("/api/v1/query/unit-cost?from=" + format_time(hour_) + "&to=" + format_time(hour_ + 1h)), nullptr,
        false);
    return answer["data"].empty() ? nlohmann::json() : answer["data"][0]["total_cost"];
  }

  testing::TemporaryFolder folder_;
  const sys_seconds hour_ = floor_hour(now()) - 2h;
  std::optional<Service> service_;
};

TEST_F(ClosedHoursOfAService, AreAttributedAfterItsStart) {
  start(0ms);
  nlohmann::json cost;
  for (int look = 0; look < 300 && !cost.is_number(); ++look) {
    std::this_thread::sleep_for(100ms);
    cost = total_cost();
  }
  ASSERT_TRUE(cost.is_number());
  EXPECT_DOUBLE_EQ(cost.get<double>(), 3.5);
  std::string metrics;
  for (int look = 0;
       look < 100 && metrics.find("optiinfra_attribution_success_time_seconds") == std::string::npos;
       ++look) {
    std::this_thread::sleep_for(20ms);
    metrics = get("/metrics");
  }
  EXPECT_THAT(metrics, HasSubstr("\noptiinfra_attributed_hours_total 1\n"));
  EXPECT_THAT(metrics, HasSubstr("\noptiinfra_attribution_failures_total 0\n"));
  service_->stop(1s);
}

TEST_F(ClosedHoursOfAService, AreLeftAloneWhereItIsToldSoAndDoNotHoldUpItsEnd) {
  start(std::nullopt);
  EXPECT_TRUE(total_cost().is_null());
  EXPECT_THAT(get("/metrics"), HasSubstr("\noptiinfra_attributed_hours_total 0\n"));
  service_->stop(1s);
  service_.reset();
  start(1h);
  const auto begin = std::chrono::steady_clock::now();
  service_->stop(1s);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

}  // namespace
}  // namespace optiinfra::service
