// What it costs to read rows that others wrote as text: performance rows of ten keys, and of all keys that
// the generator fills, in CPU time of one thread. rows_bench [ROWS] [REPETITIONS]: the best repetition
// counts.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>

#include "optiinfra/generate/fleet.hpp"
#include "optiinfra/rows/decode.hpp"
#include "row_text.hpp"

namespace {

using namespace optiinfra;
using namespace optiinfra::rows;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

template <typename T>
T expect(Result<T> result) {
  if (result) return std::move(result).value();
  std::fprintf(stderr, "rows_bench: %s\n", result.error().message.c_str());
  std::exit(1);
}

PerformanceBatch make_batch(std::size_t rows) {
  fleet::Fleet fleet = expect(fleet::Fleet::create({.seed = 1,
                                                    .days = 1,
                                                    .rows = 4 * rows + 10'000,
                                                    .end = std::chrono::floor<std::chrono::days>(now())}));
  PerformanceBatch batch;
  fleet.next_batch(batch, rows);
  return batch;
}

/// The columns that a small agent knows.
PerformanceBatch ten_columns(const PerformanceBatch& all) {
  PerformanceBatch batch;
  batch.timestamp = all.timestamp;
  batch.customer_id = all.customer_id;
  batch.service_id = all.service_id;
  batch.model_name = all.model_name;
  batch.request_id = all.request_id;
  batch.latency_ms = all.latency_ms;
  batch.prompt_tokens = all.prompt_tokens;
  batch.completion_tokens = all.completion_tokens;
  batch.time_to_first_token_ms = all.time_to_first_token_ms;
  batch.status = all.status;
  return batch;
}

void bench(const char* name, const PerformanceBatch& batch, const std::string& body, rows::RowFormat format,
           int repetitions) {
  double best = 1e9;
  for (int i = 0; i < repetitions; ++i) {
    const double begin = cpu_seconds();
    const auto decoded = expect(decode_rows<PerformanceMetric>(body, format));
    best = std::min(best, cpu_seconds() - begin);
    if (decoded.batch.size() != batch.size())
      (void)expect(Result<int>(Error{.message = "rows were rejected"}));
  }
  const auto rows = static_cast<double>(batch.size()), bytes = static_cast<double>(body.size());
  std::printf("%-22s %4.0f bytes a row  %5.2f M rows/s  %6.0f MB/s  %5.0f ns a row\n", name, bytes / rows,
              rows / best * 1e-6, bytes / best * 1e-6, best / rows * 1e9);
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t rows = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 200'000;
  const int repetitions = argc > 2 ? std::atoi(argv[2]) : 9;
  const PerformanceBatch all = make_batch(rows), ten = ten_columns(all);
  bench("JSON lines, ten keys", ten, json_lines<PerformanceMetric>(ten), rows::RowFormat::kJsonLines,
        repetitions);
  bench("JSON array, ten keys", ten, json_array<PerformanceMetric>(ten), rows::RowFormat::kJson, repetitions);
  bench("CSV, ten columns", ten, csv<PerformanceMetric>(ten), rows::RowFormat::kCsv, repetitions);
  bench("JSON lines, all keys", all, json_lines<PerformanceMetric>(all), rows::RowFormat::kJsonLines,
        repetitions);
  bench("CSV, all columns", all, csv<PerformanceMetric>(all), rows::RowFormat::kCsv, repetitions);
}
