// What people state about money: /api/v1/prices, budgets, objectives, rates.
#include "optiinfra/service/stated_money.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "handlers/answers.hpp"
#include "optiinfra/attribution/scope.hpp"
#include "optiinfra/client/client.hpp"
#include "optiinfra/report/json_table.hpp"
#include "problem.hpp"
#include "routes.hpp"

namespace optiinfra::service {
namespace {

/// Most rows of a list. A part would not do: what is listed can be set again.
constexpr std::size_t kListRowsMax = 100'000;

/// One of the lists, and how it is changed.
struct StatedList {
  const char* key;      ///< "prices": of the path and of answers.
  const char* command;  ///< "price list".
  const char* meaning;
  const char* fields;  ///< For the description of a body.
  /// Who may read it. Callers that see some customers get what concerns these alone.
  Openness openness;
  std::vector<RouteParameter> filters;         ///< What keeps a list to some.
  std::vector<RouteParameter> key_parameters;  ///< What names one that is removed.
  Result<report::Records> (*read)(const Call& call);
  /// Returns how many rows there were and how many of them were new or changed.
  Result<std::pair<std::size_t, std::size_t>> (*set)(const Call& call);
  Result<void> (*remove)(const Call& call);
};

/// The rows of the body, one after the other.
Result<void> each_row(const Call& call, std::span<const std::string_view> fields, const OnTexts& on_row) {
  const std::string& body = call.request.body;
  return call.request.header("content-type").starts_with("text/csv")
             ? read_csv_table(body, fields, on_row)
             : report::read_json_table(body, fields, report::JsonValues::kTextsAndNumbers, on_row);
}

template <typename Value>
Result<std::vector<Value>> values_in(const Call& call, std::span<const std::string_view> fields,
                                     Result<Value> (*value_of_texts)(std::vector<std::string>)) {
  std::vector<Value> values;
  OPTIINFRA_CHECK(each_row(call, fields, [&](std::vector<std::string> texts) -> Result<void> {
    OPTIINFRA_TRY(Value value, value_of_texts(std::move(texts)));
    values.push_back(std::move(value));
    return {};
  }));
  return values;
}

/// Ids in place of the names of what budgets and objectives are for.
template <typename Value>
Result<void> resolve_scopes(const Call& call, std::vector<Value>& values) {
  OPTIINFRA_TRY(const Names names, names_of(call));
  for (Value& each : values) OPTIINFRA_CHECK(attribution::resolve_scope(names, each.scope, each.scope_id));
  return {};
}

bool is_own(const Caller& caller, const std::string& scope, const std::string& scope_id) {
  if (caller.sees_all()) return true;
  const auto customer = Uuid::parse(scope_id);
  return scope == "customer" && customer && caller.sees(*customer);
}

std::string given(const Call& call, const char* name) {
  return value_of(call.request.parameters, name).value_or("");
}

using Counts = std::pair<std::size_t, std::size_t>;

Result<Counts> set_all_prices(const Call& call) {
  OPTIINFRA_TRY(const auto prices,
                values_in<attribution::Price>(call, attribution::price_fields(), attribution::price_of));
  OPTIINFRA_TRY(const std::size_t changed, attribution::set_prices(call.backend.client, prices));
  return Counts{prices.size(), changed};
}

Result<void> remove_named_price(const Call& call) {
  attribution::Price price{.provider = given(call, "provider"),
                           .sku = given(call, "sku"),
                           .region = given(call, "region"),
                           .tier = given(call, "tier")};
  if (const auto unit = value_of(call.request.parameters, "unit")) {
    OPTIINFRA_TRY(price.unit, attribution::parse_price_unit(*unit));
  }
  if (const auto from = value_of(call.request.parameters, "valid_from")) {
    OPTIINFRA_TRY(price.valid_from, parse_time(*from));
  }
  return attribution::remove_price(call.backend.client, price);
}

Result<report::Records> read_own_budgets(const Call& call) {
  OPTIINFRA_TRY(auto budgets, attribution::read_budgets(call.backend.client));
  std::erase_if(budgets, [&](const attribution::Budget& each) {
    return !is_own(call.caller, each.scope, each.scope_id);
  });
  return budget_records(budgets);
}

Result<Counts> set_all_budgets(const Call& call) {
  OPTIINFRA_TRY(auto budgets,
                values_in<attribution::Budget>(call, attribution::budget_fields(), attribution::budget_of));
  OPTIINFRA_CHECK(resolve_scopes(call, budgets));
  const std::size_t count = budgets.size();
  OPTIINFRA_TRY(const std::size_t changed, attribution::set_budgets(call.backend.client, std::move(budgets)));
  return Counts{count, changed};
}

/// Those for all requests hold for everybody.
Result<report::Records> read_own_objectives(const Call& call) {
  OPTIINFRA_TRY(auto objectives, attribution::read_objectives(call.backend.client));
  std::erase_if(objectives, [&](const attribution::Objective& each) {
    return !each.scope.empty() && !is_own(call.caller, each.scope, each.scope_id);
  });
  return objective_records(objectives);
}

Result<Counts> set_all_objectives(const Call& call) {
  OPTIINFRA_TRY(auto objectives, values_in<attribution::Objective>(call, attribution::objective_fields(),
                                                                   attribution::objective_of));
  OPTIINFRA_CHECK(resolve_scopes(call, objectives));
  const std::size_t count = objectives.size();
  OPTIINFRA_TRY(const std::size_t changed,
                attribution::set_objectives(call.backend.client, std::move(objectives)));
  return Counts{count, changed};
}

Result<Counts> set_all_rates(const Call& call) {
  std::vector<attribution::ExchangeRate> rates;
  if (call.request.header("content-type").starts_with("text/csv")) {
    OPTIINFRA_TRY(rates, attribution::read_exchange_rates_csv(call.request.body));
  } else {
    OPTIINFRA_TRY(rates, values_in<attribution::ExchangeRate>(call, attribution::rate_fields(),
                                                              attribution::exchange_rate_of));
  }
  OPTIINFRA_TRY(const std::size_t changed, attribution::set_exchange_rates(call.backend.client, rates));
  return Counts{rates.size(), changed};
}

Result<void> remove_named_rate(const Call& call) {
  OPTIINFRA_TRY(const attribution::ExchangeRate rate,
                attribution::exchange_rate_of(
                    {given(call, "currency"), given(call, "to"), given(call, "day"), "1", ""}));
  return attribution::remove_exchange_rate(call.backend.client, rate);
}

const std::vector<StatedList>& stated_lists() {
  static const std::vector<StatedList> all = {
      {.key = "prices",
       .command = "price list",
       .meaning = "prices of instances and of models at their providers",
       .fields = "sku, unit, price and any of provider, region, tier, currency, valid_from, valid_to, source",
       .openness = Openness::kSeesAll,
       .filters = {{.name = "sku", .meaning = "Only the prices of this one"}},
       .key_parameters = {{.name = "sku", .meaning = "What has the price", .is_required = true},
                          {.name = "unit",
                           .meaning = "What it is for one of; hour by default",
                           .words = {"hour", "million_input_tokens", "million_cached_tokens",
                                     "million_output_tokens"}},
                          {.name = "provider", .meaning = "As it was set"},
                          {.name = "region", .meaning = "As it was set"},
                          {.name = "tier", .meaning = "As it was set"},
                          {.name = "valid_from", .meaning = "As it was set"}},
       .read = [](const Call& call) -> Result<report::Records> {
         OPTIINFRA_TRY(const attribution::PriceBook book, attribution::read_price_book(call.backend.client));
         return price_records(book.prices(), given(call, "sku"));
       },
       .set = set_all_prices,
       .remove = remove_named_price},
      {.key = "budgets",
       .command = "budget list",
       .meaning = "budgets: what a month may cost",
       .fields = "budget (its name), amount and any of currency, scope, scope_id, thresholds (\"50,80,100\")",
       .openness = Openness::kToken,
       .filters = {},
       .key_parameters = {{.name = "budget", .meaning = "Its name", .is_required = true}},
       .read = read_own_budgets,
       .set = set_all_budgets,
       .remove =
           [](const Call& call) {
             return attribution::remove_budget(call.backend.client, given(call, "budget"));
           }},
      {.key = "objectives",
       .command = "objective list",
       .meaning = "service level objectives: which requests are good, and what share of them shall be",
       .fields = "objective (its name) and any of scope, scope_id, time_to_first_token_ms, "
                 "inter_token_latency_ms, latency_ms, share, period_days",
       .openness = Openness::kToken,
       .filters = {},
       .key_parameters = {{.name = "objective", .meaning = "Its name", .is_required = true}},
       .read = read_own_objectives,
       .set = set_all_objectives,
       .remove =
           [](const Call& call) {
             return attribution::remove_objective(call.backend.client, given(call, "objective"));
           }},
      {.key = "rates",
       .command = "rate list",
       .meaning = "exchange rates, day by day",
       .fields = "currency, to, day, rate and source; as CSV also the European Central Bank's "
                 "eurofxref-hist.csv",
       .openness = Openness::kToken,
       .filters = {{.name = "currency", .meaning = "Only rates from or to this one"}},
       .key_parameters = {{.name = "currency", .meaning = "One unit of it", .is_required = true},
                          {.name = "to", .meaning = "In this currency", .is_required = true},
                          {.name = "day", .meaning = "On this day: 2026-11-03", .is_required = true}},
       .read = [](const Call& call) -> Result<report::Records> {
         OPTIINFRA_TRY(const auto rates, attribution::read_exchange_rates(call.backend.client));
         return rate_records(rates, given(call, "currency"));
       },
       .set = set_all_rates,
       .remove = remove_named_rate}};
  return all;
}

Response answer_read(const StatedList& list, const Call& call) {
  auto records = list.read(call);
  if (!records) return problem_of(records.error());
  if (const std::size_t count = records->rows.size(); count > kListRowsMax) {
    std::string message = "there are " + std::to_string(count) + " " + list.key +
                          ", and an answer has at most " + std::to_string(kListRowsMax);
    for (const RouteParameter& filter : list.filters) message += "; ask for some of them with " + filter.name;
    return problem_of(Error{ErrorKind::kTooLarge, message});
  }
  report::Report report{.command = list.command};
  report.sections.push_back({.key = list.key, .records = *std::move(records)});
  return answer_of(call.request, report);
}

Response answer_set(const StatedList& list, const Call& call) {
  const auto counts = list.set(call);
  if (!counts) return problem_of(counts.error());
  return {.body =
              nlohmann::ordered_json{{list.key, counts->first}, {"changed", counts->second}}.dump() + "\n"};
}

Response answer_remove(const StatedList& list, const Call& call) {
  const auto removed = list.remove(call);
  if (!removed) return problem_of(removed.error());
  return {.body = nlohmann::ordered_json{{"removed", 1}}.dump() + "\n"};
}

Response answer_missing_prices(const Call& call) {
  const auto range = window_of(call.request.parameters);
  if (!range) return problem_of(range.error());
  const TimeRange hours{floor_hour(range->begin), range->end};
  const auto missing = attribution::instances_without_price(call.backend.client, hours);
  if (!missing) return problem_of(missing.error());
  report::Report report{.command = "price missing", .window = hours};
  report.sections.push_back({.key = "instances", .records = missing_price_records(*missing)});
  return answer_of(call.request, report);
}

Route missing_prices_route() {
  Route route{.method = "GET",
              .path = "/api/v1/prices/missing",
              .name = "list_missing_prices",
              .tag = "money",
              .meaning = "Instances that were seen and have neither a bill nor a price",
              .openness = Openness::kSeesAll,
              .parameters = window_parameters(),
              .handle = answer_missing_prices};
  route.parameters.push_back(format_parameter());
  return route;
}

}  // namespace

std::vector<Route> stated_money_routes() {
  std::vector<Route> routes;
  for (const StatedList& list : stated_lists()) {
    const std::string path = std::string("/api/v1/") + list.key, key = list.key, what = list.meaning;
    std::vector<RouteParameter> list_parameters = list.filters;
    list_parameters.push_back(format_parameter());
    routes.push_back({.method = "GET",
                      .path = path,
                      .name = "list_" + key,
                      .tag = "money",
                      .meaning = "The " + what,
                      .openness = list.openness,
                      .parameters = std::move(list_parameters),
                      .handle = [&list](const Call& call) { return answer_read(list, call); }});
    routes.push_back({.method = "POST",
                      .path = path,
                      .name = "set_" + key,
                      .tag = "money",
                      .meaning = "Sets " + what + ", all or none; what holds already stays as it is",
                      .openness = Openness::kSeesAll,
                      .scope = Scope::kAdmin,
                      .body = RequestBody{std::string("An object or an array of objects with ") +
                                              list.fields + "; as CSV with these columns",
                                          {"application/json", "text/csv"}},
                      .handle = [&list](const Call& call) { return answer_set(list, call); }});
    routes.push_back({.method = "DELETE",
                      .path = path,
                      .name = "remove_" + key,
                      .tag = "money",
                      .meaning = "Removes one of the " + what,
                      .openness = Openness::kSeesAll,
                      .scope = Scope::kAdmin,
                      .parameters = list.key_parameters,
                      .handle = [&list](const Call& call) { return answer_remove(list, call); }});
  }
  routes.push_back(missing_prices_route());
  return routes;
}

}  // namespace optiinfra::service
