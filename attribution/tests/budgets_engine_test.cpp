// Budgets in a store, and how a month stands against them.
#include "fleet.hpp"
#include "optiinfra/attribution/budgets.hpp"
#include "optiinfra/attribution/questions.hpp"

namespace optiinfra::attribution {
namespace {

using namespace std::chrono_literals;

class BudgetsTest : public testing::FleetTest {
 protected:
  void set(const Budget& budget) {
    const auto done = set_budgets(*client_, {budget});
    EXPECT_TRUE(done) << done.error().message;
  }

  /// The answer's cell of a budget, by the column's key.
  Cell cell(const std::string& budget, std::string_view key, const GivenValues& given = {}) {
    const auto answer = find_computed_question("budgets")->ask(*client_, {kHours.end, kHours.end}, given);
    EXPECT_TRUE(answer) << answer.error().message;
    if (!answer) return {};
    for (const auto& row : answer->rows)
      for (std::size_t i = 0; i < answer->columns.size(); ++i)
        if (row[0] == Cell{budget} && answer->columns[i].key == key) return row[i];
    return Cell{std::string("no such row")};
  }
};

TEST_F(BudgetsTest, KeepsTheNewestOfEachName) {
  set({.name = "fleet", .amount = 100, .currency = "USD"});
  set({.name = "acme", .scope = "customer", .scope_id = kAcme.to_string(), .amount = 10, .thresholds = {90}});
  set({.name = "fleet", .amount = 200, .currency = "USD"});
  auto budgets = read_budgets(*client_);
  ASSERT_TRUE(budgets) << budgets.error().message;
  ASSERT_EQ(budgets->size(), 2U);
  EXPECT_EQ((*budgets)[0].name, "acme");
  EXPECT_EQ((*budgets)[0].thresholds, std::vector<double>{90});
  EXPECT_EQ((*budgets)[1].amount, 200);
  ASSERT_TRUE(remove_budget(*client_, "acme"));
  EXPECT_EQ(read_budgets(*client_)->size(), 1U);
  const auto again = remove_budget(*client_, "fleeet");
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().message.find("did you mean 'fleet'?"), std::string::npos) << again.error().message;
}

TEST_F(BudgetsTest, RefusesWhatIsNoBudget) {
  for (const Budget& wrong :
       std::vector<Budget>{{.name = "", .amount = 1},
                           {.name = "a", .amount = 0},
                           {.name = "a", .amount = std::nan("")},
                           {.name = "a", .amount = 1, .currency = "$"},
                           {.name = "a", .scope = "customer", .amount = 1},
                           {.name = "a", .scope = "planet", .scope_id = "mars", .amount = 1},
                           {.name = "a", .amount = 1, .thresholds = {}},
                           {.name = "a", .amount = 1, .thresholds = {80, 50}}})
    EXPECT_FALSE(set_budgets(*client_, {wrong})) << wrong.name << wrong.scope;
  EXPECT_TRUE(read_budgets(*client_)->empty());
  EXPECT_FALSE(parse_thresholds("50,,80"));
  EXPECT_FALSE(parse_thresholds("0"));
}

TEST_F(BudgetsTest, AllRecordsOfACustomersBudgetsCanBeRemoved) {
  set({.name = "acme", .scope = "customer", .scope_id = kAcme.to_string(), .amount = 10});
  set({.name = "acme", .scope = "customer", .scope_id = kAcme.to_string(), .amount = 20});
  set({.name = "zen", .scope = "customer", .scope_id = kZen.to_string(), .amount = 30});
  ASSERT_TRUE(client_->with_session([&](Session& session) -> Result<void> {
    OPTIINFRA_TRY(const std::uint64_t rows, store::count_rows(session, budgets_of(kAcme)));
    EXPECT_EQ(rows, 2U);
    return store::remove_rows(session, budgets_of(kAcme));
  }));
  ASSERT_EQ(read_budgets(*client_)->size(), 1U);
  EXPECT_EQ((*read_budgets(*client_))[0].name, "zen");
}

TEST_F(BudgetsTest, ComparesTheMonthWithEachBudget) {
  insert_fleet();
  attributed();
  set({.name = "fleet", .amount = 100, .currency = "USD"});
  set({.name = "small", .amount = 50, .currency = "USD"});
  set({.name = "zen",
       .scope = "customer",
       .scope_id = kZen.to_string(),
       .amount = 1'000'000,
       .currency = "USD"});
  set({.name = "euros", .amount = 1, .currency = "EUR"});
  const auto month_of = [](sys_seconds time) {
    return std::chrono::year_month_day{std::chrono::floor<std::chrono::days>(time)}.month();
  };
  // In one of 240 hours the fleet's three lie in two months.
  if (month_of(kHour) == month_of(kHours.end)) {
    EXPECT_EQ(cell("fleet", "cost_so_far"), Cell{82.0});
    EXPECT_NEAR(std::get<double>(cell("fleet", "used_percent")), 82, 1e-9);
    EXPECT_EQ(cell("fleet", "threshold_passed"), Cell{80.0});
    EXPECT_EQ(cell("small", "state"), Cell{std::string("passed")});
    EXPECT_EQ(cell("small", "threshold_passed"), Cell{100.0});
    EXPECT_EQ(cell("zen", "state"), Cell{std::string("within")});
    EXPECT_EQ(cell("zen", "threshold_passed"), Cell{});
  }
  EXPECT_EQ(cell("fleet", "month_end_cost"), Cell{}) << "too few hours for a forecast";
  EXPECT_EQ(cell("euros", "state"), Cell{std::string("unknown")});
  EXPECT_EQ(cell("euros", "cost_so_far"), Cell{}) << "unknown, and not 0";
  const GivenValues own = {{"customer", kZen.to_string()}};
  EXPECT_EQ(cell("fleet", "amount", own), Cell{std::string("no such row")}) << "another's budget";
  EXPECT_EQ(cell("zen", "amount", own), Cell{1'000'000.0});
}

}  // namespace
}  // namespace optiinfra::attribution
