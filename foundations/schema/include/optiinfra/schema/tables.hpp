/// @file optiinfra/schema/tables.hpp
/// The tables of each family as data: the raw table, the hourly rollup, and the SQL that creates them.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/schema/measure.hpp"
#include "optiinfra/schema/metrics.hpp"
#include "optiinfra/schema/select.hpp"

namespace optiinfra {

/// The value of a column in a row that leaves it out, as SQL over the row's other columns.
struct DefaultValue {
  const char* column;
  const char* expression;
};

/// The definition of a family, apart from its columns.
struct FamilyDefinition {
  std::vector<const char*> raw_key;  ///< Sorting key of raw rows.
  /// Sorting key of the rollup, including `hour`. Together with later_key it has every grouped column.
  std::vector<const char*> rollup_key;
  std::vector<const char*> later_key = {};  ///< Grouped columns that joined the key of existing stores.
  const char* placement_column;             ///< See placement.hpp.
  /// The listed measures, followed by one kCountPresent for each source that may be absent.
  std::vector<MeasureDefinition> measures;
  std::vector<RateDefinition> rates = {};
  std::vector<DefaultValue> defaults = {};
  /// Columns that held 0 for unknown values before schema version 5. The zeros of those rows count as
  /// measured.
  std::vector<const char*> once_never_absent = {};
  std::chrono::days raw_retention;
  int rollup_granularity;  ///< Rows per index mark of the rollup.
};

/// A column as it is stored.
struct StoredColumn {
  std::string name;
  std::string type;
  std::string default_value;  ///< SQL; empty for the engine's own.
  std::string codec;

  std::string ddl() const;                ///< "name Float64 DEFAULT nan CODEC(ZSTD(1))".
  std::string ddl_without_codec() const;  ///< For a table over other tables, which stores nothing.
};

/// Makes the engine check a column's rule for every writer. The engine names it when it refuses a row.
struct Constraint {
  std::string name;
  std::string condition;
};

struct TableDefinition : FamilyDefinition {
  Family family;
  const char* name;            ///< "performance"
  const char* raw_table;       ///< "performance_metrics_ts"
  const char* rollup_table;    ///< "performance_metrics_hourly"
  const char* view;            ///< "performance_metrics_hourly_mv"
  const char* finishing_view;  ///< "performance_hourly"

  std::vector<ColumnDefinition> columns() const;

  /// What readers get from the rollup.
  std::vector<FinishedColumn> finished() const { return finished_columns(measures); }

  /// The measure that counts raw rows; every family has one.
  const MeasureDefinition& row_count() const;

  std::vector<const char*> grouped() const;  ///< The rollup's keys without `hour`.

  std::vector<Constraint> constraints() const;

  /// The raw table's columns without its hidden ones, and the rollup's with them.
  std::vector<StoredColumn> raw_columns() const;
  std::vector<StoredColumn> rollup_columns() const;
};

/// Rollups outlive raw rows by far.
inline constexpr std::chrono::days kRollupRetention{730};

/// The definition of `family`. Valid for the whole process.
const TableDefinition& table_of(Family family);

/// The family of that name ("cost"). Errors: kInvalidArgument, which lists the names and the nearest.
Result<Family> parse_family(std::string_view name);

/// "`database`.`table`".
std::string qualified(std::string_view database, std::string_view table);

/// How tables are created on a server. The default is one machine, without replication.
struct TableForm {
  /// ReplicatedMergeTree and its kin, so that the replicas of a shard hold the same. Needs the macros
  /// {shard} and {replica} and a Keeper in the server's configuration.
  bool is_replicated = false;
  /// The cluster whose hosts all run a statement, through its Keeper. Empty: only the connected host runs it.
  std::string on_cluster = {};
};

/// "`database`.`table`", and the cluster on which a statement about it runs: "db.t ON CLUSTER `c`".
std::string addressed(std::string_view database, std::string_view table, const TableForm& form);

/// "ENGINE = MergeTree" or the replicated engine; `arguments` are those of the engine.
std::string engine_clause(std::string_view engine, const TableForm& form, std::string_view arguments = {});

/// The statements that create everything of `table` in `database`, in order; each may run twice.
std::vector<std::string> create_statements(const TableDefinition& table, std::string_view database,
                                           const TableForm& form = {});

/// A cluster's database with the contract's names, and the database behind it on every shard.
struct DistributedForm {
  std::string cluster;          ///< As the servers' configuration names it.
  std::string shard_database;   ///< Holds each shard's own tables; on the hosts of the cluster only.
  std::string on_cluster = {};  ///< As TableForm::on_cluster.
};

/// The statements that create in `database` the same names as create_statements() does, as tables over all
/// shards; each may run twice. The materialized view's name reads every shard's view.
std::vector<std::string> create_distributed_statements(const TableDefinition& table,
                                                       std::string_view database,
                                                       const DistributedForm& form);

/// A table over the tables of the same name in every shard's database, with the given columns. Rows that are
/// inserted into it go to the shard that `sharding_key` gives.
std::string create_distributed(std::string_view database, std::string_view table, std::string_view columns,
                               std::string_view sharding_key, const DistributedForm& form);

/// What the finishing view computes.
std::string finishing_query(const TableDefinition& table, std::string_view database);

/// The columns that the rollup is sorted by. Columns that joined the key of existing tables come last,
/// because the engine can only append to a key.
std::string rollup_order(const TableDefinition& table);

/// The statements that give the tables of schema version 1 their batches and generations (below), in order;
/// each may run twice, as long as no repair has run between.
std::vector<std::string> add_batches_statements(const TableDefinition& table, std::string_view database);

/// The statements that make the raw table and the rollup of an older schema sync their parts before an
/// insert returns; each may run twice.
std::vector<std::string> sync_inserts_statements(const TableDefinition& table, std::string_view database,
                                                 const TableForm& form);

/// The query of the view over inserted rows, and of a repair over the rows of the raw table that meet
/// `condition`. It gives keys, states, arrival_hour and generation under the names of the rollup's columns.
/// The condition must name the raw table's columns r.NAME, because states have the names of some of them.
std::string rollup_query(const TableDefinition& table, std::string_view database,
                         std::string_view condition = {});

/// The raw table's hidden column `generation`, as DDL. Every insert gives its rows, raw and rollup alike, the
/// number that the definition has when the insert begins. A repair raises the number, waits for inserts that
/// began before, and then knows that nothing is added any more, in either table, to the earlier generations.
std::string generation_column(std::uint32_t generation);

/// Rows stay this long after the hour of their arrival even when they arrive past their retention, so that an
/// import of history does not disappear before anyone has looked at it.
inline constexpr std::chrono::days kArrivalGrace{1};

/// The TTL of a raw table ("timestamp") or of a rollup ("hour"): a row expires `keep` after its time,
/// and kArrivalGrace after its arrival at the earliest.
std::string ttl_expression(std::string_view time_column, std::chrono::days keep);

}  // namespace optiinfra
