// Who is there: /api/v1/customers, services, instances, models.
#include "handlers/answers.hpp"
#include "optiinfra/client/client.hpp"
#include "optiinfra/report/name_lists.hpp"
#include "optiinfra/report/stored_names.hpp"
#include "problem.hpp"
#include "routes.hpp"

namespace optiinfra::service {
namespace {

constexpr std::uint64_t kNamesDefault = 1'000, kNamesMax = 100'000;

Response list(const Call& call, const report::NameList& names) {
  const auto& given = call.request.parameters;
  auto limit = number_of(given, "limit", 1, kNamesMax, kNamesDefault);
  if (!limit) return problem_of(limit.error());
  std::vector<Filter> filters;
  for (const char* name : {"customer", "service"}) {
    const auto value = value_of(given, name);
    if (!value) continue;
    filters.push_back({name, *value});
  }
  const auto known = names_of(call);
  if (!known) return problem_of(known.error());
  if (const auto resolved = known->resolve(filters); !resolved) return problem_of(resolved.error());
  const std::vector<Filter> given_filters = filters;
  auto own = kept_to(call.caller, std::move(filters));
  if (!own) return problem(404, "there are no rows of that customer for this token");
  auto listed = report::list_names(call.backend.client, names, *std::move(own),
                                   static_cast<std::size_t>(*limit), *known);
  if (!listed) return problem_of(listed.error());
  if (listed->records.rows.empty() && !given_filters.empty() && call.caller.sees_all()) {
    auto absence =
        report::explain_absence(call.backend.client, given_filters, report::families_of(names), {});
    return absence ? problem(404, absence->sentence) : problem_of(absence.error());
  }
  report::Report report{.command = names.name};
  report.has_more = listed->has_more;
  report.sections.push_back({.key = names.name, .records = std::move(listed->records)});
  return answer_of(call.request, report);
}

}  // namespace

std::vector<Route> list_routes() {
  std::vector<Route> routes;
  for (const report::NameList& names : report::name_lists()) {
    Route route{.method = "GET",
                .path = std::string("/api/v1/") + names.name,
                .name = std::string("list_") + names.name,
                .tag = "lists",
                .meaning = names.meaning,
                .handle = [&names](const Call& call) { return list(call, names); }};
    if (names.by_customer)
      route.parameters.push_back({.name = "customer", .meaning = "Only this customer's; its UUID or name"});
    if (names.by_service)
      route.parameters.push_back({.name = "service", .meaning = "Only this service's; its UUID or name"});
    route.parameters.push_back(
        {.name = "limit",
         .meaning = "The largest number to list; " + std::to_string(kNamesDefault) + " by default",
         .form = "integer"});
    route.parameters.push_back(format_parameter());
    routes.push_back(std::move(route));
  }
  return routes;
}

}  // namespace optiinfra::service
