// A whole benchmark, small, on the engine in this process.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "optiinfra/benchmark/benchmark.hpp"
#include "optiinfra/client/client.hpp"
#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra::benchmark {
namespace {

BenchmarkOptions small(const std::filesystem::path& folder) {
  return {.url = {.folder = folder}, .rows = 20'000, .rounds = 1, .asks = 2, .fleets = 2, .history_days = 2};
}

std::set<std::string> names_in(const std::filesystem::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.insert(entry.path().filename());
  return names;
}

TEST(Benchmark, MeasuresEveryPartAndLeavesNothingBehind) {
  const testing::TemporaryFolder folder;
  BenchmarkOptions options = small(folder.path() / "store");
  options.growth_rows = 20'000;
  const auto report = run_benchmark(options);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->inserts.size(), 6u * 6u);
  for (const InsertFigure& figure : report->inserts) {
    EXPECT_GT(figure.rows_per_second.median, 0) << figure.rows_of << ", " << figure.way;
    EXPECT_GT(figure.share_of_engine, 0) << figure.rows_of << ", " << figure.way;
  }
  EXPECT_EQ(report->questions.size(), 2u * 13u);
  for (const QuestionFigure& figure : report->questions)
    EXPECT_GT(figure.p50_ms.median, 0) << figure.question;
  ASSERT_EQ(report->sizes.size(), 6u);
  for (const SizeFigure& figure : report->sizes) {
    EXPECT_GT(figure.json_bytes, 0) << figure.family;
    EXPECT_GT(figure.plain_bytes, 0) << figure.family;
    EXPECT_LT(figure.random_bytes, figure.raw_bytes) << figure.family;
  }
  ASSERT_EQ(report->growth.size(), 1u);
  EXPECT_GE(report->growth.front().rows, 20'000u);
  EXPECT_EQ(names_in(folder.path()), std::set<std::string>{});
}

TEST(Benchmark, DoesNotTouchTheStoreItIsPointedAt) {
  const testing::TemporaryFolder folder;
  const auto path = folder.path() / "store";
  {
    ASSERT_TRUE(Client::open("embedded:" + path.string(), {.create = true}));
  }
  const auto written = std::filesystem::last_write_time(path);
  BenchmarkOptions options = small(path);
  options.measure_inserts = options.measure_questions = options.measure_sizes = false;
  options.growth_rows = 2'000;
  ASSERT_TRUE(run_benchmark(options));
  EXPECT_EQ(std::filesystem::last_write_time(path), written);
  EXPECT_EQ(names_in(folder.path()), std::set<std::string>{"store"});
}

TEST(Benchmark, StopsWhereItIsTold) {
  const testing::TemporaryFolder folder;
  BenchmarkOptions options = small(folder.path() / "store");
  options.on_step = [](const std::string&) { return false; };
  const auto report = run_benchmark(options);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->was_stopped);
  EXPECT_TRUE(report->inserts.empty());
  EXPECT_EQ(names_in(folder.path()), std::set<std::string>{});
}

TEST(Benchmark, RefusesOptionsOutOfRange) {
  BenchmarkOptions options;
  options.rounds = 0;
  const auto report = run_benchmark(options);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(report.error().message, "BenchmarkOptions::rounds must be from 1 to 100");
}

}  // namespace
}  // namespace optiinfra::benchmark
