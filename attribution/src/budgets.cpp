#include "optiinfra/attribution/budgets.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "answer_cells.hpp"
#include "cost_keys.hpp"
#include "given.hpp"
#include "money_records.hpp"
#include "month_end.hpp"
#include "optiinfra/core/nearest.hpp"
#include "optiinfra/core/utf8.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/money_tables.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "question_list.hpp"
#include "source_tables.hpp"

namespace optiinfra::attribution {
namespace {

constexpr std::size_t kBudgetTextBytesMax = 256, kThresholdsMax = 10;

struct BudgetRecord {
  Budget budget;
  std::int64_t set_at_us = 0;
  bool is_removed = false;
};

Result<void> expect_budget(const Budget& budget) {
  const auto scopes = budget_scopes();
  for (const std::string* text : {&budget.name, &budget.scope_id}) {
    if (text->size() > kBudgetTextBytesMax || !is_utf8(*text))
      return invalid_argument("a budget's name and what it is for are UTF-8 of at most 256 bytes");
  }
  if (budget.name.empty()) return invalid_argument("a budget needs a name");
  if (!std::isfinite(budget.amount) || budget.amount <= 0 || budget.amount > 9e9)
    return invalid_argument("amount must be above 0 and at most 9,000,000,000");
  if (!is_currency_or_none(budget.currency))
    return invalid_argument("currency must be three capital letters, such as USD");
  if (budget.scope.empty() != budget.scope_id.empty())
    return invalid_argument("a budget is for everything, or for one value of a dimension");
  const bool is_uuid = budget.scope == "customer" || budget.scope == "service";
  if (is_uuid && !Uuid::parse(budget.scope_id))
    return invalid_argument("a budget for a " + budget.scope + " needs its UUID");
  if (!budget.scope.empty() && std::find(scopes.begin(), scopes.end(), budget.scope) == scopes.end())
    return invalid_argument("a budget cannot be for a '" + shown(budget.scope) + "'");
  return done(parse_thresholds(thresholds_text(budget.thresholds)));
}

Result<std::vector<BudgetRecord>> read_budget_records(Client& client) {
  std::vector<BudgetRecord> records;
  OPTIINFRA_CHECK(client.with_session([&](Session& session) {
    return done(session.query(
        {.sql = "SELECT name, CAST(scope, 'String'), scope_id, amount, CAST(currency, 'String'), thresholds, "
                "toUnixTimestamp64Micro(set_at), is_removed FROM " +
                qualified(session.database(), store::kBudgetTable)},
        [&](const Block& block) {
          const auto text = [&](std::size_t column, std::size_t row) {
            return std::string((*block.values<Strings>(column))[row]);
          };
          for (std::size_t i = 0; i < block.row_count(); ++i) {
            auto thresholds = parse_thresholds(text(5, i));
            records.push_back({{.name = text(0, i),
                                .scope = text(1, i),
                                .scope_id = text(2, i),
                                .amount = (*block.values<std::vector<double>>(3))[i],
                                .currency = text(4, i),
                                .thresholds = thresholds ? *std::move(thresholds) : std::vector<double>{}},
                               (*block.values<std::vector<std::int64_t>>(6))[i],
                               (*block.values<std::vector<std::uint8_t>>(7))[i] != 0});
          }
          return records.size() <= kBudgetRecordsMax;
        }));
  }));
  if (records.size() <= kBudgetRecordsMax) return records;
  return Error{ErrorKind::kTooLarge,
               "the table of budgets has more than " + std::to_string(kBudgetRecordsMax) + " records"};
}

std::map<std::string, Budget> budgets_that_hold(std::vector<BudgetRecord> records) {
  std::sort(records.begin(), records.end(),
            [](const BudgetRecord& a, const BudgetRecord& b) { return a.set_at_us < b.set_at_us; });
  std::map<std::string, Budget> budgets;
  for (BudgetRecord& record : records) {
    if (record.is_removed) {
      budgets.erase(record.budget.name);
    } else {
      budgets[record.budget.name] = std::move(record.budget);
    }
  }
  return budgets;
}

/// Appends a record that is later than all others, also when this machine's clock is behind.
Result<void> append_record(Client& client, const Budget& budget, const std::vector<BudgetRecord>& records,
                           bool is_removed) {
  if (records.size() >= kBudgetRecordsMax)
    return Error{ErrorKind::kTooLarge, "the table of budgets has " + std::to_string(records.size()) +
                                           " records, earlier budgets among them; nothing was set"};
  Dictionary scopes, currencies;
  Strings names, ids, thresholds;
  names.append(budget.name);
  scopes.append(budget.scope);
  ids.append(budget.scope_id);
  currencies.append(budget.currency);
  thresholds.append(thresholds_text(budget.thresholds));
  Block block;
  block.add({"name", "String", std::move(names)});
  block.add({"scope", "LowCardinality(String)", std::move(scopes)});
  block.add({"scope_id", "String", std::move(ids)});
  block.add({"amount", "Float64", std::vector<double>{budget.amount}});
  block.add({"currency", "LowCardinality(String)", std::move(currencies)});
  block.add({"thresholds", "String", std::move(thresholds)});
  block.add({"set_at", "DateTime64(6, 'UTC')", std::vector<std::int64_t>{time_after(records)}});
  block.add({"is_removed", "UInt8", std::vector<std::uint8_t>{std::uint8_t{is_removed}}});
  return client.with_session([&](Session& session) {
    return done(session.insert({.table = qualified(session.database(), store::kBudgetTable),
                                .deduplication_token = {},
                                .settings = {{"distributed_foreground_insert", "1"}}},
                               block));
  });
}

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

bool has_currency(const Answer& answer, const std::vector<Cell>& row, const std::string& currency) {
  for (std::size_t i = 0; i < answer.columns.size(); ++i)
    if (answer.columns[i].key == "currency") return row[i] == Cell{currency};
  return false;
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

/// One forecast for each budget: they are few, and each may be for another dimension.
Result<Answer> ask_budgets(Client& client, TimeRange range, const GivenValues& given) {
  OPTIINFRA_TRY(const auto budgets, read_budgets(client));
  const auto customers = given_names(given, "customer");
  const ComputedQuestion forecast = forecast_question();
  Answer answer;
  answer.window = month_of(range.end);
  answer.columns = budget_columns();
  for (const Budget& budget : budgets) {
    const bool is_seen = customers.empty() ||
                         (budget.scope == "customer" &&
                          std::find(customers.begin(), customers.end(), budget.scope_id) != customers.end());
    if (!is_seen) continue;
    GivenValues scope;
    if (!budget.scope.empty()) scope.emplace_back(budget.scope, budget.scope_id);
    OPTIINFRA_TRY(const Answer spent, forecast.ask(client, range, scope));
    Spent found;
    for (const auto& row : spent.rows) {
      if (!has_currency(spent, row, budget.currency)) continue;
      found = {number_at(spent, row, "cost_so_far"), number_at(spent, row, "month_end_cost"),
               number_at(spent, row, "month_end_cost_p90"), true};
    }
    answer.rows.push_back(budget_cells(budget, found));
  }
  return answer;
}

}  // namespace

std::vector<std::string> budget_scopes() {
  std::vector<std::string> scopes;
  for (const KeyColumn& each : kCostKeys) scopes.emplace_back(each.dimension.name);
  return scopes;
}

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

Result<std::vector<Budget>> read_budgets(Client& client) {
  OPTIINFRA_TRY(auto records, read_budget_records(client));
  std::vector<Budget> budgets;
  for (auto& [name, budget] : budgets_that_hold(std::move(records))) budgets.push_back(std::move(budget));
  return budgets;
}

Result<void> set_budget(Client& client, const Budget& budget) {
  OPTIINFRA_CHECK(expect_budget(budget));
  OPTIINFRA_TRY(const auto records, read_budget_records(client));
  return append_record(client, budget, records, false);
}

Result<void> remove_budget(Client& client, const std::string& name) {
  OPTIINFRA_TRY(const auto records, read_budget_records(client));
  const auto budgets = budgets_that_hold(records);
  const auto found = budgets.find(name);
  if (found != budgets.end()) return append_record(client, found->second, records, true);
  std::vector<std::string> known;
  for (const auto& [other, budget] : budgets) known.push_back(other);
  const std::string near = suggestion(name, known);
  return invalid_argument("there is no budget '" + shown(name) + "'" +
                          (near.empty() ? "; `optiinfra budget list` has them all" : near));
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
  return question;
}

Result<std::size_t> copy_budgets(Client& source, Client& target) {
  OPTIINFRA_TRY(const bool has_budgets, has_table(source, store::kBudgetTable));
  if (!has_budgets) return std::size_t{0};
  OPTIINFRA_TRY(const auto held, read_budgets(target));
  OPTIINFRA_TRY(const auto budgets, read_budgets(source));
  std::size_t copied = 0;
  for (const Budget& budget : budgets) {
    const bool is_there =
        std::any_of(held.begin(), held.end(), [&](const Budget& one) { return one.name == budget.name; });
    if (is_there) continue;
    OPTIINFRA_CHECK(set_budget(target, budget));
    ++copied;
  }
  return copied;
}

store::RowsToRemove budgets_of(const Uuid& customer) {
  return {.table = store::kBudgetTable,
          .condition = "scope = 'customer' AND scope_id = toString({customer:UUID})",
          .parameters = {{"customer", customer.to_string()}}};
}

}  // namespace optiinfra::attribution
