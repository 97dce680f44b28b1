#include "commands/server_log.hpp"

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "optiinfra/core/time.hpp"

namespace optiinfra::cli {
namespace {

using Json = nlohmann::ordered_json;

const char* name_of(LogLevel level) { return level == LogLevel::kWarning ? "warning" : "info"; }

/// One call of the system for each line: lines of several threads stay whole. A log that cannot be written is
/// no reason to stop.
void write_line(std::string line) {
  line += '\n';
  (void)!::write(STDERR_FILENO, line.data(), line.size());
}

void write_json(const Json& fields) {
  write_line(fields.dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::string milliseconds_text(double milliseconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", milliseconds);
  return text;
}

void write_request(ApiLog log, const service::AnsweredRequest& request) {
  if (log == ApiLog::kText) {
    write_line(format_time(now()) + " " + request.method + " " + request.path + " " +
               std::to_string(request.status) + " " + milliseconds_text(request.elapsed_ms) + " ms, " +
               std::to_string(request.body_bytes) + " B in, " + std::to_string(request.answer_bytes) +
               " B out, by " + request.caller + ", request " + request.id);
    return;
  }
  write_json({{"time", format_time(now())},
              {"level", "info"},
              {"event", "request"},
              {"request_id", request.id},
              {"caller", request.caller},
              {"method", request.method},
              {"path", request.path},
              {"status", request.status},
              {"elapsed_ms", request.elapsed_ms},
              {"body_bytes", request.body_bytes},
              {"answer_bytes", request.answer_bytes}});
}

void write_message(ApiLog log, LogLevel level, std::string_view message) {
  if (log == ApiLog::kText)
    write_line(format_time(now()) + " " + name_of(level) + ": " + std::string(message));
  else
    write_json({{"time", format_time(now())},
                {"level", name_of(level)},
                {"event", "message"},
                {"message", std::string(message)}});
}

}  // namespace

Result<ApiLog> parse_api_log(const std::string& text) {
  if (text == "off") return ApiLog::kOff;
  if (text == "text") return ApiLog::kText;
  if (text == "json") return ApiLog::kJson;
  return invalid_argument("'" + text + "' is not one of off, text, json");
}

void set_log(service::ServiceOptions& options, ApiLog log) {
  if (log == ApiLog::kOff) return;
  options.log = [log](LogLevel level, std::string_view message) { write_message(log, level, message); };
  options.on_answer = [log](const service::AnsweredRequest& request) { write_request(log, request); };
}

}  // namespace optiinfra::cli
