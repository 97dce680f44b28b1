#include "routes.hpp"

#include <nlohmann/json.hpp>

#include "optiinfra/client/catalogue.hpp"
#include "page/page.hpp"

namespace optiinfra::service {
namespace {

using Json = nlohmann::ordered_json;

Json schema_of(const RouteParameter& parameter) {
  if (!parameter.words.empty()) return {{"type", "string"}, {"enum", parameter.words}};
  if (parameter.form == "integer") return {{"type", "integer"}};
  return {{"type", "string"}};
}

Json parameter_of(const RouteParameter& parameter) {
  const Json schema = schema_of(parameter);
  return {{"name", parameter.name},
          {"in", "query"},
          {"required", parameter.is_required},
          {"description", parameter.meaning},
          {"schema", parameter.is_repeated ? Json{{"type", "array"}, {"items", schema}} : schema}};
}

Json problem_answer(const char* meaning) {
  return {
      {"description", meaning},
      {"content", {{"application/problem+json", {{"schema", {{"$ref", "#/components/schemas/Problem"}}}}}}}};
}

Json answers_of(const Route& route) {
  Json success = {{"description", route.meaning}};
  if (route.success != 204) success["content"] = {{route.content_type, Json{{"schema", Json::object()}}}};
  Json answers = {{std::to_string(route.success), success}};
  answers["400"] = problem_answer("The request is wrong; the detail says what");
  if (route.openness != Openness::kAll) {
    answers["401"] = problem_answer("A token is needed, or is not known");
    answers["403"] = problem_answer("The token does not allow this");
  }
  if (route.tag == "query" || route.tag == "lists")
    answers["404"] = problem_answer("The store has no such rows");
  if (route.tag == "names") answers["404"] = problem_answer("There is no such name");
  if (route.tag == "names") answers["409"] = problem_answer("The name belongs to another id");
  if (route.tag == kInsertTag && !route.body) answers["409"] = problem_answer("The store has rows already");
  if (route.tag == kInsertTag && route.body) {
    answers["413"] = problem_answer("The body is too long");
    answers["415"] = problem_answer("The body has a format that this operation does not take");
    answers["422"] = problem_answer("The Idempotency-Key was used with other rows before");
    answers["429"] = problem_answer("The queue is full; Retry-After says when to send it again");
    answers["507"] = problem_answer("The disk is full");
  }
  answers["503"] = problem_answer("The store does not answer");
  return answers;
}

Json operation_of(const Route& route) {
  Json operation = {{"operationId", route.name}, {"tags", {route.tag}}, {"summary", route.meaning}};
  Json parameters = Json::array();
  for (const RouteParameter& parameter : route.parameters) parameters.push_back(parameter_of(parameter));
  if (route.tag == kInsertTag && route.body)
    parameters.push_back({{"name", "Idempotency-Key"},
                          {"in", "header"},
                          {"required", false},
                          {"description", "Names these rows: sent again with it, they count once"},
                          {"schema", {{"type", "string"}, {"maxLength", 256}}}});
  if (!parameters.empty()) operation["parameters"] = parameters;
  if (route.body) {
    Json content = Json::object();
    for (const std::string& type : route.body->content_types) content[type] = {{"schema", Json::object()}};
    operation["requestBody"] = {
        {"required", true}, {"description", route.body->meaning}, {"content", content}};
  }
  operation["responses"] = answers_of(route);
  operation["security"] = route.openness == Openness::kAll ? Json::array({Json::object()})
                                                           : Json::array({Json{{"token", Json::array()}}});
  return operation;
}

std::string in_lower_case(std::string text) {
  for (char& letter : text)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return text;
}

}  // namespace

const std::vector<Route>& routes() {
  static const std::vector<Route> all = [] {
    std::vector<Route> routes;
    for (auto part : {insert_routes, query_routes, list_routes, name_routes, stated_money_routes, mcp_routes,
                      operation_routes, otlp_routes, remote_write_routes, page_routes})
      for (Route& route : part()) routes.push_back(std::move(route));
    return routes;
  }();
  return all;
}

std::string openapi_document() {
  Json paths = Json::object();
  for (const Route& route : routes())
    if (route.tag != kPageTag) paths[route.path][in_lower_case(route.method)] = operation_of(route);
  const Json problem = {{"type", "object"},
                        {"required", {"type", "title", "status", "detail"}},
                        {"properties",
                         {{"type", {{"type", "string"}}},
                          {"title", {{"type", "string"}}},
                          {"status", {{"type", "integer"}}},
                          {"detail", {{"type", "string"}}},
                          {"kind", {{"type", "string"}}},
                          {"server_code", {{"type", "integer"}}},
                          {"query_id", {{"type", "string"}}}}}};
  const Json document = {
      {"openapi", "3.1.0"},
      {"info",
       {{"title", "OptiInfra metrics"},
        {"version", "1"},
        {"summary", "Cost, requests, GPUs and quality of LLM serving: insert rows, ask questions"},
        {"license", {{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
      {"servers", {{{"url", "/"}}}},
      {"tags",
       {{{"name", "insert"}, {"description", "Rows of metrics"}},
        {{"name", "query"}, {"description", "Questions"}},
        {{"name", "lists"}, {"description", "Who is there"}},
        {{"name", "names"}, {"description", "Names of customers, services and instances"}},
        {{"name", "money"},
         {"description", "Prices, budgets, objectives and exchange rates, as people state them"}},
        {{"name", "agents"}, {"description", "The Model Context Protocol"}},
        {{"name", "operation"}, {"description", "Running the service"}}}},
      {"paths", paths},
      {"components",
       {{"schemas", {{"Problem", problem}}},
        {"securitySchemes", {{"token", {{"type", "http"}, {"scheme", "bearer"}}}}}}}};
  return document.dump(2) + "\n";
}

std::string llms_text() {
  std::string text =
      "# OptiInfra metrics\n\n"
      "> Cost, requests, GPUs and quality of LLM serving in one store. Times are UTC. A value that nobody "
      "measured "
      "is null, never 0.\n"
      "> Every answer states the window it covers and the unit of each number.\n\n"
      "The whole interface: /openapi.json. Errors: application/problem+json, whose \"detail\" says what to "
      "do.\n";
  for (const char* const tag : {"query", "lists", "names", "money", "insert", "agents", "operation"}) {
    text += std::string("\n## ") + tag + "\n";
    for (const Route& route : routes())
      if (route.tag == tag) text += "- " + route.method + " " + route.path + ": " + route.meaning + "\n";
  }
  return text;
}

}  // namespace optiinfra::service
