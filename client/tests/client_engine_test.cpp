#include <gtest/gtest.h>

#include <atomic>
#include <stop_token>
#include <thread>

#include "optiinfra/client/client.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra {
namespace {

using namespace std::chrono_literals;

const Uuid kCustomer{0x10, 0x20}, kService{0x30, 0x40};

PerformanceMetric request(sys_seconds time, float latency_ms) {
  PerformanceMetric row;
  row.timestamp = time;
  row.customer_id = kCustomer;
  row.service_id = kService;
  row.service_type = "vllm";
  row.model_name = "llama-3.1-70b";
  row.latency_ms = latency_ms;
  row.prompt_tokens = 10;
  row.completion_tokens = 5;
  row.total_tokens = 15;
  return row;
}

class ClientTest : public ::testing::Test {
 protected:
  void SetUp() override { open(); }

  void open() {
    auto opened = Client::open(url(), {.create = true});
    ASSERT_TRUE(opened) << opened.error().message;
    client_.emplace(std::move(opened).value());
  }

  std::string url() const { return "embedded:" + (folder_.path() / "store").string(); }

  std::uint64_t stored_requests() {
    std::uint64_t rows = 0;
    const auto counted = client_->with_session([&](Session& session) -> Result<void> {
      const auto asked = session.query({.sql = "SELECT count() FROM optiinfra.performance_metrics_ts"},
                                       [&](const Block& block) {
                                         rows = (*block.values<std::vector<std::uint64_t>>(0))[0];
                                         return true;
                                       });
      if (!asked) return asked.error();
      return {};
    });
    EXPECT_TRUE(counted);
    return rows;
  }

  testing::TemporaryFolder folder_;
  std::optional<Client> client_;
};

TEST_F(ClientTest, AnswersPingWhileOpen) { EXPECT_TRUE(client_->ping()); }

TEST_F(ClientTest, InsertOfAnEmptyListStoresNothing) {
  const auto receipt = client_->insert_performance_metrics(std::span<const PerformanceMetric>{});
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->rows_stored, 0u);
}

TEST_F(ClientTest, StoresNothingOfACallWithABadRowAndNamesIt) {
  const std::vector<PerformanceMetric> rows = {request(now(), 1), request(now(), -1), request(now(), 3)};
  const auto refused = client_->insert_performance_metrics(rows);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(refused.error().message,
            "performance_metrics_ts, row 1, column latency_ms: -1 must be a finite number, 0 or more; "
            "nothing was stored");
  ASSERT_TRUE(refused.error().refused);
  EXPECT_EQ(refused.error().refused->row, 1u);
  EXPECT_EQ(refused.error().refused->column, "latency_ms");
  EXPECT_EQ(refused.error().refused->value, "-1");
  EXPECT_EQ(refused.error().refused->rule, "a finite number, 0 or more");
  EXPECT_EQ(stored_requests(), 0u);
}

TEST_F(ClientTest, StoresTheGoodRowsAndGivesTheBadOnesBackWhenAsked) {
  const std::vector<PerformanceMetric> rows = {request(now(), 1), request(now(), -1), request(now(), 3)};
  const auto receipt =
      client_->insert_performance_metrics(rows, {.on_refused_rows = OnRefusedRows::kStoreOthers});
  ASSERT_TRUE(receipt) << receipt.error().message;
  EXPECT_EQ(receipt->rows_stored, 2u);
  EXPECT_EQ(receipt->refused_rows, std::vector<std::uint32_t>{1});
  EXPECT_EQ(stored_requests(), 2u);
}

TEST_F(ClientTest, ACallThatIsStoppedStoresNothingAndItsRepetitionStoresOnce) {
  std::stop_source source;
  source.request_stop();
  const std::vector<PerformanceMetric> rows = {request(now(), 1)};
  const auto stopped =
      client_->insert_performance_metrics(rows, {.token = "one", .call = {.stop = source.get_token()}});
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::kCancelled) << stopped.error().message;
  EXPECT_EQ(stored_requests(), 0u);
  EXPECT_TRUE(client_->insert_performance_metrics(rows, {.token = "one"}));
  EXPECT_EQ(stored_requests(), 1u);
  const auto question = client_->query_performance_p95(kCustomer, kService, 1, {.stop = source.get_token()});
  ASSERT_FALSE(question);
  EXPECT_EQ(question.error().kind, ErrorKind::kCancelled) << question.error().message;
}

TEST_F(ClientTest, ACallHasABudgetOfItsOwn) {
  const auto none = client_->query_performance_p95(kCustomer, kService, 1, {.timeout = 0ms});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::kInvalidArgument) << none.error().message;
}

TEST_F(ClientTest, TheSameRowsWithTheSameTokenCountOnceAndWithAnotherTokenAgain) {
  const std::vector<PerformanceMetric> rows = {request(now(), 1), request(now() - 30h, 2)};
  for (const char* token : {"a", "a", "b"})
    ASSERT_TRUE(client_->insert_performance_metrics(rows, {.token = token}));
  EXPECT_EQ(stored_requests(), 4u);
  EXPECT_EQ(client_->query_performance_p95(kCustomer, kService, 48)->total_requests, 4u);
}

TEST_F(ClientTest, EqualRowsOfTwoCallsBothCount) {
  const std::vector<PerformanceMetric> rows = {request(now(), 1)};
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(client_->insert_performance_metrics(rows));
  EXPECT_EQ(stored_requests(), 2u);
}

TEST_F(ClientTest, TheLastHoursAreAnExactWindowThatIncludesThePresent) {
  const sys_seconds clock = now();
  const std::vector<PerformanceMetric> rows = {request(clock, 1), request(clock - 2h + 5s, 2),
                                               request(clock - 2h - 5s, 4), request(clock + 1h, 8)};
  ASSERT_TRUE(client_->insert_performance_metrics(rows));
  const auto summary = client_->query_performance_p95(kCustomer, kService, 2);
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->window.end - summary->window.begin, 2h);
  EXPECT_GT(summary->window.end, clock);
  EXPECT_EQ(summary->total_requests, 2u);
  EXPECT_EQ(summary->avg_latency_ms, 1.5);
  EXPECT_EQ(summary->total_tokens, 30u);
}

TEST_F(ClientTest, AWindowWithoutRowsHasCountsOfZeroAndNoOtherNumbers) {
  const auto summary = client_->query_performance_p95(kCustomer, kService);
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->total_requests, 0u);
  EXPECT_EQ(summary->total_tokens, 0u);
  EXPECT_EQ(summary->requests_per_second(), 0);
  for (const auto& number : {summary->avg_latency_ms, summary->p50_latency_ms, summary->p99_latency_ms,
                             summary->min_latency_ms, summary->max_latency_ms, summary->avg_batch_size})
    EXPECT_EQ(number, std::nullopt);
  const auto resource = client_->query_resource_utilization(kCustomer, "nowhere");
  ASSERT_TRUE(resource) << resource.error().message;
  EXPECT_EQ(resource->sample_count, 0u);
  EXPECT_EQ(resource->avg_gpu_utilization, std::nullopt);
  EXPECT_EQ(resource->max_gpu_utilization, std::nullopt);
  EXPECT_EQ(resource->max_gpu_temperature, std::nullopt);
  EXPECT_TRUE(client_->query_quality_trends(kCustomer, kService)->hours.empty());
  EXPECT_TRUE(client_->query_cost_hourly(kCustomer, now() - 24h, now())->hours.empty());
}

TEST_F(ClientTest, AnEdgeOlderThanTheRawRetentionIsWidenedAndTheWindowSaysSo) {
  const sys_seconds old = floor_hour(now() - std::chrono::days{100}) + 20min;
  const std::vector<PerformanceMetric> rows = {request(old - 10min, 1)};
  ASSERT_TRUE(client_->insert_performance_metrics(rows));
  const auto summary = client_->query_performance(kCustomer, kService, {old, old + 3h});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->window, (TimeRange{floor_hour(old), floor_hour(old) + 4h}));
  EXPECT_EQ(summary->total_requests, 1u);
}

TEST_F(ClientTest, EveryAnswerSaysWhichWindowItUsedWithOrWithoutRows) {
  const sys_seconds old = floor_hour(now() - std::chrono::days{100}) + 20min;
  const TimeRange asked{old, old + 20min}, used{floor_hour(old), floor_hour(old) + 1h};
  EXPECT_EQ(client_->query_cost_hourly(kCustomer, asked.begin, asked.end)->window, used);
  EXPECT_EQ(client_->query_models(kCustomer, kService, asked)->window, used);
  EXPECT_EQ(client_->query_quality(kCustomer, kService, asked)->window, used);
  EXPECT_EQ(client_->query_resource(kCustomer, "gpu-1", asked)->window, used);
  EXPECT_EQ(*client_->query_performance_series(kCustomer, kService, asked, Bucket::kDay,
                                               [](const PerformancePoint&) { return true; }),
            used);
  EXPECT_EQ(*client_->query_resource_series(kCustomer, "gpu-1", asked, Bucket::kDay,
                                            [](const ResourcePoint&) { return true; }),
            used);
  EXPECT_EQ(*client_->query_cost_series(kCustomer, asked, Bucket::kDay, CostDimension::kProvider,
                                        [](const CostPoint&) { return true; }),
            used);
}

TEST_F(ClientTest, APointAtTheEdgeOfASeriesCoversTheTimeThatItsNumbersRestOn) {
  const sys_seconds old = floor_hour(now() - std::chrono::days{100});
  ASSERT_TRUE(client_->insert_performance_metrics(
      std::vector<PerformanceMetric>{request(old + 5min, 1), request(old + 30min, 1)}));
  std::vector<PerformancePoint> points;
  ASSERT_TRUE(client_->query_performance_series(kCustomer, kService, {old + 20min, old + 40min},
                                                Bucket::kHour, [&](const PerformancePoint& point) {
                                                  points.push_back(point);
                                                  return true;
                                                }));
  ASSERT_EQ(points.size(), 1u);
  EXPECT_EQ(points[0].summary.window, (TimeRange{old, old + 1h}));
  EXPECT_EQ(points[0].summary.total_requests, 2u);
  EXPECT_DOUBLE_EQ(points[0].summary.requests_per_second(), 2 / 3600.0);
}

TEST_F(ClientTest, CostThatOnlyRawRowsKnowIsAnsweredFromWhereThoseBegin) {
  const sys_seconds clock = now(), raw_begin = clock - std::chrono::days{90};
  std::vector<CostMetric> rows(2);
  for (CostMetric& row : rows) {
    row.customer_id = kCustomer;
    row.cloud_provider = "aws";
    row.region = "us-east-1";
    row.cost_per_hour = 2;
  }
  rows[0].timestamp = clock - std::chrono::days{100};  // Still there, for a day, and past its retention.
  rows[1].timestamp = clock - std::chrono::days{2};
  ASSERT_TRUE(client_->insert_cost_metrics(rows));
  std::vector<CostPoint> points;
  const auto collect = [&](const CostPoint& point) {
    points.push_back(point);
    return true;
  };
  const auto window = client_->query_cost_series(kCustomer, {clock - std::chrono::days{120}, clock},
                                                 Bucket::kWeek, CostDimension::kRegion, collect);
  ASSERT_TRUE(window) << window.error().message;
  EXPECT_GE(window->begin, raw_begin);
  EXPECT_LT(window->begin, raw_begin + 1min);
  EXPECT_EQ(window->end, clock);
  ASSERT_EQ(points.size(), 1u);
  EXPECT_EQ(points[0].total_cost, 2.0);
  EXPECT_GE(points[0].window.begin, raw_begin);

  const auto before =
      client_->query_cost_series(kCustomer, {clock - std::chrono::days{120}, clock - std::chrono::days{95}},
                                 Bucket::kWeek, CostDimension::kInstanceType, collect);
  ASSERT_FALSE(before);
  EXPECT_EQ(before.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_NE(before.error().message.find(format_time(window->begin).substr(0, 10)), std::string::npos)
      << before.error().message;
}

TEST_F(ClientTest, RefusesEmptyRangesAndImpossibleHours) {
  const sys_seconds clock = now();
  EXPECT_EQ(client_->query_cost_hourly(kCustomer, clock, clock).error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(client_->query_performance(kCustomer, kService, {clock, clock - 1h}).error().kind,
            ErrorKind::kInvalidArgument);
  EXPECT_EQ(client_->query_performance_p95(kCustomer, kService, 0).error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(client_->query_quality_trends(kCustomer, kService, -3).error().kind, ErrorKind::kInvalidArgument);
}

TEST_F(ClientTest, CostIsSplitByProviderAndServiceAndFilteredByProvider) {
  const sys_seconds hour = floor_hour(now() - 5h);
  std::vector<CostMetric> rows(3);
  for (CostMetric& row : rows) {
    row.timestamp = hour;
    row.customer_id = kCustomer;
    row.cloud_provider = "aws";
    row.service_name = "ec2";
    row.region = "us-east-1";
    row.cost_per_hour = 2;
    row.utilization_percent = 50;
  }
  rows[2].cloud_provider = "gcp";
  rows[2].region = "europe-west4";
  ASSERT_TRUE(client_->insert_cost_metrics(rows));
  const auto all = client_->query_cost_hourly(kCustomer, hour, hour + 1h);
  ASSERT_TRUE(all) << all.error().message;
  ASSERT_EQ(all->hours.size(), 2u);
  EXPECT_EQ(all->hours[0].cloud_provider, "aws");
  EXPECT_EQ(all->hours[0].total_cost, 4.0);
  EXPECT_EQ(all->hours[0].avg_utilization, 50.0);
  EXPECT_EQ(all->hours[0].sample_count, 2u);
  EXPECT_EQ(client_->query_cost_hourly(kCustomer, hour, hour + 1h, "gcp")->hours.size(), 1u);
  EXPECT_TRUE(client_->query_cost_hourly(kCustomer, hour + 1h, hour + 2h)->hours.empty());

  std::vector<CostPoint> regions;
  ASSERT_TRUE(client_->query_cost_series(kCustomer, {hour, hour + 1h}, Bucket::kDay, CostDimension::kRegion,
                                         [&](const CostPoint& point) {
                                           regions.push_back(point);
                                           return true;
                                         }));
  ASSERT_EQ(regions.size(), 2u);
  EXPECT_EQ(regions[0].group, "europe-west4");
  EXPECT_EQ(regions[1].total_cost, 4.0);
}

TEST_F(ClientTest, SeriesComeInOrderAndStopWhenTold) {
  std::vector<PerformanceMetric> rows;
  const sys_seconds begin = std::chrono::floor<std::chrono::days>(now()) - std::chrono::days{10};
  for (int day = 0; day < 10; ++day) rows.push_back(request(begin + std::chrono::days{day} + 3h, 1));
  ASSERT_TRUE(client_->insert_performance_metrics(rows));
  std::vector<sys_seconds> seen;
  const auto collect = [&](const PerformancePoint& point) {
    seen.push_back(point.begin);
    return seen.size() < 4;
  };
  ASSERT_TRUE(client_->query_performance_series(kCustomer, kService, {begin, begin + std::chrono::days{10}},
                                                Bucket::kDay, collect));
  ASSERT_EQ(seen.size(), 4u);
  EXPECT_EQ(seen[3], begin + std::chrono::days{3});
  std::uint64_t weekly = 0;
  ASSERT_TRUE(client_->query_performance_series(
      kCustomer, kService, {begin, begin + std::chrono::days{10}}, Bucket::kWeek,
      [&](const PerformancePoint& point) {
        EXPECT_EQ(std::chrono::weekday{std::chrono::floor<std::chrono::days>(point.begin)},
                  std::chrono::Monday);
        weekly += point.summary.total_requests;
        return true;
      }));
  EXPECT_EQ(weekly, 10u);
}

TEST_F(ClientTest, ModelsOfAServiceComeBusiestFirst) {
  std::vector<PerformanceMetric> rows = {request(now(), 1), request(now(), 2), request(now(), 3)};
  rows[0].model_name = "mixtral-8x7b";
  ASSERT_TRUE(client_->insert_performance_metrics(rows));
  const auto models = client_->query_models(kCustomer, kService, {now() - 1h, now() + 1s});
  ASSERT_TRUE(models) << models.error().message;
  ASSERT_EQ(models->models.size(), 2u);
  EXPECT_EQ(models->models[0].model_name, "llama-3.1-70b");
  EXPECT_EQ(models->models[0].performance.total_requests, 2u);
}

TEST_F(ClientTest, ManyThreadsShareOneClientAndLoseNothing) {
  constexpr int kThreads = 24, kCalls = 4, kRows = 500;
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      const std::vector<PerformanceMetric> rows(kRows, request(now(), 5));
      for (int call = 0; call < kCalls; ++call) {
        if (!client_->insert_performance_metrics(rows)) ++failures;
        if (!client_->query_performance_p95(kCustomer, kService)) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(stored_requests(), std::uint64_t{kThreads} * kCalls * kRows);
}

TEST_F(ClientTest, RefusesABatchOverTheLimitOrWithUnequalColumns) {
  PerformanceBatch batch;
  batch.append(request(now(), 1));
  batch.latency_ms.push_back(2);
  EXPECT_EQ(client_->insert_performance_metrics(batch).error().kind, ErrorKind::kInvalidArgument);
  const std::vector<PerformanceMetric> many(kInsertRowsMax + 1);
  EXPECT_EQ(client_->insert_performance_metrics(many).error().kind, ErrorKind::kTooLarge);
}

TEST_F(ClientTest, AStoreIsThereAgainAfterClosing) {
  ASSERT_TRUE(client_->insert_performance_metrics(std::vector<PerformanceMetric>{request(now(), 1)}));
  client_.reset();
  auto reopened = Client::open(url());
  ASSERT_TRUE(reopened) << reopened.error().message;
  EXPECT_EQ(reopened->query_performance_p95(kCustomer, kService)->total_requests, 1u);
}

TEST(ClientOpen, RefusesAnAbsentStoreAndAnUnknownUrl) {
  const testing::TemporaryFolder folder;
  const auto absent = Client::open("embedded:" + (folder.path() / "none").string());
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().kind, ErrorKind::kStorage);
  EXPECT_NE(absent.error().message.find("optiinfra init"), std::string::npos);
  const auto unknown = Client::open("mysql://user:secret@host/db");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().message.find("secret"), std::string::npos);
  EXPECT_FALSE(Client::open("embedded:", {.create = true, .call_timeout = 0ms}));
}

TEST(DefaultClient, IsOnePerProcessAndFollowsTheEnvironment) {
  const testing::TemporaryFolder folder;
  ::setenv("OPTIINFRA_URL", ("embedded:" + (folder.path() / "mine").string()).c_str(), 1);
  const auto first = default_client(), second = default_client();
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_TRUE(second);
  EXPECT_EQ(*first, *second);
  EXPECT_TRUE((*first)->ping());
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "mine"));
}

}  // namespace
}  // namespace optiinfra
