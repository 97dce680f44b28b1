#include "dispatch.hpp"

#include "problem.hpp"

namespace optiinfra::service {

RouteTable::RouteTable() {
  for (const Route& route : routes()) by_path_[route.path].push_back(&route);
}

std::variant<const Route*, Response> RouteTable::find(const Request& request) const {
  const auto found = by_path_.find(request.path);
  if (found == by_path_.end())
    return problem(404, "there is nothing at this path; /openapi.json lists what there is");
  const std::string method = request.method == "HEAD" ? "GET" : request.method;
  std::string allowed;
  for (const Route* route : found->second) {
    if (route->method == method) return route;
    allowed += (allowed.empty() ? "" : ", ") + route->method;
  }
  Response response = problem(405, "this path takes " + allowed);
  response.headers.emplace_back("Allow", allowed);
  return response;
}

std::optional<Response> refuse_by_scope(const Route& route, const Caller& caller) {
  if (route.openness == Openness::kAll) return std::nullopt;
  if (!caller.may(route.scope))
    return problem(403, "this needs a token with the scope " + std::string(to_string(route.scope)));
  if (route.openness == Openness::kSeesAll && !caller.sees_all())
    return problem(403, "this needs a token that is not bound to customers");
  return std::nullopt;
}

Response answer_route(const Route& route, const Request& request, const Caller& caller, Backend& backend) {
  // The parameters of the page are its own: they say what it shows.
  const bool is_page = route.tag == kPageTag;
  if (auto checked = is_page ? Result<void>{} : check_parameters(request.parameters, route.parameters);
      !checked)
    return problem_of(checked.error());
  return route.handle({request, caller, backend});
}

}  // namespace optiinfra::service
