#include "embedded/configuration.hpp"

#include <unistd.h>

#include "embedded/http_rules.hpp"
#include "embedded/serve_options.hpp"
#include "embedded/xml.hpp"

namespace optiinfra::embedded {
namespace {

/// The settings of both kinds of engine.
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
         "database_catalog_unused_dir_cleanup_period_sec>\n"
         // No statement turns on what the engine calls experimental.
         "<allow_feature_tier>1</allow_feature_tier>\n"
         // Else the right to read from a source is the right to write to it.
         "<access_control_improvements><enable_read_write_grants>true</enable_read_write_grants>"
         "</access_control_improvements>\n";
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

std::string quiet(const std::string& logger, const char* level) {
  return "<logger>" + element("name", logger) + element("level", level) + "</logger>\n";
}

std::string quiet_loggers(ServerLog log) {
  std::string text;
  // They warn many times a second that tasks are paused, which is their normal work.
  for (const char* pool : {"BgSchPool", "BgBufSchPool", "BgDistSchPool", "BgMBSchPool", "BgStrmSchPool"})
    text += quiet(std::string("BackgroundSchedulePool/") + pool, "error");
  // They write a stack trace for every wrong password, so that a guesser would push everything else out of
  // the log. A statement's failure is logged by another logger.
  if (log <= ServerLog::kWarning) {
    for (const char* handler : {"DynamicQueryHandler", "TCPHandler", "ServerErrorHandler"})
      text += quiet(handler, "none");
  }
  return text;
}

std::string logger(const ServeOptions& options) {
  std::string text;
  const bool to_console = options.log != ServerLog::kNone && options.log_file.empty();
  text += element("console", to_console ? "true" : "false");
  if (!options.log_file.empty())
    text += element("log", options.log_file.string()) + element("size", "50M") + element("count", "1");
  text += "<levels>\n" + quiet_loggers(options.log) + "</levels>\n";
  // Booted in this way, the engine takes the level from there and not from the logger's.
  return element("log-level", level_name(options.log)) + "<logger>\n" + text + "</logger>\n";
}

std::string replica(const Endpoint& endpoint, const ServeOptions& options) {
  std::string text = element("host", endpoint.host) + element("port", std::to_string(endpoint.port));
  if (const ServedUser* admin = first_admin(options))
    text += element("user", admin->name) + element("password", admin->password);
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

/// The settings of all tables. One element, because the engine reads only the first.
std::string tables(const Folder& folder, const char* more) {
  if (folder.is_only_read()) return "<merge_tree><storage_policy>stored</storage_policy></merge_tree>\n";
  // Else nobody learns that the kernel could not write a merged part, whose sources are then removed.
  return std::string("<merge_tree>\n<min_rows_to_fsync_after_merge>1</min_rows_to_fsync_after_merge>\n") +
         more + "</merge_tree>\n";
}

}  // namespace

std::uint64_t memory_bytes_of_engine() {
  const auto total = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                     static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return total / 2;
}

std::string engine_configuration(const Folder& folder) {
  // On a terminal the engine would log to it, one "current_thread contains invalid address" an insert.
  return document("<logger><console>false</console></logger>\n" +
                  element("users_config", folder.users_configuration_path().string()) +
                  common_configuration(memory_bytes_of_engine()) + disks(folder) + tables(folder, ""));
}

std::string server_configuration(const ServeOptions& options, const Folder& folder) {
  const std::uint64_t memory =
      options.memory_bytes_max != 0 ? options.memory_bytes_max : memory_bytes_of_engine();
  std::string text = logger(options) + common_configuration(memory) + disks(folder) +
                     tables(folder, kInsertsThatWait) + http_rules(options);
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

}  // namespace optiinfra::embedded
