#include "commands/stated_money.hpp"

#include <charconv>
#include <nlohmann/json.hpp>

#include "api/api_answers.hpp"
#include "commands/command.hpp"
#include "flags.hpp"

namespace optiinfra::cli {
namespace {

/// The rows as the body of a request: texts, without what is absent.
std::string body_of(const Records& rows) {
  nlohmann::json all = nlohmann::json::array();
  for (const Row& row : rows.rows) {
    nlohmann::json& one = all.emplace_back(nlohmann::json::object());
    for (std::size_t i = 0; i < row.size(); ++i)
      if (!std::holds_alternative<std::monostate>(row[i])) one[rows.fields[i].key] = plain_text(row[i]);
  }
  return all.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string path_of(const StatedCommand& of) { return std::string("/api/v1/") + of.key; }

}  // namespace

Result<ExitCode> set_stated(const StatedCommand& of, const Records& rows,
                            const std::function<Result<std::size_t>(Client&)>& set, const std::string& note,
                            Context& context) {
  const Stopwatch watch;
  OPTIINFRA_TRY(auto api, context.api());
  std::size_t changed = 0;
  if (api) {
    OPTIINFRA_TRY(const std::string body, api->send({.method = "POST",
                                                     .path = path_of(of),
                                                     .headers = {"Content-Type: application/json"},
                                                     .body = body_of(rows)}));
    const auto answer = nlohmann::json::parse(body, nullptr, false);
    const auto found = answer.is_object() ? answer.find("changed") : answer.end();
    if (found == answer.end() || !found->is_number_unsigned())
      return Error{ErrorKind::kCorrupt, api->description() +
                                            " does not say how many were changed; is it an `optiinfra "
                                            "server`? List them to see what holds"};
    changed = found->get<std::size_t>();
  } else {
    OPTIINFRA_TRY(Client client, context.open(false));
    OPTIINFRA_TRY(changed, set(client));
  }
  Report report{.command = of.command};
  report.sections.push_back(
      object_section("summary", {{of.key, of.key, Look::kCount}, {"changed", "changed", Look::kCount}},
                     {std::uint64_t{rows.rows.size()}, std::uint64_t{changed}}));
  if (changed > 0 && !note.empty()) report.notes.push_back(note);
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

Result<ExitCode> list_stated(const StatedCommand& of, std::vector<NamedValue> filters,
                             const std::string& nothing, const std::function<Result<Records>(Client&)>& read,
                             Context& context) {
  OPTIINFRA_TRY(auto api, context.api());
  if (api) return answer_from_api(*api, path_of(of), std::move(filters), context);
  const Stopwatch watch;
  OPTIINFRA_TRY(Client client, context.open(false));
  OPTIINFRA_TRY(Records records, read(client));
  Report report{.command = of.command};
  if (records.rows.empty()) report.instead = nothing;
  report.sections.push_back({.key = of.key, .title = {}, .records = std::move(records)});
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

Result<ExitCode> remove_stated(const StatedCommand& of, std::vector<NamedValue> parameters,
                               const std::function<Result<void>(Client&)>& remove, Context& context) {
  const Stopwatch watch;
  OPTIINFRA_TRY(auto api, context.api());
  if (api) {
    OPTIINFRA_CHECK(
        api->send({.method = "DELETE", .path = path_of(of), .parameters = std::move(parameters)}));
  } else {
    OPTIINFRA_TRY(Client client, context.open(false));
    OPTIINFRA_CHECK(remove(client));
  }
  Report report{.command = of.command};
  report.sections.push_back(
      object_section("summary", {{"removed", "removed", Look::kCount}}, {std::uint64_t{1}}));
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

Result<double> parse_number(const std::string& text) {
  double number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code == std::errc{} && end == text.data() + text.size()) return number;
  return invalid_argument("'" + text + "' is not a number, such as 98.32");
}

void add_currency(CLI::App& app, std::string& currency) {
  app.add_option("--currency", currency,
                 "Three capital letters, the same as in your bills; default: not stated")
      ->type_name("CODE");
}

}  // namespace optiinfra::cli
