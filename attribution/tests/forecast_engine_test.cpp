// The forecast of a month whose attributed hours are planted.
#include <gmock/gmock.h>

#include "fleet.hpp"
#include "optiinfra/attribution/questions.hpp"

namespace optiinfra::attribution {
namespace {

using namespace std::chrono_literals;

class ForecastTest : public testing::FleetTest {
 protected:
  /// The present month, 20 days after its begin.
  ForecastTest() {
    const std::chrono::year_month_day today{std::chrono::floor<std::chrono::days>(now())};
    const std::chrono::year_month month = today.year() / today.month();
    month_ = {sys_seconds{std::chrono::sys_days{month / 1}},
              sys_seconds{std::chrono::sys_days{(month + std::chrono::months{1}) / 1}}};
    at_ = month_.begin + std::chrono::days{20};
  }

  static std::string seconds(sys_seconds time) { return std::to_string(time.time_since_epoch().count()); }

  /// Attributes `cost` billionths to `customer` in each hour of the range.
  void plant(TimeRange range, const Uuid& customer, const char* currency, std::int64_t cost,
             const char* kind = "served") {
    run("INSERT INTO optiinfra.attributed_cost_hourly (hour, version, served_customer_id, customer_id, "
        "currency, "
        "kind, cost) SELECT toDateTime(" +
        seconds(range.begin) + " + 3600 * number, 'UTC'), 1, '" + customer.to_string() + "', '" +
        kPlatform.to_string() + "', '" + currency + "', '" + kind + "', " + std::to_string(cost) +
        " FROM numbers(" + std::to_string((range.end - range.begin) / 1h) + ")");
  }

  /// Without the hours from `gap` to three hours later.
  void record(TimeRange range, sys_seconds gap) {
    run("INSERT INTO optiinfra.attributed_hours (hour, version) SELECT toDateTime(" + seconds(range.begin) +
        " + 3600 * number AS second, 'UTC'), 1 FROM numbers(" +
        std::to_string((range.end - range.begin) / 1h) + ") WHERE second < " + seconds(gap) +
        " OR second >= " + seconds(gap + 3h));
  }

  Answer forecast(GivenValues given) {
    given.emplace_back("at", format_time(at_ + 59min));
    auto answer = find_computed_question("forecast")->ask(*client_, {now(), now()}, given);
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? *std::move(answer) : Answer{};
  }

  static Cell cell(const Answer& answer, std::size_t row, std::string_view key) {
    for (std::size_t i = 0; i < answer.columns.size(); ++i)
      if (answer.columns[i].key == key) return answer.rows.at(row)[i];
    ADD_FAILURE() << "no column " << key;
    return {};
  }
  static double number(const Answer& answer, std::size_t row, std::string_view key) {
    const Cell value = cell(answer, row, key);
    if (const auto* count = std::get_if<std::uint64_t>(&value)) return static_cast<double>(*count);
    const auto* const found = std::get_if<double>(&value);
    EXPECT_NE(found, nullptr) << key << " is absent";
    return found == nullptr ? -1 : *found;
  }
  static bool is_absent(const Answer& answer, std::size_t row, std::string_view key) {
    return std::holds_alternative<std::monostate>(cell(answer, row, key));
  }

  TimeRange month_{};
  sys_seconds at_{};
};

TEST_F(ForecastTest, AMonthEndsWithWhatItCostAndWhatItsHoursUsuallyCost) {
  const double hours = static_cast<double>((month_.end - month_.begin) / 1h);
  const sys_seconds gap = month_.begin + 100h;
  plant({at_ - 28 * 24h, at_}, kAcme, "USD", 2'000'000'000);
  plant({at_ - 10 * 24h, at_}, kAcme, "EUR", 500'000'000);
  plant({at_ - 3h, at_}, kZen, "USD", 1'000'000'000);
  plant({gap + 10h, gap + 11h}, kAcme, "USD", -5'000'000'000, "unreconciled");
  record({at_ - 28 * 24h, at_}, gap);

  const Answer answer = forecast({{"by", "customer"}});
  EXPECT_EQ(answer.window, month_);
  ASSERT_EQ(answer.rows.size(), 3u);
  // acme in EUR: ten days, so a mean and no spread.
  EXPECT_EQ(std::get<std::string>(cell(answer, 0, "currency")), "EUR");
  EXPECT_NEAR(number(answer, 0, "month_end_cost"), 0.5 * (hours - 10 * 24), 1e-6)
      << "none of the first ten days";
  EXPECT_TRUE(is_absent(answer, 0, "month_end_cost_p10"));
  EXPECT_EQ(std::get<std::string>(cell(answer, 0, "method")), "hourly_mean");
  EXPECT_THAT(std::get<std::string>(cell(answer, 0, "reason")), ::testing::HasSubstr("14 days"));
  // acme in USD: the same each hour, three hours that are not attributed, and a credit.
  EXPECT_NEAR(number(answer, 1, "cost_so_far"), 2 * (20 * 24 - 3) - 5, 1e-6);
  EXPECT_NEAR(number(answer, 1, "month_end_cost"), 2 * hours - 5, 1e-6);
  EXPECT_NEAR(number(answer, 1, "month_end_cost_p10"), 2 * hours - 5, 1e-6);
  EXPECT_NEAR(number(answer, 1, "month_end_cost_p90"), 2 * hours - 5, 1e-6);
  EXPECT_EQ(number(answer, 1, "attributed_hours"), 20 * 24 - 3);
  EXPECT_EQ(number(answer, 1, "estimated_hours"), hours - 20 * 24 + 3);
  EXPECT_EQ(number(answer, 1, "history_hours"), 28 * 24 - 3);
  // zen began three hours ago.
  EXPECT_NEAR(number(answer, 2, "cost_so_far"), 3, 1e-9);
  EXPECT_TRUE(is_absent(answer, 2, "month_end_cost"));
  EXPECT_THAT(std::get<std::string>(cell(answer, 2, "reason")), ::testing::HasSubstr("24 hours"));

  EXPECT_EQ(forecast({{"customer", kZen.to_string()}}).rows.size(), 1u);
  EXPECT_TRUE(forecast({{"model", "no such model"}}).rows.empty());
}

TEST_F(ForecastTest, AWrongTimeIsRefused) {
  const auto refused = find_computed_question("forecast")->ask(*client_, {now(), now()}, {{"at", "soon"}});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("at: "));
}

}  // namespace
}  // namespace optiinfra::attribution
