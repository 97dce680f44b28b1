#include "optiinfra/import/imports.hpp"

#include <algorithm>
#include <map>
#include <thread>

#include "ledger.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/forget.hpp"
#include "optiinfra/store/repair.hpp"
#include "optiinfra/store/retention.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra {
namespace {

constexpr const char* kLedgerTable = "import_ledger";
/// Hours whose raw rows begin to expire within an hour are not rebuilt (repair.hpp), and the removal, which
/// comes first, may take an hour.
constexpr std::chrono::hours kExpiryMargin{3};
/// An import that has not ended records a block every few seconds.
constexpr std::chrono::minutes kBlockPatience{15};
constexpr std::chrono::milliseconds kClockPoll{20};

/// How long a statement may take that reads the batch ids of a whole raw table.
constexpr std::chrono::hours kSearchTimeout{1};

/// What tokens of the earliest programs began with, which left the time out.
std::string earliest_start(const Uuid& id) { return "import:" + id.to_string() + ":"; }

/// What the tokens of an import's blocks may begin with, as a list in SQL.
std::string all_starts(const Uuid& id, sys_seconds begun) {
  return "'" + import_token_start(id, begun, BlockCut::kFormer) + "','" + earliest_start(id) + "','" +
         import_token_start(id, begun, BlockCut::kByDays) + "'";
}

/// Tokens of all blocks on all days that the table has: one of `starts` and the block; ":DAY" follows, on a
/// shard ":SHARD:DAY".
Result<store::RowsToRemove> rows_of(const ImportRecord& import, Session& session, std::uint32_t shard,
                                    const std::string& starts) {
  const char* const raw = table_of(import.family).raw_table;
  // Days by which the engine finds the parts that can hold rows of it.
  const std::string within = import.times ? "timestamp >= toDateTime({oldest:UInt32}, 'UTC') AND timestamp "
                                            "< toDateTime({newest:UInt32}, 'UTC')"
                                          : "1";
  std::vector<NamedValue> times;
  if (import.times) {
    times.emplace_back("oldest", std::to_string(to_column_time(import.times->begin)));
    times.emplace_back("newest", std::to_string(to_column_time(import.times->end)));
  }
  OPTIINFRA_TRY(const auto timeout, statement_time_up_to(session, kSearchTimeout));
  OPTIINFRA_TRY(const auto days,
                query_texts(session, {.sql = "SELECT DISTINCT toString(toDate(timestamp)) FROM " +
                                             qualified(session.database(), raw) + " WHERE " + within,
                                      .parameters = times,
                                      .timeout = timeout}));
  std::string blocks, day_list;
  for (const std::uint64_t block : import.blocks)
    blocks += (blocks.empty() ? "" : ",") + std::to_string(block);
  for (const auto& day : days) day_list += (day_list.empty() ? "'" : ",'") + day[0] + "'";
  store::RowsToRemove rows{
      .table = raw,
      .condition =
          within +
          " AND batch_id IN (SELECT sipHash64(concat(start, toString(block), {after:String}, day)) FROM "
          "(SELECT arrayJoin({starts:Array(String)}) AS start) AS s CROSS JOIN (SELECT "
          "arrayJoin({blocks:Array(UInt64)}) AS block) AS b CROSS JOIN (SELECT "
          "arrayJoin({days:Array(String)}) AS day) AS d)",
      .parameters = {{"starts", "[" + starts + "]"},
                     {"after", shard == 0 ? ":" : ":" + std::to_string(shard) + ":"},
                     {"blocks", "[" + blocks + "]"},
                     {"days", "[" + day_list + "]"}}};
  rows.parameters.insert(rows.parameters.end(), times.begin(), times.end());
  return rows;
}

Result<store::RowsToRemove> rows_of(const ImportRecord& import, Session& session, std::uint32_t shard) {
  return rows_of(import, session, shard, all_starts(import.id, import.begun));
}

store::RowsToRemove record_of(std::span<const ImportRecord> imports) {
  std::string ids;
  for (const ImportRecord& import : imports) ids += (ids.empty() ? "'" : ",'") + import.id.to_string() + "'";
  return {.table = kLedgerTable,
          .condition = "has({import_ids:Array(UUID)}, import_id)",
          .parameters = {{"import_ids", "[" + ids + "]"}}};
}

std::vector<std::uint64_t> numbers_in(const std::string& text) {
  std::vector<std::uint64_t> numbers;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    numbers.push_back(std::stoull(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return numbers;
}

Result<ImportRecord> parse_record(const std::vector<std::string>& row) {
  ImportRecord import;
  OPTIINFRA_TRY(import.id, Uuid::parse(row[0]));
  OPTIINFRA_TRY(import.family, parse_family(row[1]));
  import.path = row[2];
  import.rows_stored = std::stoull(row[3]);
  import.rows_refused = std::stoull(row[4]);
  import.finished = row[5] == "1";
  import.is_being_taken_back = row[5] == std::to_string(kBeingRemoved);
  import.begun = sys_seconds{std::chrono::seconds{std::stoll(row[6])}};
  import.recorded = sys_seconds{std::chrono::seconds{std::stoll(row[7])}};
  import.blocks = numbers_in(row[8]);
  import.delivery = row[9];
  import.map = row[10];
  OPTIINFRA_TRY(import.content, Uuid::parse(row[11]));
  import.content_bytes = std::stoull(row[12]);
  OPTIINFRA_TRY(import.reading, Uuid::parse(row[13]));
  OPTIINFRA_TRY(import.continues, Uuid::parse(row[14]));
  const sys_seconds oldest{std::chrono::seconds{std::stoll(row[15])}};
  const sys_seconds newest{std::chrono::seconds{std::stoll(row[16])}};
  // Of one that never ended, the last block may be stored and not recorded, and programs before schema 10
  // recorded no times: they are unknown.
  if (newest > sys_seconds{}) import.times = TimeRange{oldest, newest};
  return import;
}

/// When raw rows of the family begin to have expired; nothing when they never do.
Result<std::optional<sys_seconds>> kept_from(Session& session, Family family) {
  OPTIINFRA_TRY(const auto keep, store::effective_retention(session, family, store::Tier::kRaw));
  if (keep.count() == 0) return std::optional<sys_seconds>{};
  return std::optional<sys_seconds>(now() - keep + kExpiryMargin);
}

/// The rows that hours of the rollup count less those that the raw table has, in hours that begin before
/// `end`.
Result<std::int64_t> rows_only_in_rollups(Session& session, const TableDefinition& table, sys_seconds begin,
                                          sys_seconds end) {
  const std::string hours =
      " WHERE hour >= toDateTime({begin:UInt32}, 'UTC') AND hour < "
      "toDateTime({end:UInt32}, 'UTC')";
  const std::string raw_hours =
      " WHERE timestamp >= toDateTime({begin:UInt32}, 'UTC') AND timestamp < toDateTime({end:UInt32}, 'UTC')";
  OPTIINFRA_TRY(
      const auto rows,
      query_texts(session, {.sql = "SELECT toString(ifNull((SELECT toInt64(sum(" +
                                   std::string(table.row_count().name) + ")) FROM " +
                                   qualified(session.database(), table.finishing_view) + hours +
                                   ") - (SELECT toInt64(count()) FROM " +
                                   qualified(session.database(), table.raw_table) + raw_hours + "), 0))",
                            .parameters = {{"begin", std::to_string(to_column_time(floor_hour(begin)))},
                                           {"end", std::to_string(to_column_time(end))}}}));
  return rows.empty() ? 0 : std::stoll(rows[0][0]);
}

std::string days_text(std::chrono::days days) { return std::to_string(days.count()) + " days"; }

/// Rows whose hours cannot be made again without them: old rows of other imports may have expired, or rows of
/// this one have and are left in rollups only.
Result<void> expect_rebuildable(Session& session, const ImportRecord& import, const store::RowsToRemove& rows,
                                std::uint64_t& present) {
  OPTIINFRA_TRY(const auto from, kept_from(session, import.family));
  OPTIINFRA_TRY(const std::uint64_t here, store::count_rows(session, rows));
  present += here;
  if (!from) return {};
  OPTIINFRA_TRY(const auto keep, store::effective_retention(session, import.family, store::Tier::kRaw));
  store::RowsToRemove old = rows;
  old.condition += " AND timestamp < toDateTime({kept_from:UInt32}, 'UTC')";
  old.parameters.emplace_back("kept_from", std::to_string(to_column_time(*from)));
  OPTIINFRA_TRY(const std::uint64_t count, store::count_rows(session, old));
  if (count == 0) return {};
  return Error{ErrorKind::kConflict,
               std::to_string(count) + " rows of the import are past the retention of raw rows (" +
                   days_text(keep) +
                   "): their rollup hours cannot be made again without them, because other raw rows of "
                   "these hours may be gone. Nothing was changed"};
}

/// Rows of an import that have expired may live on in rollups, where nobody can tell them from others.
Result<void> expect_not_in_rollups_only(Client& client, const ImportRecord& import, std::uint64_t present) {
  if (present >= import.rows_stored) return {};
  std::int64_t left = 0;
  const auto count = [&](Session& session, std::uint32_t) -> Result<void> {
    OPTIINFRA_TRY(const auto from, kept_from(session, import.family));
    if (!from || (import.times && import.times->begin >= *from)) return {};
    const sys_seconds begin = import.times ? import.times->begin : sys_seconds{};
    const sys_seconds end = import.times ? std::min(import.times->end, *from) : *from;
    OPTIINFRA_TRY(const std::int64_t more,
                  rows_only_in_rollups(session, table_of(import.family), begin, end));
    left += std::max<std::int64_t>(more, 0);
    return {};
  };
  OPTIINFRA_CHECK(client.with_each_part(count));
  if (left == 0) return {};
  return Error{ErrorKind::kConflict,
               std::to_string(import.rows_stored - present) + " rows of the import of " + import.path +
                   " are past the retention of raw rows and gone, while rollup hours still count expired "
                   "rows of its time (" +
                   std::to_string(left) +
                   "), its own perhaps among them: they cannot be made again. Nothing was changed"};
}

/// On a server another process may be importing; an embedded store has one process at a time.
Result<void> expect_not_running(const Client& client, const ImportRecord& import) {
  if (client.is_embedded() || import.finished || import.is_being_taken_back ||
      import.recorded < now() - kBlockPatience)
    return {};
  return Error{ErrorKind::kConflict,
               "the import has not ended and recorded a block less than " +
                   std::to_string(kBlockPatience.count()) +
                   " minutes ago, so it may be running; stop it, and repeat this then. Nothing was changed"};
}

}  // namespace

Result<std::vector<ImportRecord>> list_imports(Client& client) {
  std::vector<ImportRecord> imports;
  OPTIINFRA_CHECK(client.with_session([&](Session& session) -> Result<void> {
    OPTIINFRA_TRY(
        const auto rows,
        query_texts(session,
                    {.sql = "SELECT toString(import_id), toString(any(family)), argMax(path, "
                            "recorded_at), toString(max(rows)), toString(max(refused)), "
                            "toString(max(finished)), toString(toUnixTimestamp(min(recorded_at))), "
                            "toString(toUnixTimestamp(max(recorded_at))), "
                            "arrayStringConcat(arrayMap(b -> toString(b), arraySort(groupUniqArray(block))), "
                            "','), toString(max(delivery)), toString(argMax(map, map != '')), "
                            "toString(max(content)), toString(max(content_bytes)), toString(max(reading)), "
                            "toString(max(continues)), "
                            "toString(toUnixTimestamp(minIf(oldest, toUnixTimestamp(newest) > 0))), "
                            "toString(if(countIf(finished = 1) > 0 AND countIf(finished != 2 AND "
                            "content_bytes = 0) = 0, "
                            "toUnixTimestamp(max(newest)), 0)) FROM " +
                            qualified(session.database(), kLedgerTable) +
                            " GROUP BY import_id ORDER BY max(recorded_at) DESC, import_id"}));
    for (const auto& row : rows) {
      OPTIINFRA_TRY(ImportRecord import, parse_record(row));
      imports.push_back(std::move(import));
    }
    return {};
  }));
  return imports;
}

Result<std::string> former_token_start(Client& client, const ImportOrigin& origin, const ImportState& state) {
  OPTIINFRA_TRY(const auto imports, list_imports(client));
  ImportRecord recorded;
  for (const ImportRecord& each : imports)
    if (each.id == origin.id) recorded = each;
  ImportRecord blocks;  // Without times: those of the block in flight are unknown.
  blocks.id = origin.id;
  blocks.family = origin.family;
  blocks.blocks = std::move(recorded.blocks);
  blocks.blocks.push_back(state.records);
  std::uint64_t found = 0;
  const auto count = [&](Session& session, std::uint32_t shard) -> Result<void> {
    OPTIINFRA_TRY(const store::RowsToRemove rows,
                  rows_of(blocks, session, shard, "'" + earliest_start(origin.id) + "'"));
    OPTIINFRA_TRY(const std::uint64_t here, store::count_rows(session, rows));
    found += here;
    return {};
  };
  OPTIINFRA_CHECK(client.with_each_part(count));
  return found > 0 ? earliest_start(origin.id)
                   : import_token_start(origin.id, state.begun, BlockCut::kFormer);
}

Result<std::vector<ImportDay>> days_of_import(Client& client, const ImportRecord& import) {
  std::map<std::string, std::uint64_t> days;
  const auto count = [&](Session& session, std::uint32_t shard) -> Result<void> {
    OPTIINFRA_TRY(const store::RowsToRemove rows, rows_of(import, session, shard));
    OPTIINFRA_TRY(
        const auto counts,
        query_texts(session, {.sql = "SELECT toString(toDate(timestamp)) AS of_day, toString(count()) FROM " +
                                     qualified(session.database(), rows.table) + " WHERE " + rows.condition +
                                     " GROUP BY of_day",
                              .parameters = rows.parameters}));
    for (const auto& row : counts) days[row[0]] += std::stoull(row[1]);
    return {};
  };
  OPTIINFRA_CHECK(client.with_each_part(count));
  std::vector<ImportDay> list;
  for (const auto& [day, rows] : days) list.push_back({day, rows});
  return list;
}

Result<void> expect_removable(Client& client, std::span<const ImportRecord> imports) {
  if (imports.empty()) return {};
  OPTIINFRA_TRY(const auto known, list_imports(client));
  const auto goes = [&](const Uuid& id) {
    return std::any_of(imports.begin(), imports.end(), [&](const auto& each) { return each.id == id; });
  };
  for (const ImportRecord& import : imports) {
    OPTIINFRA_CHECK(expect_not_running(client, import));
    for (const ImportRecord& other : known) {
      if (other.continues != import.id || goes(other.id)) continue;
      return Error{ErrorKind::kConflict, "import " + other.id.to_string() + " of " + other.path +
                                             " has the rows that were added to this file: take that one back "
                                             "first (optiinfra imports undo " +
                                             other.id.to_string() + "). Nothing was changed"};
    }
    std::uint64_t present = 0;
    const auto check = [&](Session& session, std::uint32_t shard) -> Result<void> {
      OPTIINFRA_CHECK(store::expect_nothing_set_aside(session, "the import"));
      OPTIINFRA_TRY(const store::RowsToRemove rows, rows_of(import, session, shard));
      return expect_rebuildable(session, import, rows, present);
    };
    OPTIINFRA_CHECK(client.with_each_part(check));
    if (!import.is_being_taken_back) OPTIINFRA_CHECK(expect_not_in_rollups_only(client, import, present));
  }
  return {};
}

Result<UndoReport> undo_imports(Client& client, std::span<const ImportRecord> imports) {
  UndoReport report;
  if (imports.empty()) return report;
  OPTIINFRA_CHECK(expect_removable(client, imports));
  for (const ImportRecord& import : imports) {
    if (import.is_being_taken_back) continue;
    Ledger ledger(client, {.id = import.id, .family = import.family, .path = import.path});
    OPTIINFRA_CHECK(ledger.begin_removal(
        {.records = import.blocks.empty() ? 0 : import.blocks.back(), .begun = import.begun}));
  }
  const auto remove = [&](Session& session, std::uint32_t shard) -> Result<void> {
    for (const ImportRecord& import : imports) {
      OPTIINFRA_TRY(const store::RowsToRemove rows, rows_of(import, session, shard));
      OPTIINFRA_TRY(const std::uint64_t count, store::count_rows(session, rows));
      OPTIINFRA_CHECK(store::remove_rows(session, rows));
      report.rows_removed += count;
    }
    OPTIINFRA_TRY(const store::RepairReport repaired, store::repair_family(session, imports.front().family));
    report.hours_rebuilt += repaired.hours_rebuilt;
    if (repaired.hours_differing + repaired.hours_refused == 0) return {};
    return Error{
        ErrorKind::kConflict,
        "the rows of the import were removed, and some rollup hours still differ from their raw rows: "
        "see `optiinfra verify`, and repeat this"};
  };
  OPTIINFRA_CHECK(client.with_each_part(remove));
  // The records go last: until then the same call finds what is left to do.
  const auto forget = [&](Session& session, std::uint32_t) -> Result<void> {
    return store::remove_rows(session, record_of(imports));
  };
  OPTIINFRA_CHECK(client.with_each_part(forget));
  // So that a repetition has tokens of its own.
  for (const ImportRecord& import : imports)
    while (now() <= import.begun) std::this_thread::sleep_for(kClockPoll);
  return report;
}

}  // namespace optiinfra
