#include "optiinfra/store/foreign.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "migration_steps.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "optiinfra/transport/sql.hpp"

namespace optiinfra::store {
namespace {

using Words = std::set<std::string, std::less<>>;

bool is_word(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') || character == '_';
}

/// Names, functions and keywords; no numbers, which a retention changes.
std::vector<std::string_view> words_of(std::string_view sql) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < sql.size();) {
    std::size_t end = at;
    while (end < sql.size() && is_word(sql[end])) ++end;
    if (end > at && (sql[at] < '0' || sql[at] > '9')) words.push_back(sql.substr(at, end - at));
    at = std::max(end, at + 1);
  }
  return words;
}

/// What the engine writes into a definition that we left to its defaults, among it the types of views'
/// columns.
constexpr const char* kWordsOfTheEngine =
    "CREATE TABLE VIEW MATERIALIZED IF NOT EXISTS DEFINER SQL SECURITY INVOKER NONE INTERVAL SETTINGS "
    "index_granularity AggregateFunction SimpleAggregateFunction Array Nullable LowCardinality String UUID "
    "DateTime Float32 Float64 UInt8 UInt16 UInt32 UInt64 Int64 Bool default toFloat32 _CAST CAST";

void add_words(Words& words, std::string_view sql) {
  for (const std::string_view word : words_of(sql)) words.emplace(word);
}

/// The words that any of the store's definitions may hold.
Words known_words(std::string_view database) {
  Words words;
  add_words(words, kWordsOfTheEngine);
  add_words(words, database);
  for (const auto& [name, create] : own_tables(database)) add_words(words, create);
  for (const MigrationStep& step : store_steps(database, {})) {
    for (const std::string& sql : step.statements) add_words(words, sql);
  }
  return words;
}

std::string list_of(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + sql_literal(name);
  return list;
}

std::vector<std::string> names_of_objects(std::string_view database) {
  std::vector<std::string> names;
  for (const auto& [name, create] : own_tables(database)) names.push_back(name);
  for (const Family family : kFamilies) {
    const TableDefinition& table = table_of(family);
    names.insert(names.end(), {table.raw_table, table.rollup_table, table.view, table.finishing_view});
  }
  return names;
}

/// As one word of a shell's command line.
std::string shell_quoted(const std::string& text) {
  std::string word = "'";
  for (const char character : text) {
    if (character == '\'') {
      word += "'\\''";
    } else {
      word += character;
    }
  }
  return word + "'";
}

std::string remedy(const std::string& statement) {
  return "; if nobody needs it, remove it with: optiinfra sql --write " + shell_quoted(statement);
}

/// Views that the engine runs at each insert into one of ours.
Result<void> find_views(Session& session, const std::vector<std::string>& own,
                        std::vector<std::string>& found) {
  const std::string database(session.database());
  OPTIINFRA_TRY(
      const auto rows,
      query_texts(session, {.sql = "SELECT DISTINCT name, dependent.1, dependent.2 FROM system.tables "
                                   "ARRAY JOIN arrayZip(dependencies_database, dependencies_table) "
                                   "AS dependent WHERE database = {database:String} AND name IN (" +
                                   list_of(own) + ") ORDER BY ALL",
                            .parameters = {{"database", database}}}));
  for (const auto& row : rows) {
    const bool is_own =
        row[1] == database && std::any_of(std::begin(kFamilies), std::end(kFamilies), [&](Family family) {
          const TableDefinition& table = table_of(family);
          return row[0] == table.raw_table && row[2] == table.view;
        });
    if (is_own) continue;
    const std::string view = qualified(sql_identifier(row[1]), sql_identifier(row[2]));
    found.push_back("the view " + view + " runs at every insert into " + database + "." + row[0] +
                    " and is not of optiinfra" + remedy("DROP VIEW " + view));
  }
  return {};
}

Result<void> find_columns(Session& session, const std::vector<std::string>& own, const Words& known,
                          std::vector<std::string>& found) {
  const std::string database(session.database());
  OPTIINFRA_TRY(const auto rows,
                query_texts(session, {.sql = "SELECT table, name FROM system.columns WHERE database = "
                                             "{database:String} AND table IN (" +
                                             list_of(own) + ") ORDER BY table, position",
                                      .parameters = {{"database", database}}}));
  for (const auto& row : rows) {
    if (known.contains(row[1])) continue;
    const std::string table = qualified(database, row[0]);
    found.push_back("the column " + row[1] + " of " + table + " is not of optiinfra" +
                    remedy("ALTER TABLE " + table + " DROP COLUMN " + sql_identifier(row[1])));
  }
  return {};
}

Result<void> find_definitions(Session& session, const std::vector<std::string>& own, const Words& known,
                              std::vector<std::string>& found) {
  const std::string database(session.database());
  OPTIINFRA_TRY(const auto rows,
                query_texts(session, {.sql = "SELECT name, create_table_query FROM system.tables WHERE "
                                             "database = {database:String} AND name IN (" +
                                             list_of(own) + ") ORDER BY name",
                                      .parameters = {{"database", database}}}));
  for (const auto& row : rows) {
    const auto words = words_of(row[1]);
    const auto word = std::find_if(words.begin(), words.end(),
                                   [&](std::string_view each) { return !known.contains(each); });
    if (word == words.end()) continue;
    const std::string object = qualified(database, row[0]);
    found.push_back("the definition of " + object + " says '" + std::string(*word) +
                    "', which optiinfra never wrote; look at it with: optiinfra sql " +
                    shell_quoted("SHOW CREATE TABLE " + object) +
                    " and remove by ALTER what was added, or DROP the view and run: optiinfra init");
  }
  return {};
}

}  // namespace

Result<std::vector<std::string>> find_foreign_objects(Session& session) {
  const std::vector<std::string> own = names_of_objects(session.database());
  const Words known = known_words(session.database());
  std::vector<std::string> found;
  OPTIINFRA_CHECK(find_views(session, own, found));
  OPTIINFRA_CHECK(find_columns(session, own, known, found));
  // A foreign column stands in the definition too, and has been named.
  if (found.empty()) OPTIINFRA_CHECK(find_definitions(session, own, known, found));
  return found;
}

Result<void> expect_no_foreign_objects(Session& session) {
  OPTIINFRA_TRY(const std::vector<std::string> found, find_foreign_objects(session));
  if (found.empty()) return {};
  const std::string more =
      found.size() == 1 ? "" : " (" + std::to_string(found.size()) + " objects are foreign in all)";
  return Error{ErrorKind::kIncompatible, found.front() + more};
}

}  // namespace optiinfra::store
