#include "optiinfra/attribution/budgets.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <tuple>

#include "answer_cells.hpp"
#include "conversion.hpp"
#include "cost_keys.hpp"
#include "field_texts.hpp"
#include "given.hpp"
#include "money_records.hpp"
#include "month_end.hpp"
#include "optiinfra/core/nearest.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/money_tables.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "question_list.hpp"
#include "scope.hpp"

namespace optiinfra::attribution {
namespace {

constexpr std::size_t kThresholdsMax = 10;

/// Checks it, and writes a UUID in the one form in which it is compared.
Result<void> expect_budget(Budget& budget) {
  OPTIINFRA_CHECK(expect_scope("budget", budget.name, budget.scope, budget.scope_id, kCostKeys));
  if (!std::isfinite(budget.amount) || budget.amount <= 0 || budget.amount > 9e9)
    return invalid_argument("amount must be above 0 and at most 9,000,000,000");
  if (!is_currency_or_none(budget.currency))
    return invalid_argument("currency must be three capital letters, such as USD");
  return done(parse_thresholds(thresholds_text(budget.thresholds)));
}

std::optional<Budget> budget_at(const Block& block, std::size_t row) {
  auto thresholds = parse_thresholds(text_in(block, 5, row));
  return Budget{.name = text_in(block, 0, row),
                .scope = text_in(block, 1, row),
                .scope_id = text_in(block, 2, row),
                .amount = number_in<double>(block, 3, row),
                .currency = text_in(block, 4, row),
                .thresholds = thresholds ? *std::move(thresholds) : std::vector<double>{}};
}

Block block_of_budgets(std::span<const Record<Budget>> records) {
  Dictionary scopes, currencies;
  Strings names, ids, thresholds;
  std::vector<double> amounts;
  for (const auto& [budget, set_at_us, is_removed] : records) {
    names.append(budget.name);
    scopes.append(budget.scope);
    ids.append(budget.scope_id);
    amounts.push_back(budget.amount);
    currencies.append(budget.currency);
    thresholds.append(thresholds_text(budget.thresholds));
  }
  Block block;
  block.add({"name", "String", std::move(names)});
  block.add({"scope", "LowCardinality(String)", std::move(scopes)});
  block.add({"scope_id", "String", std::move(ids)});
  block.add({"amount", "Float64", std::move(amounts)});
  block.add({"currency", "LowCardinality(String)", std::move(currencies)});
  block.add({"thresholds", "String", std::move(thresholds)});
  return block;
}

using BudgetKey = std::tuple<const std::string&>;
constexpr RecordTable<Budget, BudgetKey> kBudgets = {
    .name = store::kBudgetTable,
    .one = "budget",
    .what = "the table of budgets",
    .records_max = kBudgetRecordsMax,
    .columns = "name, CAST(scope, 'String'), scope_id, amount, CAST(currency, 'String'), thresholds",
    .key_of = [](const Budget& budget) { return BudgetKey(budget.name); },
    .value_at = budget_at,
    .block_of = block_of_budgets,
    .described = [](const Budget& budget) { return shown(budget.name); }};

std::vector<AnswerColumn> budget_columns() {
  return {{"budget", "budget", "", CellKind::kText},
          {"scope", "of", "", CellKind::kText},
          {"scope_id", "which", "", CellKind::kText},
          {"currency", "currency", "", CellKind::kText},
          {"amount", "amount", "currency", CellKind::kNumber, 2},
          {"cost_so_far", "so far", "currency", CellKind::kNumber, 2},
          {"used_percent", "used", "percent", CellKind::kNumber, 1},
          {"threshold_passed", "passed", "percent", CellKind::kNumber},
          {"month_end_cost", "at month end", "currency", CellKind::kNumber, 2},
          {"month_end_cost_p90", "p90", "currency", CellKind::kNumber, 2},
          {"state", "state", "", CellKind::kText},
          {"reason", "absent because", "", CellKind::kText}};
}

std::optional<double> number_at(const Answer& answer, const std::vector<Cell>& row, std::string_view key) {
  for (std::size_t i = 0; i < answer.columns.size(); ++i)
    if (answer.columns[i].key == key && std::holds_alternative<double>(row[i]))
      return std::get<double>(row[i]);
  return {};
}

/// What the month has cost, and will have, in the budget's currency.
struct Spent {
  std::optional<double> so_far, month_end, p90;
  bool has_row = false;  ///< Whether the forecast has one: something cost something in four weeks.
};

const char* state_of(const Budget& budget, const Spent& spent) {
  if (spent.so_far && *spent.so_far >= budget.amount) return "passed";
  if (spent.month_end && *spent.month_end >= budget.amount) return "will_pass";
  if (spent.p90 && *spent.p90 >= budget.amount) return "may_pass";
  return spent.so_far || spent.month_end ? "within" : "unknown";
}

std::vector<Cell> budget_cells(const Budget& budget, const Spent& spent) {
  const char* const kNoCost =
      spent.has_row ? "no hour of the month is attributed" : "no cost in its currency is attributed to it";
  const double used = spent.so_far.value_or(0) / budget.amount * 100;
  double passed = 0;
  for (const double threshold : budget.thresholds)
    if (used >= threshold) passed = threshold;
  AnswerCells cells({budget.name, budget.scope, budget.scope_id, budget.currency});
  cells.add_number(true, budget.amount, "");
  cells.add_number(spent.so_far.has_value(), spent.so_far.value_or(0), kNoCost);
  cells.add_number(spent.so_far.has_value(), used, kNoCost);
  cells.add_number(passed > 0, passed, spent.so_far ? "no threshold is passed" : kNoCost);
  constexpr const char* kNoEstimate = "fewer than 24 hours are attributed";
  cells.add_number(spent.month_end.has_value(), spent.month_end.value_or(0),
                   spent.has_row ? kNoEstimate : kNoCost);
  cells.add_number(spent.p90.has_value(), spent.p90.value_or(0),
                   spent.month_end ? "a spread needs 14 days of attributed hours"
                   : spent.has_row ? kNoEstimate
                                   : kNoCost);
  cells.add(std::string(state_of(budget, spent)));
  return cells.take();
}

/// The forecasts of everything that the budgets of one dimension are for, by value and currency.
using SpentBy = std::map<std::pair<std::string, std::string>, Spent>;

/// One forecast for the budgets of one dimension, however many there are.
Result<SpentBy> spent_by(Client& client, TimeRange range, const std::string& scope,
                         const std::vector<const Budget*>& budgets, const std::string& currency) {
  GivenValues asked;
  if (!scope.empty()) asked.emplace_back("by", scope);
  if (!currency.empty()) asked.emplace_back("currency", currency);
  for (const Budget* budget : budgets)
    if (!scope.empty()) asked.emplace_back(scope, budget->scope_id);
  OPTIINFRA_TRY(const Answer forecast, forecast_question().ask(client, range, asked));
  SpentBy spent;
  const std::size_t value = scope.empty() ? 0 : 1;
  for (const auto& row : forecast.rows) {
    const std::string of = scope.empty() ? "" : std::get<std::string>(row[0]);
    spent[{of, std::get<std::string>(row[value])}] = {number_at(forecast, row, "cost_so_far"),
                                                      number_at(forecast, row, "month_end_cost"),
                                                      number_at(forecast, row, "month_end_cost_p90"), true};
  }
  return spent;
}

/// The budgets that a question is about.
std::vector<Budget> asked_for(std::vector<Budget> budgets, const GivenValues& given) {
  const auto customers = given_names(given, "customer");
  const std::string currency = given_currency(given);
  std::erase_if(budgets, [&](const Budget& budget) {
    const bool is_seen = customers.empty() ||
                         (budget.scope == "customer" &&
                          std::find(customers.begin(), customers.end(), budget.scope_id) != customers.end());
    return !is_seen || (!currency.empty() && budget.currency != currency);
  });
  return budgets;
}

Result<Answer> ask_budgets(Client& client, TimeRange range, const GivenValues& given) {
  if (const std::string currency = given_currency(given); !currency.empty())
    OPTIINFRA_CHECK(expect_currency(currency));
  OPTIINFRA_TRY(auto all, read_budgets(client));
  const std::vector<Budget> budgets = asked_for(std::move(all), given);
  Answer answer;
  answer.window = month_of(range.end);
  answer.columns = budget_columns();
  std::map<std::string, std::vector<const Budget*>> by_scope;
  for (const Budget& budget : budgets) by_scope[budget.scope].push_back(&budget);
  std::map<std::string, SpentBy> spent;
  for (const auto& [scope, of_scope] : by_scope) {
    OPTIINFRA_TRY(spent[scope], spent_by(client, range, scope, of_scope, given_currency(given)));
  }
  for (const Budget& budget : budgets)
    answer.rows.push_back(budget_cells(budget, spent[budget.scope][{budget.scope_id, budget.currency}]));
  return answer;
}

}  // namespace

Result<std::vector<double>> parse_thresholds(const std::string& text) {
  std::vector<double> thresholds;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    double percent = 0;
    const auto [stop, code] = std::from_chars(text.data() + begin, text.data() + end, percent);
    const bool is_percent =
        code == std::errc{} && stop == text.data() + end && percent >= 1 && percent <= 1'000;
    const bool ascends = thresholds.empty() || percent > thresholds.back();
    if (!is_percent || !ascends || thresholds.size() == kThresholdsMax)
      return invalid_argument(
          "thresholds are 1 to 10 ascending percents from 1 to 1000, such as 50,80,100; not '" + shown(text) +
          "'");
    thresholds.push_back(percent);
    begin = end + 1;
  }
  return thresholds;
}

std::string thresholds_text(const std::vector<double>& thresholds) {
  std::string text;
  for (const double percent : thresholds) {
    char number[32];
    const auto [end, code] = std::to_chars(number, number + sizeof number, percent);
    text += (text.empty() ? "" : ",") + std::string(number, end);
  }
  return text;
}

std::span<const std::string_view> budget_fields() {
  static constexpr std::string_view kFields[] = {"budget", "amount",   "currency",
                                                 "scope",  "scope_id", "thresholds"};
  return kFields;
}

Result<Budget> budget_of(std::vector<std::string> texts) {
  Budget budget{.name = std::move(texts[0]),
                .scope = std::move(texts[3]),
                .scope_id = std::move(texts[4]),
                .currency = std::move(texts[2])};
  OPTIINFRA_TRY(budget.amount, number_of(texts[1], "amount"));
  if (!texts[5].empty()) {
    OPTIINFRA_TRY(budget.thresholds, parse_thresholds(texts[5]));
  }
  return budget;
}

Result<std::vector<Budget>> read_budgets(Client& client) { return read_values(client, kBudgets); }

Result<std::size_t> set_budgets(Client& client, std::vector<Budget> budgets) {
  for (std::size_t i = 0; i < budgets.size(); ++i) {
    if (auto fits = expect_budget(budgets[i]); !fits)
      return with_context(std::move(fits).error(), "budget " + std::to_string(i + 1));
  }
  return set_values(client, kBudgets, budgets);
}

Result<void> remove_budget(Client& client, const std::string& name) {
  OPTIINFRA_TRY(const bool was_there, remove_value(client, kBudgets, {.name = name}));
  if (was_there) return {};
  OPTIINFRA_TRY(const auto budgets, read_budgets(client));
  std::vector<std::string> known;
  for (const Budget& budget : budgets) known.push_back(budget.name);
  return no_such("budget", name, known);
}

ComputedQuestion budgets_question() {
  ComputedQuestion question{
      .name = "budgets",
      .meaning =
          "What the month has cost so far and will have cost at its end, for each budget: passed, will_pass, "
          "may_pass, within",
      .examples = "  optiinfra query budgets\n  optiinfra query budgets --customer acme --output json",
      .is_of_attributed_hours = false,
      .has_window = false,
      .nothing = "No budget. Set one with: optiinfra budget set NAME AMOUNT",
      .parameters = {},
      .ask = ask_budgets};
  question.parameters.push_back(
      {.name = "customer", .meaning = "Only the budgets of this customer", .form = "UUID|NAME"});
  question.parameters.push_back(
      {.name = "currency",
       .meaning = "Only the budgets in this currency, compared with costs of all currencies, each hour's "
                  "converted by the rate of its day; default: all budgets, each with costs of its currency",
       .form = "CODE"});
  return question;
}

Result<std::size_t> copy_budgets(Client& source, Client& target) {
  return copy_values(source, target, kBudgets);
}

store::RowsToRemove budgets_of(const Uuid& customer) {
  return {.table = store::kBudgetTable,
          .condition = "scope = 'customer' AND scope_id = toString({customer:UUID})",
          .parameters = {{"customer", customer.to_string()}}};
}

}  // namespace optiinfra::attribution
