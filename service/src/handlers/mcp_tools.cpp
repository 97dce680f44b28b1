#include "handlers/mcp_tools.hpp"

#include "dispatch.hpp"

namespace optiinfra::service {
namespace {

using Json = nlohmann::ordered_json;

/// Rows that a tool answers with unless the agent asks for another number: what fits an agent's context.
constexpr std::int64_t kToolRowsDefault = 100;

/// A tool is a route of the API: its parameters are the route's.
struct Tool {
  const char* name;
  const char* title;
  const char* path;
  const char* meaning;
};

constexpr Tool kTools[] = {
    {"overview", "Who is there", "/api/v1/customers",
     "Lists the customers with how many services, instances, models and rows each has, and since when. Start "
     "here: "
     "the other tools take their ids. The metrics tool lists services, instances and models: "
     "measures=request_count, "
     "by=service."},
    {"unit_cost", "Cost per million tokens", "/api/v1/query/unit-cost",
     "What was served, wasted, idle and overhead, and what a million tokens, a request and a good answer "
     "cost, by "
     "customer, service, model or instance. A value that is not known is null, and `reason` says why."},
    {"explain", "Why a cost changed", "/api/v1/query/explain",
     "Splits the change of a cost, in total, per request or per million tokens, between a window and the one "
     "before into "
     "volume, mix, price, new and gone groups, idle and other costs. The amounts of the rows of the whole "
     "add "
     "up to the "
     "change, and so do those of all groups, which come by how much they moved it."},
    {"slo", "Latency and objectives", "/api/v1/query/slo",
     "How many requests met the objectives that are set, or the targets given here, by service, model or "
     "customer; how "
     "fast the error budget burns, and what is left of it. `objective_name` says what a row was held to. "
     "Percentiles are "
     "measures of the metrics tool: p50_latency, p95_latency, p99_latency by=service."},
    {"gpu_efficiency", "How busy an instance is", "/api/v1/query/resource-utilization",
     "GPU, CPU, memory and network use of one instance."},
    {"quality", "Quality of a service", "/api/v1/query/quality-trends",
     "Quality scores and hallucinations of a service over time."},
    {"metrics", "Any measures", "/api/v1/query/metrics",
     "Any measures by any dimensions over any window, for what the other tools do not answer, such as what "
     "was billed: "
     "total_cost by provider and bucket. Measures: total_cost, "
     "request_count, total_tokens, p95_latency, avg_gpu_utilization, ...; dimensions: customer, service, "
     "model, "
     "instance, provider, region, ... A wrong name is answered with the right ones."},
    {"sql", "SQL", "/api/v1/sql",
     "One SELECT in ClickHouse's dialect over the tables of the database optiinfra; for admins. Prefer the "
     "other "
     "tools: they know units, windows and absent values."},
};

const Route& route_of(const Tool& tool) {
  for (const Route& route : routes())
    if (route.path == tool.path) return route;
  detail::broken_invariant("an MCP tool names a path that no route has");
}

bool is_for(const Tool& tool, const Caller& caller) { return !refuse_by_scope(route_of(tool), caller); }

/// What agents do not choose: the answer is JSON.
bool is_hidden(const RouteParameter& parameter) { return parameter.name == "format"; }

Json schema_of(const RouteParameter& parameter) {
  Json schema = {{"type", parameter.form == "integer" ? "integer" : "string"},
                 {"description", parameter.meaning}};
  if (!parameter.words.empty()) schema["enum"] = parameter.words;
  if (!parameter.is_repeated) return schema;
  schema.erase("description");
  return {{"type", "array"}, {"items", schema}, {"description", parameter.meaning}};
}

Json input_schema(const Route& route) {
  Json properties = Json::object(), required = Json::array();
  if (route.body) {
    properties["statement"] = {{"type", "string"}, {"description", route.body->meaning}};
    required.push_back("statement");
  }
  for (const RouteParameter& parameter : route.parameters) {
    if (is_hidden(parameter)) continue;
    properties[parameter.name] = schema_of(parameter);
    if (parameter.is_required) required.push_back(parameter.name);
  }
  Json schema = {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
  if (!required.empty()) schema["required"] = required;
  return schema;
}

Json output_schema() {
  return {
      {"type", "object"},
      {"properties",
       {{"command", {{"type", "string"}, {"description", "The question that was asked"}}},
        {"window",
         {{"type", "object"}, {"description", "What the numbers cover: begin, and end, not included"}}},
        {"data", {{"description", "Rows, or one object; a value that nobody measured is null"}}},
        {"units", {{"type", "object"}, {"description", "The unit of each number that has one"}}},
        {"coverage",
         {{"type", "object"}, {"description", "How many rows of each family the answer is computed from"}}},
        {"has_more", {{"type", "boolean"}, {"description", "There are more rows than these"}}}}},
      {"required", {"command", "data"}}};
}

Json failure(const std::string& text) {
  return {{"content", {{{"type", "text"}, {"text", text}}}}, {"isError", true}};
}

std::string text_of(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

/// The request that a browser or a program would send for these arguments.
Request request_of(const Route& route, const Json& arguments) {
  Request request;
  request.method = route.method;
  request.path = route.path;
  bool has_limit = false, takes_limit = false;
  for (const auto& [name, value] : arguments.items()) {
    if (value.is_null()) continue;
    if (route.body && name == "statement") {
      request.body = text_of(value);
    } else if (value.is_array()) {
      for (const Json& each : value) request.parameters.emplace_back(name, text_of(each));
    } else {
      request.parameters.emplace_back(name, text_of(value));
    }
    has_limit = has_limit || name == "limit";
  }
  for (const RouteParameter& parameter : route.parameters)
    takes_limit = takes_limit || parameter.name == "limit";
  if (takes_limit && !has_limit) request.parameters.emplace_back("limit", std::to_string(kToolRowsDefault));
  return request;
}

}  // namespace

Json tools_for(const Caller& caller) {
  Json tools = Json::array();
  for (const Tool& tool : kTools) {
    if (!is_for(tool, caller)) continue;
    tools.push_back({{"name", tool.name},
                     {"title", tool.title},
                     {"description", tool.meaning},
                     {"inputSchema", input_schema(route_of(tool))},
                     {"outputSchema", output_schema()},
                     {"annotations",
                      {{"readOnlyHint", true},
                       {"destructiveHint", false},
                       {"idempotentHint", true},
                       {"openWorldHint", false}}}});
  }
  return tools;
}

std::optional<Json> call_tool(const Call& call, const std::string& name, const Json& arguments) {
  for (const Tool& tool : kTools) {
    if (tool.name != name || !is_for(tool, call.caller)) continue;
    if (!arguments.is_object()) return failure("arguments must be an object");
    const Request request = request_of(route_of(tool), arguments);
    const Response response = answer_route(route_of(tool), request, call.caller, call.backend);
    const Json body = Json::parse(response.body, nullptr, false);
    if (response.status != 200)
      return failure(body.is_object() ? body.value("detail", response.body) : response.body);
    return Json{{"content", {{{"type", "text"}, {"text", response.body}}}},
                {"structuredContent", body},
                {"isError", false}};
  }
  return std::nullopt;
}

}  // namespace optiinfra::service
