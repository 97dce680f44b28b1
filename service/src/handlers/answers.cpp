#include "handlers/answers.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "optiinfra/client/client.hpp"
#include "optiinfra/report/csv.hpp"
#include "optiinfra/report/json.hpp"
#include "optiinfra/report/wire.hpp"

namespace optiinfra::service {
namespace {

constexpr const char* kCsv = "text/csv; charset=utf-8";
constexpr const char* kNdjson = "application/x-ndjson";

std::string format_of(const Request& request) {
  if (const auto format = value_of(request.parameters, "format")) return *format;
  const std::string_view accept = request.header("accept");
  if (accept.starts_with("text/csv")) return "csv";
  if (accept.starts_with("application/x-ndjson")) return "ndjson";
  return "json";
}

/// The window of an answer whose body has no room for it.
void add_window(Response& response, const report::Report& report) {
  if (report.window)
    response.headers.emplace_back("OptiInfra-Window",
                                  format_time(report.window->begin) + "/" + format_time(report.window->end));
  if (report.has_more) response.headers.emplace_back("OptiInfra-Has-More", "true");
}

std::string tag_of(std::string_view body) {
  const XXH128_hash_t hash = XXH3_128bits(body.data(), body.size());
  return "\"" + std::to_string(hash.high64) + "-" + std::to_string(hash.low64) + "\"";
}

}  // namespace

Result<Names> names_of(const Call& call) {
  OPTIINFRA_TRY(const Names names, call.backend.client.names());
  return names.kept_to(call.caller.customers);
}

RouteParameter format_parameter() {
  return {.name = "format",
          .meaning =
              "json by default; csv and ndjson hold only the rows, the headers OptiInfra-Window and "
              "OptiInfra-Has-More the rest; report and answer are what the program and the libraries read, "
              "and may change",
          .words = {"json", "csv", "ndjson", "report", "answer"}};
}

Response answer_of(const Request& request, const report::Report& report) {
  Response response;
  const std::string format = format_of(request);
  const auto& section = report.sections.front();
  if (format == "csv") {
    response.content_type = kCsv;
    response.body = report::render_csv(section.records);
  } else if (format == "ndjson") {
    response.content_type = kNdjson;
    response.body = report::render_json_lines(section.records);
  } else if (format == "report" || format == "answer") {
    response.body = report::encode_report(report);
  } else {
    response.body = report::render_json(report);
  }
  if (format != "json") add_window(response, report);
  const std::string tag = tag_of(response.body);
  response.headers.emplace_back("ETag", tag);
  response.headers.emplace_back("Cache-Control", "no-cache, private");
  response.headers.emplace_back("Vary", "Accept, Authorization");
  if (request.header("if-none-match") == tag) {
    response.status = 304;
    response.body.clear();
  }
  return response;
}

}  // namespace optiinfra::service
