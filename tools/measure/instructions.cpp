// What our own code does per row, for callgrind to count: rows into a block's bytes, and bytes into a block.
// instructions [ROWS]: tools/measure/instructions.sh runs it and reads the counts.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "insert_plan.hpp"
#include "optiinfra/codec/native.hpp"
#include "optiinfra/generate/fleet.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/schema/validate.hpp"

namespace {

using namespace optiinfra;
using Bytes = std::vector<std::byte>;

template <typename T>
T expect(Result<T> result) {
  if (result) return std::move(result).value();
  std::fprintf(stderr, "instructions: %s\n", result.error().message.c_str());
  std::exit(1);
}

template <typename Row>
using BatchOf = Batch<Row>;

template <typename Row>
BatchOf<Row> rows_of(Family family, std::size_t rows) {
  BatchOf<Row> batch;
  // A day long past, so that the rows are the same whenever it runs.
  fleet::Fleet fleet = expect(fleet::Fleet::create(
      {.seed = 1, .days = 1, .rows = 100'000'000, .end = sys_seconds{std::chrono::days{20'000}}}));
  if (!fleet.next_batch(batch, rows) || batch.size() != rows) {
    std::fprintf(stderr, "instructions: the fleet has too few rows of %s\n", table_of(family).name);
    std::exit(1);
  }
  return batch;
}

/// What an insert does with a batch before the engine has it.
template <typename Row>
[[gnu::noinline]] void encode(const BatchOf<Row>& batch, Bytes& bytes) {
  const Validation validation = validate<Row>(batch, sys_seconds{std::chrono::days{20'001}});
  const InsertPlan plan = plan_insert<Row>(batch, validation.refused_rows);
  const Block block = gather_block<Row>(batch, plan.rows);
  const auto written = write_native(block, [&bytes](std::span<const std::byte> piece) -> Result<void> {
    bytes.insert(bytes.end(), piece.begin(), piece.end());
    return {};
  });
  if (!written) std::exit(1);
}

template <typename Row>
[[gnu::noinline]] Block decode(const Bytes& bytes) {
  NativeReader reader([left = std::span(bytes)](std::span<std::byte> into) mutable -> Result<std::size_t> {
    const std::size_t step = std::min(into.size(), left.size());
    if (step > 0) std::memcpy(into.data(), left.data(), step);
    left = left.subspan(step);
    return step;
  });
  Block block;
  if (!expect(reader.next(block))) std::exit(1);
  return block;
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t rows = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 20'000;
  // The contract's families: a fleet of its columns has no rows of others, and the counts go on from earlier
  // ones.
  for (const Family family : {Family::kCost, Family::kPerformance, Family::kResource, Family::kQuality}) {
    with_metric(family, [&]<typename Row>() {
      const auto batch = rows_of<Row>(family, rows);
      Bytes bytes;
      bytes.reserve(rows * 512);
      encode<Row>(batch, bytes);
      const Block block = decode<Row>(bytes);
      std::printf("%s: %zu rows, %zu bytes\n", table_of(family).name, block.row_count(), bytes.size());
    });
  }
}
