#include "optiinfra/store/reattach.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/retention.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "optiinfra/transport/sql.hpp"

namespace optiinfra::store {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::minutes kReattachTimeout{10};
constexpr const char* kScratchPrefix = "doctor_";

Error cannot_move(const fs::path& from, const fs::path& to, const std::error_code& code) {
  return {ErrorKind::kStorage, "cannot move " + from.string() + " to " + to.string() + ": " + code.message()};
}

Result<void> move_folder(const fs::path& from, const fs::path& to) {
  std::error_code code;
  fs::rename(from, to, code);
  if (code) return cannot_move(from, to, code);
  return {};
}

/// The table in which a part is examined: equal to the part's own table, except for the rows.
class Scratch {
 public:
  Scratch(Session& session, const std::string& table)
      : session_(session),
        name_(kScratchPrefix + table),
        table_(qualified(session.database(), table)),
        scratch_(qualified(session.database(), name_)) {}

  Result<void> open() {
    OPTIINFRA_CHECK(run("CREATE TABLE IF NOT EXISTS " + scratch_ + " AS " + table_));
    OPTIINFRA_TRY(detached_, detached_of(name_));
    return {};
  }

  /// Goes on with what a call that was killed has left here: damaged parts go back to those set aside of the
  /// table, and the others are in the table of this object.
  Result<void> resume() {
    OPTIINFRA_TRY(const fs::path home, detached_of(name_.substr(std::string_view(kScratchPrefix).size())));
    for (const std::string& part : parts_in(detached_))
      // One that cannot be attached stays, and goes back below.
      (void)run("ALTER TABLE " + scratch_ + " ATTACH PART " + sql_literal(part));
    OPTIINFRA_TRY(const std::string fault, check());
    return fault.empty() ? send_detached(home) : send_home();
  }

  /// What is here goes to the parts set aside of the table.
  Result<void> send_home() {
    OPTIINFRA_TRY(const fs::path home, detached_of(name_.substr(std::string_view(kScratchPrefix).size())));
    OPTIINFRA_CHECK(run("ALTER TABLE " + scratch_ + " DETACH PARTITION ALL"));
    return send_detached(home);
  }

  /// Takes the part in `folder` and has every checksum checked. Gives what is wrong, with the folder back in
  /// its place, or an empty text.
  Result<std::string> take(const fs::path& folder, const std::string& part) {
    OPTIINFRA_CHECK(move_folder(folder, detached_ / part));
    std::string fault;
    if (const auto attached = run("ALTER TABLE " + scratch_ + " ATTACH PART " + sql_literal(part));
        !attached) {
      fault = attached.error().message;
    } else {
      OPTIINFRA_TRY(fault, check());
      if (fault.empty()) return fault;
      OPTIINFRA_CHECK(run("ALTER TABLE " + scratch_ + " DETACH PARTITION ALL"));
    }
    OPTIINFRA_CHECK(give_back(folder));
    return fault;
  }

  Result<std::uint64_t> rows(const std::string& condition = "1") {
    return query_number(session_, {.sql = "SELECT toUInt64(count()) FROM " + scratch_ + " WHERE " + condition,
                                   .timeout = kReattachTimeout});
  }

  Result<void> leave_out(const std::string& condition) {
    OPTIINFRA_TRY(const std::uint64_t matching, rows(condition));
    if (matching == 0) return {};
    return run("ALTER TABLE " + scratch_ + " DELETE WHERE " + condition + " SETTINGS mutations_sync = 2");
  }

  /// What is left goes to the table; the engine commits each partition at once.
  Result<void> move_to_table() {
    OPTIINFRA_TRY(
        const auto partitions,
        query_texts(session_,
                    {.sql = "SELECT DISTINCT partition_id FROM system.parts WHERE active AND "
                            "rows > 0 AND database = {database:String} AND table = "
                            "{name:String}",
                     .parameters = {{"database", std::string(session_.database())}, {"name", name_}}}));
    for (const auto& row : partitions)
      OPTIINFRA_CHECK(run("ALTER TABLE " + scratch_ + " MOVE PARTITION ID " + sql_literal(row[0]) +
                          " TO TABLE " + table_));
    return {};
  }

  /// Undoes take(), when nothing was left out.
  Result<void> put_back(const fs::path& folder) {
    OPTIINFRA_CHECK(run("ALTER TABLE " + scratch_ + " DETACH PARTITION ALL"));
    return give_back(folder);
  }

  Result<void> drop() { return run("DROP TABLE IF EXISTS " + scratch_ + " SYNC"); }

  const std::string& table() const noexcept { return table_; }

 private:
  Result<void> run(std::string sql) {
    return session_.execute({.sql = std::move(sql), .timeout = kReattachTimeout});
  }

  Result<fs::path> detached_of(const std::string& name) {
    OPTIINFRA_TRY(const auto paths,
                  query_texts(session_, {.sql = "SELECT data_paths[1] FROM system.tables WHERE database = "
                                                "{database:String} AND name = {name:String}",
                                         .parameters = {{"database", std::string(session_.database())},
                                                        {"name", name}}}));
    if (paths.empty()) return Error{ErrorKind::kCorrupt, "the engine does not say where " + name + " lies"};
    return fs::path(paths[0][0]) / "detached";
  }

  Result<void> send_detached(const fs::path& home) {
    for (const std::string& part : parts_in(detached_))
      OPTIINFRA_CHECK(move_folder(detached_ / part, home / ("broken_" + part)));
    return {};
  }

  static std::vector<std::string> parts_in(const fs::path& folder) {
    std::vector<std::string> names;
    std::error_code code;
    for (fs::directory_iterator entry(folder, code), end; !code && entry != end; entry.increment(code))
      names.push_back(entry->path().filename().string());
    return names;
  }

  Result<std::string> check() {
    std::string fault;
    OPTIINFRA_CHECK(done(
        session_.query({.sql = "CHECK TABLE " + scratch_ + " SETTINGS check_query_single_value_result = 0",
                        .timeout = kReattachTimeout},
                       [&](const Block& block) {
                         for (std::size_t row = 0; row < block.row_count(); ++row) {
                           if ((*block.values<std::vector<std::uint8_t>>(1))[row] == 0)
                             fault = std::string((*block.values<Strings>(2))[row]);
                         }
                         return true;
                       })));
    return fault;
  }

  /// The engine may have given the folder another name.
  Result<void> give_back(const fs::path& folder) {
    const auto names = parts_in(detached_);
    if (!names.empty()) return move_folder(detached_ / names.front(), folder);
    return Error{ErrorKind::kStorage, "the part is in " + detached_.string() + " no more"};
  }

  Session& session_;
  const std::string name_, table_, scratch_;
  fs::path detached_;
};

const TableDefinition* raw_table(const std::string& name) {
  for (const Family family : kFamilies) {
    if (name == table_of(family).raw_table) return &table_of(family);
  }
  return nullptr;
}

const TableDefinition* rollup_table(const std::string& name) {
  for (const Family family : kFamilies) {
    if (name == table_of(family).rollup_table) return &table_of(family);
  }
  return nullptr;
}

/// What a part's name says: its partition and its blocks.
struct PartRange {
  std::string partition, first, last, level;

  std::string name() const { return partition + "_" + first + "_" + last + "_" + level; }
};

Result<PartRange> range_of(Session& session, const SetAsidePart& part) {
  OPTIINFRA_TRY(
      const auto rows,
      query_texts(session, {.sql = "SELECT ifNull(partition_id, ''), ifNull(toString(min_block_number), "
                                   "''), ifNull(toString(max_block_number), ''), "
                                   "ifNull(toString(level), '') FROM system.detached_parts WHERE "
                                   "database = {database:String} AND table = {table:String} AND name = "
                                   "{name:String}",
                            .parameters = {{"database", std::string(session.database())},
                                           {"table", part.table},
                                           {"name", part.name}}}));
  if (rows.empty() || rows[0][0].empty() || rows[0][3].empty())
    return Error{ErrorKind::kCorrupt, "its name is not one that the engine gives to a part"};
  return PartRange{rows[0][0], rows[0][1], rows[0][2], rows[0][3]};
}

/// Whether a part in use has blocks of `range`, and so may have its rows: it was merged from that part, or
/// that part from it.
Result<bool> is_overlapped(Session& session, const std::string& table, const PartRange& range) {
  OPTIINFRA_TRY(const std::uint64_t parts,
                query_number(session, {.sql = "SELECT toUInt64(count()) FROM system.parts WHERE active AND "
                                              "database = {database:String} AND table = {table:String} AND "
                                              "partition_id = {partition:String} AND min_block_number <= "
                                              "{last:Int64} AND max_block_number >= {first:Int64}",
                                       .parameters = {{"database", std::string(session.database())},
                                                      {"table", table},
                                                      {"partition", range.partition},
                                                      {"first", range.first},
                                                      {"last", range.last}}}));
  return parts > 0;
}

std::string time_literal(sys_seconds time) {
  return "toDateTime(" + std::to_string(to_column_time(time)) + ", 'UTC')";
}

/// When the engine gave the folder its present name.
sys_seconds set_aside_at(const fs::path& folder) {
  struct stat status{};
  if (::stat(folder.c_str(), &status) != 0) return now();
  return sys_seconds{std::chrono::seconds{status.st_ctim.tv_sec}};
}

/// The hours of a rollup's part that nothing else can make again: those that a repair could not rebuild any
/// more when the part was set aside. The others may have been rebuilt since, and the next repair does it
/// again. Where it cannot do so by now, nobody can tell, and the part stays.
Result<std::string> keep_past_hours(Session& session, Scratch& scratch, const TableDefinition& table,
                                    sys_seconds since) {
  OPTIINFRA_TRY(const auto retention, effective_retention(session, table.family, Tier::kRaw));
  const auto repaired_from = [&](sys_seconds clock) {
    return time_literal(std::chrono::ceil<std::chrono::hours>(clock - retention) + std::chrono::hours{1});
  };
  const std::string safe =
      "(hour < " + repaired_from(since) + " AND arrival_hour <= " + time_literal(since - kArrivalGrace) + ")";
  const std::string rebuilt = "(hour >= " + repaired_from(now()) + " OR arrival_hour > " +
                              time_literal(now() - kArrivalGrace + std::chrono::hours{1}) + ")";
  OPTIINFRA_TRY(const std::uint64_t unknown, scratch.rows("NOT " + safe + " AND NOT " + rebuilt));
  if (unknown > 0)
    return std::to_string(unknown) +
           " of its hours have passed their raw rows' retention only since, and may have been rebuilt before "
           "that";
  OPTIINFRA_CHECK(scratch.leave_out("NOT " + safe));
  return std::string{};
}

/// What of the part is in the scratch table goes where it belongs, each row once. Gives why it does not, or
/// an empty text, and counts the rows that return.
Result<std::string> keep_missing_rows(Session& session, Scratch& scratch, const std::string& table,
                                      bool overlapped, sys_seconds since) {
  if (raw_table(table) == nullptr && overlapped) return std::string("a part in use has some of its blocks");
  if (const TableDefinition* const rollup = rollup_table(table))
    return keep_past_hours(session, scratch, *rollup, since);
  if (raw_table(table) == nullptr) return std::string{};
  OPTIINFRA_CHECK(scratch.leave_out("batch_id != 0 AND batch_id IN (SELECT batch_id FROM " + scratch.table() +
                                    " WHERE batch_id != 0)"));
  OPTIINFRA_TRY(const std::uint64_t unnamed, scratch.rows("batch_id = 0"));
  if (overlapped && unnamed > 0)
    return std::to_string(unnamed) +
           " of its rows were inserted without a token, and a part in use has some of its blocks, so whether "
           "they "
           "are missing cannot be known";
  return std::string{};
}

std::string counted(std::uint64_t rows) { return std::to_string(rows) + (rows == 1 ? " row" : " rows"); }

Result<void> reattach(Session& session, ReattachedPart& result) {
  const SetAsidePart& part = result.part;
  const auto range = range_of(session, part);
  if (!range) {
    result.outcome = range.error().message;
    return {};
  }
  OPTIINFRA_TRY(const bool overlapped, is_overlapped(session, part.table, *range));
  const sys_seconds since = set_aside_at(part.path);
  Scratch scratch(session, part.table);
  OPTIINFRA_CHECK(scratch.open());
  OPTIINFRA_TRY(const std::string damage, scratch.take(part.path, range->name()));
  if (!damage.empty()) {
    result.outcome = "it is damaged: " + damage;
    return scratch.drop();
  }
  OPTIINFRA_TRY(const std::uint64_t all, scratch.rows());
  OPTIINFRA_TRY(const std::string refusal,
                keep_missing_rows(session, scratch, part.table, overlapped, since));
  if (!refusal.empty()) {
    result.outcome = refusal;
    OPTIINFRA_CHECK(scratch.put_back(part.path));
    return scratch.drop();
  }
  OPTIINFRA_TRY(result.rows_returned, scratch.rows());
  OPTIINFRA_CHECK(scratch.move_to_table());
  result.is_settled = true;
  result.outcome = "its files are whole, and " + counted(result.rows_returned) + " are back" +
                   (all == result.rows_returned
                        ? ""
                        : "; " + counted(all - result.rows_returned) +
                              (rollup_table(part.table) != nullptr ? " can be rebuilt from raw rows"
                                                                   : " are in the table without it"));
  return scratch.drop();
}

/// A call that was killed has left rows in a scratch table: they go the same way.
Result<void> finish_interrupted(Session& session) {
  OPTIINFRA_TRY(
      const auto tables,
      query_texts(session, {.sql = "SELECT name FROM system.tables WHERE database = {database:String} "
                                   "AND startsWith(name, {prefix:String})",
                            .parameters = {{"database", std::string(session.database())},
                                           {"prefix", kScratchPrefix}}}));
  for (const auto& row : tables) {
    const std::string table = row[0].substr(std::string_view(kScratchPrefix).size());
    if (raw_table(table) == nullptr && rollup_table(table) == nullptr) continue;
    Scratch scratch(session, table);
    OPTIINFRA_CHECK(scratch.open());
    OPTIINFRA_CHECK(scratch.resume());
    OPTIINFRA_TRY(const std::string refusal, keep_missing_rows(session, scratch, table, false, now()));
    OPTIINFRA_CHECK(refusal.empty() ? scratch.move_to_table() : scratch.send_home());
    OPTIINFRA_CHECK(scratch.drop());
  }
  return {};
}

/// Moves the part's folder out of the engine's sight.
Result<void> put_away(const SetAsidePart& part) {
  const std::size_t engine = part.path.rfind("/engine/store/");
  if (engine == std::string::npos)
    return Error{ErrorKind::kStorage, part.path + " does not lie in the folder of a store"};
  const fs::path folder = fs::path(part.path.substr(0, engine)) / "set-aside";
  std::error_code code;
  fs::create_directories(folder, code);
  fs::path target = folder / (part.table + "." + part.name);
  for (int number = 2; fs::exists(target, code); ++number)
    target = folder / (part.table + "." + part.name + "." + std::to_string(number));
  return move_folder(part.path, target);
}

}  // namespace

Result<std::vector<ReattachedPart>> reattach_parts(Session& session, UnreadablePart unreadable) {
  OPTIINFRA_CHECK(finish_interrupted(session));
  OPTIINFRA_TRY(const auto parts, read_set_aside_parts(session));
  std::vector<ReattachedPart> results;
  for (const SetAsidePart& part : parts) {
    ReattachedPart& result = results.emplace_back(ReattachedPart{part, false, 0, {}});
    if (part.reason == "detached") {
      result.outcome = "somebody detached it; ALTER TABLE ... ATTACH PART puts it back";
    } else if (auto tried = reattach(session, result); !tried) {
      return with_context(std::move(tried).error(), "put back " + part.name + " of " + part.table);
    }
    if (result.is_settled || unreadable == UnreadablePart::kLeave) continue;
    OPTIINFRA_CHECK(put_away(part));
    result.is_settled = true;
    result.outcome += "; its folder was moved to set-aside in the store's folder";
  }
  return results;
}

}  // namespace optiinfra::store
