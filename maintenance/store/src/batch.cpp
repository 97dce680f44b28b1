#include "optiinfra/store/batch.hpp"

#include <algorithm>
#include <set>
#include <thread>

#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/disk_room.hpp"
#include "optiinfra/store/repair.hpp"
#include "optiinfra/store/retention.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra::store {
namespace {

/// Customers that a look names one by one; with more it reads the whole day.
constexpr std::size_t kCustomersNamedMax = 100;
constexpr std::chrono::minutes kLookTimeout{10};
constexpr std::chrono::milliseconds kPoll{20};
constexpr std::uint32_t kSecondsOfDay = 86'400;

/// What is looked at for a block.
struct Extent {
  TimeRange hours;
  sys_seconds oldest;
  std::vector<Uuid> customers;  ///< Empty: all.
};

Error no_block(const BatchBlock& block, const std::string& why) {
  return invalid_argument("block " + block.token + " " + why);
}

std::vector<Uuid> few_customers(const std::vector<Uuid>& column) {
  std::set<Uuid> distinct;
  for (const Uuid& customer : column) {
    distinct.insert(customer);
    if (distinct.size() > kCustomersNamedMax) return {};
  }
  return {distinct.begin(), distinct.end()};
}

Result<Extent> extent_of(const BatchBlock& block) {
  const Column* const timestamp = block.rows.find("timestamp");
  const Column* const customer = block.rows.find("customer_id");
  const auto* times =
      timestamp == nullptr ? nullptr : std::get_if<std::vector<std::uint32_t>>(&timestamp->data);
  const auto* customers = customer == nullptr ? nullptr : std::get_if<std::vector<Uuid>>(&customer->data);
  if (times == nullptr || customers == nullptr)
    return no_block(block, "has no columns timestamp and customer_id");
  if (times->empty()) return no_block(block, "is empty");
  const auto [first, last] = std::minmax_element(times->begin(), times->end());
  if (*first / kSecondsOfDay != *last / kSecondsOfDay)
    return no_block(block, "has rows of several days; an insert is stored whole only within one");
  const auto time = [](std::uint32_t seconds) { return sys_seconds{std::chrono::seconds{seconds}}; };
  return Extent{{floor_hour(time(*first)), floor_hour(time(*last)) + std::chrono::hours{1}},
                time(*first),
                few_customers(*customers)};
}

std::string day_of(const Extent& extent) { return format_time(extent.hours.begin).substr(0, 10); }

/// The rows of the block, as a condition on the raw table.
std::string block_condition(const Extent& extent) {
  return std::string("toDate(timestamp) = {day:Date} AND batch_id = sipHash64({token:String})") +
         (extent.customers.empty() ? "" : " AND customer_id IN {customers:Array(UUID)}");
}

std::vector<NamedValue> block_parameters(const BatchBlock& block, const Extent& extent) {
  std::vector<NamedValue> parameters{{"day", day_of(extent)}, {"token", block.token}};
  std::string customers;
  for (const Uuid& customer : extent.customers)
    customers += (customers.empty() ? "'" : ",'") + customer.to_string() + "'";
  if (!customers.empty()) parameters.emplace_back("customers", "[" + customers + "]");
  return parameters;
}

Result<std::uint64_t> count_stored(Session& session, const BatchBlock& block, const Extent& extent) {
  const TableDefinition& table = table_of(block.family);
  return query_number(
      session, {.sql = "SELECT toUInt64(count()) FROM " + qualified(session.database(), table.raw_table) +
                       " WHERE " + block_condition(extent),
                .parameters = block_parameters(block, extent),
                .timeout = kLookTimeout});
}

/// An attempt whose connection was lost may still run on the server, and commit after our look.
Result<void> wait_for_attempts(Session& session, const BatchBlock& block) {
  const auto deadline = std::chrono::steady_clock::now() + kEarlierInsertsWait;
  while (true) {
    OPTIINFRA_TRY(const std::uint64_t running,
                  query_number(session, {.sql = "SELECT toUInt64(count()) FROM system.processes WHERE "
                                                "query_kind = 'Insert' AND "
                                                "Settings['insert_deduplication_token'] = {token:String}",
                                         .parameters = {{"token", block.token}}}));
    if (running == 0) return {};
    if (std::chrono::steady_clock::now() > deadline)
      return Error{ErrorKind::kTimeout,
                   "an earlier attempt to insert block " + block.token +
                       " still runs in the store; try again when it has ended",
                   Applied::kUnknown};
    std::this_thread::sleep_for(kPoll);
  }
}

/// Whether rows of the block that had been stored would still be there.
Result<bool> would_be_found(Session& session, const BatchBlock& block, const Extent& extent,
                            sys_seconds first_attempt) {
  OPTIINFRA_TRY(const auto all, read_retention(session));
  const auto raw = std::find_if(all.begin(), all.end(), [&](const Retention& each) {
    return each.family == block.family && each.tier == Tier::kRaw;
  });
  const sys_seconds clock = now();
  const bool is_kept = raw->effective.count() == 0 || extent.oldest + raw->effective > clock;
  // To the hour, as arrival is kept; and a shortened retention removes at once what it no longer keeps.
  const bool is_graced = first_attempt > clock - kArrivalGrace + std::chrono::hours{1};
  return is_kept || (is_graced && first_attempt > raw->set_at);
}

Result<void> insert(Session& session, const BatchBlock& block, bool trust_the_log,
                    std::chrono::milliseconds timeout) {
  InsertStatement statement =
      tokened_insert(qualified(session.database(), table_of(block.family).raw_table), block.token, timeout);
  // The token stays, because the rows are to be known by it.
  if (!trust_the_log) statement.settings.front().second = "disable";
  return done(session.insert(statement, block.rows));
}

/// The engine recognises a retry, also by mistake one whose rows it has lost: that one is inserted again with
/// an instruction not to look.
Result<void> insert_until_found(Session& session, const BatchBlock& block, const Extent& extent,
                                bool trust_the_log, std::chrono::milliseconds timeout) {
  for (const bool trust : {true, false}) {
    if (trust && !trust_the_log) continue;
    OPTIINFRA_CHECK(insert(session, block, trust, timeout));
    OPTIINFRA_TRY(const std::uint64_t rows, count_stored(session, block, extent));
    if (rows == block.rows.row_count()) return {};
  }
  return Error{ErrorKind::kCorrupt,
               "block " + block.token + " was inserted, and the raw table does not have its rows",
               Applied::kUnknown};
}

Error mismatch(const BatchBlock& block, std::uint64_t found) {
  return {ErrorKind::kCorrupt, std::string(table_of(block.family).raw_table) + " has " +
                                   std::to_string(found) + " rows of block " + block.token + ", which has " +
                                   std::to_string(block.rows.row_count()) +
                                   "; either other rows were given the same token, or rows were removed or "
                                   "stored twice by other means"};
}

Result<void> remove(Session& session, const BatchBlock& block, const Extent& extent) {
  if (auto room = expect_room_to_mutate(session, table_of(block.family).raw_table); !room) {
    Error error = std::move(room).error();
    error.applied = Applied::kUnknown;  // Part of the block is there.
    return error;
  }
  return session.execute({.sql = "DELETE FROM " +
                                 qualified(session.database(), table_of(block.family).raw_table) + " WHERE " +
                                 block_condition(extent),
                          .parameters = block_parameters(block, extent),
                          .settings = {{"lightweight_deletes_sync", "2"}},
                          .timeout = kLookTimeout});
}

}  // namespace

std::string BatchId::token(std::uint32_t index) const {
  return producer.to_string() + ":" + std::to_string(sequence) + ":" + std::to_string(index);
}

InsertStatement tokened_insert(std::string table, std::string token, std::chrono::milliseconds timeout) {
  return {.table = std::move(table),
          .deduplication_token = std::move(token),
          .settings = {{"deduplicate_insert", "enable"},
                       {"deduplicate_blocks_in_dependent_materialized_views", "1"},
                       {"max_insert_threads", "1"},
                       {"materialized_views_ignore_errors", "0"}},
          .timeout = timeout};
}

Result<std::uint64_t> count_stored(Session& session, const BatchBlock& block) {
  OPTIINFRA_TRY(const Extent extent, extent_of(block));
  return count_stored(session, block, extent);
}

Result<CompleteReport> complete_block(Session& session, const BatchBlock& block,
                                      const CompleteOptions& options) {
  OPTIINFRA_TRY(const Extent extent, extent_of(block));
  OPTIINFRA_CHECK(wait_for_attempts(session, block));
  CompleteReport report;
  OPTIINFRA_TRY(report.rows_found, count_stored(session, block, extent));
  const bool is_whole = report.rows_found == block.rows.row_count();
  const bool is_stored = is_whole || (report.rows_found != 0 && options.on_mismatch == OnMismatch::kAccept);
  if (!is_stored) {
    OPTIINFRA_TRY(const bool knowable, would_be_found(session, block, extent, options.first_attempt));
    if (!knowable) {
      return Error{ErrorKind::kRejected,
                   "whether block " + block.token + " of " + day_of(extent) +
                       " was stored cannot be known any more: its rows are past their retention"};
    }
    if (report.rows_found != 0) {
      if (options.on_mismatch == OnMismatch::kReport) return mismatch(block, report.rows_found);
      OPTIINFRA_CHECK(remove(session, block, extent));
    }
    OPTIINFRA_CHECK(
        insert_until_found(session, block, extent, report.rows_found == 0, options.insert_timeout));
    report.rows_inserted = block.rows.row_count();
  }
  OPTIINFRA_TRY(const RepairReport repaired,
                repair_hours(session, {block.family, extent.hours, extent.customers}));
  report.hours_rebuilt = repaired.hours_rebuilt;
  if (repaired.hours_differing == 0) return report;
  return Error{ErrorKind::kCorrupt,
               std::to_string(repaired.hours_differing) + " rollup hours of block " + block.token +
                   " differ from the raw rows after a repair; is another repair running?",
               Applied::kUnknown};
}

Result<std::uint64_t> insert_position(Session& session, Family family) {
  const TableDefinition& table = table_of(family);
  return query_number(session, {.sql = "SELECT toUInt64(max(max_block_number)) FROM system.parts WHERE "
                                       "database = {database:String} AND table IN ({raw:String}, "
                                       "{rollup:String})",
                                .parameters = {{"database", std::string(session.database())},
                                               {"raw", table.raw_table},
                                               {"rollup", table.rollup_table}}});
}

}  // namespace optiinfra::store
