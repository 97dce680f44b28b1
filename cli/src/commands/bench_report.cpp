#include "commands/bench_report.hpp"

namespace optiinfra::cli {
namespace {

Value value_or_null(const std::optional<double>& number) {
  if (number) return *number;
  return {};
}

std::uint64_t whole(double number) { return static_cast<std::uint64_t>(number); }

double per(double amount, std::uint64_t count) {
  return count == 0 ? 0 : amount / static_cast<double>(count);
}

Section inserts_section(const benchmark::BenchmarkReport& measured) {
  Records records{.fields = {{"rows_of", "rows of"},
                             {"way", "inserted by"},
                             {"survives", "acknowledged rows survive"},
                             {"rows", "rows", Look::kCount},
                             {"rows_per_second", "stored rows/s", Look::kCount},
                             {"rows_per_second_low", "lowest", Look::kCount},
                             {"rows_per_second_high", "highest", Look::kCount},
                             {"acknowledged_per_second", "acknowledged rows/s", Look::kCount},
                             {"share_of_engine", "of the engine alone", Look::kDecimal, 2},
                             {"cpu_ns_per_row", "CPU ns/row", Look::kCount},
                             {"cpu_of_engine", "engine's CPU over it", Look::kDecimal, 2}},
                  .rows = {}};
  for (const benchmark::InsertFigure& each : measured.inserts)
    records.rows.push_back({each.rows_of, each.way, each.survives, each.rows,
                            whole(each.rows_per_second.median), whole(each.rows_per_second.low),
                            whole(each.rows_per_second.high), whole(each.acknowledged_per_second.median),
                            each.share_of_engine, whole(each.cpu_ns_per_row.median), each.cpu_of_engine});
  return {.key = "inserts", .title = "Inserts", .records = std::move(records)};
}

Section questions_section(const benchmark::BenchmarkReport& measured) {
  Records records{.fields = {{"question", "question"},
                             {"circumstance", "store"},
                             {"asked", "asked", Look::kCount},
                             {"p50_ms", "p50 ms", Look::kDecimal, 2},
                             {"p50_low_ms", "lowest", Look::kDecimal, 2},
                             {"p50_high_ms", "highest", Look::kDecimal, 2},
                             {"p99_ms", "p99 ms", Look::kDecimal, 2},
                             {"cpu_ms", "CPU ms", Look::kDecimal, 2},
                             {"times_keyed", "x keyed SELECT", Look::kDecimal, 2},
                             {"times_select_1", "x SELECT 1", Look::kDecimal, 1}},
                  .rows = {}};
  for (const benchmark::QuestionFigure& each : measured.questions) {
    records.rows.push_back({each.question, each.circumstance, each.asked, each.p50_ms.median, each.p50_ms.low,
                            each.p50_ms.high, each.p99_ms, value_or_null(each.cpu_ms),
                            value_or_null(each.times_keyed), each.times_select_1});
  }
  return {.key = "questions", .title = "Questions", .records = std::move(records)};
}

Section sizes_section(const benchmark::BenchmarkReport& measured) {
  Records records{.fields = {{"family", "family"},
                             {"rows", "rows", Look::kCount},
                             {"raw_bytes_per_row", "bytes/row", Look::kDecimal, 2},
                             {"random_bytes_per_row", "of these random", Look::kDecimal, 2},
                             {"rollup_bytes_per_row", "rollup, bytes/raw row", Look::kDecimal, 2},
                             {"rollup_rows", "rollup rows", Look::kCount},
                             {"plain_bytes_per_row", "plain tables", Look::kDecimal, 2},
                             {"json_bytes_per_row", "JSON", Look::kDecimal, 1},
                             {"share_of_plain", "of plain", Look::kDecimal, 2},
                             {"times_json", "x smaller than JSON", Look::kDecimal, 1}},
                  .rows = {}};
  for (const benchmark::SizeFigure& each : measured.sizes) {
    const double whole_store = each.raw_bytes + each.rollup_bytes;
    records.rows.push_back(
        {each.family, each.rows, per(each.raw_bytes, each.rows), per(each.random_bytes, each.rows),
         per(each.rollup_bytes, each.rows), each.rollup_rows, per(each.plain_bytes, each.rows),
         per(each.json_bytes, each.rows), whole_store / each.plain_bytes, each.json_bytes / whole_store});
  }
  return {.key = "sizes", .title = "Sizes, merged", .records = std::move(records)};
}

Section growth_section(const benchmark::BenchmarkReport& measured) {
  Records records{.fields = {{"rows", "raw rows", Look::kCount},
                             {"rows_per_second", "rows/s since", Look::kCount},
                             {"parts", "parts", Look::kCount},
                             {"disk_bytes", "on disk", Look::kBytes},
                             {"memory_bytes", "memory", Look::kBytes},
                             {"p50_ms", "p50 ms", Look::kDecimal, 2},
                             {"p99_ms", "p99 ms", Look::kDecimal, 2}},
                  .rows = {}};
  for (const benchmark::GrowthFigure& each : measured.growth)
    records.rows.push_back({each.rows, whole(each.rows_per_second), each.parts, each.disk_bytes,
                            each.memory_bytes, each.p50_ms, each.p99_ms});
  return {.key = "growth", .title = "Growth", .records = std::move(records)};
}

Section circumstances_section(const benchmark::BenchmarkReport& measured) {
  const benchmark::BenchmarkCircumstances& at = measured.circumstances;
  return {.key = "circumstances",
          .title = "Measured on",
          .records = object_section(
                         "",
                         {{"processor", "processor"},
                          {"cores", "cores", Look::kCount},
                          {"memory_bytes", "memory", Look::kBytes},
                          {"system", "system"},
                          {"store", "store"},
                          {"disk", "file system"},
                          {"engine", "engine"},
                          {"program", "optiinfra"},
                          {"rounds", "rounds", Look::kCount},
                          {"threads", "threads", Look::kCount},
                          {"fleets", "fleets", Look::kCount},
                          {"seed", "seed"},
                          {"load_before", "load before", Look::kDecimal, 2},
                          {"load_after", "load after", Look::kDecimal, 2},
                          {"memory_bytes_max", "memory of this process, at most", Look::kBytes}},
                         {at.processor, std::uint64_t{at.cores}, at.memory_bytes, at.system, at.store,
                          at.disk, at.engine, at.program, std::uint64_t{measured.options.rounds},
                          std::uint64_t{measured.options.threads}, std::uint64_t{measured.options.fleets},
                          measured.options.seed, at.load_before, at.load_after, measured.memory_bytes_max})
                         .records,
          .is_object = true};
}

}  // namespace

Report bench_report(const benchmark::BenchmarkReport& measured) {
  Report report{.command = "bench"};
  for (Section section : {inserts_section(measured), questions_section(measured), sizes_section(measured),
                          growth_section(measured)}) {
    if (!section.records.rows.empty()) report.sections.push_back(std::move(section));
  }
  report.sections.push_back(circumstances_section(measured));
  report.notes.push_back("Compare figures of one run only: machines are noisy.");
  return report;
}

}  // namespace optiinfra::cli
