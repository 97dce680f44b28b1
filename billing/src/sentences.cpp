#include <algorithm>
#include <cmath>
#include <set>

#include "gathered.hpp"
#include "shown.hpp"

namespace optiinfra::billing {
namespace {

double amount_of(const Answer& answer, std::size_t row, std::string_view key) {
  const auto* const number = std::get_if<double>(&cell_of(answer, row, key));
  return number == nullptr ? 0 : *number;
}

std::uint64_t count_of(const Answer& answer, std::size_t row, std::string_view key) {
  const auto* const count = std::get_if<std::uint64_t>(&cell_of(answer, row, key));
  return count == nullptr ? 0 : *count;
}

bool is_priced(const Answer& answer, std::size_t row) {
  return !std::holds_alternative<std::monostate>(cell_of(answer, row, "total_cost"));
}

/// Requests that no charge covers. Where bills name no currency they share the row of those that have a
/// price.
std::uint64_t unpriced_in(const Answer& answer, std::size_t row) {
  const std::uint64_t requests = count_of(answer, row, "requests");
  const auto* const coverage = std::get_if<double>(&cell_of(answer, row, "coverage"));
  if (coverage == nullptr) return is_priced(answer, row) ? 0 : requests;
  const auto priced = static_cast<std::uint64_t>(std::llround(*coverage * static_cast<double>(requests)));
  return requests - std::min(priced, requests);
}

/// "1 request", "2,000 requests".
std::string counted(std::uint64_t count, const std::string& what) {
  return shown_count(count) + " " + what + (count == 1 ? "" : "s");
}

/// How many different names the split has among the rows of a currency.
std::size_t names_in(const Gathered& gathered, std::string_view split, const char* key,
                     const std::string& currency) {
  std::set<std::string> names;
  for (const Split& each : gathered.splits) {
    if (each.key != split) continue;
    for (std::size_t row = 0; row < each.answer.rows.size(); ++row)
      if (text_of(each.answer, row, "currency") == currency && is_priced(each.answer, row))
        names.insert(text_of(each.answer, row, key));
  }
  names.erase("");
  return names.size();
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i)
    text += (i == 0 ? "" : i + 1 == parts.size() ? " and " : ", ") + parts[i];
  return text;
}

std::string month_of(const Gathered& gathered) {
  return shown_month(gathered.month.begin) +
         (gathered.is_over() ? "" : " until " + shown_hour(gathered.window.end) + " UTC");
}

/// What was paid for one currency, and for what.
std::string cost_sentence(const Gathered& gathered, std::size_t row, const std::string& title) {
  const Answer& total = gathered.total();
  const std::string currency = text_of(total, row, "currency");
  const auto money = [&](double amount) {
    return shown_number(amount, 2) + (currency.empty() ? " (no currency is named)" : " " + currency);
  };
  const auto cost = [&](std::string_view key) { return amount_of(total, row, key); };
  std::vector<std::string> parts;
  const std::uint64_t requests = count_of(total, row, "requests") - unpriced_in(total, row);
  if (requests > 0 || cost("served_cost") != 0) {
    std::string served = money(cost("served_cost")) + " for " + counted(requests, "request") + " to " +
                         counted(names_in(gathered, "service", "service_id", currency), "service") + " and " +
                         counted(names_in(gathered, "model", "model_name", currency), "model");
    if (cost("wasted_cost") != 0)
      served += " (" + money(cost("wasted_cost")) + " of it for " +
                counted(count_of(total, row, "failed_requests"), "request") + " that failed)";
    parts.push_back(std::move(served));
  }
  const auto add = [&](std::string_view key, const char* what) {
    if (cost(key) != 0) parts.push_back(money(cost(key)) + " for " + what);
  };
  add("underfill_cost", "time in which instances could have served more requests");
  add("idle_cost", "time in which instances that it pays for served no request");
  add("overhead_cost", "taxes, purchases and charges without an instance");
  add("unreconciled_cost", "credits, refunds and adjustments");
  const std::string what = "In " + month_of(gathered) + ", " + title + " cost " + money(cost("total_cost")) +
                           (gathered.not_attributed.empty() ? "" : " in the hours that are attributed");
  return parts.empty() ? what + "." : what + ": " + joined(parts) + ".";
}

std::string unpriced_sentence(std::uint64_t requests) {
  return counted(requests, "request") +
         (requests == 1 ? " has no price: no charge covers the instance that served it. Its cost is"
                        : " have no price: no charge covers the instances that served them. Their cost is") +
         " not known, and in no amount here.";
}

}  // namespace

std::vector<std::string> sentences(const Gathered& gathered, const std::string& title) {
  const Answer& total = gathered.total();
  std::vector<std::string> texts;
  std::uint64_t unpriced = 0;
  for (std::size_t row = 0; row < total.rows.size(); ++row) {
    if (is_priced(total, row)) texts.push_back(cost_sentence(gathered, row, title));
    unpriced += unpriced_in(total, row);
  }
  if (texts.empty())
    texts.push_back("What " + title + " cost in " + month_of(gathered) + " is not known: " +
                    (!gathered.not_attributed.empty()
                         ? "the hours with its requests and charges are not attributed."
                     : unpriced > 0 ? "no charge covers its requests."
                                    : "the store has no request and no charge of it."));
  if (unpriced > 0) texts.push_back(unpriced_sentence(unpriced));
  return texts;
}

}  // namespace optiinfra::billing
