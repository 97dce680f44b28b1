// Service level objectives, idle instances and energy, on a small fleet whose numbers are computed by hand.
#include <gmock/gmock.h>

#include "fleet.hpp"
#include "optiinfra/attribution/questions.hpp"

namespace optiinfra::attribution {
namespace {

using namespace std::chrono_literals;

class QuestionsTest : public testing::FleetTest {
 protected:
  Answer ask(const char* name, const GivenValues& given, std::optional<TimeRange> range = {}) {
    auto answer = find_computed_question(name)->ask(*client_, range.value_or(kHours), given);
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? *std::move(answer) : Answer{};
  }

  std::string refused(const char* name, const GivenValues& given) {
    const auto answer = find_computed_question(name)->ask(*client_, kHours, given);
    return answer ? "" : answer.error().message;
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
  static std::string text(const Answer& answer, std::size_t row, std::string_view key) {
    const Cell value = cell(answer, row, key);
    const auto* const found = std::get_if<std::string>(&value);
    return found == nullptr ? "(no text)" : *found;
  }
  static bool is_absent(const Answer& answer, std::size_t row, std::string_view key) {
    return std::holds_alternative<std::monostate>(cell(answer, row, key));
  }

  PerformanceMetric timed(sys_seconds time, std::optional<float> first_token_ms, const char* status = "ok",
                          std::uint32_t completion = 10) const {
    PerformanceMetric row = request(time, kAcme, 100, completion, 1000);
    row.time_to_first_token_ms = first_token_ms;
    row.status = status;
    return row;
  }

  template <typename Row>
  void store(const std::vector<Row>& rows) {
    const auto receipt = client_->insert(std::span<const Row>(rows));
    ASSERT_TRUE(receipt) << receipt.error().message;
  }

  void attribute_all() {
    const auto done = attribute(*client_, kHours);
    ASSERT_TRUE(done) << done.error().message;
  }
};

// Good: 2. Missed: one too late, one dropped, one aborted after it was late. Not measured: one without a
// time. Not counted: a client error, and one that was aborted in time.
TEST_F(QuestionsTest, AnObjectiveCountsWhatWasMeasured) {
  store<PerformanceMetric>({timed(kHour, 400), timed(kHour + 1min, 500, "ok", 30), timed(kHour + 2min, 501),
                            timed(kHour + 3min, {}, "dropped"), timed(kHour + 4min, 9000, "aborted"),
                            timed(kHour + 5min, {}), timed(kHour + 6min, {}, "client_error"),
                            timed(kHour + 7min, 100, "aborted")});
  const GivenValues given = {{"time_to_first_token_ms", "500"}, {"objective", "0.5"}};
  const Answer answer = ask("slo", given);
  ASSERT_EQ(answer.rows.size(), 1u);
  EXPECT_EQ(number(answer, 0, "requests"), 8);
  EXPECT_EQ(number(answer, 0, "good_requests"), 2);
  EXPECT_EQ(number(answer, 0, "missed_requests"), 3);
  EXPECT_EQ(number(answer, 0, "unmeasured_requests"), 1);
  EXPECT_EQ(number(answer, 0, "not_counted_requests"), 2);
  EXPECT_DOUBLE_EQ(number(answer, 0, "attainment"), 0.4);
  EXPECT_DOUBLE_EQ(number(answer, 0, "burn_rate"), 0.6 / 0.5);
  EXPECT_NEAR(number(answer, 0, "error_budget_left"), -0.2, 1e-12);
  EXPECT_DOUBLE_EQ(number(answer, 0, "goodput_requests_per_second"), 2.0 / (3 * 3600));
  EXPECT_DOUBLE_EQ(number(answer, 0, "goodput_tokens_per_second"), 40.0 / (3 * 3600));
  EXPECT_DOUBLE_EQ(number(answer, 0, "coverage"), 5.0 / 6);
}

TEST_F(QuestionsTest, ABurnRateReachesBackBeforeTheWindow) {
  const sys_seconds end = kHour + 3h;
  store<PerformanceMetric>({timed(end - 2min, 100), timed(end - 30min, 9000), timed(end - 4h, 9000),
                            timed(end - 4h, 9000), timed(end - 20h, 100)});
  const Answer answer =
      ask("slo", {{"time_to_first_token_ms", "500"}, {"objective", "0.9"}}, TimeRange{end - 10min, end});
  EXPECT_EQ(number(answer, 0, "requests"), 1) << "those of the window alone";
  EXPECT_NEAR(number(answer, 0, "burn_rate_5m"), 0, 1e-12);
  EXPECT_NEAR(number(answer, 0, "burn_rate_1h"), 0.5 / 0.1, 1e-9);
  EXPECT_NEAR(number(answer, 0, "burn_rate_6h"), 0.75 / 0.1, 1e-9);
  EXPECT_NEAR(number(answer, 0, "burn_rate_3d"), 0.6 / 0.1, 1e-9);
}

TEST_F(QuestionsTest, WithBucketsEachHasItsOwnAttainmentAndGoodput) {
  store<PerformanceMetric>({timed(kHour + 1min, 100), timed(kHour + 61min, 100), timed(kHour + 62min, 9000)});
  const Answer answer = ask("slo", {{"time_to_first_token_ms", "500"}, {"bucket", "hour"}, {"by", "model"}},
                            TimeRange{kHour + 30s, kHour + 90min});
  ASSERT_EQ(answer.rows.size(), 2u);
  EXPECT_EQ(text(answer, 0, "model_name"), "llama");
  EXPECT_DOUBLE_EQ(number(answer, 0, "attainment"), 1);
  EXPECT_EQ(text(answer, 0, "reason"), "");
  EXPECT_DOUBLE_EQ(number(answer, 0, "goodput_requests_per_second"), 1.0 / (3600 - 30));
  EXPECT_DOUBLE_EQ(number(answer, 1, "attainment"), 0.5);
  EXPECT_DOUBLE_EQ(number(answer, 1, "goodput_requests_per_second"), 1.0 / (30 * 60));
}

TEST_F(QuestionsTest, AnAnswerOfOneTokenHasNoGapBetweenTokensToMiss) {
  PerformanceMetric one = timed(kHour, 100, "ok", 1), many = timed(kHour, 100);
  store<PerformanceMetric>({one, many});
  const Answer answer = ask("slo", {{"inter_token_latency_ms", "50"}});
  EXPECT_EQ(number(answer, 0, "good_requests"), 1);
  EXPECT_EQ(number(answer, 0, "unmeasured_requests"), 1);
  EXPECT_TRUE(is_absent(answer, 0, "burn_rate_5m"));
  EXPECT_EQ(text(answer, 0, "reason"), "no request in the window of a burn rate was measured");
}

TEST_F(QuestionsTest, WithoutRequestsThatWereMeasuredNothingIsAttained) {
  store<PerformanceMetric>({timed(kHour, {})});
  const Answer answer = ask("slo", {{"time_to_first_token_ms", "500"}});
  EXPECT_TRUE(is_absent(answer, 0, "attainment"));
  EXPECT_TRUE(is_absent(answer, 0, "burn_rate_1h"));
  EXPECT_EQ(text(answer, 0, "reason"), "no request was measured against the targets");
  EXPECT_TRUE(ask("slo", {{"customer", kZen.to_string()}}).rows.empty());
}

TEST_F(QuestionsTest, AWrongValueIsRefusedByItsName) {
  EXPECT_THAT(refused("slo", {{"objective", "1"}}),
              ::testing::HasSubstr("objective: '1' is not a number between 0 and 1"));
  EXPECT_THAT(refused("slo", {{"latency_ms", "fast"}}), ::testing::HasSubstr("latency_ms"));
  EXPECT_THAT(refused("slo", {{"by", "weather"}}), ::testing::HasSubstr("'weather' is not one of"));
  EXPECT_THAT(refused("idle", {{"customer", "acme"}}), ::testing::HasSubstr("customer"));
  EXPECT_THAT(refused("energy", {{"pue", "0.5"}}), ::testing::HasSubstr("pue"));
  EXPECT_THAT(refused("unit-cost", {{"good_score", "2"}}), ::testing::HasSubstr("good_score"));
}

// gpu-1 serves in the first of three hours for half an hour; gpu-2 never does.
TEST_F(QuestionsTest, IdleInstancesComeByMoney) {
  std::vector<CostMetric> charges;
  for (int hour = 0; hour < 3; ++hour) {
    charges.push_back(charge(kHour + hour * 1h, 8));
    charges.push_back(charge(kHour + hour * 1h, 4, "gpu-2"));
  }
  store(charges);
  store<PerformanceMetric>({request(kHour, kAcme, 100, 100, 1800 * 1000)});
  attribute_all();
  const Answer answer = ask("idle", {});
  ASSERT_EQ(answer.rows.size(), 2u);
  EXPECT_EQ(text(answer, 0, "instance_id"), "gpu-1");
  EXPECT_EQ(text(answer, 0, "customer_id"), kPlatform.to_string());
  EXPECT_NEAR(number(answer, 0, "idle_cost"), 8 * 2.5, 0.01);
  EXPECT_NEAR(number(answer, 0, "unused_cost"), 16, 1e-9);
  EXPECT_NEAR(number(answer, 0, "between_requests_cost"), 4, 0.01);
  EXPECT_NEAR(number(answer, 0, "total_cost"), 24, 1e-9);
  EXPECT_EQ(number(answer, 0, "instance_hours"), 3);
  EXPECT_EQ(number(answer, 0, "unused_hours"), 2);
  EXPECT_NEAR(number(answer, 0, "busy_share"), 0.5 / 3, 0.001);
  EXPECT_EQ(text(answer, 1, "instance_id"), "gpu-2");
  EXPECT_NEAR(number(answer, 1, "idle_cost"), 12, 1e-9);
  EXPECT_NEAR(number(answer, 1, "idle_share"), 1, 1e-9);
  const Answer of_payer = ask("idle", {{"customer", kAcme.to_string()}});
  EXPECT_TRUE(of_payer.rows.empty()) << "acme pays for no instance";
}

TEST_F(QuestionsTest, EnergyIsSplitAsTheTimeOfTheInstanceIs) {
  store<CostMetric>({charge(kHour, 8), charge(kHour + 1h, 8)});
  store<PerformanceMetric>(
      {request(kHour, kAcme, 100, 100, 900 * 1000), request(kHour + 15min, kZen, 100, 300, 900 * 1000)});
  ResourceMetric gpu;
  gpu.timestamp = kHour + 10min;
  gpu.customer_id = kPlatform;
  gpu.instance_id = "gpu-1";
  gpu.gpu_energy_j = 1000.f;
  store<ResourceMetric>({gpu});
  attribute_all();
  const Answer all = ask("energy", {{"grid_g_per_kwh", "400"}, {"pue", "1.5"}});
  ASSERT_EQ(all.rows.size(), 1u);
  EXPECT_NEAR(number(all, 0, "energy_kwh"), 1000 / 3.6e6, 1e-12);
  EXPECT_NEAR(number(all, 0, "idle_energy_kwh"), 500 / 3.6e6, 1e-7);
  EXPECT_EQ(number(all, 0, "completion_tokens"), 400);
  EXPECT_NEAR(number(all, 0, "joules_per_output_token"), 500.0 / 400, 0.01);
  EXPECT_NEAR(number(all, 0, "joules_per_request"), 250, 1);
  EXPECT_NEAR(number(all, 0, "carbon_kg"), 1000 / 3.6e6 * 1.5 * 0.4, 1e-12);
  EXPECT_NEAR(number(all, 0, "coverage"), 0.5, 1e-9) << "the GPU told nothing of the second hour";

  const Answer by_customer = ask("energy", {{"by", "customer"}});
  double sum = 0;
  for (std::size_t row = 0; row < by_customer.rows.size(); ++row)
    if (!is_absent(by_customer, row, "energy_kwh")) sum += number(by_customer, row, "energy_kwh");
  EXPECT_NEAR(sum, 1000 / 3.6e6, 1e-12) << "the parts add up";
  EXPECT_TRUE(is_absent(by_customer, 0, "carbon_kg"));
  EXPECT_THAT(text(by_customer, 0, "reason"), ::testing::HasSubstr("no grams of carbon per kWh were given"));
}

TEST_F(QuestionsTest, EnergyThatNobodyMeasuredIsAbsent) {
  store<CostMetric>({charge(kHour, 8)});
  store<PerformanceMetric>({request(kHour, kAcme, 100, 100, 1000)});
  attribute_all();
  const Answer answer = ask("energy", {});
  ASSERT_EQ(answer.rows.size(), 1u);
  EXPECT_TRUE(is_absent(answer, 0, "energy_kwh"));
  EXPECT_TRUE(is_absent(answer, 0, "joules_per_request"));
  EXPECT_EQ(text(answer, 0, "reason"), "no GPU reported its energy");
  EXPECT_NEAR(number(answer, 0, "coverage"), 0, 1e-12);
}

}  // namespace
}  // namespace optiinfra::attribution
