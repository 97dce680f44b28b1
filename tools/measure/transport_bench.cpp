// What a way to the engine costs: transport_bench URL... asks every store the same, one after the other, so
// that figures of one run can be compared. Makes and drops the tables transport_bench_null and _rows in each
// store.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "optiinfra/transport/connector.hpp"

namespace {

using namespace optiinfra;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kRows = 1'000'000;
constexpr int kInserts = 5;
constexpr int kPings = 500;
constexpr const char* kColumns =
    "(timestamp DateTime('UTC'), customer UUID, service LowCardinality(String), model "
    "LowCardinality(String), "
    "request UUID, latency Float32, throughput Float32, prompt_tokens UInt32, completion_tokens UInt32) ";

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

template <typename T>
T expect(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "transport_bench: %s\n", result.error().message.c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

/// Rows like those of requests: times in order, few labels, rounded measures.
Block make_block() {
  std::mt19937 random(7);
  std::vector<std::uint32_t> times, prompt, completion;
  std::vector<Uuid> customers, requests;
  Dictionary services, models;
  std::vector<float> latencies, throughputs;
  for (std::size_t row = 0; row < kRows; ++row) {
    times.push_back(1'790'000'000u + static_cast<std::uint32_t>(row / 20));
    customers.push_back({row / 100'000, 1});
    requests.push_back(
        {(std::uint64_t{random()} << 32) | random(), (std::uint64_t{random()} << 32) | random()});
    services.append("service-" + std::to_string(random() % 20));
    models.append("model-" + std::to_string(random() % 5));
    latencies.push_back(static_cast<float>(random() % 20'000) / 10);
    throughputs.push_back(static_cast<float>(random() % 1'000) / 10);
    prompt.push_back(static_cast<std::uint32_t>(random() % 4'000));
    completion.push_back(static_cast<std::uint32_t>(random() % 1'000));
  }
  Block block;
  block.add({"timestamp", "DateTime('UTC')", std::move(times)});
  block.add({"customer", "UUID", std::move(customers)});
  block.add({"service", "LowCardinality(String)", std::move(services)});
  block.add({"model", "LowCardinality(String)", std::move(models)});
  block.add({"request", "UUID", std::move(requests)});
  block.add({"latency", "Float32", std::move(latencies)});
  block.add({"throughput", "Float32", std::move(throughputs)});
  block.add({"prompt_tokens", "UInt32", std::move(prompt)});
  block.add({"completion_tokens", "UInt32", std::move(completion)});
  return block;
}

double insert_rate(Session& session, const std::string& table, const Block& block) {
  (void)expect(session.insert({.table = table}, block));
  const auto begin = Clock::now();
  for (int i = 0; i < kInserts; ++i) (void)expect(session.insert({.table = table}, block));
  return kInserts * kRows / seconds_since(begin) / 1e6;
}

double read_rate(Session& session) {
  std::size_t rows = 0;
  const auto begin = Clock::now();
  (void)expect(session.query({.sql = "SELECT * FROM transport_bench_rows"}, [&rows](const Block& block) {
    rows += block.row_count();
    return true;
  }));
  return static_cast<double>(rows) / seconds_since(begin) / 1e6;
}

struct Delay {
  double median, p99;
};

Delay ping_delay(Session& session) {
  std::vector<double> milliseconds;
  for (int i = 0; i < kPings; ++i) {
    const auto begin = Clock::now();
    (void)expect(session.query({.sql = "SELECT 1"}, [](const Block&) { return true; }));
    milliseconds.push_back(seconds_since(begin) * 1e3);
  }
  std::sort(milliseconds.begin(), milliseconds.end());
  return {milliseconds[kPings / 2], milliseconds[kPings * 99 / 100]};
}

void measure(const char* url, const Block& block) {
  const auto connector = expect(make_connector(url, IfAbsent::kCreate));
  const auto begin = Clock::now();
  const auto session = expect(connector->connect());
  const double connect = seconds_since(begin) * 1e3;
  const auto make = [&](const std::string& name, const std::string& engine) {
    expect(session->execute({.sql = "DROP TABLE IF EXISTS " + name}));
    expect(session->execute({.sql = "CREATE TABLE " + name + kColumns + "ENGINE = " + engine}));
  };
  make("transport_bench_null", "Null");
  make("transport_bench_rows", "MergeTree ORDER BY (customer, service, timestamp)");
  const double sent = insert_rate(*session, "transport_bench_null", block);
  const double stored = insert_rate(*session, "transport_bench_rows", block);
  const double read = read_rate(*session);
  const Delay delay = ping_delay(*session);
  for (const char* name : {"transport_bench_null", "transport_bench_rows"})
    expect(session->execute({.sql = std::string("DROP TABLE ") + name}));
  std::printf(
      "%-50s connect %6.1f ms  SELECT 1 p50 %5.2f p99 %5.2f ms  insert %5.2f M rows/s, to Null %5.2f  "
      "read %5.2f\n",
      connector->description().c_str(), connect, delay.median, delay.p99, stored, sent, read);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "transport_bench URL...\n");
    return 2;
  }
  const Block block = make_block();
  std::printf("%zu rows a block, %.1f MB\n", block.row_count(),
              static_cast<double>(block.size_bytes()) / 1e6);
  for (int i = 1; i < argc; ++i) measure(argv[i], block);
  return 0;
}
