// Every question of the catalogue, and the general one.

#include <nlohmann/json.hpp>

#include "handlers/answers.hpp"
#include "optiinfra/client/catalogue.hpp"
#include "optiinfra/client/client.hpp"
#include "optiinfra/client/question_text.hpp"
#include "optiinfra/report/asking.hpp"
#include "optiinfra/schema/tables.hpp"
#include "problem.hpp"
#include "routes.hpp"

namespace optiinfra::service {
namespace {

constexpr std::uint64_t kRowsDefault = 10'000, kRowsMax = 100'000;

/// Asks `question`, and answers what it finds, or why it finds nothing.
Response ask(const Call& call, Question question, const NamedQuestion* named) {
  auto limit = number_of(call.request.parameters, "limit", 1, kRowsMax, kRowsDefault);
  if (!limit) return problem_of(limit.error());
  const auto names = names_of(call);
  if (!names) return problem_of(names.error());
  if (const auto resolved = names->resolve(question.filters); !resolved) return problem_of(resolved.error());
  auto filters = kept_to(call.caller, std::move(question.filters));
  if (!filters) return problem(404, "there are no rows of that customer for this token");
  question.filters = *std::move(filters);
  // A library gets what the store itself would answer it: no sentence instead of rows, and no names next to
  // ids.
  const bool is_plain = value_of(call.request.parameters, "format") == "answer";
  auto asked = report::ask(call.backend.client, std::move(question), named,
                           {.rows_max = static_cast<std::size_t>(*limit),
                            .explains_absence = call.caller.sees_all() && !is_plain,
                            .names = *names,
                            .shows_names = !is_plain});
  if (!asked) return problem_of(asked.error());
  if (!asked->not_found.empty()) return problem(404, asked->not_found);
  const double elapsed_ms = asked->report.elapsed->count() * 1000;
  asked->report.elapsed.reset();
  Response response = answer_of(call.request, asked->report);
  response.headers.emplace_back("Server-Timing", "store;dur=" + std::to_string(elapsed_ms));
  return response;
}

Response ask_named(const Call& call, const NamedQuestion& named) {
  const auto& given = call.request.parameters;
  auto range = window_of(given);
  if (!range) return problem_of(range.error());
  Question question = named.over(*range);
  for (const Parameter& parameter : named.parameters) {
    if (const auto value = value_of(given, parameter.name))
      question.filters.push_back({parameter.dimension, *value});
  }
  if (const auto by = value_of(given, "by"))
    for (const Choice& choice : named.choices)
      if (*by == choice.name) question.dimensions.front() = choice.dimension;
  if (const auto bucket = value_of(given, "bucket"))
    if (const auto parsed = parse_bucket(*bucket)) question.bucket = *parsed;
  return ask(call, std::move(question), &named);
}

Response ask_metrics(const Call& call) {
  const auto& given = call.request.parameters;
  auto range = window_of(given);
  if (!range) return problem_of(range.error());
  Question question{.range = *range};
  question.measures = parse_names(value_of(given, "measures").value_or(""));
  question.dimensions = parse_names(value_of(given, "by").value_or(""));
  if (const auto bucket = value_of(given, "bucket"))
    if (const auto parsed = parse_bucket(*bucket)) question.bucket = *parsed;
  for (const std::string& text : values_of(given, "where")) {
    auto filter = parse_filter(text);
    if (!filter) return problem_of(with_context(std::move(filter).error(), "where"));
    question.filters.push_back(*std::move(filter));
  }
  if (const auto family = value_of(given, "family")) {
    auto parsed = parse_family(*family);
    if (!parsed) return problem_of(parsed.error());
    question.family = *parsed;
  }
  question.order = parse_order(value_of(given, "order").value_or(""));
  return ask(call, std::move(question), nullptr);
}

RouteParameter limit_parameter() {
  return {.name = "limit",
          .meaning = "Most rows of the answer, up to " + std::to_string(kRowsMax) + "; " +
                     std::to_string(kRowsDefault) + " by default. \"has_more\" says that there are more",
          .form = "integer"};
}

RouteParameter bucket_parameter(std::string meaning) {
  return {.name = "bucket", .meaning = std::move(meaning), .words = {"hour", "day", "week"}};
}

Route route_of(const NamedQuestion& question) {
  std::string name = std::string("query_") + question.name;
  std::replace(name.begin(), name.end(), '-', '_');
  Route route{.method = "GET",
              .path = std::string("/api/v1/query/") + question.name,
              .name = std::move(name),
              .tag = "query",
              .meaning = question.meaning,
              .handle = [&question](const Call& call) { return ask_named(call, question); }};
  for (const Parameter& parameter : question.parameters)
    route.parameters.push_back(
        {.name = parameter.name, .meaning = parameter.meaning, .is_required = parameter.is_required});
  for (RouteParameter& each : window_parameters()) route.parameters.push_back(std::move(each));
  if (!question.choices.empty()) {
    RouteParameter by{.name = "by",
                      .meaning = std::string("What the numbers are split by; ") +
                                 question.choices.front().name + " by default"};
    for (const Choice& choice : question.choices) by.words.emplace_back(choice.name);
    route.parameters.push_back(std::move(by));
  }
  if (question.bucket_may_differ)
    route.parameters.push_back(bucket_parameter(std::string("How long each step is; ") +
                                                to_string(*question.bucket) + " by default"));
  if (!question.is_object) route.parameters.push_back(limit_parameter());
  route.parameters.push_back(format_parameter());
  return route;
}

Route metrics_route() {
  Route route{.method = "GET",
              .path = "/api/v1/query/metrics",
              .name = "query_metrics",
              .tag = "query",
              .meaning = "Any measures by any dimensions, over any window",
              .handle = ask_metrics};
  route.parameters = {
      {.name = "measures",
       .meaning = "What is asked for, with commas between; /api/v1/catalogue names all",
       .is_required = true},
      {.name = "by", .meaning = "What the numbers are split by, with commas between"},
      bucket_parameter("A row for each of these too"),
      {.name = "where",
       .meaning = "NAME=VALUE: only rows with this value of a dimension; for one dimension "
                  "given again means any of them",
       .is_repeated = true},
      {.name = "family", .meaning = "Whose measures are meant where several families have a name"},
      {.name = "order",
       .meaning = "What rows are sorted by, with commas between; NAME:desc has the largest first"}};
  for (RouteParameter& each : window_parameters()) route.parameters.push_back(std::move(each));
  route.parameters.push_back(limit_parameter());
  route.parameters.push_back(format_parameter());
  return route;
}

/// How a measure is computed from raw rows, for people who check a number.
std::string formula_of(const Measure& measure) {
  const TableDefinition& table = table_of(measure.family);
  for (const RateDefinition& rate : table.rates)
    if (measure.name == rate.name) return std::string(rate.measure) + " / seconds of the window";
  for (const FinishedColumn& column : table.finished())
    if (column.name == measure.name) return column.measure->raw_expression("");
  return "";
}

Response answer_catalogue(const Call&) {
  nlohmann::ordered_json measures_json = nlohmann::ordered_json::array(), dimensions_json = measures_json;
  for (const Measure& measure : measures())
    measures_json.push_back({{"family", std::string(table_of(measure.family).name)},
                             {"name", measure.name},
                             {"key", measure.column.key},
                             {"heading", measure.column.heading},
                             {"unit", measure.column.unit},
                             {"table", table_of(measure.family).raw_table},
                             {"formula", formula_of(measure)}});
  for (const Dimension& dimension : dimensions()) {
    nlohmann::ordered_json families = nlohmann::ordered_json::array();
    for (const Family family : kFamilies)
      if (known_by(family, dimension) != KnownBy::kNothing) families.push_back(table_of(family).name);
    dimensions_json.push_back({{"name", dimension.name}, {"key", dimension.column}, {"families", families}});
  }
  const nlohmann::ordered_json all = {{"measures", measures_json}, {"dimensions", dimensions_json}};
  return {.body = all.dump() + "\n"};
}

}  // namespace

std::vector<Route> query_routes() {
  std::vector<Route> routes;
  for (const NamedQuestion& question : named_questions()) routes.push_back(route_of(question));
  routes.push_back(metrics_route());
  for (Route& route : computed_routes()) routes.push_back(std::move(route));
  routes.push_back(customer_report_route());
  routes.push_back(
      {.method = "GET",
       .path = "/api/v1/catalogue",
       .name = "catalogue",
       .tag = "query",
       .meaning = "The measures and dimensions that /api/v1/query/metrics knows, with their units",
       .handle = answer_catalogue});
  return routes;
}

}  // namespace optiinfra::service
