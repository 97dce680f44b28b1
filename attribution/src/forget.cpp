#include "optiinfra/attribution/forget.hpp"

#include <algorithm>
#include <map>
#include <string_view>

#include "hour_writer.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/attribution_tables.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra::attribution {
namespace {

constexpr std::chrono::minutes kNewVersionsTimeout{10};

constexpr const char* kPays = "a.customer_id = {customer:UUID}";
constexpr const char* kIsServed = "a.served_customer_id = {customer:UUID}";
constexpr const char* kNil = "toUUID('00000000-0000-0000-0000-000000000000')";

/// The values of columns in rows that stay without the customer; other columns keep theirs.
struct Replacement {
  const char* if_served;  ///< Another one pays: the amounts stay, as overhead of the payer.
  const char* if_pays;    ///< Another one is served: its requests stay, unpriced. nullptr: the old value.
};

const std::map<std::string_view, Replacement> kReplacements = {
    {"customer_id", {nullptr, kNil}},
    {"served_customer_id", {"a.customer_id", nullptr}},
    {"service_id", {kNil, nullptr}},
    {"model_name", {"''", nullptr}},
    {"cloud_provider", {nullptr, "''"}},
    {"region", {nullptr, "''"}},
    {"instance_type", {nullptr, "''"}},
    {"kind", {"'overhead'", "'unpriced'"}},
    {"currency", {nullptr, "''"}},
    {"cost", {nullptr, "0"}},
    {"input_cost", {"0", "0"}},
    {"avoided_cost", {"0", "0"}},
    {"shared_underfill", {nullptr, "0"}},
    {"shared_idle", {nullptr, "0"}},
    {"billed", {nullptr, "0"}},
    {"requests", {"0", nullptr}},
    {"prompt_tokens", {"0", nullptr}},
    {"cached_tokens", {"0", nullptr}},
    {"completion_tokens", {"0", nullptr}},
    {"weight", {"0", nullptr}},
    {"efficient_rate", {"0", "0"}},
    {"busy_seconds", {nullptr, "0"}},
    {"covered_seconds", {nullptr, "0"}},
    {"price_source", {nullptr, "''"}},
};

/// The column in a row of the new version.
std::string value_of(const store::AttributionColumn& column) {
  if (std::string_view(column.name) == "version") return "{version:UInt64}";
  const std::string old = "a." + std::string(column.name);
  const auto found = kReplacements.find(column.name);
  if (found == kReplacements.end()) return old;
  const auto otherwise = [&](const char* replacement) { return replacement == nullptr ? old : replacement; };
  return "multiIf(" + std::string(kIsServed) + ", " + otherwise(found->second.if_served) + ", " + kPays +
         ", " + otherwise(found->second.if_pays) + ", " + old + ")";
}

std::string cost_table(const Session& session) {
  return qualified(session.database(), store::kAttributedCostTable);
}
std::string hours_table(const Session& session) {
  return qualified(session.database(), store::kAttributedHoursTable);
}

std::string newest(const Session& session) {
  return "(a.hour, a.version) IN (SELECT hour, max(version) FROM " + hours_table(session) + " GROUP BY hour)";
}

/// The hours that are made again.
std::string touched_hours(const Session& session) {
  return "SELECT DISTINCT a.hour FROM " + cost_table(session) + " AS a WHERE (" + kPays + " OR " + kIsServed +
         ") AND " + newest(session);
}

std::string insert_rows(const Session& session) {
  std::string columns, values;
  for (const store::AttributionColumn& column : store::attributed_cost_columns()) {
    columns += (columns.empty() ? "" : ", ") + std::string(column.name);
    values += (values.empty() ? "" : ", ") + value_of(column);
  }
  // What the customer pays for itself goes, and its own requests that nobody pays for.
  return "INSERT INTO " + cost_table(session) + " (" + columns + ") SELECT " + values + " FROM " +
         cost_table(session) + " AS a WHERE " + newest(session) + " AND a.hour IN (" +
         touched_hours(session) + ") AND NOT (" + kIsServed + " AND a.customer_id IN ({customer:UUID}, " +
         kNil + ")) AND NOT (" + kPays + " AND a.requests = 0)";
}

/// Their records, which make them count. An hour of which nothing is left keeps one, of no rows.
std::string insert_records(const Session& session) {
  return "INSERT INTO " + hours_table(session) +
         " (hour, version, inputs, rows, checksum, requests, made_at) SELECT h.hour, {version:UInt64}, "
         "h.newest_inputs, c.row_count, c.row_hash, c.request_count, now('UTC') FROM (SELECT hour, "
         "argMax(inputs, version) AS newest_inputs FROM " +
         hours_table(session) + " WHERE hour IN (" + touched_hours(session) +
         ") GROUP BY hour) AS h LEFT JOIN (SELECT hour, count() AS row_count, " + checksum_of_rows() +
         " AS row_hash, sum(requests) AS request_count FROM " + cost_table(session) +
         " WHERE version = {version:UInt64} GROUP BY hour) AS c ON h.hour = c.hour";
}

Result<std::uint64_t> next_version(Session& session) {
  return query_number(session, {.sql = "SELECT toUInt64(assumeNotNull(greatest(toUnixTimestamp64Micro("
                                       "now64(6)), (SELECT toInt64(max(version)) FROM " +
                                       cost_table(session) + ") + 1)))"});
}

}  // namespace

store::RowsToRemove attributed_rows_of(const Uuid& customer) {
  return {.table = store::kAttributedCostTable,
          .condition = "customer_id = {customer:UUID} OR served_customer_id = {customer:UUID}",
          .parameters = {{"customer", customer.to_string()}}};
}

Result<void> forget_attributed(Session& session, const Uuid& customer) {
  const store::RowsToRemove rows = attributed_rows_of(customer);
  OPTIINFRA_TRY(const std::uint64_t count, store::count_rows(session, rows));
  if (count > 0) {
    OPTIINFRA_TRY(const std::uint64_t version, next_version(session));
    for (const std::string& sql : {insert_rows(session), insert_records(session)})
      OPTIINFRA_CHECK(session.execute(
          {.sql = sql,
           .parameters = {{"customer", customer.to_string()}, {"version", std::to_string(version)}},
           .settings = {{"async_insert", "0"}},
           .timeout = kNewVersionsTimeout}));
  }
  return store::remove_rows(session, rows);
}

}  // namespace optiinfra::attribution
