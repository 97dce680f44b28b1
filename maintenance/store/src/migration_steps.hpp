/// The numbered steps from an empty database to this program's schema, and the code that takes them.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/migrate.hpp"

namespace optiinfra::store {

/// The statements that create a family's raw table, rollup, view of inserted rows and finishing view, in this
/// order, in the form that the database has; each may run twice.
using CreateFamily = std::function<std::vector<std::string>(const TableDefinition& table)>;

/// Statements may run twice: a kill between a step and its record repeats it.
struct MigrationStep {
  std::uint32_t number;
  const char* name;
  std::vector<std::string> statements;
  /// Counts the remaining work, for a step whose statements are expensive even when nothing is left to do.
  const char* remaining;
  /// Set when the statements are those of alignment_statements(), which each host is asked for itself.
  CreateFamily create_family = {};
};

/// The statements that bring the columns, constraints and views of the session's database to today's
/// definitions, in order; empty when there is nothing to do. An additive change needs nothing else: a family,
/// a column, a measure or a rule that is new in the definitions is added, a column that may be absent now
/// becomes Nullable and keeps the values it has. Works on a store's own tables and on tables over shards.
/// Each statement may run twice.
Result<std::vector<std::string>> alignment_statements(Session& session, const CreateFamily& create_family);

/// The program's own tables on one machine: name, and the statement that makes it.
std::vector<std::pair<std::string, std::string>> own_tables(std::string_view database);

/// Of a store on one machine, or of a shard.
std::vector<MigrationStep> store_steps(std::string_view database, const TableForm& form);

/// Of the tables over all shards. The same numbers as store_steps().
std::vector<MigrationStep> distributed_steps(std::string_view database, const DistributedForm& form);

/// Takes the steps that the session's database has no record of, and records each on this host. A step in
/// `taken` has run on all hosts of the cluster: it is recorded alone, and others are added. nullptr: every
/// step runs here.
Result<MigrationReport> take_steps(Session& session, const std::vector<MigrationStep>& steps,
                                   std::set<std::uint32_t>* taken = nullptr);

}  // namespace optiinfra::store
