/// Amounts of attributed hours in one currency, each hour by the rate of its day.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "given.hpp"
#include "optiinfra/attribution/exchange_rates.hpp"

namespace optiinfra::attribution {

/// What was converted: the rates that were taken, by day, from one currency.
struct UsedRates {
  std::string source;
  std::chrono::sys_days first{}, last{};
};

/// Finds the rate from one currency to `to`: that of the day, or of the nearest earlier day within
/// kRateHolds. The other direction counts where it is of a later day, or the only one.
class RateBook {
 public:
  explicit RateBook(std::vector<ExchangeRate> rates);

  struct Found {
    double rate;
    const ExchangeRate* from;
  };
  std::optional<Found> find(const std::string& currency, const std::string& to,
                            std::chrono::sys_days day) const;

 private:
  const ExchangeRate* find_stated(const std::string& currency, const std::string& to,
                                  std::chrono::sys_days day) const;

  std::vector<ExchangeRate> rates_;
};

/// SQL over columns `hour`, `kind`, `currency` of attributed_cost_hourly. Without a currency to convert to,
/// amounts stay as they are and each currency by itself.
class Conversion {
 public:
  /// Amounts as they are.
  Conversion() = default;

  /// To `currency`; an empty one is Conversion(). `conditions` (" AND ...") and `parameters` select the rows
  /// that need rates. Errors: kInvalidArgument for a text that is no currency, for a day without a rate, and
  /// for amounts that state no currency, saying what to do; those of the store.
  static Result<Conversion> create(Client& client, const std::string& currency, TimeRange window,
                                   const std::string& conditions, const std::vector<NamedValue>& parameters);

  bool is_active() const noexcept { return !currency_.empty(); }

  /// The currency of an amount, as text.
  std::string money() const;

  /// What a SELECT with amounts begins with: the rates, named once, for they are long. "WITH ... " or "".
  std::string with() const;

  /// The rate of amounts in `currency`, a text, at the day number `day`; 1 for rows that are `unpriced`,
  /// which have no currency and nothing to convert. All three are SQL. For a question that converts sums of
  /// days.
  std::string rate(const std::string& currency, const std::string& day, const std::string& unpriced) const;

  /// `column`, a whole number of billionths. With a currency to convert to, amounts are Float64, and those
  /// whose rates create() did not look up are NaN.
  std::string amount(const std::string& column) const;

  /// Refuses a sum of amounts that is NaN: hours were stored after create(). Errors: kUnavailable.
  Result<void> expect_known(double sum) const;

  /// "EUR: ECB, 2026-11-01 to 2026-11-30"; empty when nothing had to be converted.
  std::string described() const;

 private:
  std::string currency_;
  std::chrono::sys_days first_{};
  /// The rate of each day since first_, by the currency that is converted; NaN where none was needed.
  std::map<std::string, std::vector<double>> rates_;
  std::map<std::string, std::map<std::string, UsedRates>> used_;  ///< By currency and source.
};

/// Errors: kInvalidArgument for a text that is no currency.
Result<void> expect_currency(const std::string& text);

/// Says which rate is missing, and how to set it. `days` lack it.
Error no_rate(const std::string& currency, const std::string& to, std::chrono::sys_days day,
              std::size_t days = 1);

/// The parameter "currency", and its value.
QuestionParameter currency_parameter();
std::string given_currency(const GivenValues& given);

/// The column of an answer with what Conversion::described() says; there when amounts are converted.
void add_rates_column(std::vector<AnswerColumn>& columns, const Conversion& conversion);

}  // namespace optiinfra::attribution
