#include "embedded/configuration.hpp"

#include <unistd.h>

#include "embedded/password_hash.hpp"

namespace optiinfra::embedded {
namespace {

std::string element(const std::string& name, const std::string& text) {
  return "<" + name + ">" + xml_text(text) + "</" + name + ">\n";
}

/// What both kinds of engine are told.
std::string common_configuration(std::uint64_t memory_bytes_max) {
  return "<timezone>UTC</timezone>\n" + element("max_server_memory_usage", std::to_string(memory_bytes_max)) +
         "<mark_cache_size>268435456</mark_cache_size>\n"
         "<primary_index_cache_size>134217728</primary_index_cache_size>\n"
         "<uncompressed_cache_size>0</uncompressed_cache_size>\n"
         // What counts is this process, not its control group; where there is none, the engine would
         // also complain on standard error.
         "<memory_worker_use_cgroup>0</memory_worker_use_cgroup>\n"
         // Else the engine removes, after 30 days, the rows of a table whose definition was lost.
         "<database_catalog_unused_dir_cleanup_period_sec>0</"
         "database_catalog_unused_dir_cleanup_period_sec>\n";
}

/// What the engine may take of the store's disk. While the store is only read, its parts are a disk of plain
/// files, to which the engine writes nothing: not even the names of parts that it would set aside or remove.
std::string disks(const Folder& folder) {
  if (!folder.is_only_read())
    return "<storage_configuration><disks><default>" +
           element("keep_free_space_bytes", std::to_string(kKeptBytes)) +
           "</default></disks></storage_configuration>\n";
  return "<storage_configuration>\n<disks><stored>"
         "<type>object_storage</type><object_storage_type>local</object_storage_type>"
         "<metadata_type>plain</metadata_type><skip_access_check>true</skip_access_check>" +
         element("path", folder.stored_path().string() + "/") +
         "</stored></disks>\n<policies><stored><volumes><main><disk>stored</disk></main></volumes></stored>"
         "</policies>\n</storage_configuration>\n" +
         element("max_temporary_data_on_disk_size", std::to_string(kSpilledBytesMax));
}

std::string document(const std::string& content) { return "<clickhouse>\n" + content + "</clickhouse>\n"; }

const char* level_name(ServerLog log) {
  switch (log) {
    case ServerLog::kNone:
      return "none";
    case ServerLog::kError:
      return "error";
    case ServerLog::kWarning:
      return "warning";
    case ServerLog::kInformation:
      return "information";
    case ServerLog::kDebug:
      return "debug";
    case ServerLog::kTrace:
      return "trace";
  }
  return "warning";
}

/// They warn many times a second that tasks are paused, which is their normal work.
std::string quiet_loggers() {
  std::string text;
  for (const char* pool : {"BgSchPool", "BgBufSchPool", "BgDistSchPool", "BgMBSchPool", "BgStrmSchPool"}) {
    text += "<logger>" + element("name", std::string("BackgroundSchedulePool/") + pool) +
            element("level", "error") + "</logger>\n";
  }
  return text;
}

std::string logger(const ServeOptions& options) {
  std::string text;
  const bool to_console = options.log != ServerLog::kNone && options.log_file.empty();
  text += element("console", to_console ? "true" : "false");
  if (!options.log_file.empty())
    text += element("log", options.log_file.string()) + element("size", "50M") + element("count", "1");
  text += "<levels>\n" + quiet_loggers() + "</levels>\n";
  // Booted in this way, the engine takes the level from there and not from the logger's.
  return element("log-level", level_name(options.log)) + "<logger>\n" + text + "</logger>\n";
}

std::string replica(const Endpoint& endpoint, const ServeOptions& options) {
  std::string text = element("host", endpoint.host) + element("port", std::to_string(endpoint.port));
  if (!options.user.empty()) text += element("user", options.user) + element("password", options.password);
  return "<replica>\n" + text + "</replica>\n";
}

std::string cluster(const ServedCluster& cluster, const ServeOptions& options) {
  std::string text;
  for (const auto& shard : cluster.shards) {
    text += "<shard>\n<internal_replication>true</internal_replication>\n";
    for (const Endpoint& endpoint : shard) text += replica(endpoint, options);
    text += "</shard>\n";
  }
  return "<" + cluster.name + ">\n" + text + "</" + cluster.name + ">\n";
}

/// Each insert makes a part, and merging them takes longer than making them. Left alone, the engine begins to
/// slow inserts down at 1,000 parts of a partition, by a second at most, and refuses them at 3,000. So each
/// part beyond the first 150 makes an insert wait 35 ms longer, and clients come to insert as fast as
/// parts are merged.
constexpr const char* kInsertsThatWait =
    "<parts_to_delay_insert>150</parts_to_delay_insert>\n"
    "<max_delay_to_insert>100</max_delay_to_insert>\n";

/// What all tables are told. One element, because the engine reads the first alone.
std::string tables(const Folder& folder, const char* more) {
  if (folder.is_only_read()) return "<merge_tree><storage_policy>stored</storage_policy></merge_tree>\n";
  // Else nobody learns that the kernel could not write a merged part, whose sources are then removed.
  return std::string("<merge_tree>\n<min_rows_to_fsync_after_merge>1</min_rows_to_fsync_after_merge>\n") +
         more + "</merge_tree>\n";
}

/// Everything that works inside the store. Nothing that reaches a file, a program or another host: this
/// engine puts no fence around files, and its dictionaries and functions can run programs.
constexpr const char* kGrants =
    "GRANT SHOW, SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, CREATE VIEW, CREATE TEMPORARY TABLE, "
    "DROP, UNDROP TABLE, TRUNCATE, OPTIMIZE, KILL QUERY, SYSTEM MERGES, SYSTEM TTL MERGES, SYSTEM FLUSH, "
    "SYSTEM DROP CACHE, SYSTEM DROP MARK CACHE ON *.*";

constexpr const char* kEngines[] = {
    // Tables.
    "MergeTree", "AggregatingMergeTree", "SummingMergeTree", "ReplacingMergeTree", "CollapsingMergeTree",
    "VersionedCollapsingMergeTree", "CoalescingMergeTree", "Memory", "Null", "Set", "Join", "Merge", "Buffer",
    "Log", "TinyLog", "StripeLog", "Distributed",
    // Databases.
    "Atomic"};

std::string grants(const ServeOptions& options) {
  std::string text = element("query", kGrants);
  for (const char* engine : kEngines)
    text += element("query", std::string("GRANT TABLE ENGINE ON ") + engine);
  if (!options.clusters.empty()) text += element("query", "GRANT READ, WRITE ON REMOTE");
  // The statements that open and close the ports run as the user that others are, too, then.
  if (options.user.empty()) text += element("query", "GRANT SYSTEM LISTEN ON *.*");
  return "<grants>\n" + text + "</grants>\n";
}

}  // namespace

std::uint64_t memory_bytes_of_engine() {
  const auto total = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                     static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return total / 2;
}

std::string xml_text(const std::string& text) {
  std::string escaped;
  for (const char character : text) {
    switch (character) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      default:
        escaped += character;
    }
  }
  return escaped;
}

std::string engine_configuration(const Folder& folder) {
  // On a terminal the engine would log to it, one "current_thread contains invalid address" an insert.
  return document("<logger><console>false</console></logger>\n" +
                  common_configuration(memory_bytes_of_engine()) + disks(folder) + tables(folder, ""));
}

std::string server_configuration(const ServeOptions& options, const Folder& folder) {
  const std::uint64_t memory =
      options.memory_bytes_max != 0 ? options.memory_bytes_max : memory_bytes_of_engine();
  std::string text =
      logger(options) + common_configuration(memory) + disks(folder) + tables(folder, kInsertsThatWait);
  text += element("listen_host", options.listen) + element("tcp_port", std::to_string(options.tcp_port)) +
          element("http_port", std::to_string(options.http_port)) +
          element("max_connections", std::to_string(options.connections_max)) +
          element("users_config", folder.users_configuration_path().string());
  std::string clusters, macros;
  for (const ServedCluster& each : options.clusters) clusters += cluster(each, options);
  for (const auto& [name, value] : options.macros) macros += element(name, value);
  text += "<remote_servers>\n" + clusters + "</remote_servers>\n<macros>\n" + macros + "</macros>\n";
  return document(text);
}

std::string users_configuration(const ServeOptions& options, std::uint64_t insert_floor_bytes) {
  const bool is_open = options.user.empty();
  // The statements that start and stop the ports run as "default" without a password, from 127.0.0.1 as
  // the engine sees it; so it must exist. Where clients are others, no second session of it is let in.
  std::string text = "<profiles><default>" +
                     element("min_free_disk_bytes_to_perform_insert", std::to_string(insert_floor_bytes)) +
                     "</default><own><max_sessions_for_user>1</max_sessions_for_user></own></profiles>\n"
                     "<quotas><default/></quotas>\n<users>\n<default><password></password>";
  text += is_open ? "<networks><ip>127.0.0.0/8</ip><ip>::1</ip></networks><profile>default</profile>"
                  : "<networks><ip>127.0.0.1</ip></networks><profile>own</profile>";
  text += "<quota>default</quota>\n";
  if (is_open) text += grants(options);
  text += "</default>\n";
  if (!is_open) {
    text += "<" + options.user + "><password_sha256_hex>" + password_hash(options.password) +
            "</password_sha256_hex><networks><ip>::/0</ip></networks><profile>default</profile>"
            "<quota>default</quota>\n" +
            grants(options) + "</" + options.user + ">\n";
  }
  return document(text + "</users>\n");
}

}  // namespace optiinfra::embedded
