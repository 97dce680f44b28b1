/// Whether the store that rows are copied from has a table: one of an older schema may lack it.
#pragma once

#include "optiinfra/client/client.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra::attribution {

inline Result<bool> has_table(Client& client, const char* table) {
  std::uint64_t tables = 0;
  OPTIINFRA_CHECK(client.with_session([&](Session& session) -> Result<void> {
    OPTIINFRA_TRY(tables,
                  query_number(session, {.sql = "SELECT toUInt64(count()) FROM system.tables WHERE "
                                                "database = {database:String} AND name = {table:String}",
                                         .parameters = {{"database", std::string(session.database())},
                                                        {"table", table}}}));
    return {};
  }));
  return tables > 0;
}

}  // namespace optiinfra::attribution
