/// A store on a disk that a test fills or makes read-only.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "optiinfra/testing/small_disk.hpp"
#include "program_under_test.hpp"

namespace optiinfra::cli {

/// Every file and folder below `folder`: its mode, size, times and content.
inline std::map<std::string, std::string> tree_of(const std::filesystem::path& folder) {
  std::map<std::string, std::string> tree;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    struct stat status{};
    ::lstat(entry.path().c_str(), &status);
    std::string text = std::to_string(status.st_mode) + " " + std::to_string(status.st_size) + " " +
                       std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec);
    if (entry.is_regular_file()) {
      std::ifstream file(entry.path(), std::ios::binary);
      text.append(std::istreambuf_iterator<char>(file), {});
    }
    tree.emplace(entry.path().string(), std::move(text));
  }
  return tree;
}

class StoreOnDisk : public ::testing::TestWithParam<testing::DiskKind> {
 protected:
  static constexpr std::uint64_t kMiB = 1 << 20;

  void SetUp() override {
    if (disk == nullptr) GTEST_SKIP() << "this account may not mount a disk";
    std::filesystem::create_directory(home / "scratch");
    ASSERT_EQ(run({"generate", "--rows", "60000", "--days", "4"}).exit_code, 0);
  }

  std::filesystem::path store() const { return disk->path() / "store"; }

  /// Runs the program on the store, `before` in front of its own words. What it writes for a while goes to a
  /// folder that should be empty afterwards.
  testing::ProgramResult run(const std::vector<std::string>& arguments, std::vector<std::string> before = {},
                             const std::string& url = {}) const {
    const auto words = Home::command(arguments);
    before.insert(before.end(), words.begin(), words.end());
    before.insert(before.end(), {"--url", url.empty() ? "embedded:" + store().string() : url});
    auto options = home.options("TMPDIR=" + (home / "scratch").string());
    options.timeout = std::chrono::seconds{90};
    return testing::run_program(before, options);
  }

  std::uint64_t count(const std::string& table, const std::string& url = {}) const {
    const auto counted =
        run({"sql", "SELECT count() AS n FROM optiinfra." + table, "--output", "json"}, {}, url);
    EXPECT_EQ(counted.exit_code, 0) << counted.error_output;
    const auto answer = nlohmann::json::parse(counted.output, nullptr, false);
    return counted.exit_code == 0 ? answer["data"][0]["n"].get<std::uint64_t>() : 0;
  }

  std::string write_cost_file(const std::string& name, int rows) const {
    std::ofstream file(home / name);
    file << "timestamp,customer_id,cloud_provider,cost_per_hour\n";
    for (int i = 0; i < rows; ++i)
      file << "2026-10-0" << 1 + i % 3 << " 00:00:00," << kSomeUuid << ",aws," << i << "\n";
    return (home / name).string();
  }

  const Home home;
  const std::unique_ptr<testing::SmallDisk> disk = testing::SmallDisk::create(GetParam(), 256 * kMiB);
};

/// What asks without changing anything, and must work whatever the disk is like.
inline const std::vector<std::vector<std::string>> kQuestions = {
    {"query", "metrics", "--measures", "total_cost", "--by", "provider", "--hours", "24"},
    {"customers"},
    {"verify"},
    {"retention", "show"},
    {"ping"},
    {"sql", "SELECT count() FROM optiinfra.performance_metrics_ts"},
};

inline std::string name_of(const ::testing::TestParamInfo<testing::DiskKind>& kind) {
  return kind.param == testing::DiskKind::kTmpfs ? "tmpfs" : "ext4";
}

}  // namespace optiinfra::cli
