#include "growth.hpp"

#include "circumstances.hpp"
#include "history.hpp"
#include "inserts.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "parallel.hpp"
#include "spread.hpp"

namespace optiinfra::benchmark {
namespace {

constexpr std::uint64_t kFirstLookRows = 1'000'000;
constexpr unsigned kAsksPerLook = 100;
constexpr int kGrowthDays = 30;

struct Parts {
  std::uint64_t count = 0, bytes = 0;
};

Result<Parts> parts_of(Client& client) {
  Parts parts;
  OPTIINFRA_CHECK(client.with_session([&](Session& session) -> Result<void> {
    for (auto [what, into] : {std::pair{"count()", &parts.count}, {"sum(bytes_on_disk)", &parts.bytes}}) {
      OPTIINFRA_TRY(
          *into, query_number(session, {.sql = std::string("SELECT ") + what +
                                               " FROM system.parts WHERE active AND database = {name:String}",
                                        .parameters = {{"name", std::string(session.database())}}}));
    }
    return {};
  }));
  return parts;
}

Result<GrowthFigure> look(Client& client, const Subject& subject, std::uint64_t rows,
                          double rows_per_second) {
  std::vector<double> milliseconds;
  for (unsigned i = 0; i < kAsksPerLook; ++i) {
    const Timer timer;
    OPTIINFRA_TRY(const auto answer,
                  client.query_performance(subject.customer_id, subject.service_id, subject.days));
    (void)answer;
    milliseconds.push_back(timer.seconds() * 1e3);
  }
  OPTIINFRA_TRY(const Parts parts, parts_of(client));
  return GrowthFigure{.rows = rows,
                      .rows_per_second = rows_per_second,
                      .parts = parts.count,
                      .disk_bytes = parts.bytes,
                      .memory_bytes = resident_bytes(),
                      .p50_ms = quantile(milliseconds, 0.5),
                      .p99_ms = quantile(milliseconds, 0.99)};
}

/// A day of the last 30, the busiest fleet of them all; another seed each time the days are over.
fleet::FleetOptions day_number(const BenchmarkOptions& options, std::uint64_t index, std::uint64_t rows) {
  const auto day = std::chrono::days{static_cast<int>(index % kGrowthDays)};
  return {.seed = options.seed,
          .days = 1,
          .rows = rows,
          .end = std::chrono::floor<std::chrono::days>(now()) - day};
}

}  // namespace

Result<void> measure_growth(const BenchmarkOptions& options, BenchmarkReport& report) {
  OPTIINFRA_TRY(ScratchStore store, ScratchStore::create(options.url));
  Client& client = store.client();
  const std::uint64_t rows_a_day = options.growth_rows / kGrowthDays + 1;
  OPTIINFRA_TRY(Subject subject, subject_of(day_number(options, 0, rows_a_day)));
  subject.days.begin -= std::chrono::days{kGrowthDays - 1};
  std::uint64_t stored = 0, next_look = kFirstLookRows, since_look = 0;
  double seconds = 0;
  for (std::uint64_t day = 0; stored < options.growth_rows; ++day) {
    OPTIINFRA_TRY(fleet::Fleet fleet, fleet::Fleet::create(day_number(options, day, rows_a_day * 10 / 7)));
    std::vector<AnyBatch> batches;
    for (bool more = true; more && stored < options.growth_rows;) {
      batches.clear();
      PerformanceBatch batch;
      while (batches.size() < options.threads && (more = fleet.next_batch(batch, kInsertRowsMax)))
        batches.emplace_back(std::exchange(batch, {}));
      const Timer timer;
      OPTIINFRA_CHECK(in_parallel(options.threads, batches.size(),
                                  [&](std::size_t index) { return insert(client, batches[index], {}); }));
      seconds += timer.seconds();
      for (const AnyBatch& each : batches) stored += size_of(each), since_look += size_of(each);
      if (stored < next_look && stored < options.growth_rows) continue;
      OPTIINFRA_TRY(GrowthFigure figure,
                    look(client, subject, stored, static_cast<double>(since_look) / seconds));
      report.growth.push_back(figure);
      while (next_look <= stored) next_look *= 2;
      since_look = 0, seconds = 0;
      if (!options.on_step("growth, " + std::to_string(stored / 1'000'000) + "M rows")) {
        report.was_stopped = true;
        return {};
      }
    }
  }
  return {};
}

}  // namespace optiinfra::benchmark
