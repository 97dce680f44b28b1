// A store whose disk others have filled: asked, checked, freed, served and written to again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "optiinfra/testing/http_call.hpp"
#include "optiinfra/testing/server.hpp"
#include "store_on_disk.hpp"

namespace optiinfra::cli {
namespace {

using std::chrono::steady_clock;
using ::testing::AllOf;
using ::testing::HasSubstr;

class FullDisk : public StoreOnDisk {};
INSTANTIATE_TEST_SUITE_P(, FullDisk, ::testing::Values(testing::DiskKind::kTmpfs, testing::DiskKind::kExt4),
                         name_of);

TEST_P(FullDisk, AnswersWithoutAByteFreeAndChangesNone) {
  disk->fill(0);
  const auto before = tree_of(store());
  for (const auto& question : kQuestions) {
    const auto answer = run(question);
    EXPECT_EQ(answer.exit_code, 0) << question.front() << ": " << answer.error_output;
  }
  for (const char* sql :
       {"CREATE VIEW optiinfra.more AS SELECT 1", "INSERT INTO optiinfra.retention SELECT 1",
        "OPTIMIZE TABLE optiinfra.cost_metrics_ts FINAL"}) {
    const auto refused = run({"sql", "--write", sql});
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.error_output,
                AllOf(HasSubstr("open for reading only"), HasSubstr("is full"), HasSubstr("needed")));
  }
  EXPECT_EQ(tree_of(store()), before);
  EXPECT_TRUE(std::filesystem::is_empty(home / "scratch"));
}

TEST_P(FullDisk, IsFreedByALowerRetention) {
  disk->fill(0);
  const auto freed = run({"retention", "set", "performance", "raw", "1d", "--yes", "--output", "json"});
  ASSERT_EQ(freed.exit_code, 0) << freed.error_output;
  EXPECT_FALSE(nlohmann::json::parse(freed.output)["data"]["removed"].empty());
  EXPECT_FALSE(std::filesystem::exists(store() / "reserve"));
  disk->release();
  EXPECT_EQ(run({"verify"}).exit_code, 0);
  EXPECT_TRUE(std::filesystem::exists(store() / "reserve"));
}

TEST_P(FullDisk, EndsAnImportSoonAndTakesItWhenThereIsRoom) {
  const std::string file = write_cost_file("cost.csv", 3000);
  const std::uint64_t rows = count("cost_metrics_ts");
  for (const std::uint64_t left : {0 * kMiB, 3 * kMiB, 10 * kMiB}) {
    disk->fill(left);
    const auto begin = steady_clock::now();
    const auto refused = run({"import", "cost", file});
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.error_output, HasSubstr("free"));
    EXPECT_THAT(refused.error_output, HasSubstr(store().string()));
    EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds{40}) << left;
  }
  disk->release();
  EXPECT_EQ(run({"import", "cost", file}).exit_code, 0);
  EXPECT_EQ(count("cost_metrics_ts"), rows + 3000);
  EXPECT_EQ(run({"verify"}).exit_code, 0);
}

TEST_P(FullDisk, IsServedAndTakesRowsAgainWithoutANewStart) {
  const std::string file = write_cost_file("cost.csv", 3000);
  const std::uint64_t rows = count("cost_metrics_ts");
  disk->fill(0);
  testing::ServerProcess server(OPTIINFRA_PROGRAM, store());
  ASSERT_TRUE(server.is_ready()) << server.failure();
  EXPECT_EQ(count("cost_metrics_ts", server.native_url()), rows);
  EXPECT_EQ(run({"verify"}, {}, server.native_url()).exit_code, 0);
  for (const std::string& url : {server.native_url(), server.http_url()}) {
    const auto refused = run({"import", "cost", file, "--output", "json"}, {}, url);
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.error_output, AllOf(HasSubstr("\"storage\""), HasSubstr("free for parts")));
  }
  disk->release();
  EXPECT_EQ(run({"import", "cost", file}, {}, server.native_url()).exit_code, 0);
  EXPECT_EQ(count("cost_metrics_ts", server.native_url()), rows + 3000);
  EXPECT_EQ(run({"verify"}, {}, server.native_url()).exit_code, 0);
  EXPECT_EQ(server.stop().exit_code, 0);
}

/// Others took the reserve's bytes too: the server reads, and makes way for one that writes.
TEST_P(FullDisk, IsServedForReadingWhereNoReserveIsLeft) {
  std::filesystem::remove(store() / "reserve");
  disk->fill(0);
  const auto before = tree_of(store());
  testing::ServerProcess server(OPTIINFRA_PROGRAM, store());
  ASSERT_TRUE(server.is_ready()) << server.failure();
  EXPECT_GT(count("cost_metrics_ts", server.native_url()), 0U);
  const auto refused =
      run({"import", "cost", write_cost_file("cost.csv", 10), "--output", "json"}, {}, server.native_url());
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.error_output, HasSubstr("\"storage\""));
  EXPECT_EQ(tree_of(store()), before);
  EXPECT_EQ(testing::http_call(server.api_port(), {.target = "/api/v1/customers"}).status, 200);
  const testing::HttpCall insert{.method = "POST",
                                 .target = "/api/v1/insert/cost",
                                 .headers = {{"Content-Type", "application/json"}},
                                 .body = "[]"};
  EXPECT_EQ(testing::http_call(server.api_port(), insert).status, 507);
  disk->release();
  const auto ended = server.wait();
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.error_output, HasSubstr("can be written to again"));
}

TEST_P(FullDisk, KeepsACollectorsSamplesInItsSpool) {
  const std::vector<std::string> collect = {
      "collect", "host",  "--customer", kSomeUuid, "--instance",
      "small",   "--for", "3s",         "--spool", (home / "spool").string()};
  disk->fill(0);
  const auto kept = run(collect);
  EXPECT_EQ(kept.exit_code, 0) << kept.error_output;
  EXPECT_THAT(kept.error_output, HasSubstr("wait in the spool"));
  disk->release();
  EXPECT_EQ(run(collect).exit_code, 0);
  EXPECT_EQ(run({"verify"}).exit_code, 0);
  const auto samples =
      run({"sql",
           "SELECT uniqExact(timestamp) AS n FROM optiinfra.resource_metrics_ts WHERE instance_id = 'small'",
           "--output", "json"});
  EXPECT_GE(nlohmann::json::parse(samples.output)["data"][0]["n"], 6);
}

}  // namespace
}  // namespace optiinfra::cli
