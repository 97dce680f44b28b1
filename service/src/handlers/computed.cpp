// The questions that are computed from attributed hours or single requests: /api/v1/query/unit-cost, slo, ...
#include "handlers/answers.hpp"
#include "optiinfra/attribution/questions.hpp"
#include "optiinfra/report/answer.hpp"
#include "optiinfra/service/computed_report.hpp"
#include "problem.hpp"
#include "routes.hpp"

namespace optiinfra::service {
namespace {

constexpr const char* kCustomer = "customer";

/// The same values; of customers only those that the caller sees. Nothing when none is
/// left.
std::optional<attribution::GivenValues> kept_to_own(const Caller& caller, attribution::GivenValues given) {
  attribution::GivenValues values;
  std::vector<Filter> customers;
  for (auto& [name, value] : given) {
    if (name == kCustomer)
      customers.push_back({kCustomer, std::move(value)});
    else
      values.emplace_back(name, std::move(value));
  }
  auto seen = kept_to(caller, std::move(customers));
  if (!seen) return std::nullopt;
  for (Filter& filter : *seen) values.emplace_back(filter.dimension, std::move(filter.value));
  return values;
}

attribution::GivenValues given_in(const attribution::ComputedQuestion& question, const Request& request) {
  attribution::GivenValues values;
  for (const attribution::QuestionParameter& parameter : question.parameters)
    for (std::string& value : values_of(request.parameters, parameter.name))
      values.emplace_back(parameter.name, std::move(value));
  return values;
}

Response answer_computed(const attribution::ComputedQuestion& question, const Call& call) {
  const Result<TimeRange> range =
      question.has_window ? window_of(call.request.parameters) : TimeRange{now(), now()};
  if (!range) return problem_of(range.error());
  attribution::GivenValues asked = given_in(question, call.request);
  const auto names = names_of(call);
  if (!names) return problem_of(names.error());
  if (const auto resolved = attribution::resolve_names(*names, asked); !resolved)
    return problem_of(resolved.error());
  const auto given = kept_to_own(call.caller, std::move(asked));
  if (!given) return problem(404, "there are no rows of that customer for this token");
  auto answer = question.ask(call.backend.client, *range, *given);
  if (!answer) return problem_of(answer.error());
  return answer_of(call.request, computed_report(question, *answer, *names));
}

Route route_of(const attribution::ComputedQuestion& question) {
  std::string name = std::string("query_") + question.name;
  std::replace(name.begin(), name.end(), '-', '_');
  Route route{.method = "GET",
              .path = std::string("/api/v1/query/") + question.name,
              .name = std::move(name),
              .tag = "query",
              .meaning = question.meaning,
              .handle = [&question](const Call& call) { return answer_computed(question, call); }};
  for (const attribution::QuestionParameter& parameter : question.parameters)
    route.parameters.push_back(
        {.name = parameter.name, .meaning = parameter.meaning, .words = parameter.words});
  if (question.has_window)
    for (RouteParameter& each : window_parameters()) route.parameters.push_back(std::move(each));
  route.parameters.push_back(format_parameter());
  return route;
}

}  // namespace

report::Report computed_report(const attribution::ComputedQuestion& question, const Answer& answer,
                               const Names& names) {
  report::Report report{.command = std::string("query ") + question.name};
  report::add_answer(report, answer, false, &names);
  if (answer.rows.empty())
    report.instead = question.nothing != nullptr ? question.nothing
                     : question.is_of_attributed_hours
                         ? "No hour of this window is attributed. Attribute it with: optiinfra attribute "
                           "--from " +
                               format_time(answer.window.begin) + " --to " + format_time(answer.window.end)
                         : "No request of this window is kept.";
  return report;
}

std::vector<Route> computed_routes() {
  std::vector<Route> routes;
  for (const attribution::ComputedQuestion& question : attribution::computed_questions())
    routes.push_back(route_of(question));
  return routes;
}

}  // namespace optiinfra::service
