#include "conversion.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "hour_reader.hpp"
#include "money_records.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/attribution_tables.hpp"

namespace optiinfra::attribution {
namespace {

using std::chrono::sys_days;

/// The name of the rate in statements.
constexpr const char* kRate = "conversion_rate";
constexpr double kUnknownRate = std::numeric_limits<double>::quiet_NaN();

std::string shown_day(sys_days day) { return format_time(day).substr(0, 10); }

/// A currency and a day with amounts in it.
struct Needed {
  std::string currency;
  sys_days day{};
};

Result<std::vector<Needed>> read_needed(Client& client, TimeRange window, const std::string& conditions,
                                        const std::vector<NamedValue>& selected) {
  std::vector<Needed> needed;
  std::vector<NamedValue> parameters = {{"from", std::to_string(to_column_time(window.begin))},
                                        {"to", std::to_string(to_column_time(window.end))}};
  parameters.insert(parameters.end(), selected.begin(), selected.end());
  OPTIINFRA_CHECK(client.with_session([&](Session& session) {
    // A count that the kept sums have, so that they can be read for it.
    const std::string sql = "SELECT CAST(currency, 'String') AS money, toUInt16(toDate(hour)) AS day FROM " +
                            qualified(session.database(), store::kAttributedCostTable) + " WHERE " +
                            newest_versions(session.database()) + conditions +
                            " GROUP BY money, day HAVING countIf(kind != 'unpriced') > 0 ORDER BY day, money";
    return done(session.query({.sql = sql, .parameters = parameters}, [&](const Block& block) {
      for (std::size_t row = 0; row < block.row_count(); ++row)
        needed.push_back(
            {text_in(block, 0, row), sys_days{std::chrono::days{number_in<std::uint16_t>(block, 1, row)}}});
      return true;
    }));
  }));
  return needed;
}

}  // namespace

RateBook::RateBook(std::vector<ExchangeRate> rates) : rates_(std::move(rates)) {
  std::sort(rates_.begin(), rates_.end(), [](const ExchangeRate& a, const ExchangeRate& b) {
    return std::tie(a.currency, a.to, a.day) < std::tie(b.currency, b.to, b.day);
  });
}

const ExchangeRate* RateBook::find_stated(const std::string& currency, const std::string& to,
                                          sys_days day) const {
  const auto after = std::upper_bound(rates_.begin(), rates_.end(), std::tie(currency, to, day),
                                      [](const auto& wanted, const ExchangeRate& rate) {
                                        return wanted < std::tie(rate.currency, rate.to, rate.day);
                                      });
  if (after == rates_.begin()) return nullptr;
  const ExchangeRate& found = *std::prev(after);
  if (found.currency != currency || found.to != to || found.day + kRateHolds < day) return nullptr;
  return &found;
}

std::optional<RateBook::Found> RateBook::find(const std::string& currency, const std::string& to,
                                              sys_days day) const {
  const ExchangeRate* const stated = find_stated(currency, to, day);
  const ExchangeRate* const inverse = find_stated(to, currency, day);
  if (stated != nullptr && (inverse == nullptr || stated->day >= inverse->day))
    return Found{stated->rate, stated};
  if (inverse == nullptr) return {};
  return Found{1 / inverse->rate, inverse};
}

Result<Conversion> Conversion::create(Client& client, const std::string& currency, TimeRange window,
                                      const std::string& conditions,
                                      const std::vector<NamedValue>& parameters) {
  Conversion conversion;
  if (currency.empty()) return conversion;
  OPTIINFRA_CHECK(expect_currency(currency));
  conversion.currency_ = currency;
  conversion.first_ = std::chrono::floor<std::chrono::days>(window.begin);
  OPTIINFRA_TRY(auto needed, read_needed(client, window, conditions, parameters));
  std::erase_if(needed, [&](const Needed& each) { return each.currency == currency; });
  if (needed.empty()) return conversion;
  OPTIINFRA_TRY(auto stated, read_exchange_rates(client));
  const RateBook book(std::move(stated));
  const auto days = static_cast<std::size_t>(
      (std::chrono::ceil<std::chrono::days>(window.end) - conversion.first_).count());
  std::vector<Needed> missing;
  for (const Needed& each : needed) {
    const auto found = each.currency.empty() ? std::nullopt : book.find(each.currency, currency, each.day);
    if (!found) {
      if (missing.empty() || missing.front().currency == each.currency) missing.push_back(each);
      continue;
    }
    auto& rates = conversion.rates_[each.currency];
    rates.resize(days, kUnknownRate);
    rates[static_cast<std::size_t>((each.day - conversion.first_).count())] = found->rate;
    auto& used = conversion.used_[each.currency];
    const ExchangeRate& from = *found->from;
    const auto [place, is_new] = used.emplace(from.source, UsedRates{from.source, from.day, from.day});
    place->second.first = std::min(place->second.first, from.day);
    place->second.last = std::max(place->second.last, from.day);
  }
  if (!missing.empty())
    return no_rate(missing.front().currency, currency, missing.front().day, missing.size());
  return conversion;
}

std::string Conversion::money() const {
  // The currency is three letters, so it needs no quoting.
  return is_active() ? "CAST('" + currency_ + "', 'String')" : "CAST(currency, 'String')";
}

std::string Conversion::rate(const std::string& currency, const std::string& day,
                             const std::string& unpriced) const {
  std::string sql = "multiIf(" + currency + " = '" + currency_ + "' OR " + unpriced + ", 1., ";
  for (const auto& [each, rates] : rates_) {
    std::string list;
    for (const double rate : rates) {
      char digits[32];
      const auto [end, code] =
          std::to_chars(digits, digits + sizeof digits, rate, std::chars_format::scientific);
      list += (list.empty() ? "" : ", ") + std::string(digits, end);
    }
    sql += currency + " = '" + each + "', arrayElement([" + list + "], toUInt32(" + day + ") - " +
           std::to_string(first_.time_since_epoch().count() - 1) + "), ";
  }
  return sql + "nan)";
}

std::string Conversion::with() const {
  if (!is_active()) return "";
  return "WITH " + rate("currency", "toUInt16(toDate(hour))", "kind = 'unpriced'") + " AS " + kRate + " ";
}

std::string Conversion::amount(const std::string& column) const {
  return is_active() ? "toFloat64(" + column + ") * " + kRate : column;
}

Result<void> Conversion::expect_known(double sum) const {
  if (!std::isnan(sum)) return {};
  return Error{ErrorKind::kUnavailable, "hours were attributed while the question ran, and their rates to " +
                                            currency_ + " were not looked up; ask again"};
}

std::string Conversion::described() const {
  std::string text;
  for (const auto& [currency, sources] : used_) {
    for (const auto& [source, used] : sources) {
      text += (text.empty() ? "" : "; ") + currency + ": " + (source.empty() ? "" : source + ", ") +
              shown_day(used.first) + (used.first == used.last ? "" : " to " + shown_day(used.last));
    }
  }
  return text;
}

Result<void> expect_currency(const std::string& text) {
  if (is_currency(text)) return {};
  return invalid_argument("currency: '" + text + "' is not three capital letters, such as USD");
}

Error no_rate(const std::string& currency, const std::string& to, sys_days day, std::size_t days) {
  const std::string first = shown_day(day);
  const std::string more = days > 1 ? " (and for " + std::to_string(days - 1) + " more days)" : std::string();
  if (currency.empty())
    return invalid_argument("the bills and prices of " + first + more +
                            " state no currency, so they cannot be converted to " + to +
                            "; state it in the map of the import, or leave --currency out");
  return invalid_argument("there is no rate from " + currency + " to " + to + " for " + first + more +
                          "; set it with: optiinfra rate set " + currency + " " + to + " RATE --day " +
                          first + ", or import a file of rates: optiinfra rate import FILE");
}

QuestionParameter currency_parameter() {
  return {.name = "currency",
          .meaning =
              "Convert amounts of other currencies to this one, each hour by the rate of its day; "
              "default: each currency by itself",
          .form = "CODE"};
}

std::string given_currency(const GivenValues& given) { return given_value(given, "currency").value_or(""); }

void add_rates_column(std::vector<AnswerColumn>& columns, const Conversion& conversion) {
  if (!conversion.is_active()) return;
  columns.insert(columns.end() - 1, {"exchange_rates", "converted by", "", CellKind::kText});
}

}  // namespace optiinfra::attribution
