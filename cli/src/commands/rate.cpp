#include "commands/attribution_commands.hpp"
#include "commands/command.hpp"
#include "commands/stated_money.hpp"
#include "flags.hpp"
#include "input_file.hpp"
#include "optiinfra/attribution/exchange_rates.hpp"
#include "optiinfra/service/stated_money.hpp"

namespace optiinfra::cli {
namespace {

struct RateFlags {
  attribution::ExchangeRate rate;
  std::optional<sys_seconds> day;

  attribution::ExchangeRate stated() const {
    attribution::ExchangeRate stated = rate;
    stated.day = std::chrono::floor<std::chrono::days>(day.value_or(now()));
    return stated;
  }
};

struct RateFileFlags {
  std::string file;
};

struct RateListFlags {
  std::string currency;
};

Result<ExitCode> set_all(const std::vector<attribution::ExchangeRate>& rates, const char* command,
                         Context& context) {
  return set_stated(
      {command, "rates"}, service::rate_records(rates),
      [&](Client& client) { return attribution::set_exchange_rates(client, rates); }, "", context);
}

Result<ExitCode> run_set(const RateFlags& flags, Context& context) {
  return set_all({flags.stated()}, "rate set", context);
}

Result<ExitCode> run_import(const RateFileFlags& flags, Context& context) {
  OPTIINFRA_TRY(const std::string text, read_input_file(flags.file));
  auto rates = attribution::read_exchange_rates_csv(text);
  if (!rates) return with_context(std::move(rates).error(), flags.file);
  return set_all(*rates, "rate import", context);
}

Result<ExitCode> run_list(const RateListFlags& flags, Context& context) {
  const auto read = [&](Client& client) -> Result<Records> {
    OPTIINFRA_TRY(const auto rates, attribution::read_exchange_rates(client));
    return service::rate_records(rates, flags.currency);
  };
  std::vector<NamedValue> filters;
  if (!flags.currency.empty()) filters.emplace_back("currency", flags.currency);
  return list_stated({"rate list", "rates"}, std::move(filters),
                     "no rate; set one with: optiinfra rate set EUR USD RATE", read, context);
}

Result<ExitCode> run_remove(const RateFlags& flags, Context& context) {
  const attribution::ExchangeRate rate = flags.stated();
  return remove_stated(
      {"rate remove", "rates"},
      {{"currency", rate.currency}, {"to", rate.to}, {"day", format_time(rate.day).substr(0, 10)}},
      [&](Client& client) { return attribution::remove_exchange_rate(client, rate); }, context);
}

void describe_remove(CLI::App& app, RateFlags& flags) {
  app.add_option("currency", flags.rate.currency, "One unit of this currency")->type_name("CODE")->required();
  app.add_option("to", flags.rate.to, "In this one")->type_name("CODE")->required();
  add_time(app, "--day", flags.day, "On this day (UTC); default today");
}

void describe_set(CLI::App& app, RateFlags& flags) {
  describe_remove(app, flags);
  add_parsed(app, "rate", flags.rate.rate, parse_number, "What one unit is", "RATE")->required();
  app.add_option("--source", flags.rate.source, "Where the rate is from, in your words")->type_name("TEXT");
}

void describe_import(CLI::App& app, RateFileFlags& flags) {
  app.add_option("file", flags.file,
                 "CSV with the columns currency, to, day, rate and source; or the European Central Bank's "
                 "eurofxref-hist.csv as it is")
      ->type_name("FILE")
      ->required();
}

void describe_list(CLI::App& app, RateListFlags& flags) {
  app.add_option("currency", flags.currency, "Only rates from or to this one")->type_name("CODE");
}

}  // namespace

void define_rate(CLI::App& parent, Action& action) {
  CLI::App* const rate =
      parent.add_subcommand("rate", "Exchange rates day by day, for questions that convert with --currency");
  rate->require_subcommand(1);
  define_command<RateFlags>(*rate, action, "set", "Set the rate of a day, or change it",
                            "  optiinfra rate set EUR USD 1.0832 --day 2026-11-03 --source ECB", describe_set,
                            run_set);
  define_command<RateFileFlags>(
      *rate, action, "import", "Set the rates of a file, all or none",
      "  optiinfra rate import rates.csv\n  optiinfra rate import eurofxref-hist.csv", describe_import,
      run_import);
  define_command<RateListFlags>(*rate, action, "list", "List the rates",
                                "  optiinfra rate list\n  optiinfra rate list EUR --output csv",
                                describe_list, run_list);
  define_command<RateFlags>(*rate, action, "remove", "Remove the rate of a day",
                            "  optiinfra rate remove EUR USD --day 2026-11-03", describe_remove, run_remove);
}

}  // namespace optiinfra::cli
