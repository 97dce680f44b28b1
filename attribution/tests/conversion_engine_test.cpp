// Costs of two currencies in one, and own serving next to an API's prices.
#include <gmock/gmock.h>

#include "answer_reading.hpp"
#include "conversion.hpp"
#include "fleet.hpp"
#include "optiinfra/attribution/budgets.hpp"
#include "optiinfra/attribution/exchange_rates.hpp"
#include "optiinfra/attribution/price_book.hpp"
#include "optiinfra/attribution/questions.hpp"

namespace optiinfra::attribution {
namespace {

using namespace std::chrono_literals;
using testing::cell_in;
using ::testing::HasSubstr;
using testing::number_at_key;
using testing::row_with;
using testing::text_at_key;

class ConversionTest : public testing::FleetTest {
 protected:
  Answer ask(const char* name, const GivenValues& given) {
    auto answer = find_computed_question(name)->ask(*client_, kHours, given);
    EXPECT_TRUE(answer) << name << ": " << answer.error().message;
    return answer ? *std::move(answer) : Answer{};
  }

  std::string refused(const char* name, const GivenValues& given) {
    const auto answer = find_computed_question(name)->ask(*client_, kHours, given);
    return answer ? "" : answer.error().message;
  }

  /// 82 dollars of the fleet and 20 euros of a third instance, which nobody used.
  void insert_two_currencies() {
    insert_fleet();
    CostMetric euros = charge(kHour + 1h, 20, "gpu-3");
    euros.currency = "EUR";
    insert(std::vector<CostMetric>{euros});
    attributed();
  }

  void set_rate(const char* from, const char* to, double rate) {
    const auto day = std::chrono::floor<std::chrono::days>(kHour + 1h);
    const auto done = set_exchange_rates(*client_, {{from, to, day - std::chrono::days{1}, rate, "ECB"}});
    EXPECT_TRUE(done) << done.error().message;
  }
};

TEST_F(ConversionTest, NothingIsAddedWithoutARate) {
  insert_two_currencies();
  EXPECT_EQ(ask("unit-cost", {}).rows.size(), 3U) << "dollars, euros, and requests without a price";
  for (const char* question : {"unit-cost", "idle", "forecast", "self-host"})
    EXPECT_THAT(refused(question, {{"currency", "USD"}}),
                HasSubstr("there is no rate from EUR to USD for " + format_time(kHour + 1h).substr(0, 10) +
                          "; set it with: optiinfra rate set EUR USD RATE --day"))
        << question;
  for (const char* question : {"unit-cost", "budgets"})
    EXPECT_THAT(refused(question, {{"currency", "usd"}}), HasSubstr("three capital letters")) << question;
  CostMetric unknown = charge(kHour + 2h, 1, "gpu-4");
  unknown.currency = "";
  insert(std::vector<CostMetric>{unknown});
  attributed();
  set_rate("EUR", "USD", 1.25);
  EXPECT_THAT(refused("unit-cost", {{"currency", "USD"}}), HasSubstr("state no currency"));
}

TEST_F(ConversionTest, EachQuestionAddsUpInOneCurrency) {
  insert_two_currencies();
  set_rate("EUR", "USD", 1.25);
  const GivenValues dollars = {{"currency", "USD"}};
  const Answer cost = ask("unit-cost", dollars);
  ASSERT_EQ(cost.rows.size(), 1U);
  EXPECT_EQ(text_at_key(cost, 0, "currency"), "USD");
  EXPECT_NEAR(number_at_key(cost, 0, "total_cost"), 82 + 25, 1e-9);
  EXPECT_THAT(text_at_key(cost, 0, "exchange_rates"), HasSubstr("EUR: ECB, "));
  EXPECT_NEAR(number_at_key(ask("unit-cost", {{"currency", "EUR"}}), 0, "total_cost"), 82 / 1.25 + 20, 1e-9)
      << "by the other direction";
  // Euros are in the second hour alone, so a look-up of the first knows nothing of them.
  const auto first_hour = Conversion::create(
      *client_, "USD", {kHour, kHour + 1h},
      " AND hour < toDateTime(" + std::to_string((kHour + 1h).time_since_epoch().count()) + ", 'UTC')", {});
  ASSERT_TRUE(first_hour) << first_hour.error().message;
  const std::string sum =
      FleetTest::ask("(" + first_hour->with() + "SELECT sum(" + first_hour->amount("cost") +
                     ") FROM optiinfra.attributed_cost_hourly)");
  EXPECT_EQ(sum, "nan") << "what was not looked up is not counted 1:1";
  EXPECT_FALSE(first_hour->expect_known(std::stod(sum)));
  const Answer idle = ask("idle", {{"currency", "USD"}, {"by", "instance"}});
  EXPECT_NEAR(number_at_key(idle, row_with(idle, "instance_id", "gpu-3"), "total_cost"), 25, 1e-9);
  EXPECT_NEAR(number_at_key(ask("unit-cost", {{"currency", "USD"}, {"instance", "gpu-1"}}), 0, "total_cost"),
              72, 1e-9);
  EXPECT_EQ(text_at_key(ask("unit-cost", {{"currency", "USD"}, {"instance", "gpu-1"}}), 0, "exchange_rates"),
            "")
      << "nothing was converted";
  const Answer changed =
      ask("explain",
          {{"currency", "USD"}, {"before_from", format_time(kHour)}, {"before_to", format_time(kHour + 1h)}});
  EXPECT_NEAR(number_at_key(changed, 0, "before"), 46, 1e-6);
  EXPECT_NEAR(number_at_key(changed, 0, "after"), 107, 1e-6);
  const auto month_of = [](sys_seconds time) {
    return std::chrono::year_month_day{std::chrono::floor<std::chrono::days>(time)}.month();
  };
  if (month_of(kHour) != month_of(kHours.end)) return;  // In one of 240 hours.
  const Answer forecast = ask("forecast", dollars);
  EXPECT_NEAR(number_at_key(forecast, 0, "cost_so_far"), 107, 1e-9);
  ASSERT_TRUE(set_budgets(*client_, {{.name = "all", .amount = 100, .currency = "USD"},
                                     {.name = "euros", .amount = 100, .currency = "EUR"}}));
  const Answer separate = ask("budgets", {}), converted = ask("budgets", dollars);
  EXPECT_NEAR(number_at_key(separate, row_with(separate, "budget", "all"), "cost_so_far"), 82, 1e-9);
  EXPECT_NEAR(number_at_key(separate, row_with(separate, "budget", "euros"), "cost_so_far"), 20, 1e-9);
  ASSERT_EQ(converted.rows.size(), 1U);
  EXPECT_EQ(text_at_key(converted, 0, "state"), "passed");
}

// 1,600 prompt and 160 generated tokens; no charge covers Zen's last request.
TEST_F(ConversionTest, OwnServingStandsBesideTheApisPrice) {
  insert_two_currencies();
  const auto set = [&](const std::vector<Price>& prices) { ASSERT_TRUE(set_prices(*client_, prices)); };
  Answer answer = ask("self-host", {{"by", "model"}});
  EXPECT_EQ(cell_in(answer, row_with(answer, "model_name", "llama"), "api_cost"), Cell{});
  EXPECT_EQ(text_at_key(answer, row_with(answer, "model_name", "llama"), "models_without_price"), "llama");
  set({{.provider = "dear",
        .sku = "llama",
        .unit = PriceUnit::kMillionInputTokens,
        .price = 9e6,
        .currency = "USD"},
       {.provider = "dear",
        .sku = "llama",
        .unit = PriceUnit::kMillionOutputTokens,
        .price = 9e6,
        .currency = "USD"},
       {.provider = "cheap",
        .sku = "llama",
        .unit = PriceUnit::kMillionInputTokens,
        .price = 10'000,
        .currency = "USD",
        .source = "list"},
       {.provider = "half",
        .sku = "llama",
        .unit = PriceUnit::kMillionOutputTokens,
        .price = 1,
        .currency = "USD"}});
  answer = ask("self-host", {});
  EXPECT_EQ(text_at_key(answer, row_with(answer, "model_name", "llama"), "api_price"), "dear: price book")
      << "the others lack a price";
  set({{.provider = "cheap",
        .sku = "llama",
        .unit = PriceUnit::kMillionOutputTokens,
        .price = 100'000,
        .currency = "USD"},
       {.provider = "euro",
        .sku = "llama",
        .unit = PriceUnit::kMillionInputTokens,
        .price = 6'000,
        .currency = "EUR"},
       {.provider = "euro",
        .sku = "llama",
        .unit = PriceUnit::kMillionOutputTokens,
        .price = 60'000,
        .currency = "EUR"}});
  // The euro's numbers are smaller; its prices cannot be compared here, and are higher at the rate below.
  answer = ask("self-host", {});
  const std::size_t llama = row_with(answer, "model_name", "llama");
  EXPECT_EQ(text_at_key(answer, llama, "api_price"), "cheap: list");
  const double api = (1600 * 10'000 + 160 * 100'000) / 1e6;
  EXPECT_NEAR(number_at_key(answer, llama, "prompt_tokens"), 1600, 0);
  EXPECT_NEAR(number_at_key(answer, llama, "api_cost"), api, 1e-9);
  const double own = number_at_key(answer, llama, "own_cost");
  EXPECT_NEAR(number_at_key(answer, llama, "difference"), own - api, 1e-9);
  // At the break-even the time that requests used, spread over that share of the whole, costs what the API
  // does.
  const double used = std::stod(cost("kind IN ('served', 'wasted')")) / 1e9;
  EXPECT_NEAR(number_at_key(answer, llama, "break_even_utilization"), used / api, 1e-9);
  EXPECT_NEAR(number_at_key(answer, llama, "utilization"), used / own, 1e-9);
  set_rate("USD", "EUR", 0.5);
  const Answer euros = ask("self-host", {{"by", "provider"}, {"currency", "EUR"}});
  ASSERT_EQ(euros.rows.size(), 2U) << "of aws, and of requests without a price";
  EXPECT_NEAR(number_at_key(euros, row_with(euros, "cloud_provider", "aws"), "own_cost"), 82 * 0.5 + 20,
              1e-9);
  EXPECT_NEAR(number_at_key(euros, row_with(euros, "cloud_provider", "aws"), "api_cost"), api * 0.5, 1e-9);
  EXPECT_EQ(text_at_key(euros, row_with(euros, "cloud_provider", "aws"), "api_price"), "cheap: list");
  PerformanceMetric uncounted = request(kHour + 1h + 1min, kAcme, 0, 0, 1000, "gpu-4");
  uncounted.model_name = "whisper";
  uncounted.prompt_tokens.reset();
  uncounted.completion_tokens.reset();
  insert(std::vector<CostMetric>{charge(kHour + 1h, 5, "gpu-4")});
  insert(std::vector<PerformanceMetric>{uncounted});
  attributed();
  answer = ask("self-host", {});
  const std::size_t whisper = row_with(answer, "model_name", "whisper");
  EXPECT_GT(number_at_key(answer, whisper, "own_cost"), 0);
  EXPECT_EQ(cell_in(answer, whisper, "api_cost"), Cell{}) << "unknown, and not nothing";
  EXPECT_EQ(cell_in(answer, whisper, "difference"), Cell{});
  EXPECT_EQ(text_at_key(answer, whisper, "reason"), "no tokens were counted");
}

}  // namespace
}  // namespace optiinfra::attribution
