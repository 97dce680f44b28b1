#include "block_insert.hpp"

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>

#include "attempts.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/batch.hpp"
#include "optiinfra/store/disk_room.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra {
namespace {

using std::chrono::steady_clock;

/// An insert of unknown outcome is repeated too: its token makes it count once.
bool is_worth_a_retry(const Error& error) {
  if (error.kind == ErrorKind::kCancelled) return false;
  return error.applied == Applied::kUnknown || may_succeed_elsewhere(error);
}

InsertStatement statement(const BlockInsert& insert, const InsertRoute& route, std::string token) {
  InsertStatement result = store::tokened_insert(insert.table, std::move(token), insert.budget.timeout);
  result.stop = insert.budget.stop;
  result.settings.insert(result.settings.end(), route.settings.begin(), route.settings.end());
  return result;
}

/// The id of the statement that stored the block; empty where another attempt did.
/// `is_tried`: by this call, and the outcome is unknown.
Result<std::string> try_block(Session& session, const BlockInsert& insert, const InsertStatement& statement,
                              const Block& block, TokenHistory history, bool is_tried) {
  const auto insert_it = [&]() -> Result<std::string> {
    OPTIINFRA_TRY(InsertSummary summary, session.insert(statement, block));
    return std::move(summary.query_id);
  };
  if (history == TokenHistory::kNeverTried && !is_tried) return insert_it();
  const store::BatchBlock named{*insert.family, statement.deduplication_token, block};
  if (!is_tried) {
    OPTIINFRA_TRY(const std::uint64_t found_before, store::count_stored(session, named));
    if (found_before == 0) {
      OPTIINFRA_TRY(std::string query_id, insert_it());
      // An engine whose log of tokens outlived the rows believes to have them.
      OPTIINFRA_TRY(const std::uint64_t found, store::count_stored(session, named));
      if (found == block.row_count()) return query_id;
    }
  }
  const auto on_mismatch =
      history == TokenHistory::kRowsForgotten ? store::OnMismatch::kAccept : store::OnMismatch::kReport;
  OPTIINFRA_CHECK(done(store::complete_block(
      session, named, {.on_mismatch = on_mismatch, .insert_timeout = statement.timeout})));
  return std::string();
}

/// Whether the engine refused a block for want of room before it wrote any of it: a block is one part of the
/// raw table, and the views' parts come after it.
bool is_refused_whole(const Error& error, bool is_first_attempt) {
  constexpr int kNotEnoughSpace = 243;
  return is_first_attempt && error.server_code == kNotEnoughSpace &&
         error.message.find("while pushing to view") == std::string::npos;
}

/// Stores one block; an attempt that may be worth it is repeated until `deadline`. After one of unknown
/// outcome the engine's memory of tokens is not trusted alone: it may have been killed meanwhile.
Result<std::string> store_block(const BlockInsert& insert, const InsertRoute& route,
                                InsertStatement statement, const Block& block,
                                steady_clock::time_point deadline) {
  // Through a host that passes blocks on there is no raw table to look into.
  const bool can_look = insert.family.has_value() && route.settings.empty();
  const TokenHistory history = can_look ? insert.history : TokenHistory::kNeverTried;
  bool is_tried = false;
  const std::string table = statement.table;
  Attempts attempts(insert.budget, deadline, *insert.log);
  while (true) {
    const Budget left = attempts.budget();
    statement.timeout = left.timeout;
    auto tried = [&]() -> Result<std::string> {
      OPTIINFRA_TRY(SessionPool::Lease lease, route.pool->take(left));
      statement.table = qualified(lease->database(), table);
      auto stored = try_block(*lease, insert, statement, block, history, is_tried);
      if (stored) return stored;
      Error error = store::with_disk_room(*lease, std::move(stored).error());
      if (is_refused_whole(error, history == TokenHistory::kNeverTried && !is_tried))
        error.applied = Applied::kNo;
      lease.settle(error);
      return error;
    }();
    if (tried) return tried;
    if (can_look && tried.error().applied == Applied::kUnknown) is_tried = true;
    if (!is_worth_a_retry(tried.error()) || !attempts.again(tried.error())) return tried;
  }
}

/// What became of one part.
struct Outcome {
  std::size_t rows_stored = 0;
  std::vector<std::string> query_ids = {};
  std::optional<Error> error = {};
};

/// The day of a raw block: it stays the block's name when rows of other days are no longer handed over.
std::string name_of(const Block& block) {
  const Column* const timestamp = block.find("timestamp");
  if (timestamp == nullptr) return "0";
  const std::uint32_t first = std::get<std::vector<std::uint32_t>>(timestamp->data).front();
  return format_time(sys_seconds{std::chrono::seconds{first}}).substr(0, 10);
}

/// "<token>:<day>", and on a cluster "<token>:<shard>:<day>".
std::string token_prefix(const BlockInsert& insert, const InsertRoute& route) {
  return insert.token + ":" + (route.shard == 0 ? "" : std::to_string(route.shard) + ":");
}

Outcome store_part(const BlockInsert& insert, const PartInsert& part, steady_clock::time_point deadline) {
  Outcome outcome;
  const std::string prefix = token_prefix(insert, *part.route);
  for (std::size_t index = 0; index < part.plan.block_ends.size(); ++index) {
    const std::size_t begin = outcome.rows_stored, end = part.plan.block_ends[index];
    Block block = insert.gather(std::span(part.plan.rows).subspan(begin, end - begin),
                                insert.spares->take(insert.table));
    auto stored = store_block(insert, *part.route, statement(insert, *part.route, prefix + name_of(block)),
                              block, deadline);
    insert.spares->give_back(insert.table, std::move(block));
    if (!stored) {
      outcome.error = std::move(stored).error();
      break;
    }
    outcome.rows_stored = end;
    if (!stored->empty()) outcome.query_ids.push_back(std::move(stored).value());
  }
  return outcome;
}

std::vector<Outcome> store_parts(const BlockInsert& insert, const std::vector<PartInsert>& parts) {
  const auto deadline = steady_clock::now() + insert.budget.timeout;
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

Result<Inserted> insert_parts(const BlockInsert& insert, const std::vector<PartInsert>& parts) {
  std::vector<Outcome> outcomes = store_parts(insert, parts);
  Inserted inserted;
  for (Outcome& outcome : outcomes) {
    if (outcome.error) return failure(parts, outcomes);
    inserted.rows += outcome.rows_stored;
    std::move(outcome.query_ids.begin(), outcome.query_ids.end(), std::back_inserter(inserted.query_ids));
  }
  return inserted;
}

}  // namespace optiinfra
