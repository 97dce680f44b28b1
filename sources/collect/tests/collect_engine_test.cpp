#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <thread>

#include "optiinfra/client/client.hpp"
#include "optiinfra/collect/collector.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra::collect {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Has one sample of rows for each step, until it has none.
class PreparedSource : public MetricSource {
 public:
  Result<CollectedRows> collect(Clock::time_point until) override {
    if (samples.empty()) {
      std::this_thread::sleep_until(until);
      return CollectedRows{};
    }
    CollectedRows rows = std::move(samples.front());
    samples.pop_front();
    return rows;
  }
  std::vector<std::string> take_remarks() override { return std::exchange(remarks, {}); }

  std::deque<CollectedRows> samples;
  std::vector<std::string> remarks;
};

ResourceMetric resource(float cpu) {
  return {.timestamp = now(), .customer_id = {1, 1}, .instance_id = "a", .cpu_utilization = cpu};
}

ServingMetric serving(std::uint32_t tokens) {
  return {.timestamp = now(),
          .customer_id = {1, 1},
          .service_id = {2, 2},
          .instance_id = "a",
          .interval_seconds = 1,
          .prompt_tokens = tokens};
}

class Collecting : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(Client::open(url(), {.create = true})); }
  std::string url() const { return "embedded:" + (folder_ / "store").string(); }
  Result<CollectOutcome> run(MetricSource& source, std::uint64_t samples, std::filesystem::path spool = {}) {
    const Remark remark = [this](const std::string& sentence) { remarks_.push_back(sentence); };
    OPTIINFRA_TRY(const StoreUrl store, parse_store_url(url()));
    OPTIINFRA_TRY(const auto sink, open_store_sink(store, {std::move(spool), remark}));
    CollectOptions options;
    options.samples_max = samples;
    options.remark = remark;
    return collect(source, *sink, options);
  }
  std::string ask(const std::string& sql) {
    std::string answer;
    auto client = Client::open(url());
    if (!client) return client.error().message;
    auto asked = client->with_session([&](Session& session) -> Result<void> {
      OPTIINFRA_CHECK(session.query_text({.sql = sql}, "TSV", [&](std::string_view text) {
        answer += text;
        return true;
      }));
      return {};
    });
    return asked ? answer : asked.error().message;
  }

  testing::TemporaryFolder folder_;
  std::vector<std::string> remarks_;
};

TEST_F(Collecting, StoresTheRowsOfBothTablesThroughTheSpool) {
  PreparedSource source;
  source.samples.push_back({{resource(10), resource(30)}, {serving(100)}});
  source.samples.push_back({{}, {serving(50)}});
  source.remarks = {"something"};
  const auto outcome = run(source, 2, folder_ / "spool");
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->samples, 2u);
  EXPECT_EQ(outcome->rows, 4u);
  EXPECT_EQ(outcome->totals.rows_stored, 4u);
  EXPECT_THAT(remarks_, ElementsAre("something"));
  EXPECT_EQ(ask("SELECT count(), sum(cpu_utilization) FROM optiinfra.resource_metrics_ts"), "2\t40\n");
  EXPECT_EQ(ask("SELECT count(), sum(prompt_tokens) FROM optiinfra.serving_metrics_ts"), "2\t150\n");
}

TEST_F(Collecting, ARowThatBreaksARuleEndsNothing) {
  PreparedSource source;
  source.samples.push_back({{resource(150), resource(20)}, {}});
  source.samples.push_back({{resource(200)}, {}});
  const auto outcome = run(source, 2);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->totals.rows_refused, 2u);
  EXPECT_EQ(outcome->totals.rows_stored, 1u);
  EXPECT_THAT(remarks_, ElementsAre(HasSubstr("cpu_utilization")));
}

TEST_F(Collecting, EndsWhenItsTimeIsOverAndWhenItIsStopped) {
  PreparedSource source;
  const auto store = parse_store_url(url());
  CollectOptions options;
  options.length = std::chrono::seconds{1};
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(collect(source, **open_store_sink(*store), options));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::seconds{1});
  options.length = std::chrono::seconds{0};
  options.is_stopped = [] { return true; };
  EXPECT_TRUE(collect(source, **open_store_sink(*store), options));
}

TEST_F(Collecting, SamplesThisHostAtEachInterval) {
  auto sampler = host::HostSampler::open({.customer_id = {1, 1}, .instance_id = "web-1", .nvml_library = ""});
  ASSERT_TRUE(sampler) << sampler.error().message;
  HostSource source(*sampler, std::chrono::milliseconds{30});
  const auto outcome = run(source, 3);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->samples, 3u);
  EXPECT_EQ(ask("SELECT count() FROM optiinfra.resource_metrics_ts WHERE instance_id = 'web-1'"), "3\n");
}

}  // namespace
}  // namespace optiinfra::collect
