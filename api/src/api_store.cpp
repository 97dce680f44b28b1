#include "optiinfra/api/api_store.hpp"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>

#include "optiinfra/report/wire.hpp"

namespace optiinfra::api {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kPlain = "api://", kEncrypted = "apis://";

Error refused(const std::string& what) {
  return invalid_argument("the URL of an API " + what +
                          "; write api://host:7070, or apis://host:7070 for TLS, and give the token in "
                          "OPTIINFRA_TOKEN");
}

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// The parts of a store URL that an API's has too are read by the same parser.
Result<StoreUrl> parse_parts(std::string_view url, bool is_encrypted) {
  std::string parsed = is_encrypted ? "https://" : "http://";
  std::string_view rest = url.substr(is_encrypted ? kEncrypted.size() : kPlain.size());
  if (rest.find('@') != std::string_view::npos) return refused("holds no user and no token");
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  const std::string_view host = rest.substr(0, end);
  if (host.find(',') != std::string_view::npos) return refused("names one host");
  const bool has_port = host.rfind(':') != std::string_view::npos && !host.ends_with(']');
  parsed += std::string(host) + (has_port ? "" : ":7070") + std::string(rest.substr(end));
  return parse_store_url(parsed);
}

/// What a person does about it.
std::string advice(int status, bool has_token) {
  if (status == 401 && !has_token)
    return "; give a token in OPTIINFRA_TOKEN, or in a file that OPTIINFRA_TOKEN_FILE names";
  if (status == 401) return "; look at OPTIINFRA_TOKEN";
  return "";
}

std::optional<ErrorKind> kind_of(const std::string& name) {
  for (const ErrorKind kind :
       {ErrorKind::kInvalidArgument, ErrorKind::kRejected, ErrorKind::kTimeout, ErrorKind::kUnavailable,
        ErrorKind::kCorrupt, ErrorKind::kTooLarge, ErrorKind::kStorage, ErrorKind::kIncompatible,
        ErrorKind::kConflict, ErrorKind::kCancelled})
    if (to_string(kind) == name) return kind;
  return std::nullopt;
}

ErrorKind kind_of(int status) {
  if (status == 400 || status == 404 || status == 409) return ErrorKind::kInvalidArgument;
  if (status == 429 || status == 503) return ErrorKind::kUnavailable;
  if (status == 507) return ErrorKind::kStorage;
  if (status == 413) return ErrorKind::kTooLarge;
  if (status == 422) return ErrorKind::kConflict;
  return ErrorKind::kRejected;
}

/// Kinds that say that the same request can never be taken.
bool is_about_the_request(ErrorKind kind) {
  return kind == ErrorKind::kInvalidArgument || kind == ErrorKind::kTooLarge || kind == ErrorKind::kConflict;
}

/// What a service says of a request that it did not do (RFC 9457).
struct Problem {
  bool is_ours = false;
  std::string detail = {};
  std::optional<ErrorKind> kind = {};  ///< Said by our API alone.
  int server_code = 0;
};

/// Proxies and frameworks answer with JSON of their own, some of it with a "detail" that is a list.
Problem problem_of(const HttpAnswer& answer) {
  const Json json = Json::parse(answer.body, nullptr, false);
  if (!json.is_object()) return {};
  const auto field = [&json](const char* name) { return json.contains(name) ? json[name] : Json(); };
  const Json status = field("status"), detail = field("detail"), kind = field("kind"),
             code = field("server_code");
  if (!status.is_number_integer() || status != answer.status || !detail.is_string()) return {};
  return {.is_ours = true,
          .detail = detail.get<std::string>(),
          .kind = kind.is_string() ? kind_of(kind.get<std::string>()) : std::nullopt,
          .server_code = code.is_number_integer() ? code.get<int>() : 0};
}

}  // namespace

bool is_api_url(std::string_view url) { return url.starts_with("api:") || url.starts_with("apis:"); }

Result<ApiUrl> parse_api_url(std::string_view url) {
  const bool is_encrypted = url.starts_with(kEncrypted);
  if (!is_encrypted && !url.starts_with(kPlain)) return refused("has '//' after its scheme");
  OPTIINFRA_TRY(const StoreUrl parts, parse_parts(url, is_encrypted));
  if (parts.database != kDefaultDatabase) return refused("has no path");
  ApiUrl api{.service = {.endpoint = parts.hosts.front(),
                         .is_encrypted = is_encrypted,
                         .ca_file = parts.ca_file,
                         .verify_certificate = parts.verify_certificate}};
  const std::string& host = api.service.endpoint.host;
  const bool is_ipv6 = host.find(':') != std::string::npos;
  api.description = std::string(is_encrypted ? kEncrypted : kPlain) + (is_ipv6 ? "[" + host + "]" : host) +
                    ":" + std::to_string(api.service.endpoint.port);
  return api;
}

Result<Secret> token_of_environment() {
  Secret token{.text = environment("OPTIINFRA_TOKEN")};
  if (const std::string file = environment("OPTIINFRA_TOKEN_FILE"); token.text.empty() && !file.empty()) {
    OPTIINFRA_TRY(token, read_secret_file(file, "token"));
  }
  if (!std::ranges::all_of(token.text, [](char c) { return c > ' ' && c < '\x7f'; }))
    return invalid_argument("the token in OPTIINFRA_TOKEN has characters that no token has");
  return token;
}

Result<ApiStore> ApiStore::make(ApiUrl url, std::string token) {
  OPTIINFRA_TRY(HttpClient client, HttpClient::make(url.service));
  return ApiStore(std::move(url), std::move(token), std::move(client));
}

Result<HttpAnswer> ApiStore::exchange(HttpCall call) {
  if (!token_.empty()) call.headers.push_back("Authorization: Bearer " + token_);
  auto answer = client_.call(call);
  if (answer) return answer;
  Error error = with_context(std::move(answer).error(), "the service at " + url_.description);
  if (error.kind == ErrorKind::kUnavailable)
    error.message += "; is `optiinfra server` running there, and is this the port of its API?";
  return error;
}

Error ApiStore::error_of(const HttpAnswer& answer) const {
  const Problem problem = problem_of(answer);
  std::string detail = problem.is_ours ? problem.detail
                                       : "status " + std::to_string(answer.status) +
                                             " from something that is no API of optiinfra";
  ErrorKind kind = problem.kind.value_or(kind_of(answer.status));
  // Another program says nothing about what was sent to it.
  if (!problem.is_ours && is_about_the_request(kind)) kind = ErrorKind::kRejected;
  if (answer.status >= 500 || answer.status == 401 || answer.status == 403 || !problem.is_ours)
    detail = "the service at " + url_.description + ": " + detail;
  return {kind, detail + advice(answer.status, !token_.empty()), Applied::kNo, true, problem.server_code};
}

Result<HttpAnswer> ApiStore::fetch(HttpCall call) {
  OPTIINFRA_TRY(HttpAnswer answer, exchange(std::move(call)));
  if (answer.status < 200 || answer.status > 299) return error_of(answer);
  return answer;
}

Result<std::string> ApiStore::send(HttpCall call) {
  OPTIINFRA_TRY(HttpAnswer answer, fetch(std::move(call)));
  return std::move(answer.body);
}

Result<std::string> ApiStore::send_rows(HttpCall call) {
  auto answer = exchange(std::move(call));
  if (answer && answer->status >= 200 && answer->status <= 299) return std::move(answer->body);
  Error error = answer ? error_of(*answer) : std::move(answer).error();
  const bool is_routed = answer && answer->status != 404 && answer->status != 409;
  if (is_about_the_request(error.kind) && !(is_routed && problem_of(*answer).kind))
    error.kind = ErrorKind::kRejected;
  if (answer && answer->status == 404)
    error.message += "; is this the address of `optiinfra server`, and is it as new as this program?";
  return error;
}

Result<ApiAnswer> ApiStore::ask(const std::string& path, std::vector<NamedValue> parameters,
                                std::chrono::milliseconds timeout, std::string method) {
  parameters.emplace_back("format", "report");
  OPTIINFRA_TRY(HttpAnswer answer, exchange({.method = std::move(method),
                                             .path = path,
                                             .parameters = std::move(parameters),
                                             .timeout = timeout}));
  if (answer.status == 404 && problem_of(answer).is_ours)
    return ApiAnswer{.report = {}, .not_found = error_of(answer).message};
  if (answer.status != 200) return error_of(answer);
  auto report = report::decode_report(answer.body);
  if (!report) return with_context(std::move(report).error(), "the service at " + url_.description);
  return ApiAnswer{.report = *std::move(report)};
}

}  // namespace optiinfra::api
