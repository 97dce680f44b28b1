#include "optiinfra/attribution/price_book.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <tuple>

#include "money_records.hpp"
#include "optiinfra/core/nearest.hpp"
#include "optiinfra/core/utf8.hpp"
#include "optiinfra/store/money_tables.hpp"
#include "price_records.hpp"
#include "source_tables.hpp"

namespace optiinfra::attribution {
namespace {

constexpr std::array<std::string_view, 4> kUnitNames = {"hour", "million_input_tokens",
                                                        "million_cached_tokens", "million_output_tokens"};
constexpr double kPriceMax = 9e9;  // An amount of the store has at most 9 billion.
constexpr std::size_t kPriceTextBytesMax = 256;

using PriceKey = std::tuple<std::string, PriceUnit, std::string, std::string, std::string, sys_seconds>;

auto key_of(const Price& price) {
  return std::tie(price.sku, price.unit, price.provider, price.region, price.tier, price.valid_from);
}

bool is_same(const Price& a, const Price& b) {
  return key_of(a) == key_of(b) && a.price == b.price && a.currency == b.currency &&
         a.valid_to == b.valid_to && a.source == b.source;
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

/// The newest record of each price.
std::vector<Price> prices_that_hold(std::vector<PriceRecord> records) {
  std::stable_sort(records.begin(), records.end(),
                   [](const PriceRecord& a, const PriceRecord& b) { return a.set_at_us < b.set_at_us; });
  std::map<PriceKey, const PriceRecord*> newest;
  for (const PriceRecord& record : records) newest[key_of(record.price)] = &record;
  std::vector<Price> prices;
  for (const auto& [key, record] : newest)
    if (!record->is_removed) prices.push_back(record->price);
  return prices;
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

Result<std::vector<PriceRecord>> records_of(Client& client) {
  std::vector<PriceRecord> records;
  OPTIINFRA_CHECK(client.with_session([&](Session& session) -> Result<void> {
    OPTIINFRA_TRY(records, read_price_records(session));
    return {};
  }));
  return records;
}

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
  OPTIINFRA_TRY(auto records, records_of(client));
  return PriceBook(prices_that_hold(std::move(records)));
}

Result<std::size_t> set_prices(Client& client, const std::vector<Price>& prices) {
  for (std::size_t i = 0; i < prices.size(); ++i) {
    if (auto fits = expect_price(prices[i]); !fits)
      return with_context(std::move(fits).error(), "price " + std::to_string(i + 1));
  }
  OPTIINFRA_TRY(const auto records, records_of(client));
  const std::int64_t time = time_after(records);
  const PriceBook held(prices_that_hold(records));
  std::vector<PriceRecord> added;
  std::map<PriceKey, std::size_t> given;
  for (std::size_t i = 0; i < prices.size(); ++i) {
    const Price& price = prices[i];
    const auto [first, is_new] = given.emplace(key_of(price), i + 1);
    if (!is_new)
      return invalid_argument("price " + std::to_string(i + 1) + " is for the same as price " +
                              std::to_string(first->second) + ": " + described(price));
    const auto known = std::lower_bound(held.prices().begin(), held.prices().end(), price,
                                        [](const Price& a, const Price& b) { return key_of(a) < key_of(b); });
    if (known == held.prices().end() || !is_same(*known, price)) added.push_back({price, time, false});
  }
  if (records.size() + added.size() > kPriceRecordsMax)
    return Error{ErrorKind::kTooLarge, "the price book would have more than " +
                                           std::to_string(kPriceRecordsMax) +
                                           " records, earlier prices among them; nothing was set"};
  OPTIINFRA_CHECK(
      client.with_session([&](Session& session) { return insert_price_records(session, added); }));
  return added.size();
}

Result<void> remove_price(Client& client, const Price& price) {
  OPTIINFRA_TRY(const auto records, records_of(client));
  const auto held = prices_that_hold(records);
  const auto found =
      std::find_if(held.begin(), held.end(), [&](const Price& one) { return key_of(one) == key_of(price); });
  if (found == held.end())
    return invalid_argument("there is no price of " + described(price) +
                            "; `optiinfra price list` has them all");
  return client.with_session([&](Session& session) {
    return insert_price_records(session, std::vector<PriceRecord>{{*found, time_after(records), true}});
  });
}

Result<std::size_t> copy_prices(Client& source, Client& target) {
  OPTIINFRA_TRY(const bool has_prices, has_table(source, store::kPriceTable));
  if (!has_prices) return std::size_t{0};
  OPTIINFRA_TRY(const PriceBook held, read_price_book(target));
  OPTIINFRA_TRY(const PriceBook book, read_price_book(source));
  std::vector<Price> missing;
  for (const Price& price : book.prices()) {
    const bool is_there =
        std::binary_search(held.prices().begin(), held.prices().end(), price,
                           [](const Price& a, const Price& b) { return key_of(a) < key_of(b); });
    if (!is_there) missing.push_back(price);
  }
  return set_prices(target, missing);
}

}  // namespace optiinfra::attribution
