// The objects of a database brought to today's definitions, by comparison.
#include <algorithm>
#include <map>

#include "migration_steps.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/disk_room.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra::store {
namespace {

/// A constraint that all columns shared until schema version 4.
constexpr const char* kFormerConstraint = "finite";

struct PresentColumn {
  std::string type;
  std::string default_value;
};

/// A table as the database has it; without an engine when it has none.
struct PresentTable {
  std::string engine;
  std::string create;
  std::map<std::string, PresentColumn> columns;

  bool exists() const { return !engine.empty(); }
  bool keeps_rows() const { return engine.ends_with("MergeTree"); }
  bool has_constraint(const std::string& name) const {
    return create.find("CONSTRAINT " + name + " CHECK") != std::string::npos;
  }
};

Result<PresentTable> read_table(Session& session, const char* name) {
  const std::vector<NamedValue> parameters{{"database", std::string(session.database())}, {"table", name}};
  OPTIINFRA_TRY(const auto tables,
                query_texts(session, {.sql = "SELECT engine, create_table_query FROM system.tables WHERE "
                                             "database = {database:String} AND name = {table:String}",
                                      .parameters = parameters}));
  if (tables.empty()) return PresentTable{};
  PresentTable table{tables[0][0], tables[0][1], {}};
  OPTIINFRA_TRY(
      const auto columns,
      query_texts(session, {.sql = "SELECT name, type, default_expression FROM system.columns WHERE "
                                   "database = {database:String} AND table = {table:String}",
                            .parameters = parameters}));
  for (const auto& row : columns) table.columns[row[0]] = {row[1], row[2]};
  return table;
}

/// "ADD COLUMN ..." and "MODIFY COLUMN ..." for the columns that lack or are other than they should be.
std::vector<std::string> column_changes(const PresentTable& present,
                                        const std::vector<StoredColumn>& wanted) {
  std::vector<std::string> changes;
  const auto ddl = [&](const StoredColumn& column) {
    return present.keeps_rows() ? column.ddl() : column.ddl_without_codec();
  };
  std::string before;
  for (const StoredColumn& column : wanted) {
    const auto found = present.columns.find(column.name);
    if (found == present.columns.end()) {
      changes.push_back("ADD COLUMN IF NOT EXISTS " + ddl(column) +
                        (before.empty() ? " FIRST" : " AFTER " + before));
    } else if (found->second.type != column.type ||
               (!column.default_value.empty() && found->second.default_value.empty())) {
      changes.push_back("MODIFY COLUMN " + ddl(column));
    }
    before = column.name;
  }
  return changes;
}

std::vector<std::string> constraint_changes(const PresentTable& present, const TableDefinition& table) {
  std::vector<std::string> changes;
  if (!present.keeps_rows()) return changes;
  if (present.has_constraint(kFormerConstraint))
    changes.push_back(std::string("DROP CONSTRAINT IF EXISTS ") + kFormerConstraint);
  for (const auto& [name, condition] : table.constraints()) {
    if (!present.has_constraint(name))
      changes.push_back("ADD CONSTRAINT IF NOT EXISTS " + name + " CHECK " + condition);
  }
  return changes;
}

Result<bool> computes(Session& session, const char* view, const std::string& query) {
  OPTIINFRA_TRY(
      const std::uint64_t same,
      query_number(
          session,
          {.sql = "SELECT toUInt64(count()) FROM system.tables WHERE database = "
                  "{database:String} AND name = {view:String} AND "
                  "formatQuerySingleLineOrNull(as_select) = "
                  "formatQuerySingleLine({query:String})",
           .parameters = {{"database", std::string(session.database())}, {"view", view}, {"query", query}}}));
  return same != 0;
}

class Alignment {
 public:
  Alignment(Session& session, const TableDefinition& table, const CreateFamily& create_family)
      : session_(session), table_(table), create_(create_family(table)) {}

  Result<void> add_rollup() {
    OPTIINFRA_TRY(const PresentTable present, read_table(session_, table_.rollup_table));
    if (!present.exists()) return create(1);
    std::vector<std::string> changes = column_changes(present, table_.rollup_columns());
    // Only a column that the same statement adds may join the key.
    const bool has_later_key = std::all_of(table_.later_key.begin(), table_.later_key.end(),
                                           [&](const char* name) { return present.columns.contains(name); });
    if (present.keeps_rows() && !has_later_key)
      changes.push_back("MODIFY ORDER BY (" + rollup_order(table_) + ")");
    return add_alter(table_.rollup_table, present, changes);
  }

  Result<void> add_raw() {
    OPTIINFRA_TRY(const PresentTable present, read_table(session_, table_.raw_table));
    if (!present.exists()) return create(0);
    std::vector<std::string> changes = constraint_changes(present, table_);
    for (std::string& change : column_changes(present, table_.raw_columns()))
      changes.push_back(std::move(change));
    return add_alter(table_.raw_table, present, changes);
  }

  /// On a cluster a table over the shards' views has the view's name.
  Result<void> add_view() {
    OPTIINFRA_TRY(const PresentTable present, read_table(session_, table_.view));
    if (!present.exists()) return create(2);
    if (present.engine != "MaterializedView")
      return add_alter(table_.view, present, column_changes(present, table_.rollup_columns()));
    const std::string query = rollup_query(table_, session_.database());
    OPTIINFRA_TRY(const bool is_same, computes(session_, table_.view, query));
    if (!is_same) statements_.push_back("ALTER TABLE " + name_of(table_.view) + " MODIFY QUERY " + query);
    return {};
  }

  Result<void> add_finishing_view() {
    OPTIINFRA_TRY(const PresentTable present, read_table(session_, table_.finishing_view));
    if (!present.exists()) return create(3);
    const std::string query = finishing_query(table_, session_.database());
    OPTIINFRA_TRY(const bool is_same, computes(session_, table_.finishing_view, query));
    if (!is_same)
      statements_.push_back("CREATE OR REPLACE VIEW " + name_of(table_.finishing_view) + " AS\n" + query);
    return {};
  }

  std::vector<std::string> take() { return std::move(statements_); }

 private:
  Result<void> create(std::size_t object) {
    statements_.push_back(create_.at(object));
    return {};
  }

  std::string name_of(const char* table) const { return qualified(session_.database(), table); }

  Result<void> add_alter(const char* table, const PresentTable& present,
                         const std::vector<std::string>& changes) {
    if (changes.empty()) return {};
    const bool rewrites = std::any_of(changes.begin(), changes.end(), [](const std::string& change) {
      return change.starts_with("MODIFY COLUMN");
    });
    if (present.keeps_rows() && rewrites) OPTIINFRA_CHECK(expect_room_to_mutate(session_, table));
    statements_.push_back("ALTER TABLE " + name_of(table) + " " + joined(changes, ", "));
    return {};
  }

  Session& session_;
  const TableDefinition& table_;
  std::vector<std::string> create_;  ///< As CreateFamily lists them.
  std::vector<std::string> statements_;
};

}  // namespace

Result<std::vector<std::string>> alignment_statements(Session& session, const CreateFamily& create_family) {
  std::vector<std::string> statements;
  for (const Family family : kFamilies) {
    // The view is last: until then it computes what it did of columns that are all still there.
    Alignment alignment(session, table_of(family), create_family);
    OPTIINFRA_CHECK(alignment.add_rollup());
    OPTIINFRA_CHECK(alignment.add_raw());
    OPTIINFRA_CHECK(alignment.add_view());
    OPTIINFRA_CHECK(alignment.add_finishing_view());
    for (std::string& sql : alignment.take()) statements.push_back(std::move(sql));
  }
  return statements;
}

}  // namespace optiinfra::store
