// The soak: mixed families through a writer with a spool into a server over TCP, as fast as the machine goes,
// while writer and server are killed at random; then a calm while, in which memory must not grow; then every
// write is counted and every rollup hour recomputed. Ten minutes of it, on the disk of TMPDIR:
//   OPTIINFRA_SOAK_SECONDS=600 build/release/bin/soak
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <random>
#include <sstream>
#include <thread>

#include "optiinfra/client/client.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/testing/server.hpp"
#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using testing::Program;

constexpr std::chrono::seconds kSecondsInCheck{6};
/// Shorter ones say nothing about growth.
constexpr std::chrono::seconds kSecondsToJudgeMemory{300};
constexpr double kGrowthMax = 1.25;
constexpr double kMibOfKib = 1.0 / 1024;

std::chrono::seconds soak_time() {
  const char* const text = std::getenv("OPTIINFRA_SOAK_SECONDS");
  return text == nullptr ? kSecondsInCheck : std::chrono::seconds{std::atoi(text)};
}

double resident_mib(int process_id) {
  std::ifstream status("/proc/" + std::to_string(process_id) + "/status");
  for (std::string line; std::getline(status, line);) {
    double kib = 0;
    if (line.starts_with("VmRSS:") && std::istringstream(line.substr(6)) >> kib) return kib * kMibOfKib;
  }
  return 0;
}

/// Memory of one process over time.
struct Memory {
  std::vector<double> samples_mib;

  double most() const {
    return samples_mib.empty() ? 0 : *std::max_element(samples_mib.begin(), samples_mib.end());
  }
  /// The most of the last third over the most of the middle one; the first is for warming up.
  double growth() const {
    const auto third = static_cast<std::ptrdiff_t>(samples_mib.size() / 3);
    if (third == 0) return 1;
    const auto at = samples_mib.begin();
    return *std::max_element(at + 2 * third, samples_mib.end()) /
           *std::max_element(at + third, at + 2 * third);
  }
};

class Soak : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(server_.is_ready()) << server_.failure();
    const auto made = Client::open(server_.native_url(), {.create = true});
    ASSERT_TRUE(made) << made.error().message;
    start_writer();
  }

  void start_writer() {
    writer_ = std::make_unique<Program>(
        std::vector<std::string>{OPTIINFRA_SOAK_WRITER, "run", server_.native_url(),
                                 (folder_ / "spool").string(), time_, (folder_ / "journal").string()},
        testing::ProgramOptions{.timeout = 60min});
  }

  void kill_writer() {
    ASSERT_FALSE(writer_->has_ended()) << writer_->wait().error_output;
    writer_->send_signal(SIGKILL);
    EXPECT_EQ(writer_->wait().signal, SIGKILL);
    start_writer();
    ++writer_kills_;
  }

  void kill_server() {
    EXPECT_EQ(server_.kill().signal, SIGKILL);
    ASSERT_TRUE(server_.start()) << server_.failure();
    ++server_kills_;
  }

  void sample_until(steady_clock::time_point end) {
    while (steady_clock::now() < end) {
      std::this_thread::sleep_until(std::min(end, steady_clock::now() + 1s));
      writer_memory_.samples_mib.push_back(resident_mib(writer_->process_id()));
      server_memory_.samples_mib.push_back(resident_mib(server_.process_id()));
    }
  }

  void say_memory(const char* when) {
    std::cout << when << ": memory of the writer at most " << writer_memory_.most() << " MiB, of the server "
              << server_memory_.most() << " MiB; last third over middle third " << writer_memory_.growth()
              << " and " << server_memory_.growth() << std::endl;
  }

  const testing::TemporaryFolder folder_;
  const std::string time_ =
      std::to_string((floor_hour(now()) - std::chrono::hours{1}).time_since_epoch().count());
  testing::ServerProcess server_{OPTIINFRA_PROGRAM, folder_ / "store"};
  std::unique_ptr<Program> writer_;
  int writer_kills_ = 0, server_kills_ = 0;
  Memory writer_memory_, server_memory_;
};

TEST_F(Soak, EveryWriteIsThereOnceThoughWriterAndServerAreKilledAtRandom) {
  const std::chrono::seconds all = soak_time();
  const auto begun = steady_clock::now(), calm_from = begun + all * 3 / 4, end = begun + all;
  const unsigned seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  std::mt19937 random(seed);
  // As often as lets both come to work in between; in the short form too.
  std::uniform_int_distribution<int> pause_ms(500, all < 60s ? 2'500 : 15'000), chance(0, 2);
  while (steady_clock::now() < calm_from) {
    sample_until(std::min(calm_from, steady_clock::now() + std::chrono::milliseconds{pause_ms(random)}));
    chance(random) == 0 ? kill_server() : kill_writer();
    if (HasFatalFailure()) return;
  }
  say_memory("under kills");
  writer_memory_ = server_memory_ = {};
  sample_until(end);
  say_memory("left alone");
  writer_->send_signal(SIGTERM);
  const auto ended = writer_->wait();
  EXPECT_EQ(ended.exit_code, 0) << ended.error_output;
  const auto checked = testing::run_program(
      {OPTIINFRA_SOAK_WRITER, "check", server_.native_url(), time_, (folder_ / "journal").string()},
      {.timeout = 30min});
  EXPECT_EQ(checked.exit_code, 0) << checked.error_output;
  std::cout << "the last writer: " << ended.output << "kills of the writer " << writer_kills_
            << ", of the server " << server_kills_ << "; " << checked.output;
  EXPECT_NE(checked.output.find(" lost 0 doubled 0 partial 0 "), std::string::npos);
  EXPECT_NE(checked.output.find(" hours_differing 0\n"), std::string::npos);
  EXPECT_GT(writer_kills_ + server_kills_, 0);
  if (all < kSecondsToJudgeMemory) return;
  EXPECT_LT(writer_memory_.growth(), kGrowthMax);
  EXPECT_LT(server_memory_.growth(), kGrowthMax);
}

}  // namespace
}  // namespace optiinfra
