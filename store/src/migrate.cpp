#include "optiinfra/store/migrate.hpp"

#include <algorithm>

#include "optiinfra/schema/tables.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra {
namespace {

/// A step may write a column of every row there is.
constexpr std::chrono::hours kStatementTimeout{1};

/// A numbered step. Statements may run twice: a kill between a step and its record repeats it.
struct Migration {
  std::uint32_t number;
  const char* name;
  std::vector<std::string> (*statements)(std::string_view database);
  /// Counts what is still to be done, for a step whose statements cost something where there is nothing.
  const char* remaining = nullptr;
};

/// The tables of the program itself, beside those of the contract.
std::vector<std::string> create_own_tables(std::string_view database) {
  return {
      "CREATE TABLE IF NOT EXISTS " + qualified(database, "retention") +
          "\n(\n    family LowCardinality(String),\n    tier LowCardinality(String),\n    days UInt32,\n"
          "    set_at DateTime64(6, 'UTC')\n)\nENGINE = ReplacingMergeTree(set_at)\nORDER BY (family, tier)",
      "CREATE TABLE IF NOT EXISTS " + qualified(database, "import_ledger") +
          "\n(\n    import_id UUID,\n    family LowCardinality(String),\n    path String,\n    block "
          "UInt64,\n    rows UInt64,\n"
          "    refused UInt64,\n    finished UInt8,\n    recorded_at DateTime('UTC')\n)\nENGINE = "
          "MergeTree\nORDER BY (import_id, block)",
  };
}

std::vector<std::string> create_everything(std::string_view database) {
  std::vector<std::string> statements = create_own_tables(database);
  for (const Family family : kFamilies) {
    for (std::string& sql : create_statements(table_of(family), database))
      statements.push_back(std::move(sql));
  }
  return statements;
}

std::vector<std::string> add_batches(std::string_view database) {
  std::vector<std::string> statements;
  for (const Family family : kFamilies) {
    for (std::string& sql : add_batches_statements(table_of(family), database))
      statements.push_back(std::move(sql));
  }
  return statements;
}

/// The views are last to get the column.
constexpr const char* kObjectsWithoutGeneration =
    "SELECT toUInt64(12 - count()) FROM system.columns WHERE database = {database:String} AND "
    "name = 'generation'";

/// A new store gets step 1 as the definitions stand today, and the later steps find their work done.
/// So a step that adds a column says ADD COLUMN IF NOT EXISTS.
const Migration kMigrations[] = {
    {1, "create tables, rollups and views", create_everything},
    {2, "name the insert of every row", add_batches, kObjectsWithoutGeneration},
};

Result<void> create_record(Transport& transport) {
  OPTIINFRA_CHECK(
      transport.execute({.sql = "CREATE DATABASE IF NOT EXISTS " + std::string(transport.database())}));
  return transport.execute(
      {.sql = "CREATE TABLE IF NOT EXISTS " + qualified(transport.database(), "schema_migrations") +
              "\n(\n    number UInt32,\n    name String,\n    applied_at DateTime('UTC') DEFAULT now()\n)\n"
              "ENGINE = MergeTree\nORDER BY number"});
}

Result<bool> is_needed(Transport& transport, const Migration& migration) {
  if (migration.remaining == nullptr) return true;
  OPTIINFRA_TRY(const auto remaining,
                query_numbers(transport, {.sql = migration.remaining,
                                          .parameters = {{"database", std::string(transport.database())}}}));
  return remaining.empty() || remaining[0] != 0;
}

Result<void> apply(Transport& transport, const Migration& migration) {
  OPTIINFRA_TRY(const bool needed, is_needed(transport, migration));
  for (std::string& sql : needed ? migration.statements(transport.database()) : std::vector<std::string>{}) {
    if (auto done = transport.execute({.sql = std::move(sql), .timeout = kStatementTimeout}); !done) {
      return with_context(std::move(done).error(),
                          "migration " + std::to_string(migration.number) + " (" + migration.name + ")");
    }
  }
  Block record;
  record.add({"number", "UInt32", std::vector<std::uint32_t>{migration.number}});
  Strings name;
  name.append(migration.name);
  record.add({"name", "String", std::move(name)});
  return done(transport.insert(
      {.table = qualified(transport.database(), "schema_migrations"), .deduplication_token = ""}, record));
}

Error newer_store(std::uint32_t version) {
  return {ErrorKind::kIncompatible,
          "the store has schema version " + std::to_string(version) + " and this program knows " +
              std::to_string(schema_version_of_program()) + "; use a newer optiinfra"};
}

}  // namespace

std::uint32_t schema_version_of_program() noexcept { return std::rbegin(kMigrations)->number; }

Result<std::uint32_t> schema_version_of_store(Transport& transport) {
  OPTIINFRA_TRY(
      const auto tables,
      query_numbers(
          transport,
          {.sql = "SELECT toUInt64(count()) FROM system.tables WHERE database = {database:String} AND "
                  "name = 'schema_migrations'",
           .parameters = {{"database", std::string(transport.database())}}}));
  if (tables.empty() || tables[0] == 0) return 0u;
  OPTIINFRA_TRY(const auto version,
                query_numbers(transport, {.sql = "SELECT toUInt64(max(number)) FROM " +
                                                 qualified(transport.database(), "schema_migrations")}));
  return version.empty() ? 0u : static_cast<std::uint32_t>(version[0]);
}

Result<MigrationReport> migrate(Transport& transport) {
  MigrationReport report;
  OPTIINFRA_TRY(report.version_before, schema_version_of_store(transport));
  report.version_after = report.version_before;
  if (report.version_before > schema_version_of_program()) return newer_store(report.version_before);
  if (report.version_before == 0) OPTIINFRA_CHECK(create_record(transport));
  for (const Migration& migration : kMigrations) {
    if (migration.number <= report.version_before) continue;
    OPTIINFRA_CHECK(apply(transport, migration));
    report.version_after = migration.number;
    report.applied.emplace_back(migration.name);
  }
  return report;
}

Result<void> expect_current_schema(Transport& transport) {
  OPTIINFRA_TRY(const std::uint32_t version, schema_version_of_store(transport));
  if (version == schema_version_of_program()) return {};
  if (version > schema_version_of_program()) return newer_store(version);
  return Error{ErrorKind::kIncompatible,
               version == 0 ? "the store is empty; set it up with: optiinfra init"
                            : "the store has schema version " + std::to_string(version) +
                                  ", older than this program; bring it up to date with: optiinfra init"};
}

}  // namespace optiinfra
