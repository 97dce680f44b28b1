#include "problem.hpp"

#include <nlohmann/json.hpp>

namespace optiinfra::service {
namespace {

using Json = nlohmann::ordered_json;

const char* title_of(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 507:
      return "Insufficient Storage";
    default:
      return "Internal Server Error";
  }
}

int status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalidArgument:
    case ErrorKind::kRejected:
      return 400;
    case ErrorKind::kTimeout:
      return 504;
    case ErrorKind::kUnavailable:
    case ErrorKind::kCancelled:  // Because the service stops.
      return 503;
    case ErrorKind::kTooLarge:
      return 413;
    case ErrorKind::kConflict:
      return 422;
    case ErrorKind::kStorage:
      return 507;
    case ErrorKind::kCorrupt:
    case ErrorKind::kIncompatible:
      break;
  }
  return 500;
}

constexpr int kRetryAfterSeconds = 1;

Response response_of(int status, const Json& body, int retry_after_s) {
  Response response{.status = status,
                    .content_type = "application/problem+json",
                    .body = body.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"};
  if (retry_after_s != 0) response.headers.emplace_back("Retry-After", std::to_string(retry_after_s));
  if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

}  // namespace

Response problem(int status, const std::string& detail, int retry_after_s) {
  return response_of(
      status, {{"type", "about:blank"}, {"title", title_of(status)}, {"status", status}, {"detail", detail}},
      retry_after_s);
}

Response problem_of(const Error& error) {
  const int status = status_of(error.kind);
  Json body = {{"type", "about:blank"},
               {"title", title_of(status)},
               {"status", status},
               {"detail", error.message},
               {"kind", std::string(to_string(error.kind))}};
  if (error.server_code != 0) body["server_code"] = error.server_code;
  if (!error.query_id.empty()) body["query_id"] = error.query_id;
  return response_of(status, body, status == 503 ? kRetryAfterSeconds : 0);
}

}  // namespace optiinfra::service
