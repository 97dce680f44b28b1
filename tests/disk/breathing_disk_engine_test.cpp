// A disk that another program fills and frees again and again, under four producers that repeat what fails.
// Each acknowledged row has to be there once after the store was closed and opened again, and every
// rollup hour has to equal its raw rows. The engine merges all the while, and merges of all rows are forced.
//
// In ./check each form runs for a few seconds. Ten minutes of each:
//   OPTIINFRA_BREATHING_SECONDS=600 build/release/bin/breathing_disk
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "optiinfra/client/client.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/testing/server.hpp"
#include "optiinfra/testing/small_disk.hpp"

namespace optiinfra {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using testing::DiskKind;
using testing::Program;

constexpr std::uint64_t kDiskBytes = std::uint64_t{400} << 20;
constexpr std::chrono::seconds kSecondsInCheck{8};

std::chrono::seconds breathing_time() {
  const char* const text = std::getenv("OPTIINFRA_BREATHING_SECONDS");
  return text == nullptr ? kSecondsInCheck : std::chrono::seconds{std::atoi(text)};
}

/// Free for a moment, then nearly or wholly full, then full, then free again.
void fill_for_a_moment(testing::SmallDisk& disk) {
  static std::mt19937 random(std::random_device{}());
  std::uniform_int_distribution<int> full_ms(50, 700), free_ms(100, 900);
  std::uniform_int_distribution<std::uint64_t> left_bytes(0, std::uint64_t{2} << 20);
  std::this_thread::sleep_for(std::chrono::milliseconds{free_ms(random)});
  disk.fill(left_bytes(random) < (std::uint64_t{1} << 20) ? 0 : left_bytes(random));
  std::this_thread::sleep_for(std::chrono::milliseconds{full_ms(random)});
  disk.fill(0);
  std::this_thread::sleep_for(std::chrono::milliseconds{full_ms(random)});
  disk.release();
}

/// How the rows get to the store on the small disk.
struct Form {
  const char* name;
  DiskKind disk;
  bool has_server;  ///< Else the writer's process has the store itself.
  bool has_spool;   ///< On the same disk.
};

class BreathingDisk : public ::testing::TestWithParam<Form> {
 protected:
  void SetUp() override {
    disk_ = testing::SmallDisk::create(GetParam().disk, kDiskBytes);
    if (disk_ == nullptr) GTEST_SKIP() << "this account may not mount, or has no loop devices";
    url_ = "embedded:" + (disk_->path() / "store").string();
    {
      const auto made = Client::open(url_, {.create = true});
      ASSERT_TRUE(made) << made.error().message;
    }
    if (!GetParam().has_server) return;
    server_ = std::make_unique<testing::ServerProcess>(OPTIINFRA_PROGRAM, disk_->path() / "store");
    ASSERT_TRUE(server_->is_ready()) << server_->failure();
    url_ = server_->native_url();
  }

  /// A writer that was told to end when its disk failed is started again, as an operator's supervisor does.
  void start_writer() {
    writer_ = std::make_unique<Program>(
        std::vector<std::string>{OPTIINFRA_SOAK_WRITER, "run", url_,
                                 GetParam().has_spool ? (disk_->path() / "spool").string() : "-", time_,
                                 journal()},
        testing::ProgramOptions{.environment = {"OPTIINFRA_SOAK_ROWS=300", "OPTIINFRA_SOAK_PAUSE_MS=20",
                                                "OPTIINFRA_SOAK_MERGE_MS=1000"},
                                .timeout = 60min});
  }

  void expect_alive() {
    if (server_ != nullptr && server_->has_ended()) {
      ++server_ends_;
      disk_->release();
      ASSERT_TRUE(server_->start()) << server_->failure();
    }
    if (!writer_->has_ended()) return;
    ++writer_ends_;
    const auto ended = writer_->wait();
    EXPECT_EQ(ended.signal, 0) << ended.error_output;
    last_words_ = ended.error_output;
    start_writer();
  }

  void breathe(std::chrono::seconds time) {
    const auto end = steady_clock::now() + time;
    while (steady_clock::now() < end && !HasFatalFailure()) {
      fill_for_a_moment(*disk_);
      ++fills_;
      expect_alive();
    }
  }

  std::string journal() const { return (folder_ / "journal").string(); }

  std::unique_ptr<testing::SmallDisk> disk_;
  const testing::TemporaryFolder folder_;
  const std::string time_ =
      std::to_string((floor_hour(now()) - std::chrono::hours{1}).time_since_epoch().count());
  std::unique_ptr<testing::ServerProcess> server_;
  std::unique_ptr<Program> writer_;
  std::string url_, last_words_;
  int fills_ = 0, server_ends_ = 0, writer_ends_ = 0;
};

TEST_P(BreathingDisk, LosesAndDoublesNothingThatWasAcknowledged) {
  start_writer();
  breathe(breathing_time());
  if (HasFatalFailure()) return;
  writer_->send_signal(SIGTERM);
  const auto ended = writer_->wait();
  EXPECT_EQ(ended.exit_code, 0) << ended.error_output;
  if (server_ != nullptr) {
    EXPECT_EQ(server_->stop().exit_code, 0);
    ASSERT_TRUE(server_->start()) << server_->failure();
  }
  const auto checked = testing::run_program({OPTIINFRA_SOAK_WRITER, "check", url_, time_, journal()},
                                            {.environment = {"OPTIINFRA_SOAK_ROWS=300"}, .timeout = 30min});
  std::cout << GetParam().name << ": " << fills_ << " times full, server ended " << server_ends_
            << " times, writer " << writer_ends_ << " times " << last_words_ << "; " << ended.output
            << checked.output;
  EXPECT_EQ(checked.exit_code, 0) << checked.error_output;
  EXPECT_NE(checked.output.find(" lost 0 doubled 0 partial 0 "), std::string::npos);
  EXPECT_NE(checked.output.find(" hours_differing 0\n"), std::string::npos);
  EXPECT_GT(fills_, 0);
}

INSTANTIATE_TEST_SUITE_P(Forms, BreathingDisk,
                         ::testing::Values(Form{"server_ext4", DiskKind::kExt4, true, false},
                                           Form{"server_tmpfs", DiskKind::kTmpfs, true, false},
                                           Form{"server_spool_tmpfs", DiskKind::kTmpfs, true, true},
                                           Form{"embedded_ext4", DiskKind::kExt4, false, false},
                                           Form{"embedded_spool_tmpfs", DiskKind::kTmpfs, false, true}),
                         [](const auto& form) { return std::string(form.param.name); });

/// `optiinfra import`, one file after another, each repeated until the program says that it is stored.
class BreathingImports : public ::testing::TestWithParam<Form> {
 protected:
  static constexpr int kRowsOfFile = 300, kFilesBetweenMerges = 4;

  void SetUp() override {
    disk_ = testing::SmallDisk::create(GetParam().disk, kDiskBytes);
    if (disk_ == nullptr) GTEST_SKIP() << "this account may not mount, or has no loop devices";
    url_ = "embedded:" + (disk_->path() / "store").string();
    ASSERT_EQ(run({"init"}).exit_code, 0);
    if (!GetParam().has_server) return;
    server_ = std::make_unique<testing::ServerProcess>(OPTIINFRA_PROGRAM, disk_->path() / "store");
    ASSERT_TRUE(server_->is_ready()) << server_->failure();
    url_ = server_->native_url();
  }

  testing::ProgramResult run(std::vector<std::string> command) const {
    command.insert(command.begin(), {OPTIINFRA_PROGRAM, "--quiet", "--url", url_});
    return testing::run_program(command,
                                {.environment = {"HOME=" + folder_.path().string()}, .timeout = 5min});
  }

  std::string write_file(int number) const {
    const auto path = (folder_ / ("rows" + std::to_string(number) + ".csv")).string();
    std::ofstream file(path);
    file << "timestamp,customer_id,service_id,model_name,request_id,latency_ms\n";
    const auto day = std::chrono::floor<std::chrono::days>(now());
    for (int i = 0; i < kRowsOfFile; ++i) {
      const sys_seconds time = day - std::chrono::days{1 + i % 3} + std::chrono::minutes{i % 600};
      file << time.time_since_epoch().count() << ",00000000-0000-0000-0000-000000000001,"
           << "00000000-0000-0000-0000-00000000000" << 1 + i % 5 << ",llama,"
           << "00000000-0000-0000-0000-" << std::setfill('0') << std::setw(12) << number * kRowsOfFile + i
           << "," << 1 + i % 900 << "\n";
    }
    return path;
  }

  /// Until `stopping_`; the file on its way is stored first.
  void import_files() {
    int failures_at_rest = 0;
    for (int number = 0; !stopping_; ++number) {
      const std::string path = write_file(number);
      for (auto imported = run({"import", "performance", path}); imported.exit_code != 0;
           imported = run({"import", "performance", path})) {
        EXPECT_EQ(imported.signal, 0) << imported.error_output;
        ++failures_;
        failures_at_rest = stopping_ ? failures_at_rest + 1 : 0;
        if (failures_at_rest < 20) continue;
        ADD_FAILURE() << "a disk with room, and the import still fails: " << imported.error_output;
        return;
      }
      ++files_;
      if (number % kFilesBetweenMerges != kFilesBetweenMerges - 1) continue;
      const auto merged = run({"sql", "--write", "OPTIMIZE TABLE optiinfra.performance_metrics_ts FINAL"});
      ++(merged.exit_code == 0 ? merges_ : failed_merges_);
    }
  }

  std::unique_ptr<testing::SmallDisk> disk_;
  const testing::TemporaryFolder folder_;
  std::unique_ptr<testing::ServerProcess> server_;
  std::string url_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> files_{0}, failures_{0}, merges_{0}, failed_merges_{0};
  int fills_ = 0, server_ends_ = 0;
};

TEST_P(BreathingImports, StoreEachFileOnce) {
  std::thread importer([this] { import_files(); });
  for (const auto end = steady_clock::now() + breathing_time(); steady_clock::now() < end;) {
    fill_for_a_moment(*disk_);
    ++fills_;
    if (server_ == nullptr || !server_->has_ended()) continue;
    ++server_ends_;
    EXPECT_TRUE(server_->start()) << server_->failure();
  }
  stopping_ = true;
  importer.join();
  if (server_ != nullptr) {
    EXPECT_EQ(server_->stop().exit_code, 0);
    ASSERT_TRUE(server_->start()) << server_->failure();
  }
  const auto verified = run({"verify", "--json"});
  EXPECT_EQ(verified.exit_code, 0) << verified.output << verified.error_output;
  const auto report = nlohmann::json::parse(verified.output, nullptr, false);
  ASSERT_FALSE(report.is_discarded());
  std::int64_t rows = -1;
  for (const auto& object : report["data"]["objects"])
    if (object["name"] == "performance_metrics_ts") rows = object["rows"];
  EXPECT_EQ(rows, std::int64_t{files_} * kRowsOfFile);
  std::cout << GetParam().name << ": " << fills_ << " times full, server ended " << server_ends_ << " times, "
            << files_ << " files stored, " << failures_ << " imports that failed, " << merges_
            << " merges and " << failed_merges_ << " that failed; " << rows << " rows, verify "
            << verified.exit_code << std::endl;
  EXPECT_GT(fills_, 0);
  EXPECT_GT(files_, 0);
}

INSTANTIATE_TEST_SUITE_P(Forms, BreathingImports,
                         ::testing::Values(Form{"server_ext4", DiskKind::kExt4, true, false},
                                           Form{"server_tmpfs", DiskKind::kTmpfs, true, false},
                                           Form{"embedded_ext4", DiskKind::kExt4, false, false},
                                           Form{"embedded_tmpfs", DiskKind::kTmpfs, false, false}),
                         [](const auto& form) { return std::string(form.param.name); });

}  // namespace
}  // namespace optiinfra
