/// @file optiinfra/report/json.hpp
/// Reports and errors in the one JSON shape of docs/json.md.
#pragma once

#include <string>
#include <string_view>

#include "optiinfra/core/error.hpp"
#include "optiinfra/report/records.hpp"

namespace optiinfra::report {

/// {"command", "window", "data", "units", "coverage", "has_more", "elapsed_ms"} and a newline; members
/// without content are left out. "data" is the only section, or an object of several sections by their keys.
std::string render_json(const Report& report);

/// One JSON object on a line of its own for each row.
std::string render_json_lines(const Records& records);

/// {"error": {"kind", "message", "server_code", "query_id"}} and a newline; without an empty query_id.
std::string render_json_error(std::string_view kind, std::string_view message, int server_code,
                              std::string_view query_id = {});

/// `text` as a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

}  // namespace optiinfra::report
