/// @file optiinfra/attribution/price_book.hpp
/// What an hour of an instance and a million tokens of a model cost, as people state it. Instances that no
/// bill covers yet are priced from it, and marked as estimated, until their bill comes.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/client/client.hpp"

namespace optiinfra::attribution {

/// `price_source` of a cost from the price book begins with this; what follows is the price's own source.
inline constexpr const char* kPriceBookSource = "price book";

enum class PriceUnit { kHour, kMillionInputTokens, kMillionCachedTokens, kMillionOutputTokens };
std::string_view to_string(PriceUnit unit) noexcept;

/// "hour", "million_input_tokens", "million_cached_tokens", "million_output_tokens".
/// Errors: kInvalidArgument, naming the units.
Result<PriceUnit> parse_price_unit(std::string_view text);

/// Times of the epoch are open ends.
struct Price {
  std::string provider = {};  ///< "aws"; empty for any.
  std::string sku = {};       ///< An instance type, the id of one instance, or a model.
  std::string region = {};    ///< Empty for any.
  std::string tier = {};      ///< "spot", ...; empty for any.
  PriceUnit unit = PriceUnit::kHour;
  double price = 0;                            ///< Of one unit, 0 or more.
  std::string currency = {};                   ///< ISO 4217; empty when not stated, as in bills.
  sys_seconds valid_from = {}, valid_to = {};  ///< The end is not included.
  std::string source = {};                     ///< Where the price is from, for people.

  friend bool operator==(const Price&, const Price&) = default;
};

/// Most records of the table, those of earlier prices included.
inline constexpr std::size_t kPriceRecordsMax = 1'000'000;

/// What is known of an instance when its price is looked up. Texts may be empty.
struct PricedInstance {
  std::string provider = {}, id = {}, type = {}, region = {}, tier = {};
};

/// The prices that hold, in memory. Threads: any, as long as nobody assigns to it.
class PriceBook {
 public:
  PriceBook() = default;

  /// Sorted by SKU, unit, provider, region, tier and beginning.
  explicit PriceBook(std::vector<Price> prices);

  const std::vector<Price>& prices() const noexcept { return prices_; }
  bool has_hourly() const noexcept { return has_hourly_; }

  /// The price of an hour of the instance at `time`: a price of the instance itself before one of its type,
  /// then one that names more of region, tier and provider, then the one that began last. Null when there is
  /// none: a price for another region, tier or provider is not taken.
  const Price* hourly(const PricedInstance& instance, sys_seconds time) const;

 private:
  std::vector<Price> prices_;
  bool has_hourly_ = false;
};

/// Reads the prices that hold. Errors: of the store; kTooLarge beyond kPriceRecordsMax.
Result<PriceBook> read_price_book(Client& client);

/// Adds prices, all or none (on a cluster, a shard that fails may leave a part; repeating the call does the
/// rest); one with the same provider, SKU, region, tier, unit and beginning is replaced. Prices that are
/// there already are not stored again. Returns how many were new or changed. Errors: kInvalidArgument naming
/// the price (the first is 1) and the field, or two for the same; kTooLarge beyond kPriceRecordsMax; of the
/// store.
Result<std::size_t> set_prices(Client& client, const std::vector<Price>& prices);

/// Sets the prices of `source` that `target` has no price for. Returns how many. Errors: as of set_prices().
Result<std::size_t> copy_prices(Client& source, Client& target);

/// Removes the price with these keys (price, currency, end and source are not looked at).
/// Errors: kInvalidArgument when there is none; of the store.
Result<void> remove_price(Client& client, const Price& price);

/// The names of a price's fields, in the order of the texts of price_of().
std::span<const std::string_view> price_fields();

/// A price from texts, one for each of price_fields(); empty ones are not stated. sku, unit and price are
/// required. Errors: kInvalidArgument, naming the field.
Result<Price> price_of(std::vector<std::string> texts);

/// Prices of a file: CSV with a header of the fields' names (sku, unit and price are required), or TOML with
/// `[[price]]` tables of the same names. Times are "2026-03-01" or "2026-03-01T12:00:00Z".
/// Errors: kInvalidArgument, naming line or table.
Result<std::vector<Price>> read_prices_csv(std::string_view text);
Result<std::vector<Price>> read_prices_toml(std::string_view text);

/// An instance that was seen in hours that no bill covers and for which the book has no price.
struct InstanceWithoutPrice {
  std::string instance, provider, type, region;  ///< As its last bill says; empty without one.
  std::uint64_t hours = 0;
  sys_seconds last_seen{};  ///< Beginning of the hour.
};

/// Those of the whole hours of `range`, the one with the most hours first.
Result<std::vector<InstanceWithoutPrice>> instances_without_price(Client& client, TimeRange range);

}  // namespace optiinfra::attribution
