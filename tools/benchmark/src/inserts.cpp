#include "inserts.hpp"

#include <mutex>

#include "engine_alone.hpp"
#include "optiinfra/ingest/writer.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "parallel.hpp"
#include "spread.hpp"

namespace optiinfra::benchmark {
namespace {

constexpr std::chrono::minutes kStoredTimeout{10};

struct Seconds {
  double acknowledged = 0, stored = 0;
};

/// What one measured insert works with.
struct Course {
  const BenchmarkOptions& options;
  ScratchStore& store;
  const RowSet& blocks;             ///< Batches as large as a block.
  const RowSet& writes;             ///< The same rows as a service hands them over.
  const std::vector<Block>& ready;  ///< The same as `blocks`, sorted.
};

struct Way {
  std::string name;
  std::string survives;
  std::function<Result<Seconds>(const Course&)> run;
  std::vector<double> acknowledged = {}, stored = {};  ///< Inserts a second, of each round.
  std::vector<double> cpu = {};                        ///< Seconds of each round.
};

Result<void> through_client(const Course& course) {
  return in_parallel(course.options.threads, course.blocks.batches.size(), [&](std::size_t index) {
    return insert(course.store.client(), course.blocks.batches[index], {});
  });
}

/// A way whose rows are stored when they are acknowledged.
auto stored_at_once(std::function<Result<void>(const Course&)> run) {
  return [run = std::move(run)](const Course& course) -> Result<Seconds> {
    const Timer timer;
    OPTIINFRA_CHECK(run(course));
    const double seconds = timer.seconds();
    return Seconds{seconds, seconds};
  };
}

Result<WriteReceipt> write(Writer& writer, const AnyBatch& batch, Acknowledgement level) {
  return with_rows(batch, [&]<typename Row>(const auto& rows) {
    return writer.write<Row>(rows, {.acknowledgement = level});
  });
}

WriterOptions writer_options(const Course& course, Acknowledgement level) {
  WriterOptions options{.insert_rows = kWriterInsertRows, .senders = course.options.threads};
  if (level == Acknowledgement::kSpooled) options.spool_folder = course.store.spool_folder();
  return options;
}

Result<Seconds> through_writer(const Course& course, Acknowledgement level) {
  OPTIINFRA_TRY(Writer writer, Writer::open(course.store.client(), writer_options(course, level)));
  const Timer timer;
  std::mutex mutex;
  std::vector<Ticket> tickets;
  OPTIINFRA_CHECK(in_parallel(
      course.options.threads, course.writes.batches.size(), [&](std::size_t index) -> Result<void> {
        OPTIINFRA_TRY(WriteReceipt receipt, write(writer, course.writes.batches[index], level));
        const std::lock_guard lock(mutex);
        tickets.push_back(std::move(receipt.ticket));
        return {};
      }));
  // What waits for the store is sent at once, and not when it is old enough.
  if (level == Acknowledgement::kStored) OPTIINFRA_CHECK(writer.flush(kStoredTimeout));
  for (const Ticket& ticket : tickets) OPTIINFRA_CHECK(ticket.wait(kStoredTimeout));
  const double acknowledged = timer.seconds();
  OPTIINFRA_CHECK(writer.flush(kStoredTimeout));
  const Seconds seconds{acknowledged, timer.seconds()};
  OPTIINFRA_CHECK(writer.close(kStoredTimeout));
  return seconds;
}

std::vector<Way> ways(const StoreUrl& url) {
  // Nothing can make a server sync its names of parts and its tokens (session.hpp).
  const bool is_synced = url.protocol == Protocol::kEmbedded;
  const std::string stored = is_synced ? "a power loss" : "a kill";
  const auto writer = [](Acknowledgement level) {
    return [level](const Course& course) { return through_writer(course, level); };
  };
  return {{"engine alone", is_synced ? "a power loss, except tokens" : "a kill",
           stored_at_once([](const Course& course) {
             return insert_by_engine_alone(course.store.client(), course.blocks, course.options.threads);
           })},
          {"ready blocks", stored, stored_at_once([](const Course& course) {
             return insert_ready_blocks(course.store.client(), course.blocks, course.ready,
                                        course.options.threads);
           })},
          {"client", stored, stored_at_once(through_client)},
          {"writer, accepted", "an orderly close", writer(Acknowledgement::kAccepted)},
          {"writer, spooled", "a power loss", writer(Acknowledgement::kSpooled)},
          {"writer, stored", stored, writer(Acknowledgement::kStored)}};
}

/// Empties the families' tables, so that every insert begins alike and no merge is left of the last one.
Result<void> empty_tables(Client& client, const RowSet& set) {
  return client.with_session([&](Session& session) -> Result<void> {
    for (const Family family : set.families()) {
      const TableDefinition& table = table_of(family);
      for (const char* name : {table.raw_table, table.rollup_table})
        OPTIINFRA_CHECK(
            session.execute({.sql = "TRUNCATE TABLE " + qualified(session.database(), name) + " SYNC"}));
    }
    return {};
  });
}

Result<void> expect_rows(Client& client, const RowSet& set, const std::string& way) {
  std::uint64_t found = 0;
  for (const Family family : set.families()) {
    OPTIINFRA_TRY(const std::uint64_t rows, count_rows(client, family));
    found += rows;
  }
  if (found == set.rows()) return {};
  return Error{ErrorKind::kCorrupt, way + ": the store holds " + std::to_string(found) + " rows of " +
                                        std::to_string(set.rows()) + " that were inserted (" + set.name +
                                        ")"};
}

Result<bool> measure_set(const BenchmarkOptions& options, ScratchStore& store, const RowSet& blocks,
                         BenchmarkReport& report) {
  const RowSet writes = cut(blocks, kWriteRows);
  OPTIINFRA_CHECK(prepare_engine_alone(store.client(), blocks));
  OPTIINFRA_TRY(const std::vector<Block> ready, ready_blocks(store.client(), blocks));
  const Course course{options, store, blocks, writes, ready};
  std::vector<Way> all = ways(options.url);
  for (unsigned round = 0; round < options.rounds; ++round) {
    if (!options.on_step("insert " + blocks.name + ", round " + std::to_string(round + 1))) return false;
    for (Way& way : all) {
      OPTIINFRA_CHECK(empty_tables(store.client(), blocks));
      const Timer timer;
      OPTIINFRA_TRY(const Seconds seconds, way.run(course));
      way.cpu.push_back(timer.cpu());
      OPTIINFRA_CHECK(expect_rows(store.client(), blocks, way.name));
      way.acknowledged.push_back(1 / seconds.acknowledged);
      way.stored.push_back(1 / seconds.stored);
    }
  }
  OPTIINFRA_CHECK(forget_engine_alone(store.client(), blocks));
  const auto rows = static_cast<double>(blocks.rows());
  const auto per_second = [rows](const std::vector<double>& rates) {
    const Spread spread = spread_of(rates);
    return Spread{spread.median * rows, spread.low * rows, spread.high * rows};
  };
  for (const Way& way : all) {
    const Spread cpu = spread_of(way.cpu);
    const double ns = 1e9 / rows;
    report.inserts.push_back({.rows_of = blocks.name,
                              .way = way.name,
                              .survives = way.survives,
                              .rows = blocks.rows(),
                              .rows_per_second = per_second(way.stored),
                              .acknowledged_per_second = per_second(way.acknowledged),
                              .cpu_ns_per_row = {cpu.median * ns, cpu.low * ns, cpu.high * ns},
                              .cpu_of_engine = median_ratio(all.front().cpu, way.cpu),
                              .share_of_engine = median_ratio(way.stored, all.front().stored)});
  }
  return true;
}

}  // namespace

Result<std::uint64_t> count_rows(Client& client, Family family) {
  std::uint64_t rows = 0;
  OPTIINFRA_CHECK(client.with_session([&](Session& session) -> Result<void> {
    OPTIINFRA_TRY(rows,
                  query_number(session, {.sql = "SELECT count() FROM " +
                                                qualified(session.database(), table_of(family).raw_table)}));
    return {};
  }));
  return rows;
}

Result<void> measure_inserts(const BenchmarkOptions& options, BenchmarkReport& report) {
  OPTIINFRA_TRY(ScratchStore store, ScratchStore::create(options.url));
  const std::size_t batch_rows =
      std::min<std::uint64_t>(kInsertRowsMax, (options.rows + options.threads - 1) / options.threads);
  const auto measure = [&](Result<RowSet> set) -> Result<void> {
    if (!set) return std::move(set).error();
    OPTIINFRA_TRY(const bool went_on, measure_set(options, store, *set, report));
    report.was_stopped = report.was_stopped || !went_on;
    return {};
  };
  for (const Family family : kMeasuredFamilies) {
    if (report.was_stopped) return {};
    OPTIINFRA_CHECK(
        measure(day_of(family, fleet::RequestIds::kVersion4, options.seed, options.rows, batch_rows)));
  }
  if (!report.was_stopped)
    OPTIINFRA_CHECK(measure(
        day_of(Family::kPerformance, fleet::RequestIds::kVersion7, options.seed, options.rows, batch_rows)));
  if (!report.was_stopped) OPTIINFRA_CHECK(measure(mixed_day(options.seed, options.rows, batch_rows)));
  return {};
}

}  // namespace optiinfra::benchmark
