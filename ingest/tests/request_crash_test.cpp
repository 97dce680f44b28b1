// The machine stops at every call to the spool's disk in turn, while a producer repeats its requests; a store
// elsewhere goes on. What survives on the disk is drawn at random each time.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <set>

#include "fake_store.hpp"
#include "lying_disk.hpp"
#include "samples.hpp"
#include "writer_state.hpp"

namespace optiinfra {
namespace {

using namespace std::chrono_literals;
using testing::FakeStore;
using testing::LyingDisk;
using testing::Survives;

constexpr std::uint64_t kCrashRequests = 14;
constexpr std::size_t kCrashRows = 2;

/// Segments of few records, and files of few keys, so that both are begun, ended and removed.
spool::SpoolOptions small_spool() {
  spool::SpoolOptions options;
  options.segment_bytes = 6 << 10;
  options.record_bytes_max = 64 << 10;
  options.buffer_bytes_max = 64 << 10;
  options.spool_bytes_max = 1 << 20;
  options.checkpoint_interval = 0ms;
  return options;
}
constexpr RequestBounds kBounds{.remembered = 100, .keys_per_file = 5};

struct Counts {
  std::uint64_t points = 0, fired = 0, promised = 0, lost = 0, doubled = 0, taken_again = 0;
};

class RequestCrash {
 public:
  RequestCrash(std::uint64_t seed, Counts& counts) : disk_(seed), counts_(counts) {}

  /// Repeats every request, each a second time at once, until the disk is off or all are through. An orderly
  /// end closes the writer.
  void live(bool ends_in_order) {
    auto opened = WriterDisk::open("/spool", small_spool(), kBounds, disk_);
    if (!opened) return;
    Writer writer = WriterOnDisk::open(
        client_, {.spool_folder = "/spool", .insert_rows = 6, .insert_age = 1ms}, *std::move(opened));
    for (std::uint64_t number = 0; number < kCrashRequests && !disk_.is_off(); ++number) {
      for (int time = 0; time < 2; ++time) write(writer, number, time);
    }
    if (!ends_in_order) return;
    EXPECT_TRUE(writer.close(kLong));
  }

  LyingDisk& disk() { return disk_; }

  void count() {
    const auto ids = store_->request_ids();
    for (std::uint64_t number = 0; number < kCrashRequests; ++number) {
      for (std::size_t row = 0; row < kCrashRows; ++row) {
        const std::size_t times = ids.count(id_of(number, row).to_string());
        counts_.lost += times == 0 ? 1 : 0;
        counts_.doubled += times > 1 ? 1 : 0;
      }
    }
  }

 private:
  static Uuid id_of(std::uint64_t number, std::size_t row) { return {number + 1, row + 1}; }

  void write(Writer& writer, std::uint64_t number, int time) {
    PerformanceBatch batch;
    for (std::size_t row = 0; row < kCrashRows; ++row) {
      PerformanceMetric metric;
      metric.timestamp = now();
      metric.customer_id = metric.service_id = Uuid{1, 2};
      metric.request_id = id_of(number, row);
      metric.service_type = "vllm";
      metric.model_name = "m";
      metric.latency_ms = 1.0f;
      batch.append(metric);
    }
    const auto level = number % 3 == 0 ? Acknowledgement::kStored : Acknowledgement::kSpooled;
    const auto receipt = writer.write<PerformanceMetric>(
        batch, {.acknowledgement = level, .request = spool::RequestKey{{5, number}, number}});
    if (!receipt) return;
    if (!receipt->is_repeated && promised_.contains(number)) ++counts_.taken_again;
    if (receipt->ticket.wait(kLong) && promised_.insert(number).second) ++counts_.promised;
    EXPECT_TRUE(receipt->is_repeated || time == 0);
  }

  LyingDisk disk_;
  Counts& counts_;
  const std::shared_ptr<FakeStore> store_ = std::make_shared<FakeStore>();
  Client client_ = std::move(Client::open(store_->connector())).value();
  std::set<std::uint64_t> promised_;
};

/// OPTIINFRA_KILLS=all tries every call.
std::uint64_t calls_a_step() { return std::getenv("OPTIINFRA_KILLS") == nullptr ? 9 : 1; }

void crash_everywhere(Survives survives) {
  Counts counts;
  for (std::uint64_t call = 1;; call += calls_a_step()) {
    RequestCrash crash(call, counts);
    crash.disk().set_fault({.call = call, .power_off = true, .written_bytes = call * 37 % 3'000});
    crash.live(false);
    ++counts.points;
    const bool fired = crash.disk().is_off();
    counts.fired += fired ? 1 : 0;
    crash.disk().restart(survives);
    // Another crash, somewhere in the recovery or after it.
    crash.disk().set_fault({.call = 1 + call * 7919 % 60, .power_off = true, .written_bytes = 100});
    crash.live(false);
    crash.disk().restart(survives);
    crash.disk().set_fault({});
    crash.live(true);
    crash.live(true);
    crash.count();
    ASSERT_EQ(counts.lost + counts.doubled + counts.taken_again, 0u)
        << "crash at call " << call << ": " << counts.lost << " rows lost, " << counts.doubled << " doubled, "
        << counts.taken_again << " promised requests taken again";
    if (!fired) break;
  }
  std::cout << counts.points << " crashes tried, " << counts.fired << " fired; " << counts.promised
            << " requests promised, " << counts.lost << " rows lost, " << counts.doubled << " doubled, "
            << counts.taken_again << " promised requests taken again\n";
  EXPECT_GT(counts.fired * calls_a_step(), 60u);
}

TEST(RequestCrash, EachRequestCountsOnceWhenNothingUnsyncedSurvives) { crash_everywhere(Survives::kNothing); }
TEST(RequestCrash, EachRequestCountsOnceWhenTheCacheSurvivesTheProcess) { crash_everywhere(Survives::kAll); }
TEST(RequestCrash, EachRequestCountsOnceWhenAnyPartOfTheUnsyncedSurvives) {
  crash_everywhere(Survives::kAnyPart);
}

}  // namespace
}  // namespace optiinfra
