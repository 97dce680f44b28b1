// What the spool costs: threads that append, wait for the disk and acknowledge, by size of record.
//
//   spool_bench [FOLDER] [SECONDS_EACH]     FOLDER is made and removed; it decides which disk is measured
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <thread>

#include "optiinfra/spool/spool.hpp"

namespace {

using namespace optiinfra;
using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

struct Case {
  std::size_t record_bytes;
  int threads;
  std::uint64_t segment_bytes;
};

constexpr std::uint64_t kMiB = 1 << 20;
constexpr Case kCases[] = {
    {1 << 10, 1, 64 * kMiB},  {1 << 10, 4, 64 * kMiB},   {1 << 10, 16, 64 * kMiB}, {64 << 10, 1, 64 * kMiB},
    {64 << 10, 4, 64 * kMiB}, {64 << 10, 16, 64 * kMiB}, {1 * kMiB, 1, 64 * kMiB}, {1 * kMiB, 4, 64 * kMiB},
    {8 * kMiB, 1, 64 * kMiB}, {8 * kMiB, 4, 64 * kMiB},  {8 * kMiB, 4, 16 * kMiB}, {8 * kMiB, 4, 256 * kMiB},
};

void fail(const Error& error) {
  std::fprintf(stderr, "spool_bench: %s\n", error.message.c_str());
  std::exit(1);
}

class Run {
 public:
  Run(const std::filesystem::path& folder, const Case& measured, double seconds)
      : case_(measured),
        length_(std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds))) {
    spool::SpoolOptions options;
    options.segment_bytes = measured.segment_bytes;
    auto spool = spool::Spool::open(folder, options);
    if (!spool) fail(spool.error());
    spool_ = *std::move(spool);
  }

  void measure() {
    const auto begin = Clock::now();
    std::vector<std::thread> threads;
    for (int i = 0; i < case_.threads; ++i) threads.emplace_back([this, begin] { work(begin + length_); });
    for (std::thread& thread : threads) thread.join();
    print(Clock::now() - begin);
    if (const auto closed = spool_->close(); !closed) fail(closed.error());
  }

 private:
  void work(Clock::time_point until) {
    const std::vector<std::byte> payload(case_.record_bytes, std::byte{7});
    const std::span<const std::byte> parts[] = {payload};
    std::vector<double> waits;
    do {  // At least once: a short time may be over before the thread begins.
      const auto sequence = spool_->append(parts);
      if (!sequence) fail(sequence.error());
      const auto begin = Clock::now();
      if (const auto synced = spool_->sync(*sequence); !synced) fail(synced.error());
      waits.push_back(Milliseconds(Clock::now() - begin).count());
      if (const auto done = spool_->acknowledge(*sequence); !done) fail(done.error());
    } while (Clock::now() < until);
    const std::lock_guard lock(mutex_);
    waits_.insert(waits_.end(), waits.begin(), waits.end());
  }

  void print(std::chrono::duration<double> took) {
    std::sort(waits_.begin(), waits_.end());
    const auto records = static_cast<double>(waits_.size());
    std::printf("| %7zu | %2d | %3llu | %7.0f | %6.1f | %6.1f | %5.1f | %5.1f |\n", case_.record_bytes >> 10,
                case_.threads, static_cast<unsigned long long>(case_.segment_bytes / kMiB),
                records / took.count(),
                records * static_cast<double>(case_.record_bytes) / 1e6 / took.count(),
                records / static_cast<double>(spool_->usage().syncs), waits_[waits_.size() / 2],
                waits_[waits_.size() * 99 / 100]);
  }

  Case case_;
  Clock::duration length_;
  std::unique_ptr<spool::Spool> spool_;
  std::mutex mutex_;
  std::vector<double> waits_;
};

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path folder = argc > 1 ? argv[1] : "spool_bench.tmp";
  const double seconds = argc > 2 ? std::atof(argv[2]) : 3;
  std::printf(
      "| KiB a record | threads | MiB a segment | records/s | MB/s | records a sync | sync p50 ms | p99 ms "
      "|\n");
  std::printf("| --- | --- | --- | --- | --- | --- | --- | --- |\n");
  for (const Case& measured : kCases) {
    std::filesystem::remove_all(folder);
    Run(folder, measured, seconds).measure();
  }
  std::filesystem::remove_all(folder);
  return 0;
}
