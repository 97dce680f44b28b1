#include <toml++/toml.h>

#include <charconv>
#include <sstream>

#include "field_texts.hpp"
#include "optiinfra/attribution/price_book.hpp"
#include "optiinfra/core/csv_table.hpp"

namespace optiinfra::attribution {
namespace {

constexpr std::string_view kPriceFields[] = {"provider", "sku",      "region",     "tier",     "unit",
                                             "price",    "currency", "valid_from", "valid_to", "source"};
enum PriceField : std::size_t {
  kProvider,
  kSku,
  kRegion,
  kTier,
  kUnit,
  kPrice,
  kCurrency,
  kValidFrom,
  kValidTo,
  kSource
};

/// Texts, numbers and times of TOML as the same texts that a CSV file has.
Result<std::string> text_of(const toml::node& value, std::string_view key) {
  if (const auto* text = value.as_string()) return text->get();
  if (!value.is_number() && !value.is_date() && !value.is_date_time())
    return invalid_argument(std::string(key) + " must be a text, a number or a time");
  if (const auto* number = value.as_floating_point()) {
    char digits[32];  // The shortest text that reads as the same number.
    const auto [end, code] = std::to_chars(digits, digits + sizeof digits, number->get());
    return std::string(digits, end);
  }
  std::ostringstream text;
  value.visit([&](const auto& each) {
    if constexpr (toml::is_value<decltype(each)>) text << each.get();
  });
  return text.str();
}

Result<Price> price_in(const toml::table& table) {
  std::vector<std::string> texts(std::size(kPriceFields));
  for (const auto& [name, value] : table) {
    OPTIINFRA_TRY(const std::size_t field, index_of_field(name.str(), kPriceFields));
    OPTIINFRA_TRY(texts[field], text_of(value, name.str()));
  }
  return price_of(std::move(texts));
}

}  // namespace

std::span<const std::string_view> price_fields() { return kPriceFields; }

Result<Price> price_of(std::vector<std::string> texts) {
  if (texts[kUnit].empty()) return invalid_argument("unit is missing");
  Price price;
  OPTIINFRA_TRY(price.unit, parse_price_unit(texts[kUnit]));
  OPTIINFRA_TRY(price.price, number_of(texts[kPrice], "price"));
  OPTIINFRA_TRY(price.valid_from, time_of(texts[kValidFrom], "valid_from"));
  OPTIINFRA_TRY(price.valid_to, time_of(texts[kValidTo], "valid_to"));
  price.provider = std::move(texts[kProvider]);
  price.sku = std::move(texts[kSku]);
  price.region = std::move(texts[kRegion]);
  price.tier = std::move(texts[kTier]);
  price.currency = std::move(texts[kCurrency]);
  price.source = std::move(texts[kSource]);
  return price;
}

Result<std::vector<Price>> read_prices_csv(std::string_view text) {
  std::vector<Price> prices;
  OPTIINFRA_CHECK(read_csv_table(text, kPriceFields, [&](std::vector<std::string> texts) -> Result<void> {
    OPTIINFRA_TRY(Price price, price_of(std::move(texts)));
    prices.push_back(std::move(price));
    return {};
  }));
  return prices;
}

Result<std::vector<Price>> read_prices_toml(std::string_view text) {
  toml::table table;
  try {
    table = toml::parse(text);
  } catch (const toml::parse_error& error) {
    return invalid_argument("line " + std::to_string(error.source().begin.line) + ": " +
                            std::string(error.description()));
  }
  std::vector<Price> prices;
  const toml::array* const list = table["price"].as_array();
  if (list == nullptr || table.size() != 1)
    return invalid_argument("the file needs [[price]] tables, and only them");
  for (const toml::node& each : *list) {
    const std::string place = "price " + std::to_string(prices.size() + 1);
    const toml::table* const fields = each.as_table();
    if (fields == nullptr) return invalid_argument(place + " is not a table");
    auto price = price_in(*fields);
    if (!price)
      return with_context(std::move(price).error(),
                          "line " + std::to_string(each.source().begin.line) + ", " + place);
    prices.push_back(*std::move(price));
  }
  return prices;
}

}  // namespace optiinfra::attribution
