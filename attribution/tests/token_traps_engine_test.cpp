// What can be counted wrong about tokens, one test each, from the rows to the costs. Each has instances of
// its own in the same hour, paid with 17 dollars and busy all the time. Those that lie in the rows of others:
// OtlpRequest and Traps in the layers of the sources.
#include "fleet.hpp"
#include "optiinfra/attribution/questions.hpp"

namespace optiinfra::attribution {
namespace {

using namespace std::chrono_literals;

constexpr double kBill = 17;

class TokenTraps : public testing::FleetTest {
 protected:
  /// All tests ask the same store, which the first makes.
  void SetUp() override {
    if (by_service_) return;
    FleetTest::SetUp();
    std::vector<PerformanceMetric> rows;
    for (const auto& add : {no_usage, reasoning, cached, choices, aborted, retried, reported_twice, alias})
      for (PerformanceMetric& row : add()) rows.push_back(std::move(row));
    for (PerformanceMetric& row : rows) {
      row.timestamp = kHour;
      row.customer_id = kAcme;
      row.latency_ms = 3'600'000;
      if (row.status.empty()) row.status = "ok";
      if (row.model_name.empty()) row.model_name = "llama";
    }
    std::vector<CostMetric> charges;
    for (const char* const instance :
         {"no-usage", "reasoning", "cached", "choices", "aborted", "retried", "twice", "alias"})
      charges.push_back(charge(kHour, kBill, instance));
    insert(rows);
    insert(charges);
    attributed();
    const auto asked = [&](const char* by) {
      auto answer = find_computed_question("unit-cost")->ask(*client_, kHours, {{"by", by}});
      EXPECT_TRUE(answer) << answer.error().message;
      return answer ? *std::move(answer) : Answer{};
    };
    by_service_ = asked("service");
    by_model_ = asked("service,model");
    by_source_ =
        ask("(SELECT groupArray((source, c)) FROM (SELECT toString(source) AS source, count() AS c FROM "
            "optiinfra.performance_metrics_ts WHERE instance_id = 'twice' GROUP BY source ORDER BY source))");
  }

  static PerformanceMetric row(std::uint64_t service, const char* instance,
                               std::optional<std::uint32_t> prompt, std::optional<std::uint32_t> completion) {
    PerformanceMetric row;
    row.service_id = Uuid{77, service};
    row.instance_id = instance;
    row.prompt_tokens = prompt;
    row.completion_tokens = completion;
    return row;
  }
  using Rows = std::vector<PerformanceMetric>;

  static Rows no_usage() { return {row(1, "no-usage", {}, {})}; }
  static Rows reasoning() {
    Rows rows = {row(2, "reasoning", 100, 300), row(3, "reasoning", 100, 300)};
    rows[1].reasoning_tokens = 250;
    return rows;
  }
  static Rows cached() {
    Rows rows = {row(4, "cached", 1000, 100), row(5, "cached", 100, 100)};
    rows[0].cached_tokens = 900;
    return rows;
  }
  static Rows choices() { return {row(6, "choices", 100, 3 * 100), row(7, "choices", 100, 100)}; }
  static Rows aborted() {
    Rows rows = {row(8, "aborted", 100, 100), row(8, "aborted", 100, 100)};
    rows[1].status = "aborted";
    return rows;
  }
  static Rows retried() {
    Rows rows = {row(9, "retried", 100, 100), row(9, "retried", 100, 100), row(10, "retried", 100, 100)};
    rows[0].request_id = rows[1].request_id = Uuid{9, 9};
    rows[0].status = "server_error";
    return rows;
  }
  static Rows reported_twice() {
    Rows rows = {row(11, "twice", 100, 100), row(11, "twice", 100, 100), row(12, "twice", 100, 100)};
    rows[0].source = "gateway";
    rows[1].source = rows[2].source = "sdk";
    return rows;
  }
  static Rows alias() {
    Rows rows = {row(13, "alias", 100, 100), row(13, "alias", 100, 100)};
    rows[0].model_name = "fast";
    rows[1].model_name = "llama-3.1-8b";
    return rows;
  }

  static const std::vector<Cell>& row_of(const Answer& answer, std::uint64_t service,
                                         std::string_view model = {}) {
    static const std::vector<Cell> none;
    for (const auto& each : answer.rows)
      if (std::get<std::string>(each[0]) == Uuid{77, service}.to_string() &&
          (model.empty() || std::get<std::string>(each[1]) == model))
        return each;
    ADD_FAILURE() << "no row of service " << service;
    return none;
  }
  static Cell cell(const Answer& answer, std::uint64_t service, std::string_view key,
                   std::string_view model = {}) {
    const auto& of = row_of(answer, service, model);
    for (std::size_t i = 0; i < of.size(); ++i)
      if (answer.columns[i].key == key) return of[i];
    ADD_FAILURE() << "no column " << key;
    return {};
  }
  static double number(std::uint64_t service, std::string_view key) {
    const Cell value = cell(*by_service_, service, key);
    if (const auto* count = std::get_if<std::uint64_t>(&value)) return static_cast<double>(*count);
    const auto* const found = std::get_if<double>(&value);
    EXPECT_NE(found, nullptr) << key << " is absent";
    return found == nullptr ? -1 : *found;
  }
  static bool is_absent(std::uint64_t service, std::string_view key) {
    return std::holds_alternative<std::monostate>(cell(*by_service_, service, key));
  }

  inline static std::optional<Answer> by_service_;
  inline static Answer by_model_;
  inline static std::string by_source_;
};

TEST_F(TokenTraps, AStreamWithoutUsageCostsItsTimeAndNoTokenOfItHasAPrice) {
  EXPECT_NEAR(number(1, "total_cost"), kBill, 1e-9);
  EXPECT_TRUE(is_absent(1, "cost_per_million_tokens"));
  EXPECT_TRUE(is_absent(1, "cost_per_million_output"));
  EXPECT_NEAR(number(1, "cost_per_request"), kBill, 1e-9);
}

TEST_F(TokenTraps, ReasoningTokensAreInsideThoseGeneratedAndCountOnce) {
  EXPECT_EQ(number(2, "completion_tokens"), 300);
  EXPECT_EQ(number(3, "completion_tokens"), 300);
  EXPECT_NEAR(number(2, "total_cost"), number(3, "total_cost"), 1e-9);
}

TEST_F(TokenTraps, CachedTokensAreInsideThePromptAndCostNothing) {
  EXPECT_EQ(number(4, "prompt_tokens"), 1000);
  EXPECT_NEAR(number(4, "total_cost"), number(5, "total_cost"), 1e-9);
  EXPECT_NEAR(number(4, "cost_per_million_input"), number(5, "cost_per_million_input"), 1e-3)
      << "of tokens that were computed";
  EXPECT_GT(number(4, "cache_avoided_cost"), 0);
  EXPECT_NEAR(number(4, "total_cost") + number(5, "total_cost"), kBill, 1e-9) << "avoided is in no sum";
}

TEST_F(TokenTraps, SeveralChoicesOfARequestReadThePromptOnce) {
  EXPECT_EQ(number(6, "requests"), 1);
  // 2 x 100 + 5 x 300 to 2 x 100 + 5 x 100.
  EXPECT_NEAR(number(6, "total_cost") / number(7, "total_cost"), 1700.0 / 700, 1e-6);
}

TEST_F(TokenTraps, AnAbortedRequestIsPaidAndShownAsWasted) {
  EXPECT_NEAR(number(8, "total_cost"), kBill, 1e-9);
  EXPECT_NEAR(number(8, "wasted_cost"), kBill / 2, 1e-9);
  EXPECT_EQ(number(8, "failed_requests"), 1);
}

TEST_F(TokenTraps, ARetryUnderOneIdentifierUsedTheInstanceTwice) {
  EXPECT_EQ(number(9, "requests"), 2);
  EXPECT_NEAR(number(9, "total_cost") / number(10, "total_cost"), 2, 1e-6);
}

TEST_F(TokenTraps, AGatewayAndAnSdkThatReportTheSameWeighTwiceAndTheSourceTells) {
  EXPECT_NEAR(number(11, "total_cost") / number(12, "total_cost"), 2, 1e-6);
  EXPECT_EQ(by_source_, "[('gateway',1),('sdk',2)]");
}

TEST_F(TokenTraps, AnAliasAndTheServedNameAreTwoModelsAndOneBill) {
  const auto cost = [](const char* model) {
    return std::get<double>(cell(by_model_, 13, "total_cost", model));
  };
  EXPECT_NEAR(cost("fast"), kBill / 2, 1e-9);
  EXPECT_NEAR(cost("fast") + cost("llama-3.1-8b"), kBill, 1e-9);
}

}  // namespace
}  // namespace optiinfra::attribution
