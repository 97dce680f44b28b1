#include <toml++/toml.h>

#include <array>
#include <charconv>
#include <sstream>

#include "optiinfra/attribution/price_book.hpp"
#include "optiinfra/core/csv_reader.hpp"
#include "optiinfra/core/nearest.hpp"

namespace optiinfra::attribution {
namespace {

constexpr std::array<std::string_view, 10> kPriceKeys = {
    "provider", "sku", "region", "tier", "unit", "price", "currency", "valid_from", "valid_to", "source"};
enum PriceField { kProvider, kSku, kRegion, kTier, kUnit, kPrice, kCurrency, kValidFrom, kValidTo, kSource };
using PriceTexts = std::array<std::string, kPriceKeys.size()>;

Result<std::size_t> price_key(std::string_view name) {
  for (std::size_t i = 0; i < kPriceKeys.size(); ++i)
    if (kPriceKeys[i] == name) return i;
  const std::vector<std::string> known(kPriceKeys.begin(), kPriceKeys.end());
  const std::string near = suggestion(name, known);
  return invalid_argument("'" + shown(name) + "' is no field of a price" +
                          (near.empty() ? "; they are provider, sku, region, tier, unit, price, currency, "
                                          "valid_from, valid_to, source"
                                        : near));
}

Result<double> number_of(const std::string& text) {
  double number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code == std::errc{} && end == text.data() + text.size()) return number;
  return invalid_argument(text.empty() ? "price is missing" : "price: '" + shown(text) + "' is not a number");
}

Result<sys_seconds> time_of(const std::string& text, std::string_view key) {
  if (text.empty()) return sys_seconds{};
  auto time = parse_time(text);
  if (!time) return with_context(std::move(time).error(), key);
  return *time;
}

Result<Price> price_of(PriceTexts texts) {
  if (texts[kUnit].empty()) return invalid_argument("unit is missing");
  Price price;
  OPTIINFRA_TRY(price.unit, parse_price_unit(texts[kUnit]));
  OPTIINFRA_TRY(price.price, number_of(texts[kPrice]));
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

Result<Price> price_of(const toml::table& table) {
  PriceTexts texts;
  for (const auto& [name, value] : table) {
    OPTIINFRA_TRY(const std::size_t key, price_key(name.str()));
    OPTIINFRA_TRY(texts[key], text_of(value, name.str()));
  }
  return price_of(std::move(texts));
}

}  // namespace

Result<std::vector<Price>> read_prices_csv(std::string_view text) {
  CsvReader reader(text);
  OPTIINFRA_TRY(const auto header, reader.record());
  std::vector<std::size_t> keys;
  for (const std::string& name : header) {
    OPTIINFRA_TRY(const std::size_t key, price_key(name));
    keys.push_back(key);
  }
  std::vector<Price> prices;
  while (!reader.at_end()) {
    OPTIINFRA_TRY(auto cells, reader.record());
    if (cells.size() == 1 && cells.front().empty()) continue;
    if (cells.size() != keys.size())
      return reader.refuse("has " + std::to_string(cells.size()) + " cells, and the header " +
                           std::to_string(keys.size()));
    PriceTexts texts;
    for (std::size_t i = 0; i < cells.size(); ++i) texts[keys[i]] = std::move(cells[i]);
    auto price = price_of(std::move(texts));
    if (!price) return with_context(std::move(price).error(), "line " + std::to_string(reader.line()));
    prices.push_back(*std::move(price));
  }
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
    auto price = price_of(*fields);
    if (!price)
      return with_context(std::move(price).error(),
                          "line " + std::to_string(each.source().begin.line) + ", " + place);
    prices.push_back(*std::move(price));
  }
  return prices;
}

}  // namespace optiinfra::attribution
