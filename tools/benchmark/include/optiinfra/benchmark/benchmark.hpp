/// @file optiinfra/benchmark/benchmark.hpp
/// Measures how fast a store takes rows and answers questions, how much disk it needs, and how that compares
/// with the engine's own limit, measured in the same run.
///
/// Things that are compared are measured in alternating rounds, and their ratio is the median of the rounds'
/// ratios, because machines are noisy: compare figures within one report, not across two.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/transport/url.hpp"

namespace optiinfra::benchmark {

inline constexpr std::uint64_t kBenchmarkRowsMin = 1'000, kBenchmarkRowsMax = 16'000'000;
inline constexpr unsigned kBenchmarkRoundsMax = 100;
inline constexpr unsigned kBenchmarkThreadsMax = 16;
inline constexpr unsigned kBenchmarkAsksMax = 10'000;
inline constexpr unsigned kBenchmarkFleetsMax = 1'000;
inline constexpr std::uint64_t kBenchmarkGrowthRowsMax = 1'000'000'000;

struct BenchmarkOptions {
  /// The store to measure. It is not touched: the benchmark works in a folder next to an embedded store, on
  /// the same disk, or in a database of its own on a server. Both are removed at the end.
  StoreUrl url = {};
  std::uint64_t seed = 1;
  std::uint64_t rows = 2'000'000;  ///< Of one measured insert, each family.
  unsigned rounds = 5;
  unsigned threads = 2;  ///< That insert at the same time.
  unsigned asks = 40;    ///< Times that each question is asked in a round.
  /// Fleets whose last days are in the store when questions are asked; each has 24 services.
  unsigned fleets = 8;
  int history_days = 30;  ///< 1 to kFleetDaysMax: how far that reaches back, and each question.
  bool measure_inserts = true;
  bool measure_questions = true;
  bool measure_sizes = true;
  std::uint64_t growth_rows = 0;  ///< Raw rows up to which a store is grown; 0: not measured.
  /// Called with what is measured next; return false to stop.
  std::function<bool(const std::string& step)> on_step = [](const std::string&) { return true; };
};

/// The results of several rounds.
struct Spread {
  double median = 0, low = 0, high = 0;
};

struct InsertFigure {
  std::string rows_of = {};   ///< "performance", "performance, UUIDv7", "mixed".
  std::string way = {};       ///< "engine alone", "client", "writer, spooled".
  std::string survives = {};  ///< What acknowledged rows survive: "a kill", "a power loss".
  std::uint64_t rows = 0;
  Spread rows_per_second = {};          ///< Until the last row is stored in raw table and rollup.
  Spread acknowledged_per_second = {};  ///< Until the last row is acknowledged.
  /// Processor time for each row, all threads of this process: for an embedded store the whole cost, for a
  /// server only the client's. Other work on the machine hardly disturbs it, unlike the rates.
  Spread cpu_ns_per_row = {};
  double cpu_of_engine = 0;    ///< Processor time of the engine alone, divided by this.
  double share_of_engine = 0;  ///< Rows a second, divided by those of the engine alone.
};

struct QuestionFigure {
  std::string question = {};      ///< "performance, 30 days", "SELECT 1".
  std::string circumstance = {};  ///< "idle", "while inserting".
  std::uint64_t asked = 0;
  Spread p50_ms = {};                 ///< Of the rounds.
  double p99_ms = 0;                  ///< Of all.
  std::optional<double> cpu_ms = {};  ///< Processor time of this process, the median; when idle.
  std::optional<double> times_keyed =
      {};  ///< p50, divided by that of the cheapest keyed SELECT on the same rollup.
  double times_select_1 = 0;
};

struct SizeFigure {
  std::string family = {};
  std::uint64_t rows = 0;  ///< Raw.
  std::uint64_t rollup_rows = 0;
  double raw_bytes = 0, rollup_bytes = 0;  ///< On disk, merged.
  double plain_bytes = 0;   ///< The same rows and rollup in plain tables: no codecs, default compression.
  double json_bytes = 0;    ///< The raw rows as JSON lines.
  double random_bytes = 0;  ///< The part of raw_bytes that no codec can remove: random bits of identifiers.
};

struct GrowthFigure {
  std::uint64_t rows = 0;      ///< Raw, in the store.
  double rows_per_second = 0;  ///< Since the figure before.
  std::uint64_t parts = 0;
  std::uint64_t disk_bytes = 0;
  std::uint64_t memory_bytes = 0;  ///< Of this process, now: with an embedded store the engine's too.
  double p50_ms = 0, p99_ms = 0;   ///< Of the performance question, 30 days, right after inserting.
};

/// Where and when it was measured.
struct BenchmarkCircumstances {
  std::string processor = {}, system = {}, engine = {};
  std::string program = {};  ///< Version and commit.
  unsigned cores = 0;
  std::uint64_t memory_bytes = 0;
  double load_before = 0, load_after = 0;  ///< Averages of the last minute.
  std::string store = {};
  std::string disk = {};  ///< File system of an embedded store.
};

struct BenchmarkReport {
  BenchmarkCircumstances circumstances = {};
  BenchmarkOptions options = {};
  std::vector<InsertFigure> inserts = {};
  std::vector<QuestionFigure> questions = {};
  std::vector<SizeFigure> sizes = {};
  std::vector<GrowthFigure> growth = {};
  std::uint64_t memory_bytes_max = 0;  ///< Of this process so far, generated rows included.
  bool was_stopped = false;
};

/// Measures. Takes minutes, and gigabytes of disk with the largest options.
/// Errors: kInvalidArgument for an option out of range, those of the store; kCorrupt when the store does
/// not hold exactly the rows that were inserted. The folder or database is removed in any case.
Result<BenchmarkReport> run_benchmark(const BenchmarkOptions& options);

}  // namespace optiinfra::benchmark
