#include "api/api_answers.hpp"
#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "flags.hpp"
#include "optiinfra/report/name_lists.hpp"
#include "optiinfra/report/stored_names.hpp"

namespace optiinfra::cli {
namespace {

struct ListFlags {
  std::optional<std::string> customer, service;
  std::size_t limit = 1000;
};

std::vector<Filter> filters_of(const ListFlags& flags) {
  std::vector<Filter> filters;
  if (flags.customer) filters.push_back({"customer", *flags.customer});
  if (flags.service) filters.push_back({"service", *flags.service});
  return filters;
}

Result<ExitCode> run(const NameList& list, const ListFlags& flags, Context& context) {
  const auto filters = filters_of(flags);
  OPTIINFRA_TRY(auto api, context.api());
  if (api) {
    std::vector<NamedValue> parameters{{"limit", std::to_string(flags.limit)}};
    for (const Filter& filter : filters) parameters.emplace_back(filter.dimension, filter.value);
    return answer_from_api(*api, std::string("/api/v1/") + list.name, std::move(parameters), context);
  }
  OPTIINFRA_TRY(Client client, context.open(false));
  const Stopwatch watch;
  OPTIINFRA_TRY(const Names known, client.names());
  OPTIINFRA_TRY(ListedNames names, list_names(client, list, filters, flags.limit, known));
  if (names.records.rows.empty() && !filters.empty()) {
    OPTIINFRA_TRY(const Absence absence, explain_absence(client, filters, families_of(list), {}));
    return context.not_found(absence.sentence);
  }
  Report report{.command = list.name};
  report.sections.push_back({.key = list.name, .title = {}, .records = std::move(names.records)});
  report.has_more = names.has_more;
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  if (names.has_more) context.remark("note: there are more rows than these; see --limit");
  return ExitCode::kDone;
}

void describe(CLI::App& app, const NameList& list, ListFlags& flags) {
  if (list.by_customer) add_id(app, "--customer", flags.customer, "Only this customer's");
  if (list.by_service) add_id(app, "--service", flags.service, "Only this service's");
  add_count<std::size_t>(app, "--limit", flags.limit, 1, kAnswerRowsMax, "The largest number to list")
      ->default_str(std::to_string(flags.limit));
}

}  // namespace

void define_lists(CLI::App& parent, Action& action) {
  for (const NameList& list : name_lists()) {
    define_command<ListFlags>(
        parent, action, list.name, list.meaning, list.examples,
        [&list](CLI::App& app, ListFlags& flags) { describe(app, list, flags); },
        [&list](const ListFlags& flags, Context& context) { return run(list, flags, context); });
  }
}

}  // namespace optiinfra::cli
