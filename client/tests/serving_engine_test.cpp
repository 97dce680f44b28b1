// What engines count, on the engine: percentiles of histograms over rows, hours and edges.
#include <gtest/gtest.h>

#include "optiinfra/client/client.hpp"
#include "optiinfra/schema/histogram.hpp"
#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra {
namespace {

using namespace std::chrono_literals;

const sys_seconds kFirstHour = floor_hour(now()) - 5h;

class ServingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = Client::open("embedded:" + (folder_.path() / "store").string(), {.create = true});
    ASSERT_TRUE(opened) << opened.error().message;
    client_.emplace(*std::move(opened));
  }

  static ServingMetric interval(sys_seconds time, const Histogram& latency) {
    ServingMetric row;
    row.timestamp = time;
    row.customer_id = {1, 1};
    row.service_id = {2, 2};
    row.instance_id = "i-1";
    row.interval_seconds = 15;
    row.latency_histogram = histogram_text(latency);
    return row;
  }

  void insert(const std::vector<ServingMetric>& rows) {
    const auto receipt = client_->insert(std::span<const ServingMetric>(rows));
    ASSERT_TRUE(receipt) << receipt.error().message;
  }

  /// The p50, p90, p95 and p99 of the latency.
  std::vector<Cell> percentiles(TimeRange range) {
    auto answer = client_->query(
        {.measures = {"p50_engine_latency", "p90_engine_latency", "p95_engine_latency", "p99_engine_latency"},
         .range = range});
    EXPECT_TRUE(answer) << answer.error().message;
    return answer && answer->rows.size() == 1 ? answer->rows[0] : std::vector<Cell>{};
  }

  void expect_near(const std::vector<Cell>& cells, const std::vector<double>& expected) {
    ASSERT_EQ(cells.size(), expected.size());
    for (std::size_t i = 0; i < cells.size(); ++i) EXPECT_NEAR(std::get<double>(cells[i]), expected[i], 1e-6);
  }

  testing::TemporaryFolder folder_;
  std::optional<Client> client_;
};

// 10 requests up to 100 ms, 30 up to 200, 60 up to 400: number 50 lies 10/60 into the last bucket.
TEST_F(ServingTest, PercentilesAreThoseOfAllRowsTogether) {
  insert({interval(kFirstHour + 10min, {{100'000, 10}, {200'000, 10}, {400'000, 20}}),
          interval(kFirstHour + 70min, {{200'000, 20}, {400'000, 30}}),
          interval(kFirstHour + 130min, {{400'000, 10}, {kUnboundedUs, 0}}),
          interval(kFirstHour + 4h, {{kUnboundedUs, 1000}})});
  const double p50 = 200 + 200 * 10.0 / 60, p90 = 200 + 200 * 50.0 / 60, p95 = 200 + 200 * 55.0 / 60,
               p99 = 200 + 200 * 59.0 / 60;
  expect_near(percentiles({kFirstHour, kFirstHour + 3h}), {p50, p90, p95, p99});
  expect_near(percentiles({kFirstHour + 5min, kFirstHour + 2h + 15min}), {p50, p90, p95, p99});
}

TEST_F(ServingTest, ABucketBeginsWhereTheOneBelowItEndsAlsoWhenThatOneIsEmpty) {
  insert({interval(kFirstHour, {{100'000, 0}, {200'000, 4}})});
  expect_near(percentiles({kFirstHour, kFirstHour + 1h}), {150, 190, 195, 199});
}

TEST_F(ServingTest, AboveTheLastBoundItIsThatBound) {
  insert({interval(kFirstHour, {{100'000, 1}, {200'000, 0}, {kUnboundedUs, 99}})});
  expect_near(percentiles({kFirstHour, kFirstHour + 1h}), {200, 200, 200, 200});
}

TEST_F(ServingTest, WithoutAHistogramOrACountThereIsNoPercentile) {
  insert({interval(kFirstHour, {}), interval(kFirstHour + 1h, {{100'000, 0}, {200'000, 0}})});
  for (const auto& range :
       {TimeRange{kFirstHour, kFirstHour + 1h}, TimeRange{kFirstHour + 1h, kFirstHour + 2h}}) {
    for (const Cell& cell : percentiles(range)) EXPECT_TRUE(std::holds_alternative<std::monostate>(cell));
  }
}

TEST_F(ServingTest, EnginesWhoseBoundsDifferAddUp) {
  insert({interval(kFirstHour, {{100'000, 50}}), interval(kFirstHour + 1min, {{100'000, 0}, {300'000, 50}})});
  expect_near(percentiles({kFirstHour, kFirstHour + 1h}), {100, 260, 280, 296});
}

TEST_F(ServingTest, AHistogramThatIsNoneIsRefused) {
  ServingMetric row = interval(kFirstHour, {});
  row.latency_histogram = R"({"9":1,"5":1})";
  const auto refused = client_->insert(std::vector<ServingMetric>{row});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("latency_histogram"), std::string::npos) << refused.error().message;
}

}  // namespace
}  // namespace optiinfra
