#include "optiinfra/schema/validate.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace optiinfra {
namespace {

using namespace std::chrono_literals;

const sys_seconds kClock = std::chrono::sys_days{std::chrono::year{2026} / 11 / 22} + 12h;
const Uuid kSomebody{1, 2};

PerformanceMetric good_request() {
  PerformanceMetric row;
  row.timestamp = kClock;
  row.customer_id = row.service_id = kSomebody;
  row.latency_ms = 100;
  return row;
}

CostMetric good_cost() {
  CostMetric row;
  row.timestamp = kClock;
  row.customer_id = kSomebody;
  row.cloud_provider = "aws";
  return row;
}

QualityMetric good_answer() {
  QualityMetric row;
  row.timestamp = kClock;
  row.customer_id = row.service_id = kSomebody;
  return row;
}

template <typename Row>
Validation check(const Row& row) {
  Batch<Row> batch;
  batch.append(row);
  return validate<Row>(batch, kClock);
}

/// The one refusal of `row`, as text; "accepted" when there is none.
template <typename Row>
std::string refusal(const Row& row) {
  const Validation result = check(row);
  EXPECT_LE(result.refused.size(), 1u);
  return result.ok() ? "accepted" : result.refused[0].to_string();
}

TEST(Validate, AcceptsGoodRowsAndAnEmptyBatch) {
  EXPECT_EQ(refusal(good_request()), "accepted");
  EXPECT_EQ(refusal(good_cost()), "accepted");
  EXPECT_EQ(refusal(good_answer()), "accepted");
  EXPECT_TRUE(validate<CostMetric>(CostBatch{}, kClock).ok());
}

TEST(Validate, NamesRowColumnValueAndRule) {
  PerformanceBatch batch;
  batch.append(good_request());
  auto row = good_request();
  row.gpu_utilization = 150;
  batch.append(row);
  const Validation result = validate<PerformanceMetric>(batch, kClock);
  ASSERT_EQ(result.refused.size(), 1u);
  EXPECT_EQ(result.refused[0].to_string(),
            "row 1, column gpu_utilization: 150 must be a percentage, 0 to 100");
  EXPECT_EQ(result.refused_rows, std::vector<std::uint32_t>{1});
}

TEST(Validate, HoldsTimesBetweenTheYear2000AndADayFromNow) {
  for (const sys_seconds good : {kOldestTime, kClock + kFutureTolerance}) {
    auto row = good_request();
    row.timestamp = good;
    EXPECT_EQ(refusal(row), "accepted") << format_time(good);
  }
  for (const sys_seconds bad :
       {sys_seconds{}, kOldestTime - 1s, kClock + kFutureTolerance + 1s, kClock + std::chrono::years{100}}) {
    auto row = good_request();
    row.timestamp = bad;
    EXPECT_NE(refusal(row).find("column timestamp"), std::string::npos) << format_time(bad);
  }
}

TEST(Validate, RefusesWhatIsNoNumber) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -1.0f}) {
    auto row = good_request();
    row.latency_ms = bad;
    EXPECT_NE(refusal(row).find("must be a finite number, 0 or more"), std::string::npos) << bad;
  }
  auto cost = good_cost();
  cost.cost_per_hour = -0.01;
  EXPECT_NE(refusal(cost).find("column cost_per_hour: -0.01"), std::string::npos);
  ResourceMetric cold;
  cold.timestamp = kClock;
  cold.customer_id = kSomebody;
  cold.instance_id = "i-1";
  cold.gpu_temperature = -5;
  EXPECT_EQ(refusal(cold), "accepted");
  cold.gpu_temperature = std::numeric_limits<float>::infinity();
  EXPECT_NE(refusal(cold).find("must be a finite number"), std::string::npos);
  cold.gpu_temperature = std::nanf("");
  EXPECT_EQ(refusal(cold), "accepted") << "a NaN is an absent value where one may be absent";
}

TEST(Validate, TakesAmountsBelowZeroOnlyWhereTheChargeLowersABill) {
  auto cost = good_cost();
  cost.cost_per_hour = -2;
  for (const char* charge : {"", "usage", "tax", "purchase"}) {
    cost.charge_category = charge;
    EXPECT_NE(refusal(cost).find("below 0 only in a credit, refund or adjustment"), std::string::npos)
        << charge;
  }
  for (const char* charge : {"credit", "refund", "adjustment"}) {
    cost.charge_category = charge;
    EXPECT_EQ(refusal(cost), "accepted") << charge;
  }
  CostBatch without_charges;
  without_charges.timestamp.push_back(to_column_time(kClock));
  without_charges.customer_id.push_back(kSomebody);
  without_charges.cloud_provider.append("aws");
  without_charges.cost_per_hour.push_back(-1);
  EXPECT_TRUE(without_charges.is_rectangular());
  EXPECT_EQ(validate<CostMetric>(without_charges, kClock).refused_rows.size(), 1u);
}

TEST(Validate, TakesTheWordsOfARuleAndNoOthers) {
  auto cost = good_cost();
  cost.charge_category = "gift";
  EXPECT_NE(refusal(cost).find("column charge_category: 'gift'"), std::string::npos);
  cost = good_cost();
  for (const char* currency : {"usd", "US", "USDT", "U$D"}) {
    cost.currency = currency;
    EXPECT_NE(refusal(cost).find("three capital letters"), std::string::npos) << currency;
  }
  cost.currency = "USD";
  EXPECT_EQ(refusal(cost), "accepted");
  auto request = good_request();
  request.status = "failed";
  EXPECT_NE(refusal(request).find("column status: 'failed' must be ok, client_error"), std::string::npos);
}

TEST(Validate, RefusesPercentagesScoresAndFlagsOutOfRange) {
  auto request = good_request();
  request.kv_cache_utilization = 100.5f;
  EXPECT_NE(refusal(request).find("a percentage, 0 to 100"), std::string::npos);
  auto answer = good_answer();
  answer.overall_quality_score = 1.01f;
  EXPECT_NE(refusal(answer).find("a score, 0 to 1"), std::string::npos);
  answer = good_answer();
  answer.hallucination_detected = 2;
  EXPECT_NE(refusal(answer).find("2 must be 0 or 1"), std::string::npos);
  auto cost = good_cost();
  cost.is_spot = 7;
  EXPECT_NE(refusal(cost).find("column is_spot: 7 must be 0 or 1"), std::string::npos);
}

TEST(Validate, RefusesIdentitiesThatWereNeverSet) {
  auto request = good_request();
  request.service_id = Uuid{};
  EXPECT_NE(refusal(request).find("column service_id"), std::string::npos);
  request = good_request();
  request.request_id = Uuid{};
  EXPECT_EQ(refusal(request), "accepted");
  auto cost = good_cost();
  cost.cloud_provider = "";
  EXPECT_NE(refusal(cost).find("column cloud_provider: '' must be a text of 1 to 4096 bytes"),
            std::string::npos);
}

TEST(Validate, RefusesOverlongTextAndShowsOnlyItsBeginning) {
  auto answer = good_answer();
  answer.prompt_hash = std::string(kTextBytesMax + 1, 'x');
  EXPECT_NE(refusal(answer).find("xxx...' (4097 bytes) must be"), std::string::npos);
  auto request = good_request();
  request.model_name = std::string(kTextBytesMax + 1, 'y');
  EXPECT_NE(refusal(request).find("column model_name"), std::string::npos);
}

TEST(Validate, CountsEveryBadRowAndDescribesABoundedNumber) {
  auto row = good_request();
  row.latency_ms = -1;
  row.gpu_utilization = 101;
  PerformanceBatch batch;
  for (std::size_t i = 0; i < kRefusedDescribedMax + 10; ++i) batch.append(row);
  const Validation result = validate<PerformanceMetric>(batch, kClock);
  EXPECT_EQ(result.refused_rows.size(), kRefusedDescribedMax + 10);
  EXPECT_EQ(result.refused.size(), kRefusedDescribedMax);
}

}  // namespace
}  // namespace optiinfra
