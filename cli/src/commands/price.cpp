#include "commands/attribution_commands.hpp"
#include "commands/command.hpp"
#include "commands/stated_money.hpp"
#include "flags.hpp"
#include "input_file.hpp"
#include "optiinfra/attribution/price_book.hpp"
#include "optiinfra/service/stated_money.hpp"

namespace optiinfra::cli {
namespace {

struct PriceFlags {
  attribution::Price price;
  std::optional<sys_seconds> from, to;

  attribution::Price stated() const {
    attribution::Price stated = price;
    stated.valid_from = from.value_or(sys_seconds{});
    stated.valid_to = to.value_or(sys_seconds{});
    return stated;
  }
};

struct PriceFileFlags {
  std::string file;
};

struct PriceListFlags {
  std::string sku;
};

struct PriceMissingFlags {
  std::optional<sys_seconds> from, to;
};

Result<ExitCode> set_all(const std::vector<attribution::Price>& prices, const char* command,
                         Context& context) {
  return set_stated(
      {command, "prices"}, service::price_records(prices),
      [&](Client& client) { return attribution::set_prices(client, prices); },
      "hours without a bill get these prices with the next `optiinfra attribute`", context);
}

Result<ExitCode> run_set(const PriceFlags& flags, Context& context) {
  return set_all({flags.stated()}, "price set", context);
}

Result<ExitCode> run_import(const PriceFileFlags& flags, Context& context) {
  OPTIINFRA_TRY(const std::string text, read_input_file(flags.file));
  auto prices = flags.file.ends_with(".toml") ? attribution::read_prices_toml(text)
                                              : attribution::read_prices_csv(text);
  if (!prices) return with_context(std::move(prices).error(), flags.file);
  return set_all(*prices, "price import", context);
}

Result<ExitCode> run_list(const PriceListFlags& flags, Context& context) {
  const auto read = [&](Client& client) -> Result<Records> {
    OPTIINFRA_TRY(const attribution::PriceBook book, attribution::read_price_book(client));
    return service::price_records(book.prices(), flags.sku);
  };
  std::vector<NamedValue> filters;
  if (!flags.sku.empty()) filters.emplace_back("sku", flags.sku);
  return list_stated({"price list", "prices"}, std::move(filters),
                     "no price; set one with: optiinfra price set SKU PRICE", read, context);
}

Result<ExitCode> run_remove(const PriceFlags& flags, Context& context) {
  const attribution::Price price = flags.stated();
  std::vector<NamedValue> parameters = {{"sku", price.sku}, {"unit", std::string(to_string(price.unit))}};
  for (const auto& [name, value] : {std::pair("provider", &price.provider),
                                    std::pair("region", &price.region), std::pair("tier", &price.tier)})
    if (!value->empty()) parameters.emplace_back(name, *value);
  if (flags.from) parameters.emplace_back("valid_from", format_time(*flags.from));
  return remove_stated(
      {"price remove", "prices"}, std::move(parameters),
      [&](Client& client) { return attribution::remove_price(client, price); }, context);
}

Result<ExitCode> run_missing(const PriceMissingFlags& flags, Context& context) {
  const Stopwatch watch;
  const sys_seconds end = flags.to.value_or(floor_hour(now()));
  const TimeRange range{floor_hour(flags.from.value_or(end - std::chrono::days{1})), end};
  if (range.begin >= range.end) return invalid_argument("--from must be before --to");
  OPTIINFRA_TRY(Client client, context.open(false));
  OPTIINFRA_TRY(const auto missing, attribution::instances_without_price(client, range));
  Records records = service::missing_price_records(missing);
  Report report{.command = "price missing", .window = range};
  if (records.rows.empty()) report.instead = "every instance that was seen has a bill or a price";
  report.sections.push_back({.key = "instances", .title = {}, .records = std::move(records)});
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

void describe_keys(CLI::App& app, PriceFlags& flags) {
  app.add_option("sku", flags.price.sku, "An instance type, the id of one instance, or a model")
      ->type_name("SKU")
      ->required();
  add_parsed(app, "--per", flags.price.unit, attribution::parse_price_unit,
             "What the price is for one of; default hour",
             "hour|million_input_tokens|million_cached_tokens|million_output_tokens");
  app.add_option("--provider", flags.price.provider, "Only for this provider, as bills name it")
      ->type_name("NAME");
  app.add_option("--region", flags.price.region, "Only for this region")->type_name("NAME");
  app.add_option("--tier", flags.price.tier, "Only for this tier, such as spot")->type_name("NAME");
  add_time(app, "--from", flags.from, "When the price begins to hold; default: it has always held");
}

void describe_set(CLI::App& app, PriceFlags& flags) {
  describe_keys(app, flags);
  add_parsed(app, "price", flags.price.price, parse_number, "The price of one of them", "PRICE")->required();
  add_currency(app, flags.price.currency);
  add_time(app, "--to", flags.to, "When it ends, not included; default: it has no end");
  app.add_option("--source", flags.price.source, "Where the price is from, in your words")->type_name("TEXT");
}

void describe_import(CLI::App& app, PriceFileFlags& flags) {
  app.add_option(
         "file", flags.file,
         "CSV with the columns sku, unit, price and any of provider, region, tier, currency, valid_from, "
         "valid_to, source; or TOML with [[price]] tables of the same names")
      ->type_name("FILE")
      ->required();
}

void describe_list(CLI::App& app, PriceListFlags& flags) {
  app.add_option("sku", flags.sku, "Only the prices of this one")->type_name("SKU");
}

void describe_missing(CLI::App& app, PriceMissingFlags& flags) {
  add_time(app, "--from", flags.from, "The first hour, included; default a day before the end");
  add_time(app, "--to", flags.to, "The end, not included; default the start of this hour");
}

}  // namespace

void define_price(CLI::App& parent, Action& action) {
  CLI::App* const price = parent.add_subcommand(
      "price", "Prices of instances, for hours that no bill covers yet, and of models at their providers");
  price->require_subcommand(1);
  define_command<PriceFlags>(
      *price, action, "set", "Set a price, or change it",
      "  optiinfra price set p5.48xlarge 98.32 --currency USD\n"
      "  optiinfra price set p5.48xlarge 41.70 --tier spot --region us-east-1 --currency USD\n"
      "  optiinfra price set gpu-node-7 12.50 --currency EUR --source 'depreciation 2026'",
      describe_set, run_set);
  define_command<PriceFileFlags>(*price, action, "import", "Set the prices of a file, all or none",
                                 "  optiinfra price import prices.csv\n  optiinfra price import prices.toml",
                                 describe_import, run_import);
  define_command<PriceListFlags>(*price, action, "list", "List the prices",
                                 "  optiinfra price list\n  optiinfra price list p5.48xlarge --output csv",
                                 describe_list, run_list);
  define_command<PriceFlags>(*price, action, "remove", "Remove a price; give what it was set with",
                             "  optiinfra price remove p5.48xlarge --tier spot --region us-east-1",
                             describe_keys, run_remove);
  define_command<PriceMissingFlags>(
      *price, action, "missing",
      "List the instances that were seen in hours without a bill, and have no price",
      "  optiinfra price missing\n  optiinfra price missing --from now-30d --output csv", describe_missing,
      run_missing);
}

}  // namespace optiinfra::cli
