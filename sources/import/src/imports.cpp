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

/// Tokens of all blocks on all days that the table has: see import_token_start(); ":DAY" follows, on a shard
/// ":SHARD:DAY". Earlier programs left the time out.
Result<RowsToRemove> rows_of(const ImportRecord& import, Session& session, std::uint32_t shard) {
  const char* const raw = table_of(import.family).raw_table;
  OPTIINFRA_TRY(const auto days,
                query_texts(session, {.sql = "SELECT DISTINCT toString(toDate(timestamp)) FROM " +
                                             qualified(session.database(), raw)}));
  std::string blocks, day_list;
  for (const std::uint64_t block : import.blocks)
    blocks += (blocks.empty() ? "" : ",") + std::to_string(block);
  for (const auto& day : days) day_list += (day_list.empty() ? "'" : ",'") + day[0] + "'";
  return RowsToRemove{
      .table = raw,
      .condition =
          "batch_id IN (SELECT sipHash64(concat(start, toString(block), {after:String}, day)) FROM "
          "(SELECT arrayJoin({starts:Array(String)}) AS start) AS s CROSS JOIN (SELECT "
          "arrayJoin({blocks:Array(UInt64)}) AS block) AS b CROSS JOIN (SELECT "
          "arrayJoin({days:Array(String)}) AS day) AS d)",
      .parameters = {{"starts", "['" + import_token_start(import.id, import.begun) +
                                    "','import:" + import.id.to_string() + ":']"},
                     {"after", shard == 0 ? ":" : ":" + std::to_string(shard) + ":"},
                     {"blocks", "[" + blocks + "]"},
                     {"days", "[" + day_list + "]"}}};
}

RowsToRemove record_of(const ImportRecord& import) {
  return {.table = kLedgerTable,
          .condition = "import_id = {import_id:UUID}",
          .parameters = {{"import_id", import.id.to_string()}}};
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
  import.finished = row[5] != "0";
  import.begun = sys_seconds{std::chrono::seconds{std::stoll(row[6])}};
  import.recorded = sys_seconds{std::chrono::seconds{std::stoll(row[7])}};
  import.blocks = numbers_in(row[8]);
  return import;
}

/// Rows whose hours cannot be made again without them.
Result<void> expect_rebuildable(Session& session, const ImportRecord& import, const RowsToRemove& rows) {
  OPTIINFRA_TRY(const auto all, read_retention(session));
  const auto raw = std::find_if(all.begin(), all.end(), [&](const Retention& each) {
    return each.family == import.family && each.tier == Tier::kRaw;
  });
  if (raw == all.end() || raw->effective.count() == 0) return {};
  RowsToRemove old = rows;
  old.condition += " AND timestamp < toDateTime({kept_from:UInt32}, 'UTC')";
  old.parameters.emplace_back("kept_from",
                              std::to_string(to_column_time(now() - raw->effective + kExpiryMargin)));
  OPTIINFRA_TRY(const std::uint64_t count, count_rows(session, old));
  if (count == 0) return {};
  return Error{ErrorKind::kConflict,
               std::to_string(count) + " rows of the import are past the retention of raw rows (" +
                   std::to_string(std::chrono::duration_cast<std::chrono::days>(raw->effective).count()) +
                   " days): their rollup hours cannot be made again without them, because other raw rows of "
                   "these hours may be gone. Nothing was changed"};
}

/// On a server another process may be importing; an embedded store has one process at a time.
Result<void> expect_not_running(const Client& client, const ImportRecord& import) {
  if (client.is_embedded() || import.finished || import.recorded < now() - kBlockPatience) return {};
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
                            "arrayStringConcat(arraySort(groupUniqArray(toString(block))), ',') FROM " +
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

Result<std::vector<ImportDay>> days_of_import(Client& client, const ImportRecord& import) {
  std::map<std::string, std::uint64_t> days;
  const auto count = [&](Session& session, std::uint32_t shard) -> Result<void> {
    OPTIINFRA_TRY(const RowsToRemove rows, rows_of(import, session, shard));
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

Result<UndoReport> undo_import(Client& client, const ImportRecord& import) {
  UndoReport report;
  OPTIINFRA_CHECK(expect_not_running(client, import));
  const auto check = [&](Session& session, std::uint32_t shard) -> Result<void> {
    OPTIINFRA_CHECK(expect_nothing_set_aside(session, "the import"));
    OPTIINFRA_TRY(const RowsToRemove rows, rows_of(import, session, shard));
    return expect_rebuildable(session, import, rows);
  };
  OPTIINFRA_CHECK(client.with_each_part(check));
  const auto remove = [&](Session& session, std::uint32_t shard) -> Result<void> {
    OPTIINFRA_TRY(const RowsToRemove rows, rows_of(import, session, shard));
    OPTIINFRA_TRY(const std::uint64_t count, count_rows(session, rows));
    OPTIINFRA_CHECK(remove_rows(session, rows));
    report.rows_removed += count;
    OPTIINFRA_TRY(const RepairReport repaired, repair_family(session, import.family));
    report.hours_rebuilt += repaired.hours_rebuilt;
    if (repaired.hours_differing + repaired.hours_refused == 0) return {};
    return Error{
        ErrorKind::kConflict,
        "the rows of the import were removed, and some rollup hours still differ from their raw rows: "
        "see `optiinfra verify`, and repeat this"};
  };
  OPTIINFRA_CHECK(client.with_each_part(remove));
  // The record goes last: until then the same call finds what is left to do.
  const auto forget = [&](Session& session, std::uint32_t) -> Result<void> {
    return remove_rows(session, record_of(import));
  };
  OPTIINFRA_CHECK(client.with_each_part(forget));
  // So that a repetition has tokens of its own.
  while (now() <= import.begun) std::this_thread::sleep_for(kClockPoll);
  return report;
}

}  // namespace optiinfra
