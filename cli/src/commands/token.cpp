#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "commands/server_api.hpp"
#include "flags.hpp"
#include "optiinfra/core/nearest.hpp"
#include "optiinfra/report/names.hpp"
#include "optiinfra/service/tokens.hpp"

namespace optiinfra::cli {
namespace {

struct TokenFlags {
  std::string path, state, name;
  service::Scope scope = service::Scope::kRead;
  std::vector<std::string> customers;  ///< Ids and names.
};

Result<service::Tokens> tokens_of_store(const std::filesystem::path& store) {
  std::error_code error;
  if (!std::filesystem::exists(store / "OPTIINFRA", error))
    return Error{ErrorKind::kStorage,
                 "there is no store in " + store.string() + "; `optiinfra init` makes one"};
  return service::Tokens(api_folder(store));
}

/// The tokens of the service that --path, --state or the default store has.
Result<service::Tokens> tokens_of(const TokenFlags& flags, const Context& context) {
  if (!flags.state.empty()) return service::Tokens(std::filesystem::absolute(flags.state));
  if (!flags.path.empty()) {
    OPTIINFRA_TRY(const StoreUrl store, parse_store_url("embedded:" + flags.path));
    return tokens_of_store(store.folder);
  }
  OPTIINFRA_TRY(const StoreUrl store, context.store_url());
  if (store.protocol == Protocol::kEmbedded && !store.folder.empty()) return tokens_of_store(store.folder);
  OPTIINFRA_TRY(const auto folder, api_folder_of({}));
  return service::Tokens(folder);
}

void add_place(CLI::App& app, TokenFlags& flags) {
  auto* const path = app.add_option("--path", flags.path,
                                    "The folder of the store that is served; default the default store")
                         ->type_name("DIR");
  app.add_option("--state", flags.state, "The service's --state, when it was started with one")
      ->type_name("DIR")
      ->excludes(path);
}

/// The customers that have names, from the store or from the server that holds it.
/// Errors: kInvalidArgument with --state alone, because another store may call another customer so.
Result<Records> named_customers(const TokenFlags& flags, const Context& context) {
  if (!flags.state.empty() && context.url.empty())
    return invalid_argument(
        "--customer: names are kept in the store that the service serves, and --state does not say which "
        "that "
        "is; name it with --url, or give the customer's UUID");
  Context at;
  at.url = flags.path.empty() ? context.url : "embedded:" + flags.path;
  at.quiet = context.quiet;
  OPTIINFRA_TRY(auto api, at.api());
  if (api) {
    OPTIINFRA_TRY(const auto answer,
                  api->ask("/api/v1/names", {{"kind", std::string(to_string(NameKind::kCustomer))}}));
    return answer.report.sections.at(0).records;
  }
  OPTIINFRA_TRY(Client client, at.open(false));
  OPTIINFRA_TRY(const Names names, client.names());
  return name_records(names.all(NameKind::kCustomer));
}

Result<Uuid> id_of_named(const Records& named, const std::string& text) {
  constexpr std::size_t kName = 1, kId = 2;
  std::vector<std::string> known;
  for (const Row& row : named.rows) {
    const auto* name = std::get_if<std::string>(&row.at(kName));
    const auto* id = std::get_if<std::string>(&row.at(kId));
    if (name == nullptr || id == nullptr) continue;
    if (*name == text) return Uuid::parse(*id);
    known.push_back(*name);
  }
  return invalid_argument("--customer: '" + shown(text) + "' is no UUID, and no customer is called so" +
                          suggestion(text, known));
}

Result<std::vector<Uuid>> ids_of_customers(const TokenFlags& flags, const Context& context) {
  std::vector<Uuid> ids;
  std::optional<Records> named;
  for (const std::string& text : flags.customers) {
    auto id = Uuid::parse(text);
    if (!id) {
      // The store is opened only for names: a token for ids can be made without an engine.
      if (!named) {
        OPTIINFRA_TRY(named, named_customers(flags, context));
      }
      id = id_of_named(*named, text);
    }
    if (!id) return std::move(id).error();
    ids.push_back(*id);
  }
  return ids;
}

Result<ExitCode> create(const TokenFlags& flags, Context& context) {
  OPTIINFRA_TRY(auto tokens, tokens_of(flags, context));
  OPTIINFRA_TRY(std::vector<Uuid> customers, ids_of_customers(flags, context));
  OPTIINFRA_TRY(const std::string text, tokens.create(flags.name, flags.scope, std::move(customers)));
  if (context.output == OutputFormat::kTable) {
    context.remark("The token of '" + flags.name + "'; it is not shown again:");
    OPTIINFRA_CHECK(context.screen.write(text + "\n"));
    return ExitCode::kDone;
  }
  Report report{.command = "token create"};
  report.sections.push_back(
      object_section("token", {{"name", "name"}, {"token", "token"}}, {flags.name, text}));
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

Result<ExitCode> list(const TokenFlags& flags, Context& context) {
  OPTIINFRA_TRY(const auto tokens, tokens_of(flags, context));
  OPTIINFRA_TRY(const auto all, tokens.list());
  Records records{.fields = {{"name", "name"},
                             {"id", "id"},
                             {"scope", "scope"},
                             {"customers", "customers"},
                             {"created", "created (UTC)", Look::kTime},
                             {"last_used", "last used (UTC)", Look::kTime}},
                  .rows = {}};
  for (const service::Token& token : all) {
    std::string customers;
    for (const Uuid& customer : token.customers)
      customers += (customers.empty() ? "" : " ") + customer.to_string();
    records.rows.push_back({token.name, token.id, std::string(to_string(token.scope)),
                            customers.empty() ? Value("all") : Value(customers), token.created,
                            token.last_used ? Value(*token.last_used) : Value()});
  }
  Report report{.command = "token list"};
  report.sections.push_back({.key = "tokens", .title = {}, .records = std::move(records)});
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

Result<ExitCode> revoke(const TokenFlags& flags, Context& context) {
  OPTIINFRA_TRY(auto tokens, tokens_of(flags, context));
  OPTIINFRA_CHECK(tokens.revoke(flags.name));
  context.remark("'" + flags.name + "' is revoked; a running service refuses it within a second");
  return ExitCode::kDone;
}

}  // namespace

void define_token(CLI::App& parent, Action& action) {
  CLI::App& token = *parent.add_subcommand("token", "Make, list and revoke the tokens of the HTTP API");
  token.require_subcommand(1);
  define_command<TokenFlags>(
      token, action, "create", "Make a token and print it, once",
      "  optiinfra token create --name ingest --scope write\n"
      "  optiinfra token create --name acme-dashboard --scope read --customer acme",
      [](CLI::App& app, TokenFlags& flags) {
        app.add_option("--name", flags.name, "The token's name, which says whose it is")
            ->type_name("NAME")
            ->required();
        add_parsed(app, "--scope", flags.scope, service::parse_scope,
                   "What it allows: asking, inserting, or everything; default read", "read|write|admin");
        app.add_option("--customer", flags.customers,
                       "It sees and writes only this customer's rows; may be repeated. Default: all")
            ->type_name("UUID|NAME")
            ->allow_extra_args(false);
        add_place(app, flags);
      },
      create);
  define_command<TokenFlags>(token, action, "list", "List the tokens, without their secrets",
                             "  optiinfra token list", add_place, list);
  define_command<TokenFlags>(
      token, action, "revoke", "Revoke a token", "  optiinfra token revoke --name ingest",
      [](CLI::App& app, TokenFlags& flags) {
        app.add_option("--name", flags.name, "Which")->type_name("NAME")->required();
        add_place(app, flags);
      },
      revoke);
}

}  // namespace optiinfra::cli
