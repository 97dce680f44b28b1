/// @file optiinfra/attribution/exchange_rates.hpp
/// What one currency is worth in another, day by day, as people state it. Questions with a `currency` convert
/// the amounts of each hour by the rate of its day; without a rate they refuse.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/client/client.hpp"

namespace optiinfra::attribution {

struct ExchangeRate {
  std::string currency;  ///< ISO 4217: one unit of it ...
  std::string to;        ///< ... is `rate` units of this.
  std::chrono::sys_days day{};
  double rate = 0;          ///< Above 0.
  std::string source = {};  ///< Where the rate is from, for people.

  friend bool operator==(const ExchangeRate&, const ExchangeRate&) = default;
};

/// Most records of the table, those of earlier rates included.
inline constexpr std::size_t kRateRecordsMax = 1'000'000;

/// A day without a rate has that of the day before it, up to this many days: banks publish none on weekends
/// and holidays.
inline constexpr std::chrono::days kRateHolds{7};

/// The rates that hold, by currencies and day. Errors: of the store; kTooLarge beyond kRateRecordsMax.
Result<std::vector<ExchangeRate>> read_exchange_rates(Client& client);

/// Sets rates, all or none (on a cluster, a shard that fails may leave a part; repeating the call does the
/// rest); one of the same currencies and day is replaced. Returns how many were new or changed. Errors:
/// kInvalidArgument naming the rate (the first is 1) and the field, or two for the same; kTooLarge beyond
/// kRateRecordsMax; of the store.
Result<std::size_t> set_exchange_rates(Client& client, const std::vector<ExchangeRate>& rates);

/// Removes the rate of these currencies and day (rate and source are not looked at).
/// Errors: kInvalidArgument when there is none; of the store.
Result<void> remove_exchange_rate(Client& client, const ExchangeRate& rate);

/// Sets the rates of `source` that `target` does not have. Returns how many. Errors: as of
/// set_exchange_rates().
Result<std::size_t> copy_exchange_rates(Client& source, Client& target);

/// The names of a rate's fields: currency, to, day, rate, source.
std::span<const std::string_view> rate_fields();

/// A rate from texts, one for each of rate_fields(); all but source are required. Errors: kInvalidArgument,
/// naming the field.
Result<ExchangeRate> exchange_rate_of(std::vector<std::string> texts);

/// Rates of a CSV file with a header of rate_fields(); or the history of reference rates as the European
/// Central Bank publishes it (eurofxref-hist.csv: Date, USD, JPY, ...), which says what one euro is; its
/// source is "ECB". Errors: kInvalidArgument, naming the line.
Result<std::vector<ExchangeRate>> read_exchange_rates_csv(std::string_view text);

}  // namespace optiinfra::attribution
