// The general question on the engine: measures of one and of several families, by dimensions and buckets.
#include <gtest/gtest.h>

#include "optiinfra/client/client.hpp"
#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra {
namespace {

using namespace std::chrono_literals;

const Uuid kFirst{1, 1}, kSecond{2, 2}, kAskedService{3, 3};
const sys_seconds kHour = floor_hour(now()) - 5h;
const TimeRange kRagged{kHour + 10min, kHour + 3h + 20min};

PerformanceMetric request(const Uuid& customer, sys_seconds time, const char* model, float latency_ms) {
  PerformanceMetric row;
  row.timestamp = time;
  row.customer_id = customer;
  row.service_id = kAskedService;
  row.model_name = model;
  row.latency_ms = latency_ms;
  row.total_tokens = 10;
  return row;
}

CostMetric cost(const Uuid& customer, sys_seconds time, const char* region, double amount) {
  CostMetric row;
  row.timestamp = time;
  row.customer_id = customer;
  row.cloud_provider = "aws";
  row.region = region;
  row.cost_per_hour = amount;
  return row;
}

class QuestionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = Client::open("embedded:" + (folder_.path() / "store").string(), {.create = true});
    ASSERT_TRUE(opened) << opened.error().message;
    client_.emplace(*std::move(opened));
    PerformanceBatch requests;
    requests.append(request(kFirst, kHour + 15min, "a", 1));
    requests.append(request(kFirst, kHour + 1h + 1min, "b", 3));
    requests.append(request(kFirst, kHour + 3h + 5min, "b", 5));
    requests.append(request(kFirst, kHour + 5min, "b", 100));  // Before the window.
    ASSERT_TRUE(client_->insert(requests));
    ASSERT_TRUE(client_->insert(std::vector<CostMetric>{cost(kFirst, kHour + 1h, "east", 2),
                                                        cost(kFirst, kHour + 1h, "west", 3),
                                                        cost(kSecond, kHour + 2h, "west", 4)}));
  }

  Answer ask(const Question& question) {
    auto answer = client_->query(question);
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? *std::move(answer) : Answer{};
  }

  testing::TemporaryFolder folder_;
  std::optional<Client> client_;
};

TEST_F(QuestionTest, SplitsByADimensionInTheOrderAskedForAndNoMoreRowsThanTheLimit) {
  const Question question{.measures = {"performance.request_count", "max_latency", "requests_per_second"},
                          .dimensions = {"model"},
                          .range = kRagged,
                          .filters = {{"customer", kFirst.to_string()}},
                          .order = {{"max_latency", true}}};
  const Answer answer = ask(question);
  EXPECT_EQ(answer.window, kRagged);
  ASSERT_EQ(answer.rows.size(), 2u);
  EXPECT_EQ(answer.rows[0][0], Cell(std::string("b")));
  EXPECT_EQ(answer.rows[0][1], Cell(std::uint64_t{2}));
  EXPECT_EQ(answer.rows[0][2], Cell(5.0));
  EXPECT_EQ(answer.rows[0][3], Cell(2.0 / (190 * 60)));
  EXPECT_EQ(answer.rows[1][0], Cell(std::string("a")));
  ASSERT_EQ(answer.coverage.size(), 1u);
  EXPECT_EQ(answer.coverage[0].rows, 3u);
  EXPECT_EQ(answer.columns[2].key, "max_latency_ms");
  EXPECT_EQ(answer.columns[2].unit, "ms");
  Question limited = question;
  limited.limit = 1;
  EXPECT_EQ(ask(limited).rows.size(), 1u);
}

TEST_F(QuestionTest, FamiliesStandSideBySideAndAnAbsentOneHasNoNumbers) {
  const Answer answer = ask({.measures = {"total_cost", "performance.request_count", "avg_kv_cache_util"},
                             .dimensions = {"customer"},
                             .range = kRagged,
                             .order = {{"total_cost", true}}});
  ASSERT_EQ(answer.rows.size(), 2u);
  EXPECT_EQ(answer.rows[0][0], Cell(kFirst.to_string()));
  EXPECT_EQ(answer.rows[0][1], Cell(5.0)) << "no family multiplies another's rows";
  EXPECT_EQ(answer.rows[0][2], Cell(std::uint64_t{3}));
  EXPECT_EQ(answer.rows[1][1], Cell(4.0));
  EXPECT_EQ(answer.rows[1][2], Cell(std::uint64_t{0}));
  EXPECT_EQ(answer.rows[1][3], Cell(std::monostate{}));
  ASSERT_EQ(answer.coverage.size(), 2u);
  EXPECT_EQ(answer.coverage[0].rows, 3u);
  EXPECT_EQ(answer.coverage[1].rows, 3u);
}

TEST_F(QuestionTest, FamiliesShareBucketsAndAWindowOfWholeHours) {
  const Answer answer = ask({.measures = {"total_cost", "performance.request_count"},
                             .bucket = Bucket::kHour,
                             .range = {kHour, kHour + 3h}});
  ASSERT_EQ(answer.rows.size(), 3u);
  EXPECT_EQ(answer.rows[0], (std::vector<Cell>{kHour, std::monostate{}, std::uint64_t{2}}));
  EXPECT_EQ(answer.rows[1], (std::vector<Cell>{kHour + 1h, 5.0, std::uint64_t{1}}));
  EXPECT_EQ(answer.rows[2], (std::vector<Cell>{kHour + 2h, 4.0, std::uint64_t{0}}));
}

TEST_F(QuestionTest, SeveralValuesOfOneDimensionMeanAnyOfThem) {
  const auto total = [&](std::vector<Filter> filters) {
    return ask({.measures = {"total_cost"}, .range = {kHour, kHour + 3h}, .filters = std::move(filters)})
        .rows.at(0)
        .at(0);
  };
  EXPECT_EQ(total({{"region", "west"}}), Cell(7.0)) << "by raw rows alone";
  EXPECT_EQ(total({{"region", "west"}, {"region", "east"}}), Cell(9.0));
  EXPECT_EQ(total({{"customer", kSecond.to_string()}, {"customer", kFirst.to_string()}}), Cell(9.0));
  EXPECT_EQ(total({{"region", "' OR 1=1 --"}}), Cell(std::monostate{})) << "values are bound";
}

TEST_F(QuestionTest, RowsComeOneByOneUntilTheCallerStops) {
  std::size_t rows = 0;
  const auto answer = client_->query(
      {.measures = {"total_cost"}, .dimensions = {"region"}, .bucket = Bucket::kHour, .range = kRagged},
      [&](std::span<const Cell> cells) {
        EXPECT_EQ(cells.size(), 3u);
        return ++rows < 2;
      });
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(rows, 2u);
  EXPECT_TRUE(answer->rows.empty());
}

}  // namespace
}  // namespace optiinfra
