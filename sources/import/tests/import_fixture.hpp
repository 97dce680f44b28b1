/// A store and a folder of files that go when the test ends.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "optiinfra/import/import.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra {

class ImportTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "optiinfra-import-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    open();
  }

  void TearDown() override {
    client_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::string url() const { return "embedded:" + (folder_ / "store").string(); }

  void open() {
    auto client = Client::open(url(), {.create = true});
    ASSERT_TRUE(client) << client.error().message;
    client_.emplace(*std::move(client));
  }

  std::filesystem::path write(const std::string& name, const std::string& content) const {
    std::ofstream file(folder_ / name, std::ios::binary);
    file << content;
    return folder_ / name;
  }

  static std::string read(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  /// The answer of a query as tab-separated text, without the last line break.
  std::string ask(const std::string& sql) {
    std::string answer;
    auto done = client_->with_session([&](Session& session) -> Result<void> {
      auto read = session.query_text({.sql = sql}, "TSVRaw", [&](std::string_view text) {
        answer += text;
        return true;
      });
      if (!read) return std::move(read).error();
      return {};
    });
    EXPECT_TRUE(done) << done.error().message;
    if (answer.ends_with('\n')) answer.pop_back();
    return answer;
  }

  void execute(const std::string& sql) {
    auto done = client_->with_session([&](Session& session) { return session.execute({.sql = sql}); });
    ASSERT_TRUE(done) << done.error().message;
  }

  Result<ImportReport> import(Family family, std::vector<std::filesystem::path> files,
                              std::string map = kContractMap, bool strict = false) {
    ImportOptions options;
    options.family = family;
    options.files = std::move(files);
    options.map = std::move(map);
    options.strict = strict;
    options.reader_program = OPTIINFRA_IMPORT_CHILD;
    return import_files(*client_, options);
  }

  /// The only file's report, or what a test that goes on regardless can look at.
  FileReport imported(Family family, const std::filesystem::path& file,
                      const std::string& map = kContractMap) {
    auto report = import(family, {file}, map);
    EXPECT_TRUE(report) << report.error().message;
    return report ? report->files.at(0) : FileReport{};
  }

  /// So that content which was imported through another map counts as new.
  void forget_imports() { execute("TRUNCATE TABLE optiinfra.import_ledger"); }

  std::string refusal(Family family, const std::filesystem::path& file,
                      const std::string& map = kContractMap) {
    auto report = import(family, {file}, map);
    EXPECT_FALSE(report);
    return report ? "" : report.error().message;
  }

  static std::vector<nlohmann::json> rejected(const FileReport& report) {
    std::vector<nlohmann::json> lines;
    std::ifstream file(report.rejected_path);
    for (std::string line; std::getline(file, line);) lines.push_back(nlohmann::json::parse(line));
    return lines;
  }

  std::filesystem::path folder_;
  std::optional<Client> client_;
};

/// A line of a performance file named as the contract, with the columns of kPerformanceHeader.
inline constexpr const char* kPerformanceHeader =
    "timestamp,customer_id,service_id,latency_ms,gpu_utilization,prompt_tokens,model_name\n";
inline constexpr const char* kCustomer = "11111111-1111-4111-8111-111111111111";
inline constexpr const char* kService = "22222222-2222-4222-8222-222222222222";

inline std::string performance_line(const std::string& time = "", const std::string& customer = kCustomer,
                                    const std::string& latency = "12.5", const std::string& gpu = "50",
                                    const std::string& tokens = "100", const std::string& model = "llama") {
  const std::string at = time.empty() ? format_time(floor_hour(now())) : time;
  return at + "," + customer + "," + kService + "," + latency + "," + gpu + "," + tokens + "," + model + "\n";
}

}  // namespace optiinfra
