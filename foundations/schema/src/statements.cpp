#include "optiinfra/schema/placement.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra {
namespace {

std::vector<std::string> texts(const std::vector<const char*>& names) { return {names.begin(), names.end()}; }

}  // namespace

std::string qualified(std::string_view database, std::string_view table) {
  return std::string(database) + "." + std::string(table);
}

std::string ttl_expression(std::string_view time_column, std::chrono::days keep) {
  return "greatest(" + std::string(time_column) + " + toIntervalDay(" + std::to_string(keep.count()) +
         "), arrival_hour + toIntervalDay(" + std::to_string(kArrivalGrace.count()) + "))";
}

std::string addressed(std::string_view database, std::string_view table, const TableForm& form) {
  return qualified(database, table) +
         (form.on_cluster.empty() ? "" : " ON CLUSTER `" + form.on_cluster + "`");
}

std::string engine_clause(std::string_view engine, const TableForm& form, std::string_view arguments) {
  const std::string own(arguments);
  if (!form.is_replicated) return "ENGINE = " + std::string(engine) + (own.empty() ? "" : "(" + own + ")");
  return "ENGINE = Replicated" + std::string(engine) +
         "('/clickhouse/tables/{shard}/{database}/{table}', '{replica}'" + (own.empty() ? "" : ", " + own) +
         ")";
}

std::string rollup_query(const TableDefinition& table, std::string_view database,
                         std::string_view condition) {
  // Measures have the names of some raw columns, which r. tells from them.
  Select select{.columns = {{"toStartOfHour(r.timestamp)", "hour"}},
                .from = qualified(database, table.raw_table) + " AS r",
                .group_by = {"hour"}};
  for (const char* key : table.grouped()) {
    select.columns.push_back({key});
    select.group_by.emplace_back(key);
  }
  for (const MeasureDefinition& measure : table.measures)
    select.columns.push_back({measure.raw_expression("r."), measure.name});
  // The rows of one insert are of one generation, so the smallest is that of all.
  select.columns.push_back({"min(r.arrival_hour)", "arrival_hour"});
  select.columns.push_back({"min(r.generation)", "generation"});
  if (!condition.empty()) select.where.emplace_back(condition);
  return select.sql();
}

std::string finishing_query(const TableDefinition& table, std::string_view database) {
  // Inside, measures keep their stored names; outside, the finished numbers take them over.
  Select select{
      .columns = {{"hour"}}, .from = qualified(database, table.rollup_table) + " AS r", .group_by = {"hour"}};
  for (const char* key : table.grouped()) {
    select.columns.push_back({key});
    select.group_by.emplace_back(key);
  }
  for (const FinishedColumn& column : table.finished())
    select.columns.push_back({column.nullable_expression({.prefix = "r."}), column.name});
  return select.sql();
}

std::string rollup_order(const TableDefinition& table) {
  std::vector<std::string> order = texts(table.rollup_key);
  order.emplace_back("generation");
  for (const char* column : table.later_key) order.emplace_back(column);
  return joined(order);
}

std::string generation_column(std::uint32_t generation) {
  return "generation UInt32 MATERIALIZED " + std::to_string(generation) + " CODEC(ZSTD(1))";
}

namespace {

/// How many inserts back a repeated token is still known. The engine counts parts: one insert of ours is
/// one part. Replicated tables forget by age too, by default after an hour.
std::string deduplication_settings(const TableForm& form) {
  return form.is_replicated
             ? "replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800"
             : "non_replicated_deduplication_window = 10000";
}

/// Names the insert that brought a row, by a hash of its token; 0 without one. The engine evaluates it
/// once a block, where the insert's settings are known; a row from before the column reads 0.
std::string batch_column() {
  const std::string token = "getSetting('insert_deduplication_token')";
  return "batch_id UInt64 MATERIALIZED if(" + token + " = '', 0, sipHash64(" + token + ")) CODEC(ZSTD(1))";
}

/// Part of the sorting key, so that states of different generations never merge. It has no default of its
/// own, which the engine demands of a column that joins the key of an existing table.
std::string rollup_generation_column() { return "generation UInt32 CODEC(ZSTD(1))"; }

/// An insert returns when the files of its part, and the folder that names them, are on the disk.
constexpr const char* kSyncSettings = "fsync_after_insert = 1, fsync_part_directory = 1";

std::string create_raw(const TableDefinition& table, std::string_view database, const TableForm& form) {
  std::string sql = "CREATE TABLE IF NOT EXISTS " + addressed(database, table.raw_table, form) + "\n(\n";
  for (const StoredColumn& column : table.raw_columns()) sql += "    " + column.ddl() + ",\n";
  // Hidden from SELECT * and filled by the engine: a client that knows the contract never sees them.
  sql +=
      "    arrival_hour DateTime('UTC') MATERIALIZED toStartOfHour(now('UTC')) CODEC(DoubleDelta, "
      "ZSTD(1)),\n";
  sql += "    " + batch_column() + ",\n    " + generation_column(0);
  for (const auto& [name, condition] : table.constraints())
    sql += ",\n    CONSTRAINT " + name + " CHECK " + condition;
  sql += "\n)\n" + engine_clause("MergeTree", form) + "\nPARTITION BY toDate(timestamp)\nORDER BY (" +
         joined(texts(table.raw_key)) + ")\nTTL ";
  sql += ttl_expression("timestamp", table.raw_retention);
  return sql + "\nSETTINGS ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1, " + kSyncSettings +
         ", " + deduplication_settings(form);
}

/// Each after a line break.
std::string lines(const std::vector<StoredColumn>& columns, std::string (StoredColumn::*text)() const) {
  std::string sql;
  for (const StoredColumn& column : columns) sql += (sql.empty() ? "\n    " : ",\n    ") + (column.*text)();
  return sql + "\n";
}

std::string create_rollup(const TableDefinition& table, std::string_view database, const TableForm& form) {
  return "CREATE TABLE IF NOT EXISTS " + addressed(database, table.rollup_table, form) + "\n(" +
         lines(table.rollup_columns(), &StoredColumn::ddl) + ")\n" +
         engine_clause("AggregatingMergeTree", form) + "\n" + "PRIMARY KEY (" +
         joined(texts(table.rollup_key)) + ")\nORDER BY (" + rollup_order(table) + ")\nTTL " +
         ttl_expression("hour", kRollupRetention) +
         "\nSETTINGS index_granularity = " + std::to_string(table.rollup_granularity) + ", " + kSyncSettings +
         ", " + deduplication_settings(form);
}

std::string create_view(const TableDefinition& table, std::string_view database, const TableForm& form) {
  return "CREATE MATERIALIZED VIEW IF NOT EXISTS " + addressed(database, table.view, form) + " TO " +
         qualified(database, table.rollup_table) + " AS\n" + rollup_query(table, database);
}

std::string create_finishing_view(const TableDefinition& table, std::string_view database,
                                  const TableForm& form) {
  return "CREATE VIEW IF NOT EXISTS " + addressed(database, table.finishing_view, form) + " AS\n" +
         finishing_query(table, database);
}

}  // namespace

std::vector<std::string> create_statements(const TableDefinition& table, std::string_view database,
                                           const TableForm& form) {
  return {create_raw(table, database, form), create_rollup(table, database, form),
          create_view(table, database, form), create_finishing_view(table, database, form)};
}

std::string create_distributed(std::string_view database, std::string_view table, std::string_view columns,
                               std::string_view sharding_key, const DistributedForm& form) {
  const TableForm address{.on_cluster = form.on_cluster};
  return "CREATE TABLE IF NOT EXISTS " + addressed(database, table, address) + "\n(" + std::string(columns) +
         ")\nENGINE = Distributed('" + form.cluster + "', '" + form.shard_database + "', '" +
         std::string(table) + "', " + std::string(sharding_key) + ")";
}

std::vector<std::string> create_distributed_statements(const TableDefinition& table,
                                                       std::string_view database,
                                                       const DistributedForm& form) {
  const std::string key = placement_expression(table.family),
                    rollup = lines(table.rollup_columns(), &StoredColumn::ddl_without_codec);
  return {create_distributed(database, table.raw_table,
                             lines(table.raw_columns(), &StoredColumn::ddl_without_codec), key, form),
          create_distributed(database, table.rollup_table, rollup, key, form),
          create_distributed(database, table.view, rollup, key, form),
          create_finishing_view(table, database, {.on_cluster = form.on_cluster})};
}

std::vector<std::string> add_batches_statements(const TableDefinition& table, std::string_view database) {
  const std::string raw = "ALTER TABLE " + qualified(database, table.raw_table);
  return {raw + " ADD COLUMN IF NOT EXISTS " + batch_column() + ", ADD COLUMN IF NOT EXISTS " +
              generation_column(0),
          // Written out: a column that a part lacks reads as its default of today, which repairs change.
          raw + " MATERIALIZE COLUMN generation SETTINGS mutations_sync = 2",
          "ALTER TABLE " + qualified(database, table.rollup_table) + " ADD COLUMN IF NOT EXISTS " +
              rollup_generation_column() + ", MODIFY ORDER BY (" + joined(texts(table.rollup_key)) +
              ", generation)"};
}

std::vector<std::string> sync_inserts_statements(const TableDefinition& table, std::string_view database,
                                                 const TableForm& form) {
  const auto alter = [&](const char* name) {
    return "ALTER TABLE " + addressed(database, name, form) + " MODIFY SETTING " + kSyncSettings;
  };
  return {alter(table.raw_table), alter(table.rollup_table)};
}

}  // namespace optiinfra
