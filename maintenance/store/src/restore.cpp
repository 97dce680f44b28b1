#include "optiinfra/store/restore.hpp"

#include <algorithm>
#include <map>

#include "migration_steps.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/transport/folder_fault.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra::store {
namespace {

/// An object of the schema, and the statement that makes it.
struct Wanted {
  std::string name;
  std::string create;
  bool is_view = false, is_materialized = false;
  std::vector<std::string> columns = {};  ///< By which a table of metrics is known among others.

  /// What a view computes, as we write it.
  std::string query() const { return create.substr(create.find(" AS\n") + 4); }
};

struct Present {
  std::string engine;
  std::string query;   ///< What a view computes, in the engine's own layout; empty for a table.
  std::string target;  ///< The table that a materialized view writes to.
};

std::vector<Wanted> wanted_objects(std::string_view database) {
  std::vector<Wanted> wanted;
  for (const auto& [name, create] : own_tables(database)) wanted.push_back({name, create});
  for (const Family family : kFamilies) {
    const TableDefinition& table = table_of(family);
    const auto statements = create_statements(table, database);
    Wanted raw{table.raw_table, statements[0]}, rollup{table.rollup_table, statements[1]};
    for (const ColumnDefinition& column : table.columns()) raw.columns.emplace_back(column.name);
    for (const MeasureDefinition& measure : table.measures) rollup.columns.emplace_back(measure.name);
    wanted.push_back(std::move(raw));
    wanted.push_back(std::move(rollup));
    wanted.push_back({table.view, statements[2], true, true});
    wanted.push_back({table.finishing_view, statements[3], true, false});
  }
  return wanted;
}

Result<std::map<std::string, Present>> present_objects(Session& session) {
  OPTIINFRA_TRY(
      const auto rows,
      query_texts(session,
                  {.sql = "SELECT name, engine, if(as_select = '', '', "
                          "ifNull(formatQuerySingleLineOrNull(as_select), '')), extract(create_table_query, "
                          "'^CREATE MATERIALIZED VIEW [^ ]+ TO ([^ ]+)') FROM system.tables WHERE database = "
                          "{database:String}",
                   .parameters = {{"database", std::string(session.database())}}}));
  std::map<std::string, Present> present;
  for (const auto& row : rows) present[row[0]] = {row[1], row[2], row[3]};
  return present;
}

/// `queries` in the engine's own layout.
Result<std::vector<std::string>> formatted(Session& session, const std::vector<std::string>& queries) {
  std::string list;
  std::vector<NamedValue> parameters;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    const std::string name = "q" + std::to_string(i);
    list += (list.empty() ? "formatQuerySingleLine({" : ", formatQuerySingleLine({") + name + ":String})";
    parameters.emplace_back(name, queries[i]);
  }
  OPTIINFRA_TRY(const auto rows, query_texts(session, {.sql = "SELECT arrayJoin([" + list + "]) AS query",
                                                       .parameters = std::move(parameters)}));
  std::vector<std::string> texts;
  for (const auto& row : rows) texts.push_back(row[0]);
  if (texts.size() != queries.size())
    return Error{ErrorKind::kCorrupt, "the engine did not lay out the views' queries"};
  return texts;
}

enum class Fault { kMissing, kAltered, kOtherKind };

struct Found {
  Wanted object;
  Fault fault;
  std::string engine;  ///< Of the object that has its name.
};

bool is_of_kind(const Wanted& object, const std::string& engine) {
  if (object.is_materialized) return engine == "MaterializedView";
  if (object.is_view) return engine == "View";
  return engine.ends_with("MergeTree");
}

Result<std::vector<Found>> find_faults(Session& session) {
  const auto wanted = wanted_objects(session.database());
  OPTIINFRA_TRY(const auto present, present_objects(session));
  std::vector<std::string> queries;
  for (const Wanted& each : wanted) {
    if (each.is_view) queries.push_back(each.query());
  }
  OPTIINFRA_TRY(const auto texts, formatted(session, queries));
  std::vector<Found> faults;
  std::size_t view = 0;
  for (const Wanted& each : wanted) {
    const std::string text = each.is_view ? texts[view++] : std::string{};
    const auto found = present.find(each.name);
    if (found == present.end()) {
      faults.push_back({each, Fault::kMissing, {}});
    } else if (!is_of_kind(each, found->second.engine)) {
      faults.push_back({each, Fault::kOtherKind, found->second.engine});
    } else if (found->second.query != text ||
               (each.is_materialized &&
                each.create.find(" TO " + found->second.target + " ") == std::string::npos)) {
      faults.push_back({each, Fault::kAltered, {}});
    }
  }
  return faults;
}

std::string describe(const Found& found) {
  switch (found.fault) {
    case Fault::kMissing:
      return found.object.name + " is missing";
    case Fault::kAltered:
      return found.object.name + " was altered: it does not compute what it should";
    case Fault::kOtherKind:
      break;
  }
  return found.object.name + " is a " + found.engine + ", which is not what the store has under this name";
}

/// A dropped table waits some minutes for its removal.
Result<bool> take_back(Session& session, const std::string& name) {
  OPTIINFRA_TRY(const std::uint64_t dropped,
                query_number(session, {.sql = "SELECT toUInt64(count()) FROM system.dropped_tables WHERE "
                                              "database = {database:String} AND table = {table:String}",
                                       .parameters = {{"database", std::string(session.database())},
                                                      {"table", name}}}));
  if (dropped == 0) return false;
  return session.execute({.sql = "UNDROP TABLE " + qualified(session.database(), name)}).has_value();
}

/// The folder that has the rows of `object`, whose definition was lost; empty where none, or more than one,
/// does.
std::string folder_of(const Wanted& object) {
  std::vector<std::string> found;
  if (object.columns.empty()) return "";
  for (const UnnamedTable& table : unnamed_tables()) {
    const bool matches =
        std::all_of(object.columns.begin(), object.columns.end(), [&](const std::string& name) {
          return std::find(table.columns.begin(), table.columns.end(), name) != table.columns.end();
        });
    if (matches) found.push_back(table.uuid);
  }
  return found.size() == 1 ? found[0] : "";
}

/// The table over the rows that lie in its folder. The generations of its rows are above the new
/// definition's, which the next repair takes into account.
Result<void> attach(Session& session, const Wanted& object, const std::string& uuid) {
  const std::string body = object.create.substr(object.create.find("\n("));
  return session.execute(
      {.sql = "ATTACH TABLE " + qualified(session.database(), object.name) + " UUID '" + uuid + "'" + body});
}

Result<std::string> make(Session& session, const Wanted& object) {
  if (!object.is_view) {
    OPTIINFRA_TRY(const bool came_back, take_back(session, object.name));
    if (came_back) return object.name + " was dropped and is back with its rows";
    if (const std::string uuid = folder_of(object); !uuid.empty()) {
      OPTIINFRA_CHECK(attach(session, object, uuid));
      return object.name + " had lost its definition and is back with its rows";
    }
  }
  OPTIINFRA_CHECK(session.execute({.sql = object.create}));
  return object.name + (object.is_view ? " was missing and was made again"
                                       : " was missing and was made again, without rows");
}

/// A query is changed in place, so that no insert meets the view while it is away; another target cannot be.
Result<std::string> give_back_query(Session& session, const Wanted& object) {
  const std::string name = qualified(session.database(), object.name);
  if (object.is_materialized) {
    OPTIINFRA_TRY(const auto present, present_objects(session));
    const auto found = present.find(object.name);
    const bool same_target = found != present.end() &&
                             object.create.find(" TO " + found->second.target + " ") != std::string::npos;
    if (same_target) {
      OPTIINFRA_CHECK(session.execute({.sql = "ALTER TABLE " + name + " MODIFY QUERY " + object.query()}));
      return object.name + " was altered and is restored";
    }
  }
  OPTIINFRA_CHECK(session.execute({.sql = "DROP VIEW IF EXISTS " + name + " SYNC"}));
  OPTIINFRA_CHECK(session.execute({.sql = object.create}));
  return object.name + " was altered and is restored";
}

}  // namespace

Result<std::vector<ObjectFault>> find_object_faults(Session& session) {
  OPTIINFRA_TRY(const auto found, find_faults(session));
  std::vector<ObjectFault> faults;
  for (const Found& each : found)
    faults.push_back(
        {describe(each) +
             (each.fault == Fault::kOtherKind ? "; remove or rename it, then run: " : "; run: ") +
             "optiinfra init",
         each.object.is_view});
  return faults;
}

Result<std::vector<std::string>> restore_objects(Session& session) {
  OPTIINFRA_TRY(const auto faults, find_faults(session));
  for (const Found& each : faults) {
    if (each.fault == Fault::kOtherKind)
      return Error{ErrorKind::kCorrupt, describe(each) + "; remove or rename it, then run: optiinfra init"};
  }
  std::vector<std::string> restored;
  for (const Found& each : faults) {
    auto sentence =
        each.fault == Fault::kMissing ? make(session, each.object) : give_back_query(session, each.object);
    if (!sentence) return with_context(std::move(sentence).error(), "restore " + each.object.name);
    restored.push_back(*std::move(sentence));
  }
  return restored;
}

}  // namespace optiinfra::store
