#include "sql.hpp"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

namespace optiinfra {

std::string json_text(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string short_engine_message(std::string_view message) {
  constexpr std::string_view kException = "DB::Exception: ";
  if (const auto at = message.rfind(kException); at != std::string_view::npos)
    message.remove_prefix(at + kException.size());
  message.remove_prefix(std::min(message.find_first_not_of(" \n"), message.size()));
  for (const std::string_view end :
       {std::string_view(": (in file/uri"), std::string_view(": While executing"),
        std::string_view(" In scope "), std::string_view(" in scope "), std::string_view(": In scope "),
        std::string_view("\n"), std::string_view(". (")}) {
    message = message.substr(0, message.find(end));
  }
  constexpr std::size_t kShownMax = 400;
  std::string shown(message.substr(0, kShownMax));
  // The engine repeats what it could not read, whatever bytes that are.
  std::replace_if(shown.begin(), shown.end(), [](unsigned char c) { return c < ' ' || c == 0x7F; }, '?');
  return shown;
}

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace optiinfra
