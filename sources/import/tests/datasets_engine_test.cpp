// The ready-made maps on the recorded data they are made for. The data is not part of the project: where it
// is not there, these claims are left out and say so.
#include <cmath>
#include <sstream>

#include "child_process.hpp"
#include "import_fixture.hpp"

namespace optiinfra {
namespace {

namespace fs = std::filesystem;

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

  void expect_requests(const RequestSums& sums) {
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
  }
};

#define SKIP_WITHOUT(paths, what) \
  if ((paths).empty())            \
  GTEST_SKIP() << "left out: " what " is imported whole, since ../shared/data is not there"

TEST_F(DataSetTest, VllmRequestsAreStoredOnceWithTheSumsOfTheirFiles) {
  const auto paths = files("vllm-requests", ".csv");
  SKIP_WITHOUT(paths, "vllm-requests (29,494 requests in 132 files)");
  const RequestSums sums = sums_of(paths);
  ASSERT_EQ(sums.rows, 29'494u);
  const auto begin = std::chrono::steady_clock::now();
  const ImportReport first = import_all(Family::kPerformance, paths, "vllm-requests");
  const auto middle = std::chrono::steady_clock::now();
  EXPECT_EQ(first.rows_stored(), 29'494u);
  EXPECT_EQ(first.rows_refused(), 0u);
  EXPECT_EQ(first.rows_past_retention(), 29'494u) << "requests of 2025 are older than 30 days";
  expect_requests(sums);

  const auto again = std::chrono::steady_clock::now();
  const ImportReport second = import_all(Family::kPerformance, paths, "vllm-requests");
  const auto end = std::chrono::steady_clock::now();
  EXPECT_EQ(second.rows_stored(), 0u);
  EXPECT_EQ(second.rows_already_stored(), 29'494u);
  expect_requests(sums);
  const auto ms = [](auto from, auto to) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(to - from).count();
  };
  std::printf("vllm-requests: %zu files, first import %lld ms, second %lld ms\n", paths.size(),
              static_cast<long long>(ms(begin, middle)), static_cast<long long>(ms(again, end)));
}

TEST_F(DataSetTest, VllmRequestsAreStoredOnceThroughAKillInTheMiddle) {
  const auto paths = files("vllm-requests", ".csv");
  SKIP_WITHOUT(paths, "vllm-requests (29,494 requests in 132 files)");
  client_.reset();
  // Four points to a file, so this is after the insert and before the record of the 66th.
  std::vector<std::string> arguments = {url(), std::to_string(65 * 4 + 3), "default", "vllm-requests"};
  for (const fs::path& path : paths) arguments.push_back(path.string());
  ASSERT_TRUE(was_killed(start_child(arguments)));
  open();
  const ImportReport rest = import_all(Family::kPerformance, paths, "vllm-requests");
  EXPECT_GT(rest.rows_already_stored(), 0u);
  EXPECT_EQ(rest.rows_already_stored() + rest.rows_stored(), 29'494u);
  expect_requests(sums_of(paths));
}

TEST_F(DataSetTest, FocusIsSpreadOverItsHoursAndSumsToTheBill) {
  const auto paths = files("focus-1.0", ".csv");
  SKIP_WITHOUT(paths, "focus-1.0 (1,000 charges)");
  const ImportReport report = import_all(Family::kCost, paths, "");
  EXPECT_EQ(report.rows_read(), 1000u);
  EXPECT_EQ(report.files.at(0).map, "focus");
  EXPECT_EQ(report.files.at(0).rows_left_out, 0u) << "it has no tax and no purchase";
  EXPECT_EQ(report.rows_refused(), 0u) << "12 lines of usage are below zero";
  // 939 hours of AWS and others as they are; Azure's days become 24 rows each.
  EXPECT_EQ(report.rows_stored(), 2173u);
  EXPECT_EQ(ask("SELECT charge_category, uniqExact(cost_per_hour) > 0 FROM optiinfra.cost_metrics_ts GROUP "
                "BY 1 ORDER BY "
                "1"),
            "adjustment\t1\ncredit\t1\nusage\t1");
  const std::string bill =
      "SELECT sum(EffectiveCost) FROM file('" + paths.at(0).string() + "', 'CSVWithNames')";
  EXPECT_NEAR(ask_number("SELECT sum(cost_per_hour) FROM optiinfra.cost_metrics_ts"), ask_number(bill), 1e-9);
  EXPECT_NEAR(ask_number("SELECT sum(total_cost) FROM optiinfra.cost_hourly"), ask_number(bill), 1e-9);
}

TEST_F(DataSetTest, BillsOfThreeCloudsSumToTheirFiles) {
  struct Bill {
    const char* file;
    const char* map;
    const char* provider;
    const char* cost;
    const char* where;
    std::uint64_t rows, stored;
  };
  const Bill bills[] = {
      {"aws-cur.csv", "aws-cur", "aws", "`lineItem/UnblendedCost`", "1", 19,
       19 * 720},  // 30 days of 24 hours
      {"azure-v2.csv", "azure-cost", "azure", "CostInBillingCurrency", "ChargeType = 'Usage'", 5, 4 * 24},
      {"gcp-2022-08-01.csv", "gcp-billing", "gcp", "cost", "1", 9, 9}};
  for (const Bill& bill : bills) {
    SCOPED_TRACE(bill.file);
    const auto all = files("billing-exports", ".csv");
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const fs::path& path) { return path.filename() == bill.file; });
    if (found == all.end()) GTEST_SKIP() << "left out: billing exports, since ../shared/data is not there";
    const ImportReport report = import_all(Family::kCost, {*found}, "");
    EXPECT_EQ(report.files.at(0).map, bill.map);
    EXPECT_EQ(report.rows_read(), bill.rows);
    EXPECT_EQ(report.rows_stored(), bill.stored);
    EXPECT_EQ(report.rows_refused(), 0u);
    const std::string filed = "SELECT sum(toFloat64(" + std::string(bill.cost) + ")) FROM file('" +
                              found->string() + "', 'CSVWithNames') WHERE " + bill.where +
                              " SETTINGS input_format_csv_allow_variable_number_of_columns = 1";
    EXPECT_NEAR(
        ask_number("SELECT sum(cost_per_hour) FROM optiinfra.cost_metrics_ts WHERE cloud_provider = '" +
                   std::string(bill.provider) + "'"),
        ask_number(filed), 1e-9);
  }
}

TEST_F(DataSetTest, HalluevalKeepsTheLabelOfEveryAnswer) {
  const auto paths = files("halueval", ".json");
  SKIP_WITHOUT(paths, "halueval (4,507 answers)");
  std::uint64_t hallucinations = 0;
  std::ifstream file(paths.at(0));
  for (std::string line; std::getline(file, line);)
    hallucinations += line.find("\"hallucination\": \"yes\"") != std::string::npos ? 1 : 0;
  const ImportReport report = import_all(Family::kQuality, paths, "halueval");
  EXPECT_EQ(report.rows_read(), 4507u);
  EXPECT_EQ(report.rows_refused(), 3u) << "three lines have no number for an ID";
  EXPECT_EQ(report.rows_stored(), 4504u);
  const std::uint64_t refused_hallucinations = [&] {
    std::uint64_t count = 0;
    for (const auto& line : rejected(report.files.at(0)))
      count += line["raw"]["hallucination"] == "yes" ? 1 : 0;
    return count;
  }();
  EXPECT_EQ(ask("SELECT sum(hallucination_detected) FROM optiinfra.quality_metrics_ts"),
            std::to_string(hallucinations - refused_hallucinations));
  EXPECT_EQ(ask("SELECT countIf(factuality_score != 1 - hallucination_detected OR overall_quality_score != "
                "factuality_score) FROM optiinfra.quality_metrics_ts"),
            "0");
}

}  // namespace
}  // namespace optiinfra
