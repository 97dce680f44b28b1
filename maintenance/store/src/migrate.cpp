#include "optiinfra/store/migrate.hpp"

#include <algorithm>

#include "cluster_layouts.hpp"
#include "migration_steps.hpp"
#include "optiinfra/store/attribution_tables.hpp"
#include "optiinfra/store/money_tables.hpp"
#include "optiinfra/store/names_table.hpp"
#include "optiinfra/store/restore.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra::store {
namespace {

/// A step may write a column of every row there is.
constexpr std::chrono::hours kMigrationTimeout{1};

constexpr const char* kCopyLedger = "copy_ledger";

/// Columns of the program's own tables, which are not in the contract.
constexpr const char* kImportLedgerColumns =
    "\n    import_id UUID,\n    family LowCardinality(String),\n    path String,\n    block UInt64,\n"
    "    rows UInt64,\n    refused UInt64,\n    finished UInt8,\n    recorded_at DateTime('UTC'),\n"
    "    delivery LowCardinality(String),\n    map LowCardinality(String),\n    content UUID,\n"
    "    content_bytes UInt64,\n    reading UUID,\n    continues UUID,\n    oldest DateTime('UTC'),\n"
    "    newest DateTime('UTC')\n";

constexpr const char* kCopyLedgerColumns =
    "\n    source_id UUID,\n    family LowCardinality(String),\n    tier LowCardinality(String),\n    day "
    "String,\n"
    "    blocks UInt64,\n    rows UInt64,\n    hash_sum UInt64,\n    block_rows UInt64,\n    finished "
    "UInt8,\n"
    "    recorded_at DateTime64(6, 'UTC')\n";

std::string create_copy_ledger(std::string_view database, const TableForm& form) {
  return "CREATE TABLE IF NOT EXISTS " + addressed(database, kCopyLedger, form) + "\n(" + kCopyLedgerColumns +
         ")\n" + engine_clause("MergeTree", form) + "\nORDER BY (source_id, family, tier, day, rows)";
}

std::string distribute_copy_ledger(std::string_view database, const DistributedForm& form) {
  return create_distributed(database, kCopyLedger, kCopyLedgerColumns, "xxHash64(toString(source_id))", form);
}

std::vector<std::string> create_own_tables(std::string_view database, const TableForm& form) {
  const auto create = [&](const char* name) {
    return "CREATE TABLE IF NOT EXISTS " + addressed(database, name, form) + "\n(";
  };
  return {
      create("retention") +
          "\n    family LowCardinality(String),\n    tier LowCardinality(String),\n    days UInt32,\n"
          "    set_at DateTime64(6, 'UTC')\n)\n" +
          engine_clause("ReplacingMergeTree", form, "set_at") + "\nORDER BY (family, tier)",
      create("import_ledger") + kImportLedgerColumns + ")\n" + engine_clause("MergeTree", form) +
          "\nORDER BY (import_id, block)",
      create_copy_ledger(database, form),
  };
}

std::vector<std::string> create_everything(std::string_view database, const TableForm& form) {
  std::vector<std::string> statements = create_own_tables(database, form);
  for (const Family family : kFamilies) {
    for (std::string& sql : create_statements(table_of(family), database, form))
      statements.push_back(std::move(sql));
  }
  return statements;
}

std::vector<std::string> create_everything_distributed(std::string_view database,
                                                       const DistributedForm& form) {
  std::vector<std::string> statements = {
      "CREATE TABLE IF NOT EXISTS " + addressed(database, kLayoutsTable, {.on_cluster = form.on_cluster}) +
          "\n(\n    layout String,\n    recorded_at DateTime('UTC') DEFAULT now()\n)\nENGINE = MergeTree\n"
          "ORDER BY recorded_at",
      create_distributed(database, "import_ledger", kImportLedgerColumns, "xxHash64(toString(import_id))",
                         form),
      distribute_copy_ledger(database, form)};
  for (const Family family : kFamilies) {
    for (std::string& sql : create_distributed_statements(table_of(family), database, form))
      statements.push_back(std::move(sql));
  }
  return statements;
}

/// The families that stores of schema versions 1 to 6 have. Later ones are created with all that these steps
/// add.
constexpr Family kFirstFamilies[] = {Family::kCost, Family::kPerformance, Family::kResource,
                                     Family::kQuality};

std::vector<std::string> add_batches(std::string_view database, const TableForm&) {
  std::vector<std::string> statements;
  for (const Family family : kFirstFamilies) {
    for (std::string& sql : add_batches_statements(table_of(family), database))
      statements.push_back(std::move(sql));
  }
  return statements;
}

std::vector<std::string> sync_inserts(std::string_view database, const TableForm& form) {
  std::vector<std::string> statements;
  for (const Family family : kFirstFamilies) {
    for (std::string& sql : sync_inserts_statements(table_of(family), database, form))
      statements.push_back(std::move(sql));
  }
  return statements;
}

/// Rows from before have an empty text, a nil UUID or 1970 in each.
std::vector<std::string> add_deliveries(std::string_view database, const TableForm& form) {
  return {"ALTER TABLE " + addressed(database, "import_ledger", form) +
          " ADD COLUMN IF NOT EXISTS delivery LowCardinality(String), "
          "ADD COLUMN IF NOT EXISTS map LowCardinality(String), "
          "ADD COLUMN IF NOT EXISTS content UUID, ADD COLUMN IF NOT EXISTS content_bytes UInt64, "
          "ADD COLUMN IF NOT EXISTS reading UUID, ADD COLUMN IF NOT EXISTS continues UUID, "
          "ADD COLUMN IF NOT EXISTS oldest DateTime('UTC'), ADD COLUMN IF NOT EXISTS newest "
          "DateTime('UTC')"};
}

/// Objectives, exchange rates, and the sums that answers about attributed cost are made of.
std::vector<std::string> add_objectives_rates_and_sums(std::string_view database, const TableForm& form) {
  std::vector<std::string> statements = create_objective_and_rate_tables(database, form);
  for (std::string& sql : add_attributed_sums(database, form)) statements.push_back(std::move(sql));
  return statements;
}

std::vector<std::string> nothing(std::string_view, const DistributedForm&) { return {}; }

constexpr const char* kTablesWithoutGeneration =
    "SELECT toUInt64(8 - count()) FROM system.columns WHERE database = {database:String} AND "
    "name = 'generation' AND match(table, '^(cost|performance|resource|quality)_metrics_(ts|hourly)$')";

constexpr const char* kTablesWithoutSync =
    "SELECT toUInt64(8 - count()) FROM system.tables WHERE database = {database:String} AND "
    "match(name, '^(cost|performance|resource|quality)_metrics_(ts|hourly)$') AND "
    "position(engine_full, 'fsync_after_insert = 1') > 0";

constexpr const char* kLedgerColumnsMissing =
    "SELECT toUInt64(8 - count()) FROM system.columns WHERE database = {database:String} AND table = "
    "'import_ledger' AND name IN ('delivery', 'map', 'content', 'content_bytes', 'reading', 'continues', "
    "'oldest', 'newest')";

/// Tables, definitions of sums, and parts with rows whose sums were not written yet.
constexpr const char* kObjectivesRatesOrSumsMissing =
    "SELECT toUInt64(4 - sum(if(name = 'attributed_cost_hourly', countSubstrings(create_table_query, "
    "'PROJECTION by_'), 1)) + assumeNotNull((SELECT count() FROM system.parts WHERE database = "
    "{database:String} AND table = 'attributed_cost_hourly' AND active AND rows > 0 AND name NOT IN (SELECT "
    "parent_name FROM system.projection_parts WHERE database = {database:String} AND table = "
    "'attributed_cost_hourly' AND active GROUP BY parent_name HAVING uniqExact(name) = 2)))) FROM "
    "system.tables WHERE database = {database:String} AND name IN ('objectives', 'exchange_rates', "
    "'attributed_cost_hourly')";

std::vector<std::string> no_statements(std::string_view, const TableForm&) { return {}; }

/// A new store gets step 1 as the definitions stand today, and the later steps find their work done. Steps
/// stay as they are. A change of the definitions that only adds needs a number of its own, so that a program
/// knows the stores that lack it, and no statements: it aligns.
struct Migration {
  std::uint32_t number;
  const char* name;
  std::vector<std::string> (*statements)(std::string_view database, const TableForm& form);
  std::vector<std::string> (*distributed)(std::string_view database, const DistributedForm& form);
  const char* remaining;  ///< MigrationStep::remaining of the store's own statements.
  bool aligns = false;
};

const Migration kMigrations[] = {
    {1, "create tables, rollups and views", create_everything, create_everything_distributed, nullptr},
    {2, "name the insert of every row", add_batches, nothing, kTablesWithoutGeneration},
    {3, "remember what is copied",
     [](std::string_view database, const TableForm& form) {
       return std::vector{create_copy_ledger(database, form)};
     },
     [](std::string_view database, const DistributedForm& form) {
       return std::vector{distribute_copy_ledger(database, form)};
     },
     nullptr},
    {4, "sync what is inserted", sync_inserts, nothing, kTablesWithoutSync},
    {5, "absent values, more measures and the columns' rules", no_statements, nothing, nullptr, true},
    {6, "attributed cost", create_attribution_tables, distribute_attribution_tables, nullptr},
    {7, "serving metrics", no_statements, nothing, nullptr, true},
    {8, "names", create_names_table, distribute_names_table, nullptr},
    {9, "prices and budgets", create_money_tables, distribute_money_tables, nullptr},
    {10, "deliveries of imports", add_deliveries,
     [](std::string_view database, const DistributedForm& form) {
       return add_deliveries(database, {.on_cluster = form.on_cluster});
     },
     kLedgerColumnsMissing},
    {11, "objectives, exchange rates and sums of attributed cost", add_objectives_rates_and_sums,
     distribute_objective_and_rate_tables, kObjectivesRatesOrSumsMissing},
};

std::string create_record_statement(std::string_view database) {
  return "CREATE TABLE IF NOT EXISTS " + qualified(database, "schema_migrations") +
         "\n(\n    number UInt32,\n    name String,\n    applied_at DateTime('UTC') DEFAULT now()\n)\n"
         "ENGINE = MergeTree\nORDER BY number";
}

Result<void> create_record(Session& session) {
  OPTIINFRA_CHECK(
      session.execute({.sql = "CREATE DATABASE IF NOT EXISTS " + std::string(session.database())}));
  return session.execute({.sql = create_record_statement(session.database())});
}

Result<bool> is_needed(Session& session, const MigrationStep& step) {
  if (step.remaining == nullptr) return true;
  OPTIINFRA_TRY(const std::uint64_t remaining,
                query_number(session, {.sql = step.remaining,
                                       .parameters = {{"database", std::string(session.database())}}}));
  return remaining != 0;
}

Result<void> run(Session& session, const MigrationStep& step) {
  OPTIINFRA_TRY(const bool needed, is_needed(session, step));
  if (!needed) return {};
  std::vector<std::string> statements = step.statements;
  if (step.create_family) {
    OPTIINFRA_TRY(statements, alignment_statements(session, step.create_family));
  }
  for (const std::string& sql : statements) {
    if (auto done = session.execute({.sql = sql, .timeout = kMigrationTimeout}); !done) {
      return with_context(std::move(done).error(),
                          "migration " + std::to_string(step.number) + " (" + step.name + ")");
    }
  }
  return {};
}

Result<void> record(Session& session, const MigrationStep& step) {
  Block row;
  row.add({"number", "UInt32", std::vector<std::uint32_t>{step.number}});
  Strings name;
  name.append(step.name);
  row.add({"name", "String", std::move(name)});
  return done(session.insert(
      {.table = qualified(session.database(), "schema_migrations"), .deduplication_token = ""}, row));
}

Error newer_store(std::uint32_t version) {
  return {ErrorKind::kIncompatible,
          "the store has schema version " + std::to_string(version) + " and this program knows " +
              std::to_string(schema_version_of_program()) + "; use a newer optiinfra"};
}

}  // namespace

std::vector<std::pair<std::string, std::string>> own_tables(std::string_view database) {
  const auto statements = create_own_tables(database, {}),
             attribution = create_attribution_tables(database, {}), money = create_money_tables(database, {}),
             more_money = create_objective_and_rate_tables(database, {});
  return {{"schema_migrations", create_record_statement(database)},
          {"retention", statements[0]},
          {"import_ledger", statements[1]},
          {kCopyLedger, statements[2]},
          {kAttributedCostTable, attribution[0]},
          {kAttributedHoursTable, attribution[1]},
          {kNamesTable, create_names_table(database, {}).front()},
          {kPriceTable, money[0]},
          {kBudgetTable, money[1]},
          {kObjectiveTable, more_money[0]},
          {kRateTable, more_money[1]}};
}

std::vector<MigrationStep> store_steps(std::string_view database, const TableForm& form) {
  std::vector<MigrationStep> steps;
  const CreateFamily create = [database = std::string(database), form](const TableDefinition& table) {
    return create_statements(table, database, form);
  };
  for (const Migration& each : kMigrations)
    steps.push_back({each.number, each.name, each.statements(database, form), each.remaining,
                     each.aligns ? create : CreateFamily{}});
  return steps;
}

std::vector<MigrationStep> distributed_steps(std::string_view database, const DistributedForm& form) {
  std::vector<MigrationStep> steps;
  const CreateFamily create = [database = std::string(database), form](const TableDefinition& table) {
    return create_distributed_statements(table, database, form);
  };
  for (const Migration& each : kMigrations)
    steps.push_back({each.number, each.name, each.distributed(database, form), nullptr,
                     each.aligns ? create : CreateFamily{}});
  return steps;
}

std::uint32_t schema_version_of_program() noexcept { return std::rbegin(kMigrations)->number; }

Result<std::uint32_t> schema_version_of_store(Session& session) {
  OPTIINFRA_TRY(
      const std::uint64_t tables,
      query_number(
          session,
          {.sql = "SELECT toUInt64(count()) FROM system.tables WHERE database = {database:String} AND "
                  "name = 'schema_migrations'",
           .parameters = {{"database", std::string(session.database())}}}));
  if (tables == 0) return 0u;
  OPTIINFRA_TRY(const std::uint64_t version,
                query_number(session, {.sql = "SELECT toUInt64(max(number)) FROM " +
                                              qualified(session.database(), "schema_migrations")}));
  return static_cast<std::uint32_t>(version);
}

Result<MigrationReport> take_steps(Session& session, const std::vector<MigrationStep>& steps,
                                   std::set<std::uint32_t>* taken) {
  MigrationReport report;
  OPTIINFRA_TRY(report.version_before, schema_version_of_store(session));
  report.version_after = report.version_before;
  if (report.version_before > schema_version_of_program()) return newer_store(report.version_before);
  if (report.version_before == 0) OPTIINFRA_CHECK(create_record(session));
  for (const MigrationStep& step : steps) {
    if (step.number <= report.version_before) continue;
    const bool aligns = step.create_family != nullptr;
    const bool is_made_as_of_today = aligns && report.version_before == 0;
    const bool runs_here =
        !is_made_as_of_today && (aligns || taken == nullptr || taken->insert(step.number).second);
    if (runs_here) OPTIINFRA_CHECK(run(session, step));
    OPTIINFRA_CHECK(record(session, step));
    report.version_after = step.number;
    report.applied.emplace_back(step.name);
  }
  return report;
}

Result<MigrationReport> migrate(Session& session) {
  OPTIINFRA_TRY(MigrationReport report, take_steps(session, store_steps(session.database(), {})));
  OPTIINFRA_TRY(report.restored, restore_objects(session));
  return report;
}

Result<void> expect_current_schema(Session& session) {
  OPTIINFRA_TRY(const std::uint32_t version, schema_version_of_store(session));
  if (version == schema_version_of_program()) return {};
  if (version > schema_version_of_program()) return newer_store(version);
  return Error{ErrorKind::kIncompatible,
               version == 0 ? "the store is empty; set it up with: optiinfra init"
                            : "the store has schema version " + std::to_string(version) +
                                  ", older than this program; bring it up to date with: optiinfra init"};
}

}  // namespace optiinfra::store
