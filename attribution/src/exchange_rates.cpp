#include "optiinfra/attribution/exchange_rates.hpp"

#include <cmath>
#include <tuple>

#include "field_texts.hpp"
#include "money_records.hpp"
#include "optiinfra/core/csv_reader.hpp"
#include "optiinfra/core/csv_table.hpp"
#include "optiinfra/core/utf8.hpp"
#include "optiinfra/store/money_tables.hpp"

namespace optiinfra::attribution {
namespace {

constexpr std::size_t kRateTextBytesMax = 256;
constexpr double kRateMax = 1e9;

/// The days that a Date holds.
constexpr std::chrono::sys_days kFirstDay{std::chrono::days{1}}, kLastDay{std::chrono::days{65'535}};

std::string day_text(std::chrono::sys_days day) { return format_time(day).substr(0, 10); }

Result<void> expect_rate(const ExchangeRate& rate) {
  if (!is_currency(rate.currency) || !is_currency(rate.to))
    return invalid_argument("currency and to must be three capital letters each, such as EUR and USD");
  if (rate.currency == rate.to) return invalid_argument("a currency needs no rate to itself");
  if (!std::isfinite(rate.rate) || rate.rate < 1 / kRateMax || rate.rate > kRateMax)
    return invalid_argument("rate must be a number above 0: what one " + rate.currency + " is in " + rate.to);
  if (rate.day < kFirstDay || rate.day > kLastDay) return invalid_argument("day must be after 1970-01-01");
  if (rate.source.size() > kRateTextBytesMax || !is_utf8(rate.source))
    return invalid_argument("source is UTF-8 of at most 256 bytes");
  return {};
}

std::string described_rate(const ExchangeRate& rate) {
  return rate.currency + " to " + rate.to + ", " + day_text(rate.day);
}

std::optional<ExchangeRate> rate_at(const Block& block, std::size_t row) {
  return ExchangeRate{
      .currency = text_in(block, 0, row),
      .to = text_in(block, 1, row),
      .day = std::chrono::sys_days{std::chrono::days{number_in<std::uint16_t>(block, 2, row)}},
      .rate = number_in<double>(block, 3, row),
      .source = text_in(block, 4, row)};
}

Block block_of_rates(std::span<const Record<ExchangeRate>> records) {
  Dictionary from, to;
  Strings sources;
  std::vector<std::uint16_t> days;
  std::vector<double> rates;
  for (const auto& [rate, set_at_us, is_removed] : records) {
    from.append(rate.currency);
    to.append(rate.to);
    days.push_back(static_cast<std::uint16_t>(rate.day.time_since_epoch().count()));
    rates.push_back(rate.rate);
    sources.append(rate.source);
  }
  Block block;
  block.add({"currency", "LowCardinality(String)", std::move(from)});
  block.add({"to_currency", "LowCardinality(String)", std::move(to)});
  block.add({"day", "Date", std::move(days)});
  block.add({"rate", "Float64", std::move(rates)});
  block.add({"source", "String", std::move(sources)});
  return block;
}

using RateKey = std::tuple<const std::string&, const std::string&, const std::chrono::sys_days&>;
constexpr RecordTable<ExchangeRate, RateKey> kRates = {
    .name = store::kRateTable,
    .one = "rate",
    .what = "the table of exchange rates",
    .records_max = kRateRecordsMax,
    .columns = "CAST(currency, 'String'), CAST(to_currency, 'String'), day, rate, source",
    .key_of = [](const ExchangeRate& rate) { return RateKey(rate.currency, rate.to, rate.day); },
    .value_at = rate_at,
    .block_of = block_of_rates,
    .described = described_rate};

/// The European Central Bank's form: a line for each day, a column for each currency, all of them in one
/// euro.
Result<std::vector<ExchangeRate>> read_ecb(std::string_view text) {
  CsvReader reader(text);
  OPTIINFRA_TRY(auto header, reader.record());
  const auto without_spaces = [](std::string cell) {
    std::erase(cell, ' ');
    return cell;
  };
  for (std::string& cell : header) cell = without_spaces(std::move(cell));
  std::vector<ExchangeRate> rates;
  while (!reader.at_end()) {
    OPTIINFRA_TRY(const auto cells, reader.record());
    if (cells.size() == 1 && cells.front().empty()) continue;
    if (cells.size() != header.size())
      return reader.refuse("has " + std::to_string(cells.size()) + " cells, and the header " +
                           std::to_string(header.size()));
    for (std::size_t i = 1; i < cells.size(); ++i) {
      const std::string number = without_spaces(cells[i]);
      if (header[i].empty() || number.empty() || number == "N/A") continue;
      auto rate = exchange_rate_of({"EUR", header[i], cells.front(), number, "ECB"});
      if (!rate) return with_context(std::move(rate).error(), "line " + std::to_string(reader.line()));
      rates.push_back(*std::move(rate));
    }
  }
  return rates;
}

}  // namespace

Result<std::vector<ExchangeRate>> read_exchange_rates(Client& client) { return read_values(client, kRates); }

Result<std::size_t> set_exchange_rates(Client& client, const std::vector<ExchangeRate>& rates) {
  for (std::size_t i = 0; i < rates.size(); ++i) {
    if (auto fits = expect_rate(rates[i]); !fits)
      return with_context(std::move(fits).error(), "rate " + std::to_string(i + 1));
  }
  return set_values(client, kRates, rates);
}

Result<void> remove_exchange_rate(Client& client, const ExchangeRate& rate) {
  OPTIINFRA_TRY(const bool was_there, remove_value(client, kRates, rate));
  if (was_there) return {};
  return invalid_argument("there is no rate from " + described_rate(rate) +
                          "; `optiinfra rate list` has them all");
}

Result<std::size_t> copy_exchange_rates(Client& source, Client& target) {
  return copy_values(source, target, kRates);
}

std::span<const std::string_view> rate_fields() {
  static constexpr std::string_view kFields[] = {"currency", "to", "day", "rate", "source"};
  return kFields;
}

Result<ExchangeRate> exchange_rate_of(std::vector<std::string> texts) {
  ExchangeRate rate{
      .currency = std::move(texts[0]), .to = std::move(texts[1]), .source = std::move(texts[4])};
  if (texts[2].empty()) return invalid_argument("day is missing");
  OPTIINFRA_TRY(const sys_seconds day, time_of(texts[2], "day"));
  rate.day = std::chrono::floor<std::chrono::days>(day);
  OPTIINFRA_TRY(rate.rate, number_of(texts[3], "rate"));
  return rate;
}

Result<std::vector<ExchangeRate>> read_exchange_rates_csv(std::string_view text) {
  CsvReader reader(text);
  OPTIINFRA_TRY(const auto header, reader.record());
  if (header.front() == "Date") return read_ecb(text);
  std::vector<ExchangeRate> rates;
  OPTIINFRA_CHECK(read_csv_table(text, rate_fields(), [&](std::vector<std::string> texts) -> Result<void> {
    OPTIINFRA_TRY(ExchangeRate rate, exchange_rate_of(std::move(texts)));
    rates.push_back(std::move(rate));
    return {};
  }));
  return rates;
}

}  // namespace optiinfra::attribution
