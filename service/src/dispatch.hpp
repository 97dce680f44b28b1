/// Dispatches a request to its route: checks the caller's rights and the parameters, and gives the answer.
#pragma once

#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "http/message.hpp"
#include "routes.hpp"

namespace optiinfra::service {

/// The routes of each path.
class RouteTable {
 public:
  RouteTable();

  /// The route, or the refusal.
  std::variant<const Route*, Response> find(const Request& request) const;

 private:
  std::unordered_map<std::string, std::vector<const Route*>> by_path_;
};

/// Nothing when the caller may use the route.
std::optional<Response> refuse_by_scope(const Route& route, const Caller& caller);

/// The answer to a caller who may use the route.
Response answer_route(const Route& route, const Request& request, const Caller& caller, Backend& backend);

}  // namespace optiinfra::service
