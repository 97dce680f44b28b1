#include "embedded/users_configuration.hpp"

#include <algorithm>
#include <chrono>

#include "embedded/configuration.hpp"
#include "embedded/password_hash.hpp"
#include "embedded/xml.hpp"
#include "optiinfra/transport/url.hpp"

namespace optiinfra::embedded {
namespace {

/// Rights inside the store. Nothing that reaches a file, a program or another host: this engine puts no
/// fence around files, and its dictionaries and functions can run programs.
constexpr const char* kInsideTheStore =
    "SHOW, SELECT, INSERT, ALTER UPDATE, ALTER DELETE, ALTER COLUMN, ALTER MODIFY COMMENT, ALTER INDEX, "
    "ALTER STATISTICS, ALTER PROJECTION, ALTER CONSTRAINT, ALTER TTL, ALTER MATERIALIZE TTL, ALTER SETTINGS, "
    "ALTER VIEW, CREATE DATABASE, CREATE TABLE, CREATE VIEW, CREATE TEMPORARY TABLE, DROP DATABASE, "
    "DROP TABLE, DROP VIEW, UNDROP TABLE, TRUNCATE, OPTIMIZE, KILL QUERY, SYSTEM FLUSH, SYSTEM DROP CACHE";

/// What only the store's owner may do: change how the engine works and copy parts.
constexpr const char* kOfTheOwner = "ALTER MOVE PARTITION, ALTER FREEZE PARTITION, CHECK, BACKUP, SYSTEM";

constexpr const char* kEngines[] = {
    // Tables.
    "MergeTree", "AggregatingMergeTree", "SummingMergeTree", "ReplacingMergeTree", "CollapsingMergeTree",
    "VersionedCollapsingMergeTree", "CoalescingMergeTree", "Memory", "Null", "Set", "Join", "Merge", "Buffer",
    "Log", "TinyLog", "StripeLog", "Distributed",
    // Databases.
    "Atomic"};

std::string grant(const std::string& what) { return element("query", "GRANT " + what); }

std::string grants_of_tables() {
  std::string text = grant(std::string(kInsideTheStore) + " ON *.*");
  for (const char* engine : kEngines) text += grant(std::string("TABLE ENGINE ON ") + engine);
  return text;
}

std::string grants(ServedRole role, const ServeOptions& options) {
  const std::string database(kDefaultDatabase);
  std::string text;
  if (role == ServedRole::kAdmin) {
    text = grants_of_tables();
  } else {
    text = grant("SHOW, SELECT ON " + database + ".*");
    if (role == ServedRole::kWrite) {
      for (const std::string& table : options.inserted_tables)
        text += grant("INSERT ON " + database + "." + table);
    }
  }
  if (!options.clusters.empty()) {
    text += grant("READ ON REMOTE");
    if (role != ServedRole::kRead) text += grant("WRITE ON REMOTE");
  }
  // The statements that open and close the ports run as the user that others are, too, then.
  if (options.users.empty()) text += grant("SYSTEM LISTEN ON *.*");
  return "<grants>\n" + text + "</grants>\n";
}

struct FixedSetting {
  const char* name;
  const char* value;
};

/// What no statement may change, at the value that it has.
constexpr FixedSetting kFixedSettings[] = {
    // Headers that would let a page of another origin read an answer, or make an answer a page.
    {"add_http_cors_header", "0"},
    {"http_response_headers", "{}"},
    {"allow_get_client_http_header", "0"},
    // A text that takes the parser hours can be neither seen nor ended while it is parsed.
    {"max_parser_depth", "1000"},
    {"max_parser_backtracks", "1000000"},
    {"max_ast_depth", "1000"},
    {"max_ast_elements", "50000"},
    {"max_expanded_ast_elements", "500000"},
    {"dialect", "clickhouse"},
    // A statement ends when its client leaves.
    {"cancel_http_readonly_queries_on_client_close", "1"},
    {"timeout_overflow_mode", "throw"},
    // A repeated insert counts once in a raw table and in its rollup, and one that fails says so.
    {"insert_deduplicate", "1"},
    {"deduplicate_blocks_in_dependent_materialized_views", "1"},
    {"update_insert_deduplication_token_in_dependent_materialized_views", "0"},
    {"wait_for_part_commit_in_dependent_materialized_views", "0"},
    {"materialized_views_ignore_errors", "0"},
    {"ignore_materialized_views_with_dropped_target_table", "0"},
    // What reads beyond the store: addresses in the process, the environment, other servers' credentials.
    {"allow_introspection_functions", "0"},
    {"dynamic_disk_allow_from_env", "0"},
    {"dynamic_disk_allow_include", "0"},
    {"dynamic_disk_allow_from_zk", "0"},
    {"s3_allow_server_credentials_in_user_queries", "0"},
    {"allow_unrestricted_reads_from_keeper", "0"},
    {"format_display_secrets_in_show_and_select", "0"},
    // Views run with the rights of the user who reads them.
    {"default_normal_view_sql_security", "INVOKER"},
    {"default_materialized_view_sql_security", "DEFINER"},
    {"default_view_definer", "CURRENT_USER"},
};

/// toDateTime('2026-01-01 00:00:00') means UTC, as every time of the store does, wherever the machine is.
constexpr const char* kInUtc = "<session_timezone>UTC</session_timezone>\n";

/// An admin's ALTER may take longer than any query should; it can be seen and ended all the while.
constexpr std::chrono::seconds kAdminStatementTimeMax = std::chrono::hours{24};

std::string profile(const std::string& name, const ServeOptions& options,
                    std::chrono::seconds statement_time_max, std::uint64_t insert_floor_bytes,
                    const std::string& more) {
  const std::string memory =
      std::to_string(options.memory_bytes_max != 0 ? options.memory_bytes_max : memory_bytes_of_engine());
  const std::string seconds = std::to_string(options.statement_time_max.count()),
                    seconds_max = std::to_string(statement_time_max.count());
  std::string values = element("max_memory_usage", memory) + element("max_execution_time", seconds) + kInUtc +
                       // A misspelt key of JSON is an error and not a value that is silently left out.
                       element("input_format_skip_unknown_fields", "0") +
                       // An insert on a disk that is nearly full would be the last. It may be lowered:
                       // repairs and retention do so, to use what inserts leave.
                       element("min_free_disk_bytes_to_perform_insert", std::to_string(insert_floor_bytes));
  std::string constraints = "<max_memory_usage><min>1</min><max>" + memory +
                            "</max></max_memory_usage>\n"
                            "<max_execution_time><min>0.001</min><max>" +
                            seconds_max +
                            "</max></max_execution_time>\n"
                            "<max_query_size><min>1</min><max>16777216</max></max_query_size>\n"
                            // Of tables: a disk of one's own reaches other folders and hosts.
                            "<merge_tree_disk><readonly/></merge_tree_disk>\n";
  for (const FixedSetting& setting : kFixedSettings) {
    values += element(setting.name, setting.value);
    constraints += std::string("<") + setting.name + "><readonly/></" + setting.name + ">\n";
  }
  return "<" + name + ">\n" + values + more + "<constraints>\n" + constraints + "</constraints>\n</" + name +
         ">\n";
}

/// So many wrong passwords for one user from one address, then that address waits; a right one clears it.
constexpr int kWrongPasswordsMax = 20;
constexpr int kWrongPasswordsSeconds = 10;

std::string quota(const std::string& user) {
  return "<" + user + "><interval>" + element("duration", std::to_string(kWrongPasswordsSeconds)) +
         element("failed_sequential_authentications", std::to_string(kWrongPasswordsMax)) +
         "</interval><keyed_by_ip/></" + user + ">\n";
}

const char* profile_of(ServedRole role) {
  return role == ServedRole::kAdmin ? "default" : role == ServedRole::kWrite ? "writers" : "readers";
}

std::string user(const ServedUser& user, const ServeOptions& options) {
  return "<" + user.name + "><password_sha256_hex>" + password_hash(user.password) +
         "</password_sha256_hex><networks><ip>::/0</ip></networks>" +
         element("profile", profile_of(user.role)) + element("quota", user.name) +
         grants(user.role, options) + "</" + user.name + ">\n";
}

}  // namespace

std::string users_configuration(const ServeOptions& options, std::uint64_t insert_floor_bytes) {
  const bool is_open = options.users.empty();
  // The statements that start and stop the ports run as "default" without a password, from 127.0.0.1 as
  // the engine sees it; so it must exist. Where clients are others, no second session of it is let in.
  const std::chrono::seconds time = options.statement_time_max,
                             admin_time = std::max(time, kAdminStatementTimeMax);
  std::string text = "<profiles>\n" + profile("default", options, admin_time, insert_floor_bytes, "") +
                     profile("writers", options, time, insert_floor_bytes, "") +
                     profile("readers", options, time, insert_floor_bytes, "<readonly>2</readonly>\n") +
                     profile("own", options, admin_time, insert_floor_bytes,
                             "<max_sessions_for_user>1</max_sessions_for_user>\n") +
                     "</profiles>\n<quotas><default/>\n";
  for (const ServedUser& each : options.users) text += quota(each.name);
  text += "</quotas>\n<users>\n<default><password></password>";
  text += is_open ? "<networks><ip>127.0.0.0/8</ip><ip>::1</ip></networks><profile>default</profile>"
                  : "<networks><ip>127.0.0.1</ip></networks><profile>own</profile>";
  text += "<quota>default</quota>\n";
  if (is_open) text += grants(ServedRole::kAdmin, options);
  text += "</default>\n";
  for (const ServedUser& each : options.users) text += user(each, options);
  return document(text + "</users>\n");
}

std::string own_user_configuration() {
  return document(std::string("<profiles><default>") + kInUtc +
                  "</default></profiles>\n<quotas><default/></quotas>\n"
                  "<users><default><password></password><networks><ip>127.0.0.1</ip></networks>"
                  "<profile>default</profile><quota>default</quota>\n<grants>\n" +
                  grants_of_tables() + grant(std::string(kOfTheOwner) + " ON *.*") + grant("READ ON FILE") +
                  grant("WRITE ON FILE") + "</grants>\n</default></users>\n");
}

}  // namespace optiinfra::embedded
