// What the network costs before the network: one block as a client sends it, in the Native format and in
// compressed frames, written and read, in CPU time of one thread.
// codec_bench [ROWS] [REPETITIONS]: the best repetition counts, and of the steps of an insert the median.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>

#include "city_hash.hpp"
#include "insert_plan.hpp"
#include "optiinfra/codec/compression.hpp"
#include "optiinfra/codec/native.hpp"
#include "optiinfra/generate/fleet.hpp"
#include "optiinfra/schema/validate.hpp"

namespace {

using namespace optiinfra;
using Bytes = std::vector<std::byte>;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

template <typename T>
T expect(Result<T> result) {
  if (result) return std::move(result).value();
  std::fprintf(stderr, "codec_bench: %s\n", result.error().message.c_str());
  std::exit(1);
}

void expect(const Result<void>& result) {
  if (!result) (void)expect(Result<int>(result.error()));
}

/// Gigabytes a second at the best of `repetitions`.
double speed(std::size_t bytes, int repetitions, const std::function<void()>& work) {
  double best = 1e9;
  for (int i = 0; i < repetitions; ++i) {
    const double begin = cpu_seconds();
    work();
    best = std::min(best, cpu_seconds() - begin);
  }
  return static_cast<double>(bytes) / best * 1e-9;
}

ByteSource source_of(const Bytes& bytes) {
  return [left = std::span(bytes)](std::span<std::byte> into) mutable -> Result<std::size_t> {
    const std::size_t step = std::min(into.size(), left.size());
    if (step > 0) std::memcpy(into.data(), left.data(), step);
    left = left.subspan(step);
    return step;
  };
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

/// What an insert does with a batch before the engine has it, step by step: nanoseconds of CPU a row, the
/// median of `repetitions`. With `keeps_memory` a block takes the memory of the one before it, as a client's
/// do.
void bench_encode(const PerformanceBatch& batch, int repetitions, bool keeps_memory) {
  std::vector<double> steps[5];
  Block spare;
  for (int i = 0; i < repetitions; ++i) {
    const double begin = cpu_seconds();
    const Validation validation = validate<PerformanceMetric>(batch, now());
    const double checked = cpu_seconds();
    const InsertPlan plan = plan_insert<PerformanceMetric>(batch, validation.refused_rows);
    const double sorted = cpu_seconds();
    Block block = gather_block<PerformanceMetric>(batch, plan.rows, std::move(spare));
    const double gathered = cpu_seconds();
    std::size_t bytes = 0;
    expect(write_native(block, [&bytes](std::span<const std::byte> piece) -> Result<void> {
      bytes += piece.size();
      return {};
    }));
    const double written = cpu_seconds();
    spare = keeps_memory ? std::move(block) : Block{};
    const double times[] = {checked - begin, sorted - checked, gathered - sorted, written - gathered,
                            written - begin};
    for (std::size_t step = 0; step < std::size(steps); ++step)
      steps[step].push_back(times[step] * 1e9 / static_cast<double>(batch.size()));
  }
  std::printf("encode %7zu rows, %-11s  ", batch.size(), keeps_memory ? "kept memory" : "new memory");
  const char* const names[] = {"check", "sort", "gather", "write", "all"};
  for (std::size_t step = 0; step < std::size(steps); ++step) {
    std::sort(steps[step].begin(), steps[step].end());
    std::printf("%s %.1f%s", names[step], steps[step][steps[step].size() / 2],
                step + 1 < 5 ? ", " : " ns a row\n");
  }
}

/// The block straight into frames of at most `frame_bytes`, appended to `frames`.
void write_frames(const Block& block, Compression compression, std::size_t frame_bytes, Bytes& frames) {
  FrameWriter writer(compression, [&frames](std::span<const std::byte> bytes) -> Result<void> {
    frames.insert(frames.end(), bytes.begin(), bytes.end());
    return {};
  });
  const auto cut = [&](std::span<const std::byte> bytes) -> Result<void> {
    while (bytes.size() >= frame_bytes && frame_bytes < kFrameBytes) {
      OPTIINFRA_CHECK(writer.write(bytes.first(frame_bytes)));
      OPTIINFRA_CHECK(writer.flush());
      bytes = bytes.subspan(frame_bytes);
    }
    return writer.write(bytes);
  };
  expect(write_native(block, cut));
  expect(writer.flush());
}

void read_block(const Bytes& frames) {
  FrameReader inside(source_of(frames));
  NativeReader reader([&inside](std::span<std::byte> into) { return inside.read(into); });
  Block block;
  if (!expect(reader.next(block))) std::exit(1);
}

void bench_frames(const Block& block, const Bytes& native, const char* name, Compression compression,
                  int repetitions) {
  for (const std::size_t frame_bytes : {std::size_t{64} << 10, std::size_t{256} << 10, kFrameBytes}) {
    Bytes frames;
    frames.reserve(2 * native.size());
    const double write = speed(native.size(), repetitions, [&] {
      frames.clear();
      write_frames(block, compression, frame_bytes, frames);
    });
    const double read = speed(native.size(), repetitions, [&] { read_block(frames); });
    std::printf("%-5s frames of %5zu KiB  write %6.2f GB/s  read %6.2f GB/s  ratio %5.2f\n", name,
                frame_bytes >> 10, write, read,
                static_cast<double>(native.size()) / static_cast<double>(frames.size()));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t rows = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const int repetitions = argc > 2 ? std::atoi(argv[2]) : 7;
  for (const std::size_t encoded : {rows, rows / 4}) {
    const PerformanceBatch some = make_batch(encoded);
    for (const bool keeps_memory : {false, true}) bench_encode(some, repetitions, keeps_memory);
  }
  const PerformanceBatch batch = make_batch(rows);
  const Block block = gather_block<PerformanceMetric>(batch, plan_insert<PerformanceMetric>(batch, {}).rows);
  Bytes native;
  const auto append = [&native](std::span<const std::byte> bytes) -> Result<void> {
    native.insert(native.end(), bytes.begin(), bytes.end());
    return {};
  };
  expect(write_native(block, append));
  std::printf("%zu rows of performance_metrics_ts, %zu bytes in Native\n", block.row_count(), native.size());

  const double write = speed(native.size(), repetitions, [&] {
    native.clear();
    expect(write_native(block, append));
  });
  const double read = speed(native.size(), repetitions, [&] {
    NativeReader reader(source_of(native));
    Block again;
    if (!expect(reader.next(again))) std::exit(1);
  });
  std::printf("Native, no frames        write %6.2f GB/s  read %6.2f GB/s\n", write, read);
  std::uint64_t sum = 0;
  const double hash = speed(native.size(), repetitions, [&] { sum += city_hash_128(native)[0]; });
  std::printf("CityHash128              %6.2f GB/s (%llx)\n", hash, static_cast<unsigned long long>(sum));
  bench_frames(block, native, "none", Compression::kNone, repetitions);
  bench_frames(block, native, "lz4", Compression::kLz4, repetitions);
  bench_frames(block, native, "zstd", Compression::kZstd, repetitions);
}
