#include "commands/server_api.hpp"

#include "flags.hpp"
#include "optiinfra/transport/url.hpp"

namespace optiinfra::cli {

void describe_api(CLI::App& app, ApiFlags& flags) {
  app.add_option("--api-port", flags.port,
                 "The port of the HTTP API; 0 takes a free one. Default 7070, or a free one when that is "
                 "taken or another port is 0; with --cluster and --no-init none unless one is named")
      ->type_name("PORT")
      ->check(within(0, 65535));
  app.add_flag("--no-api", flags.is_off, "Serve only ClickHouse, without the HTTP API");
  app.add_option("--api-listen", flags.options.listen,
                 "The address that the API listens on; any but this machine's own needs tokens, and TLS or "
                 "--insecure-http")
      ->type_name("ADDRESS")
      ->capture_default_str();
  app.add_option("--tls-cert", flags.options.certificate_file,
                 "The API's certificate with its chain, in PEM; read again when it changes")
      ->type_name("FILE");
  app.add_option("--tls-key", flags.options.key_file, "The certificate's key, in PEM")->type_name("FILE");
  app.add_flag("--insecure-http", flags.options.is_insecure_allowed,
               "Allow the API's tokens and rows to travel between machines without encryption");
  app.add_option("--api-connections", flags.options.connections_max,
                 "How many connections to the API at once; further ones are refused")
      ->type_name("N")
      ->check(within(8, 65'535))
      ->capture_default_str();
  app.add_option("--api-rate", flags.options.requests_per_second,
                 "How many requests a second each token may send, and programs without one together; further "
                 "ones get 429. Default: any number")
      ->type_name("N")
      ->check(within(1, 1'000'000));
  app.add_flag("--no-attribution", flags.is_attribution_off,
               "Leave it to `optiinfra attribute` to split the cost of hours that have ended");
  add_parsed(
      app, "--api-log", flags.log, parse_api_log,
      "Write each request to the API, and what the operator should know of its store, to standard error: "
      "off, text or json; default off",
      "FORMAT");
  app.add_option("--state", flags.state,
                 "Where the API keeps its tokens, and rows until the store has them; default in the store's "
                 "folder")
      ->type_name("DIR");
}

std::filesystem::path api_folder(const std::filesystem::path& store) { return store / "service"; }

Result<std::filesystem::path> api_folder_of(const std::string& state) {
  if (!state.empty()) return std::filesystem::absolute(state);
  // The environment without its store: the default one's folder is where this program keeps things.
  OPTIINFRA_TRY(const StoreUrl fallback, store_url_of_environment([](const char* name) {
                  const std::string_view text = name;
                  return text == "XDG_DATA_HOME" || text == "HOME" ? process_environment(name) : std::nullopt;
                }));
  return fallback.folder.parent_path() / "service";
}

Result<service::Service> listen_api(const ApiFlags& flags, const std::filesystem::path& folder,
                                    bool wants_free_port, const Context& context) {
  service::ServiceOptions options = flags.options;
  options.folder = folder;
  set_log(options, flags.log);
  if (flags.is_attribution_off) options.attribute_after.reset();
  if (flags.port) {
    options.port = *flags.port;
    return service::Service::listen(options);
  }
  if (wants_free_port) options.port = 0;
  auto api = service::Service::listen(options);
  if (api || api.error().kind != ErrorKind::kUnavailable) return api;
  options.port = 0;
  auto other = service::Service::listen(options);
  if (other)
    context.remark("note: port " + std::to_string(flags.options.port) +
                   " is taken, so the API has another: " + other->address());
  return other;
}

}  // namespace optiinfra::cli
