#include "sql.hpp"

#include <nlohmann/json.hpp>

namespace optiinfra {

std::string json_text(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string short_engine_message(std::string_view message) {
  constexpr std::string_view kException = "DB::Exception: ";
  if (const auto at = message.rfind(kException); at != std::string_view::npos)
    message.remove_prefix(at + kException.size());
  for (const std::string_view end :
       {std::string_view(": (in file/uri"), std::string_view(": While executing"),
        std::string_view(" In scope "), std::string_view(" in scope "), std::string_view(": In scope "),
        std::string_view("\n"), std::string_view(". (")}) {
    message = message.substr(0, message.find(end));
  }
  constexpr std::size_t kShownMax = 400;
  return std::string(message.substr(0, kShownMax));
}

}  // namespace optiinfra
