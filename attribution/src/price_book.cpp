#include "optiinfra/attribution/price_book.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

#include "money_records.hpp"
#include "optiinfra/core/nearest.hpp"
#include "optiinfra/core/utf8.hpp"
#include "optiinfra/store/money_tables.hpp"

namespace optiinfra::attribution {
namespace {

constexpr std::array<std::string_view, 4> kUnitNames = {"hour", "million_input_tokens",
                                                        "million_cached_tokens", "million_output_tokens"};
constexpr double kPriceMax = 9e9;  // An amount of the store has at most 9 billion.
constexpr std::size_t kPriceTextBytesMax = 256;

using PriceKey = std::tuple<const std::string&, const PriceUnit&, const std::string&, const std::string&,
                            const std::string&, const sys_seconds&>;

PriceKey key_of(const Price& price) {
  return std::tie(price.sku, price.unit, price.provider, price.region, price.tier, price.valid_from);
}

std::string described(const Price& price) {
  std::string text = "'" + shown(price.sku) + "' per " + std::string(to_string(price.unit));
  for (const auto& [name, value] : {std::pair("provider", &price.provider),
                                    std::pair("region", &price.region), std::pair("tier", &price.tier)})
    if (!value->empty()) text += std::string(", ") + name + " '" + shown(*value) + "'";
  return price.valid_from == sys_seconds{} ? text : text + ", from " + format_time(price.valid_from);
}

Result<void> expect_price(const Price& price) {
  const auto refuse = [](const char* why) { return invalid_argument(why); };
  for (const std::string* text : {&price.provider, &price.sku, &price.region, &price.tier, &price.source}) {
    if (text->size() > kPriceTextBytesMax) return refuse("a text has at most 256 bytes");
    if (!is_utf8(*text)) return refuse("a text must be UTF-8");
  }
  if (price.sku.empty()) return refuse("sku is missing: an instance type, an instance's id or a model");
  if (!std::isfinite(price.price) || price.price < 0 || price.price > kPriceMax)
    return refuse("price must be a number from 0 to 9,000,000,000");
  if (!is_currency_or_none(price.currency))
    return refuse("currency must be three capital letters, such as USD");
  for (const sys_seconds time : {price.valid_from, price.valid_to}) {
    if (time < sys_seconds{} || time > sys_seconds{std::chrono::seconds{0xFFFFFFFF}})
      return refuse("a time must lie between 1970 and 2106");
  }
  if (price.valid_to != sys_seconds{} && price.valid_to <= price.valid_from)
    return refuse("valid_to must be after valid_from");
  return {};
}

/// How well a price fits; nothing when it is for something else.
std::optional<int> fit_of(const Price& price, const PricedInstance& instance) {
  int fit = 0;
  const bool is_of_instance = price.sku == instance.id && !instance.id.empty();
  if (is_of_instance) {
    fit += 8;
  } else if (price.sku != instance.type || instance.type.empty()) {
    return {};
  }
  for (const auto& [wanted, has, weight] :
       {std::tuple(&price.region, &instance.region, 4), std::tuple(&price.tier, &instance.tier, 2),
        std::tuple(&price.provider, &instance.provider, 1)}) {
    if (wanted->empty()) continue;
    // Of an instance that was never billed nothing but its id is known.
    const bool fits = *wanted == *has || (is_of_instance && has->empty());
    if (!fits) return {};
    fit += weight;
  }
  return fit;
}

std::optional<Price> price_at(const Block& block, std::size_t row) {
  const auto unit = parse_price_unit(text_in(block, 4, row));
  if (!unit) return {};
  const auto time = [&](std::size_t column) {
    return sys_seconds{std::chrono::seconds{number_in<std::uint32_t>(block, column, row)}};
  };
  return Price{.provider = text_in(block, 0, row),
               .sku = text_in(block, 1, row),
               .region = text_in(block, 2, row),
               .tier = text_in(block, 3, row),
               .unit = *unit,
               .price = number_in<double>(block, 5, row),
               .currency = text_in(block, 6, row),
               .valid_from = time(7),
               .valid_to = time(8),
               .source = text_in(block, 9, row)};
}

Block block_of_prices(std::span<const Record<Price>> records) {
  Dictionary providers, regions, tiers, units, currencies;
  Strings skus, sources;
  std::vector<double> prices;
  std::vector<std::uint32_t> begins, ends;
  for (const auto& [price, set_at_us, is_removed] : records) {
    providers.append(price.provider);
    skus.append(price.sku);
    regions.append(price.region);
    tiers.append(price.tier);
    units.append(to_string(price.unit));
    prices.push_back(price.price);
    currencies.append(price.currency);
    begins.push_back(to_column_time(price.valid_from));
    ends.push_back(to_column_time(price.valid_to));
    sources.append(price.source);
  }
  constexpr const char* kLabel = "LowCardinality(String)";
  Block block;
  block.add({"provider", kLabel, std::move(providers)});
  block.add({"sku", "String", std::move(skus)});
  block.add({"region", kLabel, std::move(regions)});
  block.add({"tier", kLabel, std::move(tiers)});
  block.add({"unit", kLabel, std::move(units)});
  block.add({"price", "Float64", std::move(prices)});
  block.add({"currency", kLabel, std::move(currencies)});
  block.add({"valid_from", "DateTime('UTC')", std::move(begins)});
  block.add({"valid_to", "DateTime('UTC')", std::move(ends)});
  block.add({"source", "String", std::move(sources)});
  return block;
}

constexpr RecordTable<Price, PriceKey> kPrices = {
    .name = store::kPriceTable,
    .one = "price",
    .what = "the price book",
    .records_max = kPriceRecordsMax,
    .columns =
        "CAST(provider, 'String'), sku, CAST(region, 'String'), CAST(tier, 'String'), "
        "CAST(unit, 'String'), price, CAST(currency, 'String'), toUInt32(toUnixTimestamp(valid_from)), "
        "toUInt32(toUnixTimestamp(valid_to)), source",
    .key_of = key_of,
    .value_at = price_at,
    .block_of = block_of_prices,
    .described = described};

}  // namespace

std::string_view to_string(PriceUnit unit) noexcept { return kUnitNames[static_cast<std::size_t>(unit)]; }

Result<PriceUnit> parse_price_unit(std::string_view text) {
  const auto found = std::find(kUnitNames.begin(), kUnitNames.end(), text);
  if (found != kUnitNames.end()) return static_cast<PriceUnit>(found - kUnitNames.begin());
  return invalid_argument("'" + shown(text) +
                          "' is not one of hour, million_input_tokens, million_cached_tokens, "
                          "million_output_tokens");
}

PriceBook::PriceBook(std::vector<Price> prices) : prices_(std::move(prices)) {
  std::sort(prices_.begin(), prices_.end(),
            [](const Price& a, const Price& b) { return key_of(a) < key_of(b); });
  has_hourly_ = std::any_of(prices_.begin(), prices_.end(),
                            [](const Price& price) { return price.unit == PriceUnit::kHour; });
}

const Price* PriceBook::hourly(const PricedInstance& instance, sys_seconds time) const {
  const Price* best = nullptr;
  int best_fit = -1;
  for (const std::string* sku : {&instance.id, &instance.type}) {
    auto each =
        std::lower_bound(prices_.begin(), prices_.end(), *sku,
                         [](const Price& price, const std::string& wanted) { return price.sku < wanted; });
    for (; each != prices_.end() && each->sku == *sku; ++each) {
      const bool is_valid =
          each->valid_from <= time && (each->valid_to == sys_seconds{} || time < each->valid_to);
      if (each->unit != PriceUnit::kHour || !is_valid) continue;
      const auto fit = fit_of(*each, instance);
      if (!fit || *fit < best_fit || (*fit == best_fit && each->valid_from < best->valid_from)) continue;
      best = &*each;
      best_fit = *fit;
    }
  }
  return best;
}

Result<PriceBook> read_price_book(Client& client) {
  OPTIINFRA_TRY(auto prices, read_values(client, kPrices));
  return PriceBook(std::move(prices));
}

Result<std::size_t> set_prices(Client& client, const std::vector<Price>& prices) {
  for (std::size_t i = 0; i < prices.size(); ++i) {
    if (auto fits = expect_price(prices[i]); !fits)
      return with_context(std::move(fits).error(), "price " + std::to_string(i + 1));
  }
  return set_values(client, kPrices, prices);
}

Result<void> remove_price(Client& client, const Price& price) {
  OPTIINFRA_TRY(const bool was_there, remove_value(client, kPrices, price));
  if (was_there) return {};
  return invalid_argument("there is no price of " + described(price) +
                          "; `optiinfra price list` has them all");
}

Result<std::size_t> copy_prices(Client& source, Client& target) {
  return copy_values(source, target, kPrices);
}

}  // namespace optiinfra::attribution
