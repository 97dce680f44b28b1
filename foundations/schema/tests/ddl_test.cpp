// Every statement that makes or changes our objects, byte for byte. Stores that exist were made by these:
// a difference means a new schema version with a migration, or a mistake.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "optiinfra/schema/tables.hpp"

namespace optiinfra {
namespace {

void add(std::string& text, const std::string& title, const std::vector<std::string>& statements) {
  text += "-- " + title + "\n";
  for (const std::string& sql : statements) text += sql + ";\n\n";
}

std::string all_statements() {
  const TableForm replicated{.is_replicated = true, .on_cluster = "fleet"};
  const DistributedForm distributed{
      .cluster = "fleet", .shard_database = "optiinfra_shard", .on_cluster = "fleet"};
  std::string text;
  for (const Family family : kFamilies) {
    const TableDefinition& table = table_of(family);
    const std::string name = table.name;
    add(text, name + ": one machine", create_statements(table, "optiinfra"));
    add(text, name + ": replicated on a cluster", create_statements(table, "optiinfra_shard", replicated));
    add(text, name + ": over all shards", create_distributed_statements(table, "optiinfra", distributed));
    add(text, name + ": schema version 2", add_batches_statements(table, "optiinfra"));
    add(text, name + ": schema version 4", sync_inserts_statements(table, "optiinfra", replicated));
    add(text, name + ": what a repair inserts", {rollup_query(table, "optiinfra", "r.timestamp >= now()")});
    std::vector<std::string> merged;
    for (const auto& measure : table.measures) merged.push_back(measure.merged_expression("r."));
    add(text, name + ": what a copy reads of a rollup", merged);
  }
  return text;
}

// To accept a change: OPTIINFRA_UPDATE_GOLDEN=1 build/release/foundations/schema/schema_tests
// --gtest_filter='Ddl*'
TEST(Ddl, IsWhatExistingStoresWereMadeBy) {
  const std::string path = std::string(OPTIINFRA_SOURCE_DIR) + "/foundations/schema/tests/golden/ddl.sql";
  if (std::getenv("OPTIINFRA_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << all_statements();
  std::ifstream file(path);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), all_statements());
}

}  // namespace
}  // namespace optiinfra
