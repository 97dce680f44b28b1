#include "optiinfra/store/retention.hpp"

#include <charconv>
#include <map>

#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/disk_room.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra::store {
namespace {

constexpr Tier kTiers[] = {Tier::kRaw, Tier::kRollup};

const char* tier_name(Tier tier) { return tier == Tier::kRaw ? "raw" : "rollup"; }
const char* table_name(const TableDefinition& table, Tier tier) {
  return tier == Tier::kRaw ? table.raw_table : table.rollup_table;
}
const char* time_column(Tier tier) { return tier == Tier::kRaw ? "timestamp" : "hour"; }
std::chrono::days default_retention(const TableDefinition& table, Tier tier) {
  return tier == Tier::kRaw ? table.raw_retention : kRollupRetention;
}

long parse_number(const std::string& text) {
  long number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// Days by table, as the engine's own definition of each table states its TTL.
/// Of all tables, or of the one of that name, which takes the engine a tenth of the time.
Result<std::map<std::string, std::chrono::days>> read_effective(Session& session,
                                                                std::string_view table = {}) {
  OPTIINFRA_TRY(
      const auto rows,
      query_texts(session, {.sql = "SELECT name, extract(engine_full, 'TTL greatest\\\\((?:timestamp|hour) "
                                   "\\\\+ toIntervalDay\\\\((\\\\d+)\\\\)') "
                                   "FROM system.tables WHERE database = {database:String}" +
                                   std::string(table.empty() ? "" : " AND name = {table:String}"),
                            .parameters = {{"database", std::string(session.database())},
                                           {"table", std::string(table)}}}));
  std::map<std::string, std::chrono::days> effective;
  for (const auto& row : rows) effective[row[0]] = std::chrono::days{parse_number(row[1])};
  return effective;
}

struct Wish {
  std::chrono::days keep;
  sys_seconds set_at;
};

/// Wishes by "family tier".
Result<std::map<std::string, Wish>> read_configured(Session& session) {
  OPTIINFRA_TRY(
      const auto rows,
      query_texts(session,
                  {.sql = "SELECT family || ' ' || tier, toString(argMax(days, set_at)), "
                          "toString(toUnixTimestamp(max(set_at))) FROM (SELECT toString(family) AS family, "
                          "toString(tier) AS tier, days, set_at FROM " +
                          qualified(session.database(), "retention") + ") GROUP BY family, tier"}));
  std::map<std::string, Wish> configured;
  for (const auto& row : rows)
    configured[row[0]] = {std::chrono::days{parse_number(row[1])},
                          sys_seconds{std::chrono::seconds{parse_number(row[2])}}};
  return configured;
}

Result<void> record_wish(Session& session, const TableDefinition& table, Tier tier, std::chrono::days keep) {
  Block row;
  Dictionary family, tiers;
  family.append(table.name);
  tiers.append(tier_name(tier));
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  row.add({"family", "LowCardinality(String)", std::move(family)});
  row.add({"tier", "LowCardinality(String)", std::move(tiers)});
  row.add({"days", "UInt32", std::vector<std::uint32_t>{static_cast<std::uint32_t>(keep.count())}});
  row.add({"set_at", "DateTime64(6, 'UTC')", std::vector<std::int64_t>{microseconds.count()}});
  // Setting a retention frees space, so this row may use the free space that inserts of metrics must leave.
  return done(session.insert({.table = qualified(session.database(), "retention"),
                              .deduplication_token = "",
                              .settings = {{"min_free_disk_bytes_to_perform_insert", "0"}}},
                             row));
}

/// The engine recomputes the TTL of existing parts without rewriting their rows
/// (materialize_ttl_recalculate_only on raw tables).
Result<void> change_table(Session& session, const TableDefinition& table, Tier tier, std::chrono::days keep) {
  return session.execute({.sql = "ALTER TABLE " + qualified(session.database(), table_name(table, tier)) +
                                 " MODIFY TTL " + ttl_expression(time_column(tier), keep),
                          .settings = {{"mutations_sync", "1"}}});
}

Result<void> drop_raw(Session& session, const TableDefinition& table, sys_seconds cutoff,
                      sys_seconds stored_before, std::vector<ExpiredPartition>& dropped) {
  OPTIINFRA_TRY(
      const auto partitions,
      query_texts(session,
                  {.sql = "SELECT partition, toString(sum(rows)) FROM system.parts WHERE database = "
                          "{database:String} AND "
                          "table = {table:String} AND active GROUP BY partition HAVING "
                          "toDateTime(toDate(partition) + 1, 'UTC') <= "
                          "toDateTime({cutoff:UInt32}, 'UTC') AND max(modification_time) <= "
                          "toDateTime({stored_before:UInt32}, 'UTC') "
                          "ORDER BY partition",
                   .parameters = {{"database", std::string(session.database())},
                                  {"table", table.raw_table},
                                  {"cutoff", std::to_string(to_column_time(cutoff))},
                                  {"stored_before", std::to_string(to_column_time(stored_before))}}}));
  for (const auto& row : partitions) {
    ExpiredPartition expired{table.raw_table, row[0], static_cast<std::uint64_t>(parse_number(row[1]))};
    OPTIINFRA_CHECK(session.execute({.sql = "ALTER TABLE " + qualified(session.database(), table.raw_table) +
                                            " DROP PARTITION {day:String}",
                                     .parameters = {{"day", expired.partition}}}));
    dropped.push_back(std::move(expired));
  }
  return {};
}

/// Rollups are one partition each: a mutation leaves the expired rows out, and runs only when there are some.
Result<void> drop_rollup(Session& session, const TableDefinition& table, sys_seconds cutoff,
                         sys_seconds stored_before) {
  const std::string expired =
      " WHERE hour < toDateTime({cutoff:UInt32}, 'UTC') AND arrival_hour <= "
      "toDateTime({stored_before:UInt32}, "
      "'UTC')";
  const std::vector<NamedValue> parameters = {
      {"cutoff", std::to_string(to_column_time(cutoff))},
      {"stored_before", std::to_string(to_column_time(stored_before))}};
  OPTIINFRA_TRY(const std::uint64_t rows,
                query_number(session, {.sql = "SELECT toUInt64(count()) FROM " +
                                              qualified(session.database(), table.rollup_table) + expired,
                                       .parameters = parameters}));
  if (rows == 0) return {};
  OPTIINFRA_CHECK(expect_room_to_mutate(session, table.rollup_table));
  return session.execute(
      {.sql = "ALTER TABLE " + qualified(session.database(), table.rollup_table) + " DELETE" + expired,
       .parameters = parameters,
       .settings = {{"mutations_sync", "1"}}});
}

Result<void> drop_expired(Session& session, const Retention& retention, sys_seconds clock,
                          std::chrono::seconds grace, std::vector<ExpiredPartition>& dropped) {
  if (retention.effective.count() == 0)
    return {};  // A table without TTL is for verify() to report, not to empty.
  const TableDefinition& table = table_of(retention.family);
  const sys_seconds cutoff = clock - retention.effective, stored_before = clock - grace;
  if (retention.tier == Tier::kRaw) return drop_raw(session, table, cutoff, stored_before, dropped);
  return drop_rollup(session, table, cutoff, stored_before);
}

}  // namespace

Result<std::vector<Retention>> read_retention(Session& session) {
  OPTIINFRA_TRY(auto effective, read_effective(session));
  OPTIINFRA_TRY(const auto configured, read_configured(session));
  std::vector<Retention> result;
  for (const Family family : kFamilies) {
    const TableDefinition& table = table_of(family);
    for (const Tier tier : kTiers) {
      const auto found = configured.find(std::string(table.name) + " " + tier_name(tier));
      const Wish wish = found == configured.end() ? Wish{default_retention(table, tier), {}} : found->second;
      result.push_back({family, tier, table_name(table, tier), wish.keep, effective[table_name(table, tier)],
                        wish.set_at});
    }
  }
  return result;
}

Result<std::chrono::days> effective_retention(Session& session, Family family, Tier tier) {
  const std::string table = table_name(table_of(family), tier);
  OPTIINFRA_TRY(auto effective, read_effective(session, table));
  return effective[table];
}

Result<std::vector<ExpiredPartition>> set_retention(Session& session, Family family, Tier tier,
                                                    std::chrono::days keep) {
  if (keep < kRetentionMin || keep > kRetentionMax) {
    return invalid_argument("a retention of " + std::to_string(keep.count()) + " days is outside 1 to " +
                            std::to_string(kRetentionMax.count()));
  }
  OPTIINFRA_TRY(const auto all, read_retention(session));
  const TableDefinition& table = table_of(family);
  for (const Retention& other : all) {
    if (other.family != family || other.tier == tier) continue;
    const bool inverted = tier == Tier::kRaw ? keep > other.configured : keep < other.configured;
    if (inverted) {
      return invalid_argument(std::string(table.name) +
                              ": raw rows would be kept longer than their rollup (" +
                              std::to_string(other.configured.count()) + " days for the " +
                              tier_name(other.tier) + "); change that first");
    }
  }
  OPTIINFRA_CHECK(expect_disk_room(session, kStatementBytes, "setting a retention"));
  OPTIINFRA_CHECK(record_wish(session, table, tier, keep));
  OPTIINFRA_CHECK(change_table(session, table, tier, keep));
  std::vector<ExpiredPartition> dropped;
  // A second ahead, so that what was stored in this very second counts as stored before.
  OPTIINFRA_CHECK(drop_expired(session, {family, tier, table_name(table, tier), keep, keep, now()}, now(),
                               -std::chrono::seconds{1}, dropped));
  return dropped;
}

Result<std::vector<ExpiredPartition>> drop_expired(Session& session, sys_seconds clock) {
  OPTIINFRA_TRY(const auto all, read_retention(session));
  std::vector<ExpiredPartition> dropped;
  for (const Retention& retention : all) {
    OPTIINFRA_CHECK(drop_expired(session, retention, clock, kArrivalGrace, dropped));
  }
  return dropped;
}

}  // namespace optiinfra::store
