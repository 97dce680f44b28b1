#include "commands/server_flags.hpp"

#include <limits>

#include "flags.hpp"
#include "optiinfra/schema/tables.hpp"
#include "password_file.hpp"

namespace optiinfra::cli {
namespace {

Result<ServerLog> parse_log(const std::string& text) {
  constexpr std::pair<const char*, ServerLog> kLevels[] = {
      {"none", ServerLog::kNone},       {"error", ServerLog::kError},
      {"warning", ServerLog::kWarning}, {"information", ServerLog::kInformation},
      {"debug", ServerLog::kDebug},     {"trace", ServerLog::kTrace}};
  for (const auto& [name, level] : kLevels) {
    if (text == name) return level;
  }
  return invalid_argument("'" + text + "' is not one of none, error, warning, information, debug, trace");
}

Result<std::pair<std::string, std::string>> parse_macro(const std::string& text) {
  const std::size_t mark = text.find('=');
  if (mark == 0 || mark == std::string::npos || mark + 1 == text.size())
    return invalid_argument("--macro: '" + text + "' is not NAME=VALUE");
  return std::pair(text.substr(0, mark), text.substr(mark + 1));
}

Result<std::filesystem::path> folder_of(const ServerFlags& flags, const Context& context) {
  if (!flags.path.empty()) {
    OPTIINFRA_TRY(const StoreUrl store, parse_store_url("embedded:" + flags.path));
    return store.folder;
  }
  OPTIINFRA_TRY(const StoreUrl store, context.store_url());
  if (store.protocol != Protocol::kEmbedded || store.folder.empty())
    return invalid_argument(store.description() +
                            " is not a folder that can be served; name one with --path");
  return store.folder;
}

void add_port(CLI::App& app, const std::string& name, std::uint16_t& target, const std::string& meaning) {
  app.add_option(name, target, meaning)->type_name("PORT")->check(within(0, 65535))->capture_default_str();
}

}  // namespace

Result<std::uint64_t> parse_bytes(const std::string& text) {
  std::size_t digits = text.find_first_not_of("0123456789");
  if (digits == std::string::npos) digits = text.size();
  const std::string unit = text.substr(digits);
  const int shift = unit.empty() ? 0 : unit == "K" ? 10 : unit == "M" ? 20 : unit == "G" ? 30 : -1;
  if (digits == 0 || digits > 15 || shift < 0)
    return invalid_argument("'" + text + "' is not a number of bytes; write for example 512M or 4G");
  const std::uint64_t number = std::stoull(text.substr(0, digits));
  if (number > (std::numeric_limits<std::uint64_t>::max() >> shift))
    return invalid_argument("'" + text + "' is too much");
  return number << shift;
}

Result<ServedCluster> parse_cluster(const std::string& text) {
  const std::size_t mark = text.find('=');
  if (mark == 0 || mark == std::string::npos)
    return invalid_argument("'" + text + "' is not NAME=HOST:PORT,HOST:PORT");
  ServedCluster cluster{.name = text.substr(0, mark), .shards = {}};
  std::string rest = text.substr(mark + 1) + ",";
  for (std::size_t end = rest.find(','); end != std::string::npos; end = rest.find(',')) {
    std::string shard = rest.substr(0, end);
    rest.erase(0, end + 1);
    for (char& character : shard) {
      if (character == '|') character = ',';
    }
    if (shard.find_first_of("@/?") != std::string::npos)
      return invalid_argument("cluster " + cluster.name +
                              " must name only hosts and ports: NAME=HOST:PORT,HOST:PORT");
    auto store = parse_store_url("clickhouse://" + shard);
    if (!store) return invalid_argument("cluster " + cluster.name + ": '" + shard + "' is no HOST:PORT");
    cluster.shards.push_back(store->hosts);
  }
  return cluster;
}

Result<ServedUser> parse_user(const std::string& text) {
  const std::size_t mark = text.find(':');
  const std::string role = mark == std::string::npos ? "admin" : text.substr(mark + 1);
  ServedUser user{.name = text.substr(0, mark), .password = {}};
  if (role == "admin") return user;
  user.role = role == "write" ? ServedRole::kWrite : ServedRole::kRead;
  if (role == "write" || role == "read") return user;
  return invalid_argument("--user: '" + role +
                          "' is not a role; write NAME, NAME:admin, NAME:write or NAME:read");
}

Result<ServeOptions> options_of(const ServerFlags& flags, const Context& context) {
  ServeOptions options = flags.options;
  OPTIINFRA_TRY(options.folder, folder_of(flags, context));
  options.grace = flags.grace;
  if (!flags.log_file.empty()) options.log_file = std::filesystem::absolute(flags.log_file);
  for (const std::string& macro : flags.macros) {
    OPTIINFRA_TRY(auto parsed, parse_macro(macro));
    options.macros.push_back(std::move(parsed));
  }
  options.statement_time_max = flags.statement_time;
  if (flags.users.size() != flags.password_files.size())
    return invalid_argument(
        "--user and --password-file belong together: give each user its file, in the same order");
  for (std::size_t i = 0; i < flags.users.size(); ++i) {
    OPTIINFRA_TRY(ServedUser user, parse_user(flags.users[i]));
    OPTIINFRA_TRY(user.password, read_password_file(flags.password_files[i]));
    options.users.push_back(std::move(user));
  }
  for (const Family family : kFamilies) options.inserted_tables.emplace_back(table_of(family).raw_table);
  options.inserted_tables.emplace_back("import_ledger");
  return options;
}

void describe_server(CLI::App& app, ServerFlags& flags) {
  ServeOptions& options = flags.options;
  app.add_option("--path", flags.path,
                 "The store's folder, made when there is none; default the default store")
      ->type_name("DIR");
  add_port(app, "--tcp-port", options.tcp_port, "The port of the native protocol; 0 takes a free one");
  add_port(app, "--http-port", options.http_port, "The port of HTTP; 0 takes a free one");
  describe_api(app, flags.api);
  app.add_option("--listen", options.listen,
                 "The address to listen on; any but this machine's own needs --user")
      ->type_name("ADDRESS")
      ->capture_default_str();
  app.add_option("--user", flags.users,
                 "A user who may log in, as admin unless the role says write or read; may be repeated. "
                 "Default: default, without a password")
      ->type_name("NAME[:admin|write|read]");
  app.add_option("--password-file", flags.password_files,
                 "A file whose first line is that user's password; as many as users, in their order")
      ->type_name("FILE");
  app.add_option("--host-name", options.host_names,
                 "A name by which HTTP clients reach this server; any other Host than it, an IP address, "
                 "localhost and this machine's name is refused. May be repeated")
      ->type_name("NAME");
  app.add_flag("--engine-pages", options.has_engine_pages,
               "Answer the engine's own web pages: /play, /dashboard, /binary, /merges, /jemalloc");
  add_duration(
      app, "--statement-time", flags.statement_time,
      "The longest that a statement may run; an admin's settings can raise it to a day. Default 10m");
  add_parsed(app, "--memory-limit", options.memory_bytes_max, parse_bytes,
             "The most memory that the engine takes, such as 4G; default half of the machine's", "BYTES");
  app.add_option("--connections", options.connections_max,
                 "How many connections to each port at once, 16 or more; further ones are refused")
      ->type_name("N")
      ->check(within(16u, 65'535u))
      ->capture_default_str();
  add_parsed(app, "--log-level", options.log, parse_log, "How much the engine logs; default warning",
             "none|error|warning|information|debug|trace");
  app.add_option("--log-file", flags.log_file,
                 "Where the engine logs: two files of 50 MB. Default standard error")
      ->type_name("FILE");
  add_duration(app, "--grace", flags.grace,
               "How long a stop lets running statements go on before it cancels them; default 5s");
  app.add_flag("--no-init", flags.no_init,
               "Leave the tables as they are; by default they are made as optiinfra init makes them");
  app.add_option_function<std::vector<std::string>>(
         "--cluster",
         [&options](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) {
             auto cluster = parse_cluster(text);
             if (!cluster) throw CLI::ValidationError("--cluster", cluster.error().message);
             options.clusters.push_back(*std::move(cluster));
           }
         },
         "A cluster of such servers, this one included: NAME=HOST:PORT,HOST:PORT, replicas separated by |; "
         "all with the same first admin and password. Implies --no-init")
      ->type_name("CLUSTER")
      ->take_all();
  app.add_option("--macro", flags.macros, "A value for {NAME} in tables' definitions, such as shard=1")
      ->type_name("NAME=VALUE");
}

}  // namespace optiinfra::cli
