#include "context.hpp"

#include <cstdio>

#include "api/served_folder.hpp"
#include "damage_warnings.hpp"
#include "output/reports.hpp"
#include "output/table.hpp"
#include "password_file.hpp"

namespace optiinfra::cli {

Result<StoreUrl> Context::store_url() const {
  if (api::is_api_url(named_url()))
    return invalid_argument(
        "this command works on a store itself and not through the API of a service; give the store's URL "
        "(embedded:/path, clickhouse://host/database). Through an API work ping, query, report, customers, "
        "services, "
        "instances, models, names, import, collect, forget and verify");
  OPTIINFRA_TRY(StoreUrl store, url.empty() ? store_url_of_environment() : parse_store_url(url));
  return with_password(std::move(store));
}

std::string Context::named_url() const {
  return url.empty() ? process_environment("OPTIINFRA_URL").value_or("") : url;
}

Result<std::optional<api::ApiStore>> Context::api() const {
  std::optional<api::ApiUrl> api;
  if (api::is_api_url(named_url())) {
    OPTIINFRA_TRY(api, api::parse_api_url(named_url()));
  } else {
    OPTIINFRA_TRY(const StoreUrl store, store_url());
    if (store.protocol == Protocol::kEmbedded) api = find_served(store.folder);
  }
  if (!api) return std::optional<api::ApiStore>();
  OPTIINFRA_TRY(Secret token, api::token_of_environment());
  if (token.is_open_to_all)
    remark("note: everyone on this machine can read the file of OPTIINFRA_TOKEN_FILE");
  OPTIINFRA_TRY(api::ApiStore store, api::ApiStore::make(*std::move(api), std::move(token.text)));
  return std::optional(std::move(store));
}

Result<Client> Context::open(bool create) const {
  OPTIINFRA_TRY(const StoreUrl store, store_url());
  auto client = Client::open(store, {.create = create});
  if (!client) {
    warn_of_repairs(*this);
    return client;
  }
  // A server has said it when it started, and each more question costs a short command milliseconds.
  if (store.protocol != Protocol::kEmbedded) return client;
  (void)client->with_each_part([this](Session& session, std::uint32_t) -> Result<void> {
    warn_of_damage(*this, session);
    return {};
  });
  return client;
}

Result<Client> Context::open_to_free_space() const {
  OPTIINFRA_TRY(const StoreUrl store, store_url());
  return Client::open(store, {.use_reserve = true});
}

Result<void> Context::answer(const Report& report) {
  switch (output) {
    case OutputFormat::kJson:
      return screen.write(render_json(report));
    case OutputFormat::kCsv:
      return screen.write(render_csv(report.sections.front().records));
    case OutputFormat::kTable:
      break;
  }
  return screen.write(render_report(report, screen_terminal));
}

void Context::complain(const Error& error) const {
  complain(to_string(error.kind), error.message, error.server_code, error.query_id);
}

void Context::complain(std::string_view kind, const std::string& message, int server_code,
                       std::string_view query_id) const {
  const std::string label = console_terminal.colour ? "\x1b[31;1merror:\x1b[0m " : "error: ";
  const std::string text = output == OutputFormat::kJson
                               ? render_json_error(kind, message, server_code, query_id)
                               : label + message + "\n";
  std::fputs(text.c_str(), stderr);
}

ExitCode Context::not_found(const std::string& sentence) const {
  complain("not_found", sentence, 0);
  return ExitCode::kNotFound;
}

void Context::remark(const std::string& sentence) const {
  if (!quiet) std::fputs((sentence + "\n").c_str(), stderr);
}

}  // namespace optiinfra::cli
