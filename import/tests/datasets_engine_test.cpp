// The ready-made maps on the recorded data they are made for. The data is not part of the project: where it
// is not there, these claims are left out and say so.
#include <cmath>
#include <sstream>

#include "import_fixture.hpp"

namespace optiinfra {
namespace {

namespace fs = std::filesystem;

class DataSetTest : public ImportTest {
 protected:
  /// The files of a data set with this ending, in the order of their names.
  static std::vector<fs::path> files(const std::string& set, const std::string& ending) {
    std::vector<fs::path> found;
    std::error_code code;
    for (const auto& entry :
         fs::directory_iterator(fs::path(OPTIINFRA_SOURCE_DIR) / "../shared/data" / set, code)) {
      if (entry.path().extension() == ending) found.push_back(entry.path());
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  ImportReport import_all(Family family, std::vector<fs::path> paths, const std::string& map) {
    ImportOptions options;
    options.family = family;
    options.files = std::move(paths);
    options.map = map;
    options.rejected_folder = folder_;
    auto report = import_files(*client_, options);
    EXPECT_TRUE(report) << report.error().message;
    return report ? *std::move(report) : ImportReport{};
  }

  double ask_number(const std::string& sql) { return std::stod(ask(sql)); }
};

#define SKIP_WITHOUT(paths, what) \
  if ((paths).empty())            \
  GTEST_SKIP() << "left out: " what " is imported whole, since ../shared/data is not there"

/// The sums of the vLLM files, read here and not by the engine.
struct RequestSums {
  std::uint64_t rows = 0;
  double prompt_tokens = 0, generation_tokens = 0, latency_ms = 0, launch_time = 0;
};

RequestSums sums_of(const std::vector<fs::path>& files) {
  RequestSums sums;
  for (const fs::path& path : files) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    EXPECT_EQ(
        line,
        "prompt_tokens,generation_tokens,ttft,generation_time,user_id,question_id,launch_time,finish_time");
    while (std::getline(file, line)) {
      std::vector<double> values;
      std::stringstream fields(line);
      for (std::string field; std::getline(fields, field, ',');) values.push_back(std::stod(field));
      ++sums.rows;
      sums.prompt_tokens += values.at(0), sums.generation_tokens += values.at(1);
      sums.launch_time += std::floor(values.at(6));
      // The column is a 32-bit float.
      sums.latency_ms += static_cast<double>(static_cast<float>((values.at(7) - values.at(6)) * 1000));
    }
  }
  return sums;
}

TEST_F(DataSetTest, VllmRequestsAreStoredOnceWithTheSumsOfTheirFiles) {
  const auto paths = files("vllm-requests", ".csv");
  SKIP_WITHOUT(paths, "vllm-requests (29,494 requests in 132 files)");
  const RequestSums sums = sums_of(paths);
  ASSERT_EQ(sums.rows, 29'494u);
  const auto expect_stored = [&] {
    EXPECT_EQ(ask("SELECT count() FROM optiinfra.performance_metrics_ts"), "29494");
    EXPECT_EQ(ask("SELECT sum(request_count) FROM optiinfra.performance_hourly"), "29494");
    EXPECT_EQ(ask("SELECT uniqExact(request_id) FROM optiinfra.performance_metrics_ts"), "29494");
    EXPECT_EQ(ask_number("SELECT sum(prompt_tokens) FROM optiinfra.performance_metrics_ts"),
              sums.prompt_tokens);
    EXPECT_EQ(ask_number("SELECT sum(completion_tokens) FROM optiinfra.performance_metrics_ts"),
              sums.generation_tokens);
    EXPECT_EQ(ask_number("SELECT sum(total_tokens) FROM optiinfra.performance_metrics_ts"),
              sums.prompt_tokens + sums.generation_tokens);
    EXPECT_EQ(
        ask_number("SELECT sum(toUInt64(toUnixTimestamp(timestamp))) FROM optiinfra.performance_metrics_ts"),
        sums.launch_time);
    EXPECT_NEAR(ask_number("SELECT sum(toFloat64(latency_ms)) FROM optiinfra.performance_metrics_ts"),
                sums.latency_ms, sums.latency_ms * 1e-9);
  };

  const auto begin = std::chrono::steady_clock::now();
  const ImportReport first = import_all(Family::kPerformance, paths, "vllm-requests");
  const auto middle = std::chrono::steady_clock::now();
  EXPECT_EQ(first.rows_stored(), 29'494u);
  EXPECT_EQ(first.rows_refused(), 0u);
  EXPECT_EQ(first.rows_past_retention(), 29'494u) << "requests of 2025 are older than 30 days";
  expect_stored();

  const auto again = std::chrono::steady_clock::now();
  const ImportReport second = import_all(Family::kPerformance, paths, "vllm-requests");
  const auto end = std::chrono::steady_clock::now();
  EXPECT_EQ(second.rows_stored(), 0u);
  EXPECT_EQ(second.rows_already_stored(), 29'494u);
  expect_stored();
  const auto ms = [](auto from, auto to) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(to - from).count();
  };
  std::printf("vllm-requests: %zu files, first import %lld ms, second %lld ms\n", paths.size(),
              static_cast<long long>(ms(begin, middle)), static_cast<long long>(ms(again, end)));
}

TEST_F(DataSetTest, FocusUsageIsSpreadOverItsHoursAndSumsToTheBill) {
  const auto paths = files("focus-1.0", ".csv");
  SKIP_WITHOUT(paths, "focus-1.0 (1,000 charges)");
  const ImportReport report = import_all(Family::kCost, paths, "focus-1.0");
  std::printf("focus: read %llu stored %llu refused %llu left out %llu\n",
              (unsigned long long)report.rows_read(), (unsigned long long)report.rows_stored(),
              (unsigned long long)report.rows_refused(),
              (unsigned long long)report.files.at(0).rows_left_out);
  for (const auto& line : rejected(report.files.at(0)))
    std::printf("%s\n", line["reason"].get<std::string>().c_str());
  std::printf("%s\n",
              ask("SELECT cloud_provider, count(), sum(cost_per_hour), uniqExact(service_name), "
                  "min(timestamp), max(timestamp) FROM optiinfra.cost_metrics_ts GROUP BY 1 ORDER BY 1")
                  .c_str());
}

TEST_F(DataSetTest, BillingExportsOfThreeClouds) {
  const auto all = files("billing-exports", ".csv");
  SKIP_WITHOUT(all, "billing-exports");
  for (auto [file, map] : {std::pair("aws-cur.csv", "aws-cur"), std::pair("azure-v2.csv", "azure-cost"),
                           std::pair("gcp-2022-08-01.csv", "gcp-billing")}) {
    const ImportReport report = import_all(Family::kCost, {all.at(0).parent_path() / file}, map);
    if (report.files.empty()) continue;
    std::printf("%s: read %llu stored %llu refused %llu left out %llu\n", map,
                (unsigned long long)report.rows_read(), (unsigned long long)report.rows_stored(),
                (unsigned long long)report.rows_refused(),
                (unsigned long long)report.files.at(0).rows_left_out);
    for (const auto& line : rejected(report.files.at(0)))
      std::printf("%s\n", line["reason"].get<std::string>().c_str());
  }
  std::printf("%s\n",
              ask("SELECT cloud_provider, service_name, region, count(), sum(cost_per_hour), min(timestamp), "
                  "max(timestamp) FROM optiinfra.cost_metrics_ts GROUP BY 1,2,3 ORDER BY 1")
                  .c_str());
}

TEST_F(DataSetTest, Halueval) {
  const auto paths = files("halueval", ".json");
  SKIP_WITHOUT(paths, "halueval");
  const ImportReport report = import_all(Family::kQuality, paths, "halueval");
  std::printf("halueval: read %llu stored %llu refused %llu\n", (unsigned long long)report.rows_read(),
              (unsigned long long)report.rows_stored(), (unsigned long long)report.rows_refused());
  for (const auto& line : rejected(report.files.at(0)))
    std::printf("%s\n", line["reason"].get<std::string>().c_str());
  std::printf("%s\n", ask("SELECT count(), sum(hallucination_detected), sum(overall_quality_score), "
                          "uniqExact(prompt_hash), uniqExact(request_id) FROM optiinfra.quality_metrics_ts")
                          .c_str());
}

}  // namespace
}  // namespace optiinfra
