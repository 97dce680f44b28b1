// Objectives in a store, and how requests are held to them.
#include "answer_reading.hpp"
#include "fleet.hpp"
#include "optiinfra/attribution/objectives.hpp"
#include "optiinfra/attribution/questions.hpp"

namespace optiinfra::attribution {
namespace {

using namespace std::chrono_literals;
using testing::cell_in;
using testing::number_at_key;
using testing::row_with;
using testing::text_at_key;

class ObjectivesTest : public testing::FleetTest {
 protected:
  void set(const std::vector<Objective>& objectives) {
    const auto done = set_objectives(*client_, objectives);
    EXPECT_TRUE(done) << done.error().message;
  }

  Answer slo(const GivenValues& given = {}) {
    auto answer = find_computed_question("slo")->ask(*client_, kHours, given);
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? *std::move(answer) : Answer{};
  }

  PerformanceMetric timed(sys_seconds time, const Uuid& customer, float latency_ms,
                          const char* status = "ok") const {
    PerformanceMetric row = request(time, customer, 100, 10, latency_ms);
    row.status = status;
    return row;
  }
};

TEST_F(ObjectivesTest, KeepsTheNewestOfEachName) {
  set({{.name = "fleet", .latency_ms = 1000},
       {.name = "acme",
        .scope = "customer",
        .scope_id = kAcme.to_string(),
        .share = 0.9,
        .period = std::chrono::days{7}}});
  set({{.name = "fleet", .time_to_first_token_ms = 500.5}});
  const auto objectives = read_objectives(*client_);
  ASSERT_TRUE(objectives) << objectives.error().message;
  ASSERT_EQ(objectives->size(), 2U);
  EXPECT_EQ((*objectives)[0].period, std::chrono::days{7});
  EXPECT_EQ((*objectives)[1].time_to_first_token_ms, 500.5);
  EXPECT_FALSE((*objectives)[1].latency_ms.has_value()) << "of the objective before";
  EXPECT_EQ(set_objectives(*client_, *objectives).value(), 0U) << "all of them are there";
  const auto wrong = remove_objective(*client_, "fleeet");
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().message.find("did you mean 'fleet'?"), std::string::npos) << wrong.error().message;
  ASSERT_TRUE(remove_objective(*client_, "fleet"));
  EXPECT_EQ(read_objectives(*client_)->size(), 1U);
  ASSERT_TRUE(client_->with_session(
      [&](Session& session) { return store::remove_rows(session, objectives_of(kAcme)); }));
  EXPECT_TRUE(read_objectives(*client_)->empty());
}

TEST_F(ObjectivesTest, RefusesWhatIsNoObjective) {
  for (const Objective& wrong : std::vector<Objective>{{.name = ""},
                                                       {.name = "a", .latency_ms = 0},
                                                       {.name = "a", .latency_ms = std::nan("")},
                                                       {.name = "a", .share = 1},
                                                       {.name = "a", .share = 0},
                                                       {.name = "a", .period = std::chrono::days{0}},
                                                       {.name = "a", .scope = "region", .scope_id = "eu"},
                                                       {.name = "a", .scope = "service", .scope_id = "chat"}})
    EXPECT_FALSE(set_objectives(*client_, {wrong})) << wrong.name << wrong.scope;
  EXPECT_FALSE(set_objectives(*client_, {{.name = "a"}, {.name = "a", .share = 0.9}})) << "two of one name";
  EXPECT_TRUE(read_objectives(*client_)->empty());
  EXPECT_TRUE(objective_of({"a", "", "", "", "", "250", "0.995", "7"}));
  EXPECT_FALSE(objective_of({"a", "", "", "", "", "fast", "", ""}));
  EXPECT_FALSE(objective_of({"a", "", "", "", "", "", "", "7.5"}));
}

TEST_F(ObjectivesTest, EachRowSaysWhichObjectiveItsRequestsWereHeldTo) {
  insert(std::vector<PerformanceMetric>{
      timed(kHour, kAcme, 900), timed(kHour + 1min, kAcme, 1100), timed(kHour + 2min, kZen, 900),
      timed(kHour + 3min, kZen, 100, "dropped"), timed(kHour - 48h, kAcme, 5000)});
  EXPECT_EQ(cell_in(slo(), 0, "objective_name"), Cell{}) << "there is none yet";
  EXPECT_EQ(number_at_key(slo(), 0, "good_requests"), 3) << "errors alone count";
  set({{.name = "acme", .scope = "customer", .scope_id = kAcme.to_string(), .latency_ms = 1000, .share = 0.5},
       {.name = "fleet", .latency_ms = 2000, .share = 0.9, .period = std::chrono::days{2}},
       {.name = "old", .share = 0.9, .period = std::chrono::days{366}}});
  const Answer answer = slo();
  ASSERT_EQ(answer.rows.size(), 3U);
  const std::size_t acme = row_with(answer, "objective_name", "acme"),
                    fleet = row_with(answer, "objective_name", "fleet");
  EXPECT_EQ(number_at_key(answer, acme, "requests"), 2);
  EXPECT_EQ(number_at_key(answer, acme, "attainment"), 0.5);
  EXPECT_EQ(number_at_key(answer, acme, "target_latency_ms"), 1000);
  EXPECT_EQ(cell_in(answer, acme, "target_time_to_first_token_ms"), Cell{});
  EXPECT_EQ(number_at_key(answer, acme, "period_days"), 28);
  // Of three requests in 28 days, two missed one second; half may.
  EXPECT_NEAR(number_at_key(answer, acme, "period_error_budget_left"), 1 - 2 / (3 * 0.5), 1e-9);
  EXPECT_EQ(number_at_key(answer, fleet, "requests"), 4);
  EXPECT_EQ(number_at_key(answer, fleet, "missed_requests"), 1);
  EXPECT_NEAR(number_at_key(answer, fleet, "error_budget_left"), 1 - 1 / (4 * 0.1), 1e-9);
  EXPECT_NEAR(number_at_key(answer, fleet, "period_error_budget_left"), 1 - 1 / (4 * 0.1), 1e-9)
      << "the late request is older than the period";
  EXPECT_EQ(cell_in(answer, row_with(answer, "objective_name", "old"), "period_error_budget_left"), Cell{})
      << "requests are not kept for a year";
  const Answer by_customer = slo({{"by", "customer"}, {"objective_name", "fleet"}});
  EXPECT_EQ(by_customer.rows.size(), 2U);
}

TEST_F(ObjectivesTest, AreUsedForTheCustomersThatAreAskedForAlone) {
  insert(std::vector<PerformanceMetric>{timed(kHour, kAcme, 900), timed(kHour + 1min, kZen, 900)});
  set({{.name = "acme", .scope = "customer", .scope_id = kAcme.to_string(), .share = 0.5},
       {.name = "chat", .scope = "service", .scope_id = kChat.to_string(), .latency_ms = 10},
       {.name = "zen", .scope = "customer", .scope_id = kZen.to_string()}});
  const Answer answer = slo({{"customer", kZen.to_string()}});
  ASSERT_EQ(answer.rows.size(), 2U);
  for (std::size_t row = 0; row < 2; ++row) EXPECT_EQ(number_at_key(answer, row, "requests"), 1);
  EXPECT_EQ(number_at_key(answer, row_with(answer, "objective_name", "chat"), "good_requests"), 0);
  row_with(answer, "objective_name", "zen");
  const Answer given = slo({{"latency_ms", "1000"}});
  ASSERT_EQ(given.rows.size(), 1U) << "targets of the question win";
  EXPECT_EQ(cell_in(given, 0, "objective_name"), Cell{});
  const auto slo_question = find_computed_question("slo");
  std::vector<Objective> many;
  for (std::size_t i = 0; i < kObjectivesOfRequestMax; ++i)
    many.push_back({.name = "fleet-" + std::to_string(i)});
  set(many);
  const auto refused = slo_question->ask(*client_, kHours, {});
  ASSERT_FALSE(refused) << "each request would be looked at for each";
  EXPECT_NE(refused.error().message.find("objective_name"), std::string::npos) << refused.error().message;
  EXPECT_EQ(slo({{"objective_name", "fleet-7"}}).rows.size(), 1U);
  EXPECT_FALSE(slo_question->ask(*client_, kHours, {{"objective_name", "none"}}));
  EXPECT_FALSE(
      slo_question->ask(*client_, kHours, {{"objective_name", "acme"}, {"customer", kZen.to_string()}}))
      << "as if there were none of this name";
  EXPECT_FALSE(slo_question->ask(*client_, kHours, {{"objective_name", "zen"}, {"latency_ms", "1"}}));
}

TEST_F(ObjectivesTest, ReadNoMoreOfThePastThanEachAlone) {
  auto silent = timed(kHour, kAcme, 900);
  silent.completion_tokens.reset();
  insert(std::vector<PerformanceMetric>{silent, timed(kHour - std::chrono::days{10}, kZen, 900)});
  set({{.name = "long", .period = std::chrono::days{28}}, {.name = "short", .period = std::chrono::days{1}}});
  const Answer answer = slo({{"by", "customer"}});
  std::map<std::string, int> rows;
  for (std::size_t row = 0; row < answer.rows.size(); ++row)
    ++rows[text_at_key(answer, row, "objective_name")];
  EXPECT_EQ(rows, (std::map<std::string, int>{{"long", 2}, {"short", 1}}));
  const std::size_t row = row_with(answer, "objective_name", "short");
  EXPECT_EQ(number_at_key(answer, row, "good_requests"), 1);
  EXPECT_EQ(cell_in(answer, row, "goodput_tokens_per_second"), Cell{}) << "nobody counted its tokens";
}

TEST_F(ObjectivesTest, AnyNumberForDifferentRequestsAnswersAsEachByItself) {
  constexpr std::uint64_t kServices = 60;
  std::vector<PerformanceMetric> rows;
  std::vector<Objective> objectives = {
      {.name = "acme's", .scope = "customer", .scope_id = kAcme.to_string(), .latency_ms = 2500},
      {.name = "it's \\ odd", .scope = "model", .scope_id = "it's \\ odd", .share = 0.5},
      {.name = "fleet", .inter_token_latency_ms = 20, .latency_ms = 4000, .share = 0.999}};
  for (std::uint64_t i = 0; i < kServices; ++i) {
    const Uuid service{60, i};
    for (std::uint64_t k = 0; k < 10; ++k) {
      rows.push_back(timed(kHour + std::chrono::minutes(k), i % 2 == 0 ? kAcme : kZen,
                           static_cast<float>(100 * (i % 7) + 500 * k), k == 9 ? "aborted" : "ok"));
      rows.back().service_id = service;
      rows.back().model_name = i % 3 == 0 ? "it's \\ odd" : "llama";
      if (k % 2 == 0) rows.back().inter_token_latency_ms = static_cast<float>(5 * k);
    }
    objectives.push_back({.name = "service-" + std::to_string(i),
                          .scope = "service",
                          .scope_id = service.to_string(),
                          .latency_ms = 1000 + 100.25 * static_cast<double>(i),
                          .period = std::chrono::days{1 + i % 28}});
  }
  insert(rows);
  set(objectives);
  for (const GivenValues& asked : {GivenValues{}, GivenValues{{"by", "model"}, {"bucket", "hour"}}}) {
    const Answer all = slo(asked);
    std::size_t compared = 0;
    for (const Objective& objective : objectives) {
      // Of sixty alike each seventh says as much as all.
      if (objective.scope == "service" && objective.name.back() != '7') continue;
      GivenValues alone = asked;
      alone.emplace_back("objective", std::to_string(objective.share));
      for (const auto& [name, target] :
           {std::pair("latency_ms", objective.latency_ms),
            std::pair("inter_token_latency_ms", objective.inter_token_latency_ms)})
        if (target) alone.emplace_back(name, std::to_string(*target));
      if (!objective.scope.empty()) alone.emplace_back(objective.scope, objective.scope_id);
      const Answer one = slo(alone);
      std::size_t next = 0;
      for (std::size_t row = 0; row < all.rows.size(); ++row) {
        if (text_at_key(all, row, "objective_name") != objective.name) continue;
        ASSERT_LT(next, one.rows.size());
        for (const char* const key :
             {"requests", "good_requests", "missed_requests", "unmeasured_requests", "not_counted_requests",
              "attainment", "error_budget_left", "goodput_tokens_per_second", "coverage"})
          EXPECT_EQ(cell_in(all, row, key), cell_in(one, next, key)) << objective.name << " " << key;
        ++next;
        ++compared;
      }
      EXPECT_EQ(next, one.rows.size()) << objective.name;
    }
    EXPECT_GE(compared, 9U);
  }
}

}  // namespace
}  // namespace optiinfra::attribution
