#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "flags.hpp"
#include "optiinfra/report/name_lists.hpp"
#include "optiinfra/report/stored_names.hpp"

namespace optiinfra::cli {
namespace {

struct NamesFlags {
  std::optional<std::string> customer, service;
  std::size_t limit = 1000;
};

std::vector<Filter> filters_of(const NamesFlags& flags) {
  std::vector<Filter> filters;
  if (flags.customer) filters.push_back({"customer", *flags.customer});
  if (flags.service) filters.push_back({"service", *flags.service});
  return filters;
}

Result<ExitCode> run(const NameList& list, const NamesFlags& flags, Context& context) {
  const auto filters = filters_of(flags);
  OPTIINFRA_TRY(Client client, context.open(false));
  const Stopwatch watch;
  OPTIINFRA_TRY(ListedNames names, list_names(client, list, filters, flags.limit));
  if (names.records.rows.empty() && !filters.empty()) {
    OPTIINFRA_TRY(const Absence absence, explain_absence(client, filters, families_of(list), {}));
    return context.not_found(absence.sentence);
  }
  Report report{.command = list.name};
  report.sections.push_back({.key = list.name, .title = {}, .records = std::move(names.records)});
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  if (names.has_more)
    context.remark("note: there are more than these " + std::to_string(flags.limit) + "; see --limit");
  return ExitCode::kDone;
}

void describe(CLI::App& app, const NameList& list, NamesFlags& flags) {
  if (list.by_customer)
    add_parsed(app, "--customer", flags.customer, parse_uuid_text, "Only this customer's", "UUID");
  if (list.by_service)
    add_parsed(app, "--service", flags.service, parse_uuid_text, "Only this service's", "UUID");
  add_count<std::size_t>(app, "--limit", flags.limit, 1, kAnswerRowsMax, "The largest number to list")
      ->default_str(std::to_string(flags.limit));
}

}  // namespace

void define_names(CLI::App& parent, Action& action) {
  for (const NameList& list : name_lists()) {
    define_command<NamesFlags>(
        parent, action, list.name, list.meaning, list.examples,
        [&list](CLI::App& app, NamesFlags& flags) { describe(app, list, flags); },
        [&list](const NamesFlags& flags, Context& context) { return run(list, flags, context); });
  }
}

}  // namespace optiinfra::cli
