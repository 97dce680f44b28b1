/// JSON values as text.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace optiinfra::report {

using Json = nlohmann::ordered_json;

/// Bytes that are not UTF-8 become replacement characters.
inline std::string dump_json(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace optiinfra::report
