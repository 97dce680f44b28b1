// The Model Context Protocol at /mcp: JSON-RPC over single POST requests, without sessions.
//
// Two eras share the path (https://modelcontextprotocol.io/specification): with `initialize`, up to
// 2025-11-25, and the stateless 2026-07-28, where each request carries its version and its method in headers
// that must equal the body.
#include <algorithm>
#include <array>

#include "handlers/mcp_tools.hpp"
#include "optiinfra/core/version.hpp"
#include "problem.hpp"

namespace optiinfra::service {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kSessionVersions{"2025-03-26", "2025-06-18", "2025-11-25"};
constexpr const char* kStatelessVersion = "2026-07-28";
constexpr const char* kMetaVersion = "io.modelcontextprotocol/protocolVersion";
constexpr const char* kMetaCapabilities = "io.modelcontextprotocol/clientCapabilities";
constexpr const char* kMetaServer = "io.modelcontextprotocol/serverInfo";

constexpr int kParseError = -32700, kInvalidRequest = -32600, kUnknownMethod = -32601,
              kInvalidParameters = -32602;
constexpr int kHeaderMismatch = -32020, kUnsupportedVersion = -32022;

/// Tools change only with the program and with the caller's token.
constexpr int kListLifeMs = 300'000;

constexpr const char* kInstructions =
    "Cost, requests, GPUs and quality of LLM serving. Call overview for the ids of customers, then ask. "
    "Times are UTC; "
    "every answer says the window that it covers and the unit of each number; null means that nobody "
    "measured it.";

Response rpc_response(int status, const Json& body) {
  return {.status = status, .body = body.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

Response rpc_error(int status, const Json& id, int code, const std::string& message, Json data = nullptr) {
  Json error = {{"code", code}, {"message", message}};
  if (!data.is_null()) error["data"] = std::move(data);
  return rpc_response(status, {{"jsonrpc", "2.0"}, {"id", id}, {"error", error}});
}

/// One message, read.
struct Message {
  Json id;  ///< Null for a notification.
  std::string method;
  Json parameters = Json::object();
  bool is_notification = false;
};

std::variant<Message, Response> parse_message(const std::string& body) {
  constexpr int kDepthMax = 64;
  bool is_too_deep = false;
  const Json json = Json::parse(
      body,
      [&](int depth, Json::parse_event_t, Json&) {
        is_too_deep = is_too_deep || depth > kDepthMax;
        return !is_too_deep;
      },
      false);
  if (json.is_discarded() || is_too_deep) return rpc_error(400, nullptr, kParseError, "the body is not JSON");
  if (!json.is_object() || json.value("jsonrpc", "") != "2.0" || !json.contains("method") ||
      !json["method"].is_string())
    return rpc_error(400, nullptr, kInvalidRequest,
                     "the body is not a JSON-RPC 2.0 request; batches are not supported");
  Message message{.id = nullptr, .method = json["method"]};
  message.is_notification = !json.contains("id");
  if (!message.is_notification) message.id = json["id"];
  if (!message.id.is_null() && !message.id.is_string() && !message.id.is_number_integer())
    return rpc_error(400, nullptr, kInvalidRequest, "an id must be a string or a whole number");
  if (json.contains("params")) message.parameters = json["params"];
  if (!message.parameters.is_object())
    return rpc_error(400, message.id, kInvalidParameters, "params must be an object");
  return message;
}

std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

/// The request's `_meta`; empty where it has none.
Json meta_of(const Message& message) {
  const auto meta = message.parameters.find("_meta");
  return meta != message.parameters.end() && meta->is_object() ? *meta : Json::object();
}

std::string meta_version(const Message& message) { return text_at(meta_of(message), kMetaVersion); }

Json server_info() {
  return {{"name", "optiinfra"}, {"title", "OptiInfra metrics"}, {"version", std::string(version())}};
}
Json capabilities() { return {{"tools", Json::object()}}; }

/// The result of a method that both eras have; nothing for an unknown one.
std::optional<Response> answer_tools(const Call& call, const Message& message, const Json& frame) {
  const auto result = [&](Json value) {
    for (const auto& [key, each] : frame.items())
      if (key == "resultType" || key == "_meta" || message.method == "tools/list") value[key] = each;
    return rpc_response(200, {{"jsonrpc", "2.0"}, {"id", message.id}, {"result", std::move(value)}});
  };
  if (message.method == "tools/list") return result({{"tools", tools_for(call.caller)}});
  if (message.method != "tools/call") return std::nullopt;
  const std::string name = text_at(message.parameters, "name");
  const auto arguments = message.parameters.find("arguments");
  auto answer = call_tool(call, name, arguments == message.parameters.end() ? Json::object() : *arguments);
  if (!answer) return rpc_error(200, message.id, kInvalidParameters, "there is no tool '" + name + "'");
  return result(*std::move(answer));
}

bool is_session_version(std::string_view version) {
  return std::find(kSessionVersions.begin(), kSessionVersions.end(), version) != kSessionVersions.end();
}

Json supported_versions() {
  Json versions = {kStatelessVersion};
  for (auto version = kSessionVersions.rbegin(); version != kSessionVersions.rend(); ++version)
    versions.push_back(*version);
  return versions;
}

Response answer_in_session(const Call& call, const Message& message) {
  const std::string_view version = call.request.header("mcp-protocol-version");
  if (!version.empty() && !is_session_version(version))
    return rpc_error(400, message.id, kInvalidRequest, "the protocol's version is not known",
                     {{"supported", supported_versions()}});
  if (message.is_notification) return {.status = 202};
  const auto result = [&](const Json& value) {
    return rpc_response(200, {{"jsonrpc", "2.0"}, {"id", message.id}, {"result", value}});
  };
  if (message.method == "initialize") {
    const std::string wanted = text_at(message.parameters, "protocolVersion");
    return result({{"protocolVersion", is_session_version(wanted) ? wanted : kSessionVersions.back()},
                   {"capabilities", capabilities()},
                   {"serverInfo", server_info()},
                   {"instructions", kInstructions}});
  }
  if (message.method == "ping") return result(Json::object());
  if (auto answer = answer_tools(call, message, Json::object())) return *std::move(answer);
  return rpc_error(200, message.id, kUnknownMethod, "there is no method '" + message.method + "'");
}

/// Nothing where the headers say what the body says.
std::optional<Response> refuse_other_headers(const Call& call, const Message& message) {
  const auto mismatch = [&](const std::string& header) {
    return rpc_error(400, message.id, kHeaderMismatch,
                     "the header " + header + " does not say what the body says");
  };
  const std::string_view version = call.request.header("mcp-protocol-version");
  const Json meta = meta_of(message);
  if (!message.is_notification && version == kStatelessVersion &&
      (meta_version(message).empty() || !meta.contains(kMetaCapabilities) ||
       !meta[kMetaCapabilities].is_object()))
    return rpc_error(400, message.id, kInvalidParameters,
                     std::string("_meta must hold ") + kMetaVersion + " and " + kMetaCapabilities);
  if (version != kStatelessVersion && !is_session_version(version) && !version.empty())
    return rpc_error(400, message.id, kUnsupportedVersion, "the protocol's version is not supported",
                     {{"supported", supported_versions()}, {"requested", std::string(version)}});
  if (const std::string in_body = meta_version(message); in_body != version) {
    if (!in_body.empty() && in_body != kStatelessVersion && version.empty())
      return rpc_error(400, message.id, kUnsupportedVersion, "the protocol's version is not supported",
                       {{"supported", supported_versions()}, {"requested", in_body}});
    return mismatch("MCP-Protocol-Version");
  }
  if (call.request.header("mcp-method") != message.method) return mismatch("Mcp-Method");
  if (message.method == "tools/call" &&
      call.request.header("mcp-name") != text_at(message.parameters, "name"))
    return mismatch("Mcp-Name");
  return std::nullopt;
}

Response answer_stateless(const Call& call, const Message& message) {
  if (auto refusal = refuse_other_headers(call, message)) return *std::move(refusal);
  if (message.is_notification) return {.status = 202};
  const Json frame = {{"resultType", "complete"},
                      {"ttlMs", kListLifeMs},
                      {"cacheScope", "private"},
                      {"_meta", {{kMetaServer, server_info()}}}};
  if (message.method == "server/discover") {
    Json result = frame;
    result["supportedVersions"] = supported_versions();
    result["capabilities"] = capabilities();
    result["serverInfo"] = server_info();
    result["instructions"] = kInstructions;
    return rpc_response(200, {{"jsonrpc", "2.0"}, {"id", message.id}, {"result", result}});
  }
  if (auto answer = answer_tools(call, message, frame)) return *std::move(answer);
  return rpc_error(404, message.id, kUnknownMethod, "there is no method '" + message.method + "'");
}

Response answer_mcp(const Call& call) {
  auto parsed = parse_message(call.request.body);
  if (auto* refusal = std::get_if<Response>(&parsed)) return std::move(*refusal);
  const Message& message = std::get<Message>(parsed);
  const std::string_view version = call.request.header("mcp-protocol-version");
  const bool is_stateless =
      version == kStatelessVersion || !meta_version(message).empty() ||
      (!version.empty() && !is_session_version(version) && version > kStatelessVersion) ||
      !call.request.header("mcp-method").empty();
  if (is_stateless) return answer_stateless(call, message);
  const std::string_view accept = call.request.header("accept");
  if (accept.find("application/json") == accept.npos || accept.find("text/event-stream") == accept.npos)
    return problem(406, "Accept must hold application/json and text/event-stream");
  return answer_in_session(call, message);
}

}  // namespace

std::vector<Route> mcp_routes() {
  return {
      {.method = "POST",
       .path = "/mcp",
       .name = "mcp",
       .tag = "agents",
       .meaning =
           "The questions as tools of the Model Context Protocol, 2025-03-26 to 2025-11-25 and 2026-07-28",
       .is_question = true,
       .body = RequestBody{"A request or a notification of JSON-RPC 2.0", {"application/json"}},
       .handle = answer_mcp}};
}

}  // namespace optiinfra::service
