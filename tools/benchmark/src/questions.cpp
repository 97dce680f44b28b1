#include "questions.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

#include "history.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/transport/session.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "parallel.hpp"
#include "scratch_store.hpp"
#include "spread.hpp"

namespace optiinfra::benchmark {
namespace {

constexpr std::size_t kLiveBatchRows = 100'000;
constexpr unsigned kWarmUps = 5;
constexpr const char* kIdle = "idle";

struct Ask {
  std::string question = {};
  std::optional<Family> keyed = {};  ///< The rollup with whose cheapest keyed SELECT it is compared.
  std::function<Result<void>()> run = {};
  std::vector<double> p50_ms = {}, all_ms = {};  ///< By round; all.
  std::vector<double> cpu_ms = {};               ///< All.
};

/// The rollup's rows of the key that the family's question is about, one column of one word.
Result<void> keyed_select(Client& client, Family family, const Subject& subject) {
  const TableDefinition& table = table_of(family);
  return client.with_session([&](Session& session) -> Result<void> {
    Statement statement{.sql = "SELECT " + std::string(table.measures.back().name) + " FROM " +
                               qualified(session.database(), table.rollup_table) +
                               " WHERE customer_id = {customer:UUID}",
                        .parameters = {{"customer", subject.customer_id.to_string()},
                                       {"begin", std::to_string(to_column_time(subject.days.begin))},
                                       {"end", std::to_string(to_column_time(subject.days.end))}}};
    if (family == Family::kPerformance || family == Family::kQuality) {
      statement.sql += " AND service_id = {service:UUID}";
      statement.parameters.emplace_back("service", subject.service_id.to_string());
    } else if (family == Family::kResource) {
      statement.sql += " AND instance_id = {instance:String}";
      statement.parameters.emplace_back("instance", subject.instance_id);
    }
    statement.sql +=
        " AND hour >= toDateTime({begin:UInt32}, 'UTC') AND hour < toDateTime({end:UInt32}, 'UTC')";
    return done(session.query(statement, [](const Block&) { return true; }));
  });
}

/// The four questions, each as a call.
std::vector<std::function<Result<void>()>> four_questions(Client& client, const Subject& on) {
  return {[&] { return done(client.query_cost_hourly(on.customer_id, on.days.begin, on.days.end)); },
          [&] { return done(client.query_performance(on.customer_id, on.service_id, on.days)); },
          [&] { return done(client.query_resource(on.customer_id, on.instance_id, on.days)); },
          [&] { return done(client.query_quality(on.customer_id, on.service_id, on.days)); }};
}

std::vector<Ask> asks(Client& client, const Subject& on, const BenchmarkOptions& options) {
  const std::string period = std::to_string(options.history_days) + " days";
  std::vector<Ask> all;
  all.push_back({"SELECT 1", std::nullopt, [&] {
                   return client.with_session(
                       [](Session& session) { return session.execute({.sql = "SELECT 1"}); });
                 }});
  for (const Family family : kMeasuredFamilies)
    all.push_back({std::string("keyed SELECT, ") + table_of(family).name, family,
                   [&client, &on, family] { return keyed_select(client, family, on); }});
  const auto questions = four_questions(client, on);
  for (const Family family : kMeasuredFamilies)
    all.push_back({std::string(table_of(family).name) + ", " + period, family,
                   questions[static_cast<std::size_t>(family)]});
  all.push_back({"performance, " + period + ", partial edge hours", Family::kPerformance,
                 [&] { return done(client.query_performance(on.customer_id, on.service_id, on.ragged)); }});
  all.push_back({"performance, 24 hours up to now", Family::kPerformance,
                 [&] { return done(client.query_performance_p95(on.customer_id, on.service_id)); }});
  all.push_back({"dashboard: the four, one after the other", std::nullopt, [questions]() -> Result<void> {
                   for (const auto& question : questions) OPTIINFRA_CHECK(question());
                   return {};
                 }});
  all.push_back({"dashboard: the four at once", std::nullopt, [questions, threads = options.threads] {
                   return in_parallel(threads, questions.size(),
                                      [&](std::size_t index) { return questions[index](); });
                 }});
  return all;
}

Result<void> ask_round(std::vector<Ask>& all, unsigned times) {
  std::vector<std::vector<double>> milliseconds(all.size());
  for (unsigned i = 0; i < times; ++i) {
    for (std::size_t index = 0; index < all.size(); ++index) {
      const Timer timer;
      OPTIINFRA_CHECK(all[index].run());
      milliseconds[index].push_back(timer.seconds() * 1e3);
      all[index].cpu_ms.push_back(timer.cpu() * 1e3);
    }
  }
  for (std::size_t index = 0; index < all.size(); ++index) {
    Ask& ask = all[index];
    ask.p50_ms.push_back(quantile(milliseconds[index], 0.5));
    ask.all_ms.insert(ask.all_ms.end(), milliseconds[index].begin(), milliseconds[index].end());
  }
  return {};
}

void add_figures(const std::vector<Ask>& all, const std::string& circumstance, BenchmarkReport& report) {
  for (const Ask& ask : all) {
    QuestionFigure figure{.question = ask.question,
                          .circumstance = circumstance,
                          .asked = ask.all_ms.size(),
                          .p50_ms = spread_of(ask.p50_ms),
                          .p99_ms = quantile(ask.all_ms, 0.99),
                          .times_select_1 = median_ratio(ask.p50_ms, all.front().p50_ms)};
    if (ask.keyed)
      figure.times_keyed = median_ratio(ask.p50_ms, all[1 + static_cast<std::size_t>(*ask.keyed)].p50_ms);
    if (circumstance == kIdle) figure.cpu_ms = quantile(ask.cpu_ms, 0.5);
    report.questions.push_back(std::move(figure));
  }
}

Result<void> ask_rounds(Client& client, const Subject& subject, const BenchmarkOptions& options,
                        const std::string& circumstance, BenchmarkReport& report) {
  std::vector<Ask> all = asks(client, subject, options);
  OPTIINFRA_CHECK(ask_round(all, std::min(options.asks, kWarmUps)));
  for (Ask& ask : all) ask.p50_ms.clear(), ask.all_ms.clear(), ask.cpu_ms.clear();
  for (unsigned round = 0; round < options.rounds; ++round) {
    if (!options.on_step("questions " + circumstance + ", round " + std::to_string(round + 1))) {
      report.was_stopped = true;
      return {};
    }
    OPTIINFRA_CHECK(ask_round(all, options.asks));
  }
  add_figures(all, circumstance, report);
  return {};
}

/// Inserts live requests in the background at a set pace.
class Inserting {
 public:
  Inserting(Client& client, const RowSet& set, double rows_per_second)
      : client_(client), set_(set), pause_(static_cast<double>(kLiveBatchRows) / rows_per_second) {
    thread_ = std::thread([this] { outcome_ = run(); });
  }
  Result<void> stop() {
    stopped_ = true;
    if (thread_.joinable()) thread_.join();
    return outcome_;
  }
  ~Inserting() { (void)stop(); }

 private:
  Result<void> run() {
    auto next = std::chrono::steady_clock::now();
    for (std::size_t index = 0; !stopped_; ++index) {
      OPTIINFRA_CHECK(insert(client_, set_.batches[index % set_.batches.size()], {}));
      next += std::chrono::duration_cast<std::chrono::steady_clock::duration>(pause_);
      std::this_thread::sleep_until(next);
    }
    return {};
  }

  Client& client_;
  const RowSet& set_;
  std::chrono::duration<double> pause_;
  std::atomic<bool> stopped_ = false;
  Result<void> outcome_;
  std::thread thread_;
};

/// Rows a second with all threads and nothing else to do.
Result<double> rate_of(Client& client, const RowSet& set, unsigned threads) {
  const Timer timer;
  OPTIINFRA_CHECK(in_parallel(threads, set.batches.size(),
                              [&](std::size_t index) { return insert(client, set.batches[index], {}); }));
  return static_cast<double>(set.rows()) / timer.seconds();
}

/// Waits until the engine has merged what it wants to merge of a history that was stored within seconds, as
/// it has in a store that took it in over days. Not for ever: what is left then is measured as it is.
Result<void> let_merges_end(Client& client) {
  constexpr std::chrono::minutes kPatience{5};
  constexpr std::chrono::milliseconds kLook{500};
  constexpr int kQuietLooks = 6;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (int quiet = 0; quiet < kQuietLooks && std::chrono::steady_clock::now() < deadline; ++quiet) {
    std::this_thread::sleep_for(kLook);
    OPTIINFRA_CHECK(client.with_session([&](Session& session) -> Result<void> {
      OPTIINFRA_TRY(
          const std::uint64_t merges,
          query_number(session, {.sql = "SELECT count() FROM system.merges WHERE database = {name:String}",
                                 .parameters = {{"name", std::string(session.database())}}}));
      if (merges > 0) quiet = -1;
      return {};
    }));
  }
  return {};
}

}  // namespace

Result<void> measure_questions(const BenchmarkOptions& options, BenchmarkReport& report) {
  OPTIINFRA_TRY(ScratchStore store, ScratchStore::create(options.url));
  const auto fleets = history_fleets(options, fleet::RequestIds::kVersion4);
  if (!options.on_step("questions, filling the store")) {
    report.was_stopped = true;
    return {};
  }
  OPTIINFRA_TRY(const Subject subject, subject_of(fleets.front()));
  OPTIINFRA_CHECK(insert_history(store.client(), fleets, options.threads));
  OPTIINFRA_CHECK(let_merges_end(store.client()));
  OPTIINFRA_CHECK(ask_rounds(store.client(), subject, options, kIdle, report));
  if (report.was_stopped) return {};
  OPTIINFRA_TRY(const RowSet live,
                day_of(Family::kPerformance, fleet::RequestIds::kVersion4, options.seed + options.fleets,
                       std::max<std::uint64_t>(options.rows, 4 * kLiveBatchRows), kLiveBatchRows));
  OPTIINFRA_TRY(const double rate, rate_of(store.client(), live, options.threads));
  Inserting inserting(store.client(), live, rate / 2);
  OPTIINFRA_CHECK(
      ask_rounds(store.client(), subject, options, "while inserting at half the maximum rate", report));
  return inserting.stop();
}

}  // namespace optiinfra::benchmark
