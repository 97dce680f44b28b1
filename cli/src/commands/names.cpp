#include "optiinfra/client/names.hpp"

#include <nlohmann/json.hpp>

#include "api/api_answers.hpp"
#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "flags.hpp"
#include "input_file.hpp"
#include "optiinfra/report/name_rows.hpp"
#include "optiinfra/report/names.hpp"
#include "output/reports.hpp"

namespace optiinfra::cli {
namespace {

constexpr const char* kSource = "program";

struct NameSetFlags {
  NewName name;
};

struct NameListFlags {
  std::optional<NameKind> kind;
};

struct NameFileFlags {
  std::string file;
};

struct NameRemoveFlags {
  NameKind kind{};
  std::string name;
};

Report summary(const std::string& command, std::size_t names, std::size_t changed) {
  Report report{.command = command};
  report.sections.push_back(
      object_section("summary", {{"names", "names", Look::kCount}, {"changed", "changed", Look::kCount}},
                     {std::uint64_t{names}, std::uint64_t{changed}}));
  return report;
}

/// Through an API: how many of the names that it was sent were changed.
Result<std::size_t> put_names(api::ApiStore& store, const std::vector<NewName>& names) {
  nlohmann::json rows = nlohmann::json::array();
  for (const NewName& name : names) {
    nlohmann::json& row =
        rows.emplace_back(nlohmann::json{{"kind", to_string(name.kind)}, {"name", name.name}});
    if (!name.id.empty()) row["id"] = name.id;
    if (!name.customer_id.is_nil()) row["customer_id"] = name.customer_id.to_string();
  }
  OPTIINFRA_TRY(const std::string body,
                store.send({.method = "PUT",
                            .path = "/api/v1/names",
                            .headers = {"Content-Type: application/json"},
                            .body = rows.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)}));
  return nlohmann::json::parse(body, nullptr, false).value("changed", std::size_t{0});
}

Result<ExitCode> set(const std::vector<NewName>& names, const std::string& command, Context& context) {
  const Stopwatch watch;
  OPTIINFRA_TRY(auto api, context.api());
  std::size_t changed = 0;
  if (api) {
    OPTIINFRA_TRY(changed, put_names(*api, names));
  } else {
    OPTIINFRA_TRY(Client client, context.open(false));
    OPTIINFRA_TRY(changed, set_names(client, names, kSource));
  }
  Report report = summary(command, names.size(), changed);
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

Result<ExitCode> run_set(const NameSetFlags& flags, Context& context) {
  return set({flags.name}, "names set", context);
}

Result<ExitCode> run_import(const NameFileFlags& flags, Context& context) {
  OPTIINFRA_TRY(const std::string text, read_input_file(flags.file));
  auto names = read_names_csv(text);
  if (!names) return with_context(std::move(names).error(), flags.file);
  return set(*names, "names import", context);
}

Result<ExitCode> run_list(const NameListFlags& flags, Context& context) {
  OPTIINFRA_TRY(auto api, context.api());
  if (api) {
    std::vector<NamedValue> parameters;
    if (flags.kind) parameters.emplace_back("kind", to_string(*flags.kind));
    return answer_from_api(*api, "/api/v1/names", std::move(parameters), context);
  }
  const Stopwatch watch;
  OPTIINFRA_TRY(Client client, context.open(false));
  OPTIINFRA_TRY(const Names names, client.names());
  Report report{.command = "names list"};
  report.sections.push_back({.key = "names", .title = {}, .records = name_records(names.all(flags.kind))});
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

Result<ExitCode> run_remove(const NameRemoveFlags& flags, Context& context) {
  const Stopwatch watch;
  OPTIINFRA_TRY(auto api, context.api());
  if (api) {
    OPTIINFRA_CHECK(
        api->send({.method = "DELETE",
                   .path = "/api/v1/names",
                   .parameters = {{"kind", std::string(to_string(flags.kind))}, {"name", flags.name}}}));
  } else {
    OPTIINFRA_TRY(Client client, context.open(false));
    OPTIINFRA_CHECK(remove_name(client, flags.kind, flags.name, kSource));
  }
  Report report = summary("names remove", 1, 1);
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

Result<std::optional<NameKind>> parse_some_kind(const std::string& text) {
  OPTIINFRA_TRY(const NameKind kind, parse_name_kind(text));
  return std::optional(kind);
}

constexpr const char* kKinds = "customer|service|instance";

void describe_set(CLI::App& app, NameSetFlags& flags) {
  add_parsed(app, "kind", flags.name.kind, parse_name_kind, "What the name is of", kKinds)->required();
  app.add_option("name", flags.name.name, "The name")->type_name("NAME")->required();
  app.add_option(
         "id", flags.name.id,
         "What it names: a UUID, or an instance's id. Without one, the UUID that the name itself gives")
      ->type_name("ID");
  add_parsed(app, "--customer", flags.name.customer_id, Uuid::parse,
             "Whose service or instance it is; who has a token of this customer sees the name", "UUID");
}

void describe_list(CLI::App& app, NameListFlags& flags) {
  add_parsed(app, "kind", flags.kind, parse_some_kind, "Only the names of these", kKinds);
}

void describe_import(CLI::App& app, NameFileFlags& flags) {
  app.add_option("file", flags.file,
                 "CSV with the columns kind, name, id and customer_id; the last two may be left out or empty")
      ->type_name("FILE")
      ->required();
}

void describe_remove(CLI::App& app, NameRemoveFlags& flags) {
  add_parsed(app, "kind", flags.kind, parse_name_kind, "What the name is of", kKinds)->required();
  app.add_option("name", flags.name, "The name")->type_name("NAME")->required();
}

}  // namespace

void define_names(CLI::App& parent, Action& action) {
  CLI::App* const names = parent.add_subcommand(
      "names", "Names of customers, services and instances, to use instead of their ids");
  names->require_subcommand(1);
  define_command<NameSetFlags>(*names, action, "set",
                               "Give a customer, service or instance a name, or another one than it has",
                               "  optiinfra names set customer acme 550e8400-e29b-41d4-a716-446655440000\n"
                               "  optiinfra names set service chat UUID --customer UUID\n"
                               "  optiinfra names set customer team-a",
                               describe_set, run_set);
  define_command<NameListFlags>(*names, action, "list", "List the names",
                                "  optiinfra names list\n  optiinfra names list service --output csv",
                                describe_list, run_list);
  define_command<NameFileFlags>(*names, action, "import", "Set the names of a CSV file, all or none",
                                "  optiinfra names import names.csv", describe_import, run_import);
  define_command<NameRemoveFlags>(*names, action, "remove", "Remove a name; what it named stays",
                                  "  optiinfra names remove customer acme", describe_remove, run_remove);
}

}  // namespace optiinfra::cli
