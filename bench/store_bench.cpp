// Insert and query over all four tables, on the embedded engine with rollups and deduplication on.
// store_bench [FOLDER] [ROWS]: FOLDER is made and removed; ROWS are per family.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "optiinfra/client/client.hpp"
#include "optiinfra/generate/fleet.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/verify.hpp"
#include "optiinfra/transport/transport.hpp"

namespace {

using namespace optiinfra;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kThreads = 2;
constexpr int kQuestions = 50;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

[[noreturn]] void fail(const Error& error) {
  std::fprintf(stderr, "store_bench: %s\n", error.message.c_str());
  std::exit(1);
}

template <typename T>
T expect(Result<T> result) {
  if (!result) fail(result.error());
  return std::move(result).value();
}

/// All rows of one family, made before the clock starts.
template <typename Row>
std::vector<typename MetricTraits<Row>::BatchType> make_batches(Fleet& fleet, std::size_t batch_rows) {
  std::vector<typename MetricTraits<Row>::BatchType> batches;
  typename MetricTraits<Row>::BatchType batch;
  while (fleet.next_batch(batch, batch_rows)) batches.push_back(std::move(batch));
  return batches;
}

/// Inserts with kThreads threads and gives the seconds it took.
template <typename Row>
double insert_all(Client& client, const std::vector<typename MetricTraits<Row>::BatchType>& batches) {
  std::atomic<std::size_t> next = 0;
  const auto begin = Clock::now();
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (std::size_t index = next++; index < batches.size(); index = next++)
        (void)expect(client.insert<Row>(batches[index]));
    });
  }
  for (std::thread& thread : threads) thread.join();
  return seconds_since(begin);
}

void append_all(Dictionary& values, const Dictionary& more) {
  for (std::size_t row = 0; row < more.size(); ++row) values.append(more[row]);
}
template <typename T>
void append_all(std::vector<T>& values, const std::vector<T>& more) {
  values.insert(values.end(), more.begin(), more.end());
}

template <typename Row>
void report(std::size_t batch_rows, std::size_t rows, double seconds) {
  std::printf("insert  %-12s batches of up to %7zu  %9zu rows  %7.2f s  %8.2f M rows/s\n",
              table_of(MetricTraits<Row>::kFamily).name, batch_rows, rows, seconds,
              static_cast<double>(rows) / seconds / 1e6);
}

Fleet make_fleet(std::uint64_t seed, std::uint64_t rows) {
  return expect(Fleet::create(
      {.seed = seed, .days = 1, .rows = rows, .end = std::chrono::floor<std::chrono::days>(now())}));
}

/// A day of one family, so that a batch is a block: the shape of live traffic. `share` is the part of a
/// fleet's rows that the family has. Each call needs a seed of its own, or the same rows come again and
/// compress too well.
template <typename Row>
void bench_insert(Client& client, std::uint64_t seed, std::uint64_t rows, std::size_t batch_rows,
                  double share) {
  Fleet fleet = make_fleet(seed, static_cast<std::uint64_t>(static_cast<double>(rows) / share));
  const auto batches = make_batches<Row>(fleet, batch_rows);
  std::size_t count = 0;
  for (const auto& batch : batches) count += batch.size();
  report<Row>(batch_rows, count, insert_all<Row>(client, batches));
}

/// Cost rows are few by nature: a thousand instances make 24,000 a day. Many fleets fill a block.
void bench_cost_insert(Client& client, std::uint64_t seed, std::size_t fleets) {
  std::vector<CostBatch> batches(2 * kThreads);
  CostBatch part;
  std::size_t count = 0;
  for (std::size_t i = 0; i < fleets; ++i) {
    Fleet fleet = make_fleet(seed + i, 20'000'000);
    while (fleet.next_batch(part, kInsertRowsMax)) {
      CostBatch& batch = batches[i % batches.size()];
      for_each_column<CostMetric>(
          [&](const auto& access) { append_all(batch.*access.batch, part.*access.batch); });
      count += part.size();
    }
  }
  report<CostMetric>(count / batches.size(), count, insert_all<CostMetric>(client, batches));
}

template <typename Ask>
void bench_question(const char* name, Ask ask) {
  std::vector<double> milliseconds;
  for (int i = 0; i < kQuestions; ++i) {
    const auto begin = Clock::now();
    ask();
    milliseconds.push_back(seconds_since(begin) * 1e3);
  }
  std::sort(milliseconds.begin(), milliseconds.end());
  std::printf("query   %-32s p50 %6.1f ms  p99 %6.1f ms\n", name, milliseconds[kQuestions / 2],
              milliseconds[kQuestions * 99 / 100]);
}

void bench_questions(Client& client, const FleetDescription& fleet) {
  const FleetInstance& instance = fleet.instances.front();
  const FleetService& service = fleet.services[instance.service];
  const Uuid customer = fleet.customers[service.customer].id;
  const sys_seconds end = fleet.range.end;
  const TimeRange hours{end - std::chrono::days{1}, end},
      ragged{end - std::chrono::hours{20} - std::chrono::seconds{1234}, end - std::chrono::seconds{777}};
  bench_question("SELECT 1 (the floor)", [&] {
    if (!client.ping()) std::exit(1);
  });
  bench_question("cost-hourly, 24 h",
                 [&] { (void)expect(client.query_cost_hourly(customer, hours.begin, hours.end)); });
  bench_question("performance, 24 whole hours",
                 [&] { (void)expect(client.query_performance(customer, service.id, hours)); });
  bench_question("performance, partial edge hours",
                 [&] { (void)expect(client.query_performance(customer, service.id, ragged)); });
  bench_question("resource, 24 whole hours",
                 [&] { (void)expect(client.query_resource(customer, instance.id, hours)); });
  bench_question("quality, 24 whole hours",
                 [&] { (void)expect(client.query_quality(customer, service.id, hours)); });
}

void print_sizes(Client& client) {
  const auto listed = client.with_session([](Transport& session) -> Result<void> {
    OPTIINFRA_TRY(const VerifyReport report, verify(session));
    for (const ObjectReport& object : report.objects) {
      if (object.rows == 0) continue;
      const auto rows = static_cast<double>(object.rows), disk = static_cast<double>(object.bytes_on_disk);
      std::printf("size    %-32s %9llu rows  %7.2f bytes/row  %5.1fx compressed\n", object.name.c_str(),
                  static_cast<unsigned long long>(object.rows), disk / rows,
                  static_cast<double>(object.bytes_uncompressed) / disk);
    }
    std::printf("verify  %llu rollup rows compared, %llu differ\n",
                static_cast<unsigned long long>(report.hours_compared),
                static_cast<unsigned long long>(report.hours_differing));
    return {};
  });
  if (!listed) fail(listed.error());
}

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path folder =
      argc > 1 ? argv[1] : std::filesystem::temp_directory_path() / "optiinfra-store-bench";
  const std::uint64_t rows = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 2'000'000;
  std::filesystem::remove_all(folder);
  {
    Client client = expect(Client::open("embedded:" + folder.string(), {.create = true}));
    std::uint64_t seed = 100;
    for (const std::size_t batch_rows : {10'000, 100'000, 1'000'000}) {
      bench_insert<PerformanceMetric>(client, ++seed, rows, batch_rows, 0.70);
    }
    for (const std::size_t batch_rows : {100'000, 1'000'000}) {
      bench_insert<ResourceMetric>(client, ++seed, rows, batch_rows, 0.20);
      bench_insert<QualityMetric>(client, ++seed, rows, batch_rows, 0.09);
    }
    bench_cost_insert(client, ++seed, 80);
    bench_questions(client, make_fleet(101, 1'000).description());
    print_sizes(client);
  }
  std::filesystem::remove_all(folder);
}
