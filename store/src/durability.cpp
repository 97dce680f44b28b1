#include "optiinfra/store/durability.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "optiinfra/schema/tables.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra {
namespace {

std::vector<std::string> all_tables() {
  std::vector<std::string> names;
  for (const Family family : kFamilies) {
    names.emplace_back(table_of(family).raw_table);
    names.emplace_back(table_of(family).rollup_table);
  }
  return names;
}

Result<std::set<std::string>> synced_tables(Transport& transport) {
  OPTIINFRA_TRY(
      const auto rows,
      query_texts(transport, {.sql = "SELECT name FROM system.tables WHERE database = {database:String} AND "
                                     "position(engine_full, 'fsync_after_insert = 1') > 0 AND "
                                     "position(engine_full, 'fsync_part_directory = 1') > 0",
                              .parameters = {{"database", std::string(transport.database())}}}));
  std::set<std::string> names;
  for (const auto& row : rows) names.insert(row[0]);
  return names;
}

}  // namespace

Result<PartSync> read_part_sync(Transport& transport) {
  OPTIINFRA_TRY(const auto synced, synced_tables(transport));
  const auto tables = all_tables();
  const bool complete = std::all_of(tables.begin(), tables.end(),
                                    [&](const std::string& name) { return synced.contains(name); });
  return complete ? PartSync::kComplete : PartSync::kNone;
}

Result<void> set_part_sync(Transport& transport, PartSync sync) {
  OPTIINFRA_TRY(const auto synced, synced_tables(transport));
  const bool wanted = sync == PartSync::kComplete;
  const std::string value = wanted ? "1" : "0";
  for (const std::string& name : all_tables()) {
    if (synced.contains(name) == wanted) continue;
    OPTIINFRA_CHECK(transport.execute({.sql = "ALTER TABLE " + qualified(transport.database(), name) +
                                              " MODIFY SETTING fsync_after_insert = " + value +
                                              ", fsync_part_directory = " + value}));
  }
  return {};
}

}  // namespace optiinfra
