#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>

#include "api/served_folder.hpp"
#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "commands/server_flags.hpp"
#include "commands/server_signals.hpp"
#include "commands/service_manager.hpp"
#include "damage_warnings.hpp"
#include "optiinfra/store/foreign.hpp"
#include "optiinfra/transport/connector.hpp"
#include "optiinfra/transport/serve.hpp"

namespace optiinfra::cli {
namespace {

std::string place(const Endpoint& endpoint) {
  const bool is_ipv6 = endpoint.host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

/// The line that programs wait for.
std::string ready_line(const ServedAddress& address, const std::optional<service::Service>& api) {
  return "ready tcp=" + place(address.tcp) + " http=" + place(address.http) +
         (api ? " api=" + api->address() : "") + "\n";
}

/// The instructions for a person who has just started a server.
std::string first_screen(const ServedAddress& address, const ServeOptions& options,
                         const std::optional<service::Service>& api) {
  const std::string url = address.url(options).description(), host = url.substr(url.find('@') + 1);
  const bool is_open = options.users.empty();
  const std::string name = host.substr(0, host.rfind(':')), user = address.url(options).user;
  const std::string http = std::to_string(address.http.port), tcp = std::to_string(address.tcp.port);
  const std::string secret = is_open ? "" : ", with the password of " + user;
  return "serving " + options.folder.string() + secret + "; Ctrl-C stops\n" +
         (api ? "  page for a browser   http://" + api->address() + "/\n" +
                    "  HTTP API             curl http://" + api->address() + "/llms.txt\n"
              : "") +
         "  optiinfra            optiinfra --url " + url + " verify\n" +
         "  clickhouse-client    clickhouse-client --host " + name + " --port " + tcp + " --user " + user +
         (is_open ? "" : " --password") + " --database optiinfra\n" +
         "  Grafana              ClickHouse data source: server " + name + ", port " + http +
         ", protocol HTTP, user " + user + ", database optiinfra\n" +
         "  Python               clickhouse_driver.Client('" + name + "', port=" + tcp + ", user='" + user +
         "', database='optiinfra')\n" + "  anything else        curl 'http://" + name + ":" + http +
         "/?database=optiinfra' --data-binary 'SELECT * FROM cost_hourly LIMIT 3'";
}

/// Takes the variables' values out of where /proc/self/environ shows them, which SQL can read: they may
/// hold passwords that are not this server's business. The program itself still has them.
void hide_environment() {
  for (char** variable = environ; *variable != nullptr; ++variable) {
    char* const copy = ::strdup(*variable);
    if (copy == nullptr) return;
    std::memset(*variable, 0, std::strlen(*variable));
    *variable = copy;
  }
}

/// Makes the tables, or brings them up to this program's schema, as `optiinfra init` does. What users added
/// to the tables is remarked on and no reason not to start: it runs behind the fence, and who could stop a
/// server by adding a view could keep it down.
Result<void> prepare_schema(const StoreUrl& url, const Context& context) {
  auto client = Client::open(url, {.create = true});
  if (!client) return with_context(std::move(client).error(), "making the tables");
  return client->with_session([&](Session& session) -> Result<void> {
    OPTIINFRA_TRY(const auto foreign, store::find_foreign_objects(session));
    for (const std::string& sentence : foreign) context.remark("note: " + sentence);
    return {};
  });
}

/// Says what the start has repaired, and what it has found broken.
void warn_of_start(const StoreUrl& url, const Context& context) {
  const auto connector = make_connector(url, IfAbsent::kFail);
  if (!connector) return warn_of_repairs(context);
  const auto session = (*connector)->connect();
  if (!session) return warn_of_repairs(context);
  warn_of_damage(context, **session);
}

/// The HTTP API of a store that this process serves. When the ClickHouse ports need a password, the API needs
/// a token.
Result<std::optional<service::Service>> listen_api(const ServerFlags& flags, const ServeOptions& options,
                                                   const Context& context) {
  // Tables that are made later, as a cluster's are, cannot be asked yet.
  const bool is_wanted = flags.api.port || flags.makes_schema();
  if (flags.api.is_off || !is_wanted) return std::optional<service::Service>();
  ApiFlags api = flags.api;
  api.options.is_token_needed = !options.users.empty();
  api.options.host_names = options.host_names;
  auto folder = api_folder(options.folder);
  if (!api.state.empty()) folder = std::filesystem::absolute(api.state);
  OPTIINFRA_TRY(auto service,
                listen_api(api, folder, options.tcp_port == 0 || options.http_port == 0, context));
  return std::optional(std::move(service));
}

/// With SIGHUP.
void reload(std::optional<service::Service>& api, const Context& context) {
  if (!api) return context.remark("SIGHUP: without the HTTP API nothing is read again");
  const auto reloaded = api->reload();
  context.remark(reloaded ? "SIGHUP: the certificate and the tokens were read again"
                          : "warning: SIGHUP: " + reloaded.error().message);
}

/// Serves only the API, of a store on a server or a cluster: no engine is loaded.
Result<ExitCode> run_api_alone(const ServerFlags& flags, const StoreUrl& store, Context& context) {
  if (flags.api.is_off) return invalid_argument("--no-api leaves nothing to serve of " + store.description());
  ::umask(0077);
  std::optional<service::Service> api;
  std::atomic<bool> is_started = false;
  ServerSignals signals(
      flags.options.grace, [&] { tell_service_manager("STOPPING=1"); },
      [&] {
        if (is_started) reload(api, context);
      });
  OPTIINFRA_TRY(const auto folder, api_folder_of(flags.api.state));
  OPTIINFRA_TRY(api, listen_api(flags.api, folder, false, context));
  OPTIINFRA_CHECK(api->start(store));
  is_started = true;
  context.remark("serving " + store.description() + "; Ctrl-C stops\n  HTTP API   curl http://" +
                 api->address() + "/llms.txt");
  tell_service_manager("READY=1\nSTATUS=" + api->address());
  (void)context.screen.write("ready api=" + api->address() + "\n");
  signals.wait_for_stop();
  api->stop(flags.grace);
  context.remark("stopped");
  return ExitCode::kDone;
}

Result<ExitCode> run(const ServerFlags& flags, Context& context) {
  if (flags.path.empty()) {
    OPTIINFRA_TRY(const StoreUrl store, context.store_url());
    if (store.protocol != Protocol::kEmbedded) return run_api_alone(flags, store, context);
  }
  OPTIINFRA_TRY(const ServeOptions options, options_of(flags, context));
  OPTIINFRA_CHECK(check_serve_options(options));
  hide_environment();
  // Logs hold statements: they are nobody else's business, like the store.
  ::umask(0077);
  std::optional<service::Service> api;
  std::optional<ServedFolder> served_folder;
  std::atomic<bool> is_ready = false;
  const auto stop_api = [&] {
    tell_service_manager("STOPPING=1");
    // First, while the store still takes what the API has.
    if (!is_ready || !api) return;
    served_folder.reset();
    api->stop(options.grace);
  };
  ServerSignals signals(options.grace, stop_api, [&] {
    if (is_ready) reload(api, context);
  });
  OPTIINFRA_TRY(api, listen_api(flags, options, context));
  const auto on_native = [&](const ServedAddress& address) -> Result<void> {
    return flags.makes_schema() ? prepare_schema(address.url(options), context) : Result<void>{};
  };
  const auto on_ready = [&](const ServedAddress& address) -> Result<void> {
    warn_of_start(address.url(options), context);
    if (api) OPTIINFRA_CHECK(api->start(address.url(options), address.why_only_reading));
    // A store that is only read does not change by a byte; its next process opens it for reading, too.
    if (api && address.why_only_reading.empty())
      served_folder.emplace(options.folder, api->address(), !flags.api.options.certificate_file.empty());
    is_ready = true;
    context.remark(first_screen(address, options, api));
    if (!address.why_only_reading.empty())
      context.remark(
          "note: the store is served for reading only: " + address.why_only_reading +
          ". The server ends when it can be written to, so that a service manager starts it again");
    if (!address.is_fenced)
      context.remark(
          "note: this kernel has no Landlock, so users can read files that this account can; see "
          "docs/server.md");
    tell_service_manager("READY=1\nSTATUS=" + address.url(options).description());
    // Neither a reader that has gone nor a full disk is a reason to stop serving.
    (void)context.screen.write(ready_line(address, api));
    return {};
  };
  if (auto served = serve(options, {.on_native = on_native, .on_ready = on_ready}, signals.stop_token());
      !served) {
    warn_of_repairs(context);
    return std::move(served).error();
  }
  context.remark("stopped");
  return ExitCode::kDone;
}

}  // namespace

void define_server(CLI::App& parent, Action& action) {
  define_command<ServerFlags>(
      parent, action, "server",
      "Serve a store by an HTTP API, and an embedded one as ClickHouse, until SIGINT or SIGTERM",
      "  optiinfra server --path /srv/metrics\n"
      "  optiinfra server --path /srv/metrics --listen 0.0.0.0 --user ada --password-file "
      "/etc/optiinfra/password\n"
      "  optiinfra server --path /srv/metrics --user ada --password-file A --user grafana:read "
      "--password-file "
      "B\n"
      "  optiinfra server --path /srv/a --tcp-port 0 --http-port 0      free ports, printed when ready\n"
      "  optiinfra server --url clickhouse://db1/optiinfra              the HTTP API of a store elsewhere\n"
      "  optiinfra server --path /srv/a --cluster 'fleet=a:9000,b:9000' --user ada --password-file F "
      "--listen ::",
      describe_server, run);
}

}  // namespace optiinfra::cli
