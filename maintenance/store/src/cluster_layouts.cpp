#include "cluster_layouts.hpp"

#include "optiinfra/schema/tables.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra::store {

Result<std::set<std::string>> read_layouts(Session& session) {
  OPTIINFRA_TRY(const std::uint64_t tables,
                query_number(session, {.sql = "SELECT toUInt64(count()) FROM system.tables WHERE database = "
                                              "{database:String} AND name = {name:String}",
                                       .parameters = {{"database", std::string(session.database())},
                                                      {"name", kLayoutsTable}}}));
  std::set<std::string> layouts;
  if (tables == 0) return layouts;
  OPTIINFRA_TRY(const auto rows, query_texts(session, {.sql = "SELECT DISTINCT layout FROM " +
                                                              qualified(session.database(), kLayoutsTable)}));
  for (const auto& row : rows) layouts.insert(row[0]);
  return layouts;
}

Result<void> record_layout(Session& session, const std::string& layout) {
  Block row;
  Strings text;
  text.append(layout);
  row.add({"layout", "String", std::move(text)});
  return done(session.insert(
      {.table = qualified(session.database(), kLayoutsTable), .deduplication_token = ""}, row));
}

}  // namespace optiinfra::store
