#include "block_insert.hpp"

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>

#include "attempts.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra {
namespace {

using std::chrono::steady_clock;

/// An insert of unknown outcome is repeated too: its token makes it count once.
bool is_worth_a_retry(const Error& error) {
  return error.applied == Applied::kUnknown || may_succeed_elsewhere(error);
}

/// One insert is one block in one partition, which is what the engine deduplicates and stores whole.
InsertStatement statement(const BlockInsert& insert, const InsertRoute& route, std::string token) {
  InsertStatement result{.table = insert.table,
                         .deduplication_token = std::move(token),
                         .settings = {{"deduplicate_insert", "enable"},
                                      {"deduplicate_blocks_in_dependent_materialized_views", "1"},
                                      {"async_insert", "0"},
                                      {"max_insert_threads", "1"},
                                      {"materialized_views_ignore_errors", "0"}},
                         .timeout = insert.timeout};
  result.settings.insert(result.settings.end(), route.settings.begin(), route.settings.end());
  return result;
}

Result<void> try_block(SessionPool& pool, InsertStatement statement, const Block& block) {
  OPTIINFRA_TRY(SessionPool::Lease lease, pool.take(statement.timeout));
  statement.table = qualified(lease->database(), statement.table);
  auto inserted = lease->insert(statement, block);
  if (inserted) return {};
  lease.settle(inserted.error());
  return std::move(inserted).error();
}

/// Stores one block; an attempt that may be worth it is repeated, under the block's token, until `deadline`.
Result<void> store_block(SessionPool& pool, InsertStatement statement, const Block& block,
                         steady_clock::time_point deadline) {
  Attempts attempts(statement.timeout, deadline);
  while (true) {
    statement.timeout = attempts.timeout();
    auto inserted = try_block(pool, statement, block);
    if (inserted || !is_worth_a_retry(inserted.error()) || !attempts.again()) return inserted;
  }
}

/// What became of one part.
struct Outcome {
  std::size_t rows_stored = 0;
  std::optional<Error> error = {};
};

/// "<token>:<block>", and on a cluster "<token>:<shard>:<block>".
std::string token_prefix(const BlockInsert& insert, const InsertRoute& route) {
  return insert.token + ":" + (route.shard == 0 ? "" : std::to_string(route.shard) + ":");
}

Outcome store_part(const BlockInsert& insert, const PartInsert& part, steady_clock::time_point deadline) {
  Outcome outcome;
  const std::string prefix = token_prefix(insert, *part.route);
  for (std::size_t index = 0; index < part.plan.block_ends.size(); ++index) {
    const std::size_t begin = outcome.rows_stored, end = part.plan.block_ends[index];
    const Block block = insert.gather(std::span(part.plan.rows).subspan(begin, end - begin));
    auto stored = store_block(
        *part.route->pool, statement(insert, *part.route, prefix + std::to_string(index)), block, deadline);
    if (!stored) {
      outcome.error = std::move(stored).error();
      break;
    }
    outcome.rows_stored = end;
  }
  return outcome;
}

std::vector<Outcome> store_parts(const BlockInsert& insert, const std::vector<PartInsert>& parts) {
  const auto deadline = steady_clock::now() + insert.timeout;
  std::vector<Outcome> outcomes(parts.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < parts.size(); i = next++)
      outcomes[i] = store_part(insert, parts[i], deadline);
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < std::min(parts.size(), kPartsAtOnceMax); ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  return outcomes;
}

/// "shard 2 of fleet (db2:9000): <cause>; 80 of its 200 rows are stored. The 120 rows of the other shards
/// are stored", with every part that failed.
std::string failure_text(const std::vector<PartInsert>& parts, const std::vector<Outcome>& outcomes) {
  std::string text;
  std::size_t rows_of_others = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!outcomes[i].error) {
      rows_of_others += outcomes[i].rows_stored;
      continue;
    }
    text += (text.empty() ? "" : "; ") + parts[i].route->name + ": " + outcomes[i].error->message + "; " +
            std::to_string(outcomes[i].rows_stored) + " of its " + std::to_string(parts[i].plan.rows.size()) +
            " rows are known to be stored";
  }
  return text + "; the " + std::to_string(rows_of_others) + " rows of the other shards are stored";
}

Error failure(const std::vector<PartInsert>& parts, const std::vector<Outcome>& outcomes) {
  const auto failed = std::find_if(outcomes.begin(), outcomes.end(),
                                   [](const Outcome& outcome) { return outcome.error.has_value(); });
  Error error = *failed->error;
  const bool is_cluster = parts.front().route->shard != 0;
  if (is_cluster) error.message = failure_text(parts, outcomes);
  // Blocks before the one that failed are stored, whatever became of it, and so are other parts.
  const bool any = std::any_of(outcomes.begin(), outcomes.end(), [](const Outcome& outcome) {
    return outcome.rows_stored > 0 || (outcome.error && outcome.error->applied == Applied::kUnknown);
  });
  if (any) error.applied = Applied::kUnknown;
  return error;
}

}  // namespace

Result<std::size_t> insert_parts(const BlockInsert& insert, const std::vector<PartInsert>& parts) {
  const std::vector<Outcome> outcomes = store_parts(insert, parts);
  std::size_t rows = 0;
  for (const Outcome& outcome : outcomes) {
    if (outcome.error) return failure(parts, outcomes);
    rows += outcome.rows_stored;
  }
  return rows;
}

}  // namespace optiinfra
