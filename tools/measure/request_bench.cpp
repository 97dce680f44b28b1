// Many small requests that count once each: threads hand 10 rows at a time over and wait until they are
// spooled, with request keys and without, into an embedded store, in alternating rounds.
//
//   request_bench [FOLDER] [SECONDS_EACH] [ROUNDS] [THREADS]
//
// FOLDER is made and removed; it decides which disk is measured. Needs the engine (OPTIINFRA_LIBCHDB).
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <thread>

#include "optiinfra/ingest/writer.hpp"
#include "optiinfra/transport/url.hpp"

namespace {

using namespace optiinfra;
using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr std::size_t kRows = 10;
constexpr std::chrono::minutes kPatience{5};

template <typename Value>
Value value_of(Result<Value> result) {
  if (result) return *std::move(result);
  std::fprintf(stderr, "request_bench: %s\n", result.error().message.c_str());
  std::exit(1);
}

void expect(const Result<void>& result) {
  if (result) return;
  std::fprintf(stderr, "request_bench: %s\n", result.error().message.c_str());
  std::exit(1);
}

PerformanceBatch request() {
  PerformanceBatch batch;
  for (std::size_t i = 0; i < kRows; ++i) {
    PerformanceMetric row;
    row.timestamp = now();
    row.customer_id = row.service_id = Uuid{1, 2};
    row.request_id = Uuid::random();
    row.service_type = "vllm";
    row.model_name = "llama-3.1-70b";
    row.latency_ms = 12.5f;
    row.time_to_first_token_ms = 3.5f;
    batch.append(row);
  }
  return batch;
}

class Round {
 public:
  Round(Writer& writer, bool has_keys, int threads, double seconds)
      : writer_(writer),
        thread_count_(threads),
        has_keys_(has_keys),
        until_(Clock::now() +
               std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds))) {}

  void measure() {
    const std::uint64_t inserts = writer_.metrics().inserts;
    const auto begin = Clock::now();
    std::vector<std::thread> threads;
    for (int i = 0; i < thread_count_; ++i) threads.emplace_back([this] { work(); });
    for (std::thread& thread : threads) thread.join();
    const std::chrono::duration<double> took = Clock::now() - begin;
    expect(writer_.flush(kPatience));
    std::sort(waits_.begin(), waits_.end());
    const std::size_t count = waits_.size();
    std::printf("| %s | %7.0f | %6.2f | %6.2f | %7.2f | %4llu |\n", has_keys_ ? "with keys" : "without  ",
                static_cast<double>(count) / took.count(), waits_[count / 2], waits_[count * 99 / 100],
                waits_.back(), static_cast<unsigned long long>(writer_.metrics().inserts - inserts));
    std::fflush(stdout);
  }

 private:
  void work() {
    std::vector<double> waits;
    do {
      WriteOptions options{.acknowledgement = Acknowledgement::kSpooled};
      if (has_keys_) options.request = spool::RequestKey{Uuid::random(), 7};
      const PerformanceBatch rows = request();
      const auto begin = Clock::now();
      expect(value_of(writer_.write<PerformanceMetric>(rows, options)).ticket.wait(kPatience));
      waits.push_back(Milliseconds(Clock::now() - begin).count());
    } while (Clock::now() < until_);
    const std::lock_guard lock(mutex_);
    waits_.insert(waits_.end(), waits.begin(), waits.end());
  }

  Writer& writer_;
  const int thread_count_;
  const bool has_keys_;
  const Clock::time_point until_;
  std::mutex mutex_;
  std::vector<double> waits_;
};

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path folder = argc > 1 ? argv[1] : "request_bench.tmp";
  const double seconds = argc > 2 ? std::atof(argv[2]) : 5;
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 3;
  const int threads = argc > 4 ? std::atoi(argv[4]) : 8;
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  {
    Client client = value_of(
        Client::open(value_of(parse_store_url("embedded:" + (folder / "store").string())), {.create = true}));
    Writer writer = value_of(Writer::open(client, {.spool_folder = folder / "spool"}));
    std::printf(
        "| requests | a second | p50 ms | p99 ms | most ms | inserts |\n| --- | --- | --- | --- | --- | --- "
        "|\n");
    for (int round = 0; round < rounds; ++round) {
      for (const bool has_keys : {false, true}) Round(writer, has_keys, threads, seconds).measure();
    }
    expect(writer.close(kPatience));
  }
  std::filesystem::remove_all(folder);
  return 0;
}
