/// Measures the speed of inserts.
#pragma once

#include "optiinfra/benchmark/benchmark.hpp"
#include "rows.hpp"
#include "scratch_store.hpp"

namespace optiinfra::benchmark {

/// Rows that a service hands over at a time to a Writer.
inline constexpr std::size_t kWriteRows = 10'000;

/// Rows of an insert of the Writer that is measured.
inline constexpr std::size_t kWriterInsertRows = kInsertRowsMax;

/// Every way of inserting, for each kind of rows; adds to `report`.
Result<void> measure_inserts(const BenchmarkOptions& options, BenchmarkReport& report);

/// The rows of a family's raw table.
Result<std::uint64_t> count_rows(Client& client, Family family);

}  // namespace optiinfra::benchmark
