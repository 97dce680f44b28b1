#include "commands/fleet_loader.hpp"

#include <atomic>
#include <mutex>
#include <optional>
#include <thread>

#include "optiinfra/schema/tables.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra::cli {
namespace {

/// Part of what a token stands for: another number here would cut other batches under the same names.
constexpr std::size_t kBatchRows = 500'000;

/// What the threads share. The fleet hands out one batch of a family at a time.
class Load {
 public:
  Load(fleet::Fleet& fleet, Client& client, const std::string& prefix,
       const std::function<bool(std::uint64_t)>& on_rows)
      : fleet_(fleet), client_(client), prefix_(prefix), on_rows_(on_rows) {}

  /// Works through all families until nothing is left, something fails or it is stopped.
  void work() {
    for (const Family family : kFamilies) with_metric(family, [&]<typename Row>() { work_on<Row>(family); });
  }

  Result<LoadOutcome> outcome() && {
    if (error_) return *std::move(error_);
    return outcome_;
  }

 private:
  template <typename Row>
  void work_on(Family family) {
    Batch<Row> batch;
    std::string token;
    while (!ended_ && next(family, batch, token)) {
      auto receipt = client_.insert<Row>(batch, {.token = token});
      const std::lock_guard lock(mutex_);
      if (!receipt) return fail(std::move(receipt).error());
      outcome_.rows += receipt->rows_stored;
      if (!on_rows_(receipt->rows_stored)) outcome_.was_stopped = ended_ = true;
    }
  }

  template <typename Batch>
  bool next(Family family, Batch& batch, std::string& token) {
    Source& source = sources_[static_cast<std::size_t>(family)];
    const std::lock_guard lock(source.mutex);
    if (!fleet_.next_batch(batch, kBatchRows)) return false;
    token = prefix_ + "/" + table_of(family).name + "/" + std::to_string(source.batches++);
    return true;
  }

  void fail(Error error) {
    if (!error_) error_ = std::move(error);
    ended_ = true;
  }

  struct Source {
    std::mutex mutex;
    std::uint64_t batches = 0;
  };

  fleet::Fleet& fleet_;
  Client& client_;
  const std::string& prefix_;
  const std::function<bool(std::uint64_t)>& on_rows_;
  Source sources_[std::size(kFamilies)];
  std::atomic<bool> ended_ = false;
  std::mutex mutex_;  ///< Guards what follows.
  LoadOutcome outcome_;
  std::optional<Error> error_;
};

/// The rows of the raw tables.
Result<std::uint64_t> count_rows(Client& client) {
  std::uint64_t rows = 0;
  OPTIINFRA_CHECK(client.with_session([&](Session& session) -> Result<void> {
    for (const Family family : kFamilies) {
      auto summary = session.query(
          {.sql = "SELECT count() FROM " + qualified(session.database(), table_of(family).raw_table)},
          [&](const Block& block) {
            if (const auto* counts = block.values<std::vector<std::uint64_t>>(0)) rows += counts->at(0);
            return true;
          });
      if (!summary) return std::move(summary).error();
    }
    return {};
  }));
  return rows;
}

}  // namespace

std::string token_prefix(const fleet::FleetOptions& options) {
  return "generate/seed=" + std::to_string(options.seed) + "/days=" + std::to_string(options.days) +
         "/rows=" + std::to_string(options.rows) + "/end=" + format_time(options.end);
}

Result<LoadOutcome> load_fleet(fleet::Fleet& fleet, Client& client, const std::string& prefix,
                               const std::function<bool(std::uint64_t)>& on_rows) {
  OPTIINFRA_TRY(const std::uint64_t rows_before, count_rows(client));
  const auto begin = std::chrono::steady_clock::now();
  Load load(fleet, client, prefix, on_rows);
  std::thread second([&load] { load.work(); });
  load.work();
  second.join();
  OPTIINFRA_TRY(LoadOutcome outcome, std::move(load).outcome());
  outcome.elapsed = std::chrono::steady_clock::now() - begin;
  OPTIINFRA_TRY(const std::uint64_t rows_after, count_rows(client));
  outcome.rows_added = rows_after - std::min(rows_after, rows_before);
  return outcome;
}

}  // namespace optiinfra::cli
