// What a token, a request and a good answer cost: /api/v1/query/unit-cost.
#include "optiinfra/attribution/unit_cost.hpp"

#include <charconv>

#include "handlers/answers.hpp"
#include "optiinfra/client/question_text.hpp"
#include "optiinfra/report/answer.hpp"
#include "problem.hpp"
#include "routes.hpp"

namespace optiinfra::service {
namespace {

Result<UnitCostQuestion> question_of(const std::vector<NamedText>& given) {
  UnitCostQuestion question;
  OPTIINFRA_TRY(question.range, window_of(given));
  question.dimensions = parse_names(value_of(given, "by").value_or(""));
  if (const auto bucket = value_of(given, "bucket")) {
    OPTIINFRA_TRY(question.bucket, parse_bucket(*bucket));
  }
  for (const Dimension& dimension : unit_cost_dimensions())
    if (const auto value = value_of(given, dimension.name))
      question.filters.push_back({dimension.name, *value});
  if (const auto basis = value_of(given, "basis")) {
    OPTIINFRA_TRY(question.basis, parse_cost_basis(*basis));
  }
  if (const auto idle = value_of(given, "idle")) {
    OPTIINFRA_TRY(question.idle, parse_idle_policy(*idle));
  }
  if (const auto score = value_of(given, "good_score")) {
    double value = 0;
    const auto [end, code] = std::from_chars(score->data(), score->data() + score->size(), value);
    if (code != std::errc{} || end != score->data() + score->size() || !(value >= 0 && value <= 1))
      return Error{ErrorKind::kInvalidArgument, "good_score: '" + *score + "' is not a number from 0 to 1"};
    question.good_score = value;
  }
  return question;
}

Response answer_unit_cost(const Call& call) {
  auto question = question_of(call.request.parameters);
  if (!question) return problem_of(question.error());
  auto filters = kept_to(call.caller, std::move(question->filters));
  if (!filters) return problem(404, "there are no rows of that customer for this token");
  question->filters = *std::move(filters);
  auto answer = query_unit_cost(call.backend.client, *question);
  if (!answer) return problem_of(answer.error());
  report::Report report{.command = "query unit-cost"};
  report::add_answer(report, *answer, false);
  return answer_of(call.request, report);
}

}  // namespace

Route unit_cost_route() {
  Route route{
      .method = "GET",
      .path = "/api/v1/query/unit-cost",
      .name = "query_unit_cost",
      .tag = "query",
      .meaning =
          "What served, wasted, idle and overhead time cost, and what a million tokens, a request and "
          "a good answer cost, of hours that `optiinfra attribute` has attributed",
      .handle = answer_unit_cost};
  route.parameters = {
      {.name = "by", .meaning = "What the numbers are split by, with commas between"},
      {.name = "bucket", .meaning = "A row for each of these too", .words = {"hour", "day", "week"}}};
  for (const Dimension& dimension : unit_cost_dimensions())
    route.parameters.push_back(
        {.name = dimension.name, .meaning = std::string("Only this ") + dimension.heading});
  route.parameters.push_back(
      {.name = "basis",
       .meaning = "All that was paid for, or only time with requests; reservation by default",
       .words = {"reservation", "usage"}});
  route.parameters.push_back({.name = "idle",
                              .meaning = "What becomes of time without requests; separate by default",
                              .words = {"separate", "share", "hide"}});
  route.parameters.push_back(
      {.name = "good_score", .meaning = "The least overall score of a good answer, 0 to 1"});
  for (RouteParameter& each : window_parameters()) route.parameters.push_back(std::move(each));
  route.parameters.push_back(format_parameter());
  return route;
}

}  // namespace optiinfra::service
