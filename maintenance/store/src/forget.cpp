#include "optiinfra/store/forget.hpp"

#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/disk_room.hpp"
#include "optiinfra/store/set_aside.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra::store {
namespace {

/// The engine reads and writes again every part that holds such a row.
constexpr std::chrono::hours kRemovalTimeout{1};

Result<void> alter(Session& session, const RowsToRemove& rows, const std::string& change,
                   std::chrono::milliseconds timeout) {
  return session.execute({.sql = "ALTER TABLE " + qualified(session.database(), rows.table) + " " + change,
                          .parameters = rows.parameters,
                          // 2: on a replicated table, on all replicas.
                          .settings = {{"mutations_sync", "2"}},
                          .timeout = timeout});
}

/// Rows that a repair masked in a rollup are invisible to every statement, and still in its parts.
Result<void> apply_masks(Session& session, const std::string& table, std::chrono::milliseconds timeout) {
  OPTIINFRA_TRY(const std::uint64_t masked,
                query_number(session, {.sql = "SELECT toUInt64(count()) FROM system.parts WHERE active AND "
                                              "has_lightweight_delete AND database = {database:String} AND "
                                              "table = {table:String}",
                                       .parameters = {{"database", std::string(session.database())},
                                                      {"table", table}}}));
  if (masked == 0) return {};
  return alter(session, {.table = table, .condition = {}}, "APPLY DELETED MASK", timeout);
}

}  // namespace

Result<std::uint64_t> count_rows(Session& session, const RowsToRemove& rows) {
  OPTIINFRA_TRY(const auto timeout, statement_time_up_to(session, kRemovalTimeout));
  return query_number(session, {.sql = "SELECT toUInt64(count()) FROM " +
                                       qualified(session.database(), rows.table) + " WHERE " + rows.condition,
                                .parameters = rows.parameters,
                                .timeout = timeout});
}

Result<void> remove_rows(Session& session, const RowsToRemove& rows) {
  OPTIINFRA_TRY(const auto timeout, statement_time_up_to(session, kRemovalTimeout));
  OPTIINFRA_TRY(const std::uint64_t count, count_rows(session, rows));
  if (count > 0) {
    OPTIINFRA_CHECK(expect_room_to_mutate(session, rows.table.c_str()));
    OPTIINFRA_CHECK(alter(session, rows, "DELETE WHERE " + rows.condition, timeout));
  }
  OPTIINFRA_CHECK(apply_masks(session, rows.table, timeout));
  // The engine keeps replaced parts for eight minutes, and in an embedded store until some later program has
  // run for as long. Dropping a partition, also one that does not exist, deletes them at once.
  return alter(session, {.table = rows.table, .condition = {}}, "DROP PARTITION ID 'none'", timeout);
}

std::vector<RowsToRemove> metrics_of_customer(const Uuid& customer) {
  std::vector<RowsToRemove> all;
  for (const Family family : kFamilies)
    for (const char* const table : {table_of(family).raw_table, table_of(family).rollup_table})
      all.push_back({.table = table,
                     .condition = "customer_id = {customer:UUID}",
                     .parameters = {{"customer", customer.to_string()}}});
  return all;
}

Result<void> expect_nothing_set_aside(Session& session, std::string_view whose) {
  OPTIINFRA_TRY(const auto parts, read_set_aside_parts(session));
  if (parts.empty()) return {};
  return Error{
      ErrorKind::kCorrupt,
      describe_set_aside(parts) + ". They may hold rows of " + std::string(whose) +
          ", which would come back with them: put them back or out of use first. Nothing was removed"};
}

}  // namespace optiinfra::store
