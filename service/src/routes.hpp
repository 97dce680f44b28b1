/// Every path of the service: who may use it, what it takes, what answers. /openapi.json is made from it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "access.hpp"
#include "http/message.hpp"
#include "parameters.hpp"
#include "rejected_rows.hpp"
#include "remote_write_receiver.hpp"
#include "statistics.hpp"

namespace optiinfra {
class Client;
class Connector;
class Writer;
}  // namespace optiinfra

namespace optiinfra::service {

/// The objects that handlers use.
struct Backend {
  Client& client;
  Writer* writer;                     ///< Null when the spool cannot be opened; questions are still answered.
  std::string why_no_writer;          ///< The reason that inserts are then refused with.
  RemoteWriteReceiver* remote_write;  ///< Null when `writer` is, or when its own log cannot be opened.
  std::string why_no_remote_write;
  Connector& connector;
  Statistics& statistics;
  RejectedRows& rejected;
  std::function<HttpCounts()> http_counts;
  Tokens& tokens;
  std::function<Result<void>()> reload;  ///< Service::reload().
};

struct Call {
  const Request& request;
  const Caller& caller;
  Backend& backend;
};

/// The tag of the files of the page: no part of the API, so no document lists them.
inline constexpr const char* kPageTag = "page";
inline constexpr const char* kInsertTag = "insert";

/// Who may use a route.
enum class Openness {
  kAll,      ///< Anybody who reaches the port.
  kToken,    ///< Any caller that may() do the route's scope; only rows of the caller's customers are visible.
  kSeesAll,  ///< Only callers that see all customers: the answer cannot be split by customer.
};

struct RequestBody {
  std::string meaning;
  std::vector<std::string> content_types;
};

struct Route {
  std::string method;
  std::string path;
  std::string name;     ///< operationId: "query_cost_hourly".
  std::string tag;      ///< "insert", "query", ...
  std::string meaning;  ///< One sentence.
  int success = 200;    ///< The status of an answer that is no refusal; 204 has no body.
  std::string content_type = "application/json";  ///< Of such an answer, unless the request says otherwise.
  bool is_question = false;                       ///< It changes nothing, although its method is not GET.
  Openness openness = Openness::kToken;
  Scope scope = Scope::kRead;
  std::vector<RouteParameter> parameters = {};
  std::optional<RequestBody> body = {};
  std::function<Response(const Call&)> handle;
};

/// All of them. Made once.
const std::vector<Route>& routes();

/// The OpenAPI 3.1 document of all routes.
std::string openapi_document();

/// What an agent reads first: /llms.txt.
std::string llms_text();

std::vector<Route> insert_routes();
std::vector<Route> query_routes();
std::vector<Route> computed_routes();
Route customer_report_route();
Route verify_route();
Route forget_route();
Route rejected_route();
Route generated_fleet_route();
std::vector<Route> list_routes();
std::vector<Route> name_routes();
std::vector<Route> stated_money_routes();
std::vector<Route> mcp_routes();
std::vector<Route> operation_routes();
std::vector<Route> otlp_routes();
std::vector<Route> remote_write_routes();

}  // namespace optiinfra::service
