#include "sizes.hpp"

#include "history.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "plain_tables.hpp"
#include "scratch_store.hpp"

namespace optiinfra::benchmark {
namespace {

/// Bits of a request id that are drawn at random, and so take their room on any disk.
constexpr double kRandomBits[] = {122, 74};  // By RequestIds.

Result<double> number(Session& session, const std::string& sql, std::vector<NamedValue> parameters = {}) {
  OPTIINFRA_TRY(const std::uint64_t counted,
                query_number(session, {.sql = sql, .parameters = std::move(parameters)}));
  return static_cast<double>(counted);
}

/// Merges `table` into one part per partition, and gives the bytes of its files.
Result<double> merged_bytes(Session& session, std::string_view table) {
  OPTIINFRA_CHECK(session.execute({.sql = "OPTIMIZE TABLE " + qualified(session.database(), table) + " FINAL",
                                   .timeout = kMergeTimeout}));
  return number(session,
                "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = {database:String} "
                "AND table = {table:String}",
                {{"database", std::string(session.database())}, {"table", std::string(table)}});
}

Result<double> json_bytes(Session& session, const TableDefinition& table) {
  std::string columns;
  for (const ColumnDefinition& column : table.columns()) columns += ", " + std::string(column.name);
  return number(session, "SELECT sum(length(formatRow('JSONEachRow'" + columns + "))) FROM " +
                             qualified(session.database(), table.raw_table));
}

Result<SizeFigure> measure_family(Session& session, Family family, fleet::RequestIds ids) {
  const TableDefinition& table = table_of(family);
  SizeFigure figure{.family = table.name};
  const auto rows_of = [&](const char* name) {
    return number(session, "SELECT count() FROM " + qualified(session.database(), name));
  };
  OPTIINFRA_TRY(figure.raw_bytes, merged_bytes(session, table.raw_table));
  OPTIINFRA_TRY(figure.rollup_bytes, merged_bytes(session, table.rollup_table));
  OPTIINFRA_TRY(const double rows, rows_of(table.raw_table));
  OPTIINFRA_TRY(const double rollup_rows, rows_of(table.rollup_table));
  figure.rows = static_cast<std::uint64_t>(rows);
  figure.rollup_rows = static_cast<std::uint64_t>(rollup_rows);
  OPTIINFRA_TRY(const PlainTables plain, make_plain_tables(session, family));
  for (const std::string& name : plain.names) {
    OPTIINFRA_TRY(const double bytes, merged_bytes(session, name));
    figure.plain_bytes += bytes;
  }
  OPTIINFRA_TRY(figure.json_bytes, json_bytes(session, table));
  if (family == Family::kPerformance || family == Family::kQuality) {
    figure.random_bytes = rows * kRandomBits[static_cast<std::size_t>(ids)] / 8;
    if (ids == fleet::RequestIds::kVersion7) figure.family += ", UUIDv7";
  }
  return figure;
}

Result<void> measure_fleet(const BenchmarkOptions& options, fleet::RequestIds ids,
                           std::span<const Family> families, BenchmarkReport& report) {
  OPTIINFRA_TRY(ScratchStore store, ScratchStore::create(options.url));
  auto fleets = history_fleets(options, ids);
  fleets.resize(1);
  OPTIINFRA_CHECK(insert_history(store.client(), fleets, options.threads));
  return store.client().with_session([&](Session& session) -> Result<void> {
    for (const Family family : families) {
      OPTIINFRA_TRY(SizeFigure figure, measure_family(session, family, ids));
      report.sizes.push_back(std::move(figure));
    }
    return {};
  });
}

}  // namespace

Result<void> measure_sizes(const BenchmarkOptions& options, BenchmarkReport& report) {
  for (const fleet::RequestIds ids : {fleet::RequestIds::kVersion4, fleet::RequestIds::kVersion7}) {
    const bool is_second = ids == fleet::RequestIds::kVersion7;
    if (!options.on_step(is_second ? "sizes, UUIDv7" : "sizes")) {
      report.was_stopped = true;
      return {};
    }
    constexpr Family kWithRequests[] = {Family::kPerformance, Family::kQuality};
    OPTIINFRA_CHECK(measure_fleet(
        options, ids, is_second ? std::span<const Family>(kWithRequests) : kMeasuredFamilies, report));
  }
  return {};
}

}  // namespace optiinfra::benchmark
