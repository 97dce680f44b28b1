// Names of customers, services and instances: /api/v1/names.
#include "optiinfra/report/names.hpp"

#include <nlohmann/json.hpp>

#include "handlers/answers.hpp"
#include "optiinfra/report/name_rows.hpp"
#include "problem.hpp"
#include "routes.hpp"

namespace optiinfra::service {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kSource = "api";

Response answer_list(const Call& call) {
  auto names = names_of(call);
  if (!names) return problem_of(names.error());
  std::optional<NameKind> kind;
  if (const auto text = value_of(call.request.parameters, "kind"))
    if (const auto parsed = parse_name_kind(*text)) kind = *parsed;
  report::Report report{.command = "names list"};
  report.sections.push_back({.key = "names", .records = report::name_records(names->all(kind))});
  return answer_of(call.request, report);
}

Response answer_set(const Call& call) {
  const bool is_csv = call.request.header("content-type").starts_with("text/csv");
  auto names =
      is_csv ? report::read_names_csv(call.request.body) : report::read_names_json(call.request.body);
  if (!names) return problem_of(names.error());
  const auto changed = set_names(call.backend.client, *names, kSource);
  if (!changed) {
    const bool is_taken = changed.error().kind == ErrorKind::kConflict;
    return is_taken ? problem(409, changed.error().message) : problem_of(changed.error());
  }
  return {.body = Json{{"names", names->size()}, {"changed", *changed}}.dump() + "\n"};
}

Response answer_remove(const Call& call) {
  const auto& given = call.request.parameters;
  const auto kind = parse_name_kind(*value_of(given, "kind"));
  const std::string name = *value_of(given, "name");
  if (!kind) return problem_of(kind.error());
  const auto names = call.backend.client.names(std::chrono::milliseconds{0});
  if (names && names->find(*kind, name) == nullptr)
    return problem(404, "no " + std::string(to_string(*kind)) + " is called '" + name + "'");
  if (const auto removed = remove_name(call.backend.client, *kind, name, kSource); !removed)
    return problem_of(removed.error());
  return {.body = Json{{"removed", name}}.dump() + "\n"};
}

RouteParameter kind_parameter(bool is_required) {
  return {.name = "kind",
          .meaning = is_required ? "What the name is of" : "Only the names of these",
          .is_required = is_required,
          .words = {"customer", "service", "instance"}};
}

Route set_route(const char* method) {
  return {
      .method = method,
      .path = "/api/v1/names",
      .name = std::string(method) + "_names",
      .tag = "names",
      .meaning = "Sets names, all or none; what holds already stays as it is",
      .openness = Openness::kSeesAll,
      .scope = Scope::kAdmin,
      .body = RequestBody{"{\"kind\", \"name\", \"id\", \"customer_id\"}, or an array of these; as CSV with "
                          "these columns. Without an id the name gets the UUID of its text",
                          {"application/json", "text/csv"}},
      .handle = answer_set};
}

}  // namespace

std::vector<Route> name_routes() {
  return {{.method = "GET",
           .path = "/api/v1/names",
           .name = "list_names",
           .tag = "names",
           .meaning = "The names of customers, services and instances",
           .parameters = {kind_parameter(false), format_parameter()},
           .handle = answer_list},
          set_route("PUT"),
          set_route("POST"),
          {.method = "DELETE",
           .path = "/api/v1/names",
           .name = "remove_name",
           .tag = "names",
           .meaning = "Removes a name; what it named stays",
           .openness = Openness::kSeesAll,
           .scope = Scope::kAdmin,
           .parameters = {kind_parameter(true), {.name = "name", .meaning = "The name", .is_required = true}},
           .handle = answer_remove}};
}

}  // namespace optiinfra::service
