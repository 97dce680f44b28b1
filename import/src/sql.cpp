#include "sql.hpp"

#include <nlohmann/json.hpp>

namespace optiinfra {

std::string json_text(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<std::vector<std::vector<std::string>>> query_rows(Transport& transport, const Statement& statement) {
  std::vector<std::vector<std::string>> rows;
  OPTIINFRA_CHECK([&]() -> Result<void> {
    auto status = transport.query(statement, [&](const Block& block) {
      for (std::size_t row = 0; row < block.row_count(); ++row) {
        auto& texts = rows.emplace_back();
        for (const Column& column : block.columns()) {
          const auto* values = std::get_if<Strings>(&column.data);
          texts.emplace_back(values == nullptr ? std::string_view{} : (*values)[row]);
        }
      }
      return true;
    });
    if (!status) return std::move(status).error();
    return {};
  }());
  return rows;
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
