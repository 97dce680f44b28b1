// Unit costs from attributed hours, the program's commands, and the whole compared with a computation in
// Python.
#include <fstream>
#include <random>

#include "fleet.hpp"
#include "optiinfra/attribution/exchange_rates.hpp"
#include "optiinfra/attribution/unit_cost.hpp"
#include "optiinfra/store/attribution_tables.hpp"
#include "optiinfra/testing/program.hpp"

namespace optiinfra::attribution {
namespace {

using namespace std::chrono_literals;

class UnitCostTest : public testing::FleetTest {
 protected:
  UnitCostQuestion question(std::vector<std::string> dimensions) const {
    UnitCostQuestion question;
    question.range = kHours;
    question.dimensions = std::move(dimensions);
    return question;
  }

  Answer ask_cost(const UnitCostQuestion& question) {
    auto answer = query_unit_cost(*client_, question);
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
    const double* const number = std::get_if<double>(&value);
    EXPECT_NE(number, nullptr) << key << " is absent";
    return number == nullptr ? -1 : *number;
  }
  static bool is_absent(const Answer& answer, std::size_t row, std::string_view key) {
    return std::holds_alternative<std::monostate>(cell(answer, row, key));
  }

  testing::ProgramResult program(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {OPTIINFRA_PROGRAM, "--url", url()});
    return testing::run_program(arguments);
  }

  /// The rows of a query as a file of JSON lines.
  std::string exported(const std::string& name, const std::string& sql) {
    const std::string path = (folder_.path() / name).string();
    const auto result = program({"sql", sql, "--format", "JSONEachRow"});
    EXPECT_EQ(result.exit_code, 0) << result.error_output;
    std::ofstream(path) << result.output;
    return path;
  }

  std::string times() const {
    return "timestamp >= toDateTime(" + std::to_string(kHours.begin.time_since_epoch().count()) +
           ") AND timestamp < toDateTime(" + std::to_string(kHours.end.time_since_epoch().count()) + ")";
  }

  void insert_random_fleet() {
    std::mt19937 random(15);
    const auto up_to = [&](std::uint32_t most) { return static_cast<std::uint32_t>(random() % (most + 1)); };
    const Uuid customers[] = {kPlatform, kAcme, kZen};
    const char* instances[] = {"a", "b", "c", "d"};
    std::vector<CostMetric> charges;
    for (int hour = 0; hour < 3; ++hour) {
      const sys_seconds time = kHour + std::chrono::hours(hour);
      for (const char* instance : instances) {
        charges.push_back(charge(time, 1 + up_to(90) / 7.0, instance));
        charges.back().customer_id = customers[up_to(1)];
        if (up_to(3) == 0) charges.back().hours_covered = 0.25 + up_to(2) / 4.0;
        if (up_to(2) == 0) charges.back().currency = "EUR";
      }
      charges.push_back(charge(time, 0.7, "a"));
      charges.back().charge_category = "tax";
      charges.push_back(charge(time, -2.3, "b"));
      charges.back().charge_category = "credit";
      charges.push_back(charge(time, 3.1, ""));
    }
    std::vector<PerformanceMetric> requests;
    for (int i = 0; i < 2000; ++i) {
      const std::uint32_t which = up_to(2);
      requests.push_back(request(kHour + std::chrono::seconds(up_to(2 * 3600 + 1800)), customers[up_to(2)],
                                 1 + up_to(9000), 1 + up_to(800), static_cast<float>(up_to(60'000)) + 0.5f,
                                 instances[which]));
      PerformanceMetric& row = requests.back();
      // So that what is stored is the share of a request.
      row.service_id = Uuid{15, static_cast<std::uint64_t>(i)};
      row.cached_tokens = up_to(*row.prompt_tokens);
      constexpr const char* kEnds[] = {"aborted", "server_error", "client_error", "dropped"};
      if (up_to(9) == 0) row.status = kEnds[up_to(3)];
      if (up_to(4) != 0) row.time_to_first_token_ms = static_cast<float>(up_to(3000)) / 2;
      if (up_to(4) != 0 && *row.completion_tokens > 1)
        row.inter_token_latency_ms = static_cast<float>(up_to(400)) / 8;
      // One instance reports times, one some of them, and one none.
      if (which == 0 || (which == 1 && up_to(1) == 0)) {
        row.prefill_ms = static_cast<float>(up_to(4000)) / 4;
        row.decode_ms = static_cast<float>(up_to(60'000)) / 4;
      }
    }
    insert(charges);
    insert(requests);
  }
};

TEST_F(UnitCostTest, AnswersWhoPaidForWhatAndAddsUpToTheBill) {
  insert_fleet();
  attributed();
  const Answer all = ask_cost(question({}));
  // Requests that no charge covers have no currency, and stand apart.
  ASSERT_EQ(all.rows.size(), 2u);
  EXPECT_TRUE(is_absent(all, 0, "total_cost"));
  EXPECT_EQ(std::get<std::string>(cell(all, 0, "reason")),
            "no charge covers the requests; no score of a good answer was given")
      << "there were tokens and requests";
  EXPECT_NEAR(number(all, 1, "total_cost"), 82, 1e-9);
  EXPECT_NEAR(number(all, 1, "served_cost"), 9.2, 1e-9);
  EXPECT_NEAR(number(all, 1, "idle_cost"), 72.8, 1e-9);
  EXPECT_TRUE(is_absent(all, 1, "underfill_cost"));
  EXPECT_NEAR(number(all, 1, "cost_per_request"), 82.0 / 3, 1e-9);
  EXPECT_NEAR(number(all, 1, "cost_per_million_tokens"), 82.0 / 1760 * 1e6, 1e-6);

  const Answer customers = ask_cost(question({"customer"}));
  ASSERT_EQ(customers.rows.size(), 4u);
  double total = 0;
  for (std::size_t i = 0; i < customers.rows.size(); ++i)
    if (!is_absent(customers, i, "total_cost")) total += number(customers, i, "total_cost");
  EXPECT_NEAR(total, 82, 1e-9);
}

TEST_F(UnitCostTest, IdleTimeIsSeparateSharedOrHiddenAndUsageLeavesItOut) {
  insert_fleet();
  attributed();
  UnitCostQuestion asked = question({});
  asked.filters = {{"customer", kAcme.to_string()}};
  const double separate = number(ask_cost(asked), 0, "total_cost");
  asked.idle = IdlePolicy::kShare;
  const double shared = number(ask_cost(asked), 0, "total_cost");
  EXPECT_GT(shared, separate * 5);
  asked.filters.clear();
  EXPECT_NEAR(number(ask_cost(asked), 1, "total_cost"), 82, 1e-9) << "sharing moves cost and loses none";
  asked.idle = IdlePolicy::kHide;
  EXPECT_NEAR(number(ask_cost(asked), 1, "total_cost"), 9.2, 1e-9);
  EXPECT_TRUE(is_absent(ask_cost(asked), 1, "idle_cost"));
  asked.idle = IdlePolicy::kSeparate;
  asked.basis = CostBasis::kUsage;
  EXPECT_NEAR(number(ask_cost(asked), 1, "cost_per_request"), 9.2 / 3, 1e-9);
}

TEST_F(UnitCostTest, GoodAnswersAreThoseThatScoreEnough) {
  insert_fleet();
  attributed();
  std::vector<QualityMetric> scores(2);
  for (QualityMetric& score : scores) {
    score.timestamp = kHour + 1min;
    score.customer_id = kAcme;
    score.service_id = kChat;
    score.model_name = "llama";
    score.overall_quality_score = 0.9f;
  }
  scores[1].overall_quality_score = 0.2f;
  insert(scores);
  UnitCostQuestion asked = question({"customer", "model"});
  asked.filters = {{"customer", kAcme.to_string()}};
  EXPECT_TRUE(is_absent(ask_cost(asked), 0, "cost_per_good_answer"));
  asked.good_score = 0.8;
  const Answer answer = ask_cost(asked);
  EXPECT_NEAR(number(answer, 0, "cost_per_good_answer"), number(answer, 0, "cost_per_request") * 2, 1e-9);
}

TEST_F(UnitCostTest, RefusesADimensionThatItDoesNotKnow) {
  const auto refused = query_unit_cost(*client_, question({"colour"}));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("instance_type"), std::string::npos);
}

TEST_F(UnitCostTest, TheProgramAttributesAsksAndFindsAPlantedBreak) {
  insert_fleet();
  client_.reset();
  const std::string from = format_time(kHours.begin), to = format_time(kHours.end);
  auto result = program({"attribute", "--from", from, "--to", to, "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.error_output;
  EXPECT_NE(result.output.find("\"hours_made\":3"), std::string::npos) << result.output;
  result =
      program({"query", "unit-cost", "--from", from, "--to", to, "--by", "customer", "--output", "json"});
  ASSERT_EQ(result.exit_code, 0) << result.error_output;
  EXPECT_NE(result.output.find("\"cost_per_million_tokens\""), std::string::npos) << result.output;
  EXPECT_EQ(program({"verify"}).exit_code, 0);
  result =
      program({"sql", "--write",
               "ALTER TABLE optiinfra.attributed_cost_hourly UPDATE cost = cost + 1 WHERE kind = 'idle' AND "
               "instance_id = 'gpu-2' SETTINGS mutations_sync = 2"});
  ASSERT_EQ(result.exit_code, 0) << result.error_output;
  result = program({"verify", "--json"});
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_NE(result.output.find("\"hours_not_adding_up\":1"), std::string::npos) << result.output;
  EXPECT_NE(result.output.find("10.000000001 USD"), std::string::npos) << result.output;
}

TEST_F(UnitCostTest, EqualsAComputationInPythonFromTheRawRows) {
  insert_random_fleet();
  EXPECT_EQ(attributed().hours_made, 3u);
  client_.reset();
  const std::string requests =
      exported("requests",
               "SELECT toUnixTimestamp(timestamp) AS start, customer_id, service_id, instance_id, status, "
               "latency_ms, time_to_first_token_ms, inter_token_latency_ms, prefill_ms, decode_ms, "
               "prompt_tokens, cached_tokens, completion_tokens FROM "
               "optiinfra.performance_metrics_ts WHERE " +
                   times());
  const std::string charges =
      exported("charges",
               "SELECT toUnixTimestamp(timestamp) AS start, customer_id, instance_id, currency, "
               "charge_category, cost_per_hour, hours_covered FROM optiinfra.cost_metrics_ts WHERE " +
                   times());
  const std::string costs =
      exported("attributed",
               "SELECT toUnixTimestamp(hour) AS start, customer_id, instance_id, currency, kind, "
               "served_customer_id, service_id, cost FROM optiinfra.attributed_cost_hourly");
  const std::string answers = (folder_.path() / "answers").string();
  std::ofstream lines(answers);
  for (std::vector<std::string> asked : std::vector<std::vector<std::string>>{
           {"slo", "--by", "customer", "--latency-ms", "31234.5", "--inter-token-latency-ms", "33.3"},
           {"slo", "--by", "customer", "--time-to-first-token-ms", "777.7", "--objective", "0.9"},
           {"metrics", "--by", "customer", "--measures", "p50_latency,p95_latency,p99_latency"}}) {
    asked.insert(asked.begin(), "query");
    for (const char* const each : {"--from", "--to", "--output"}) asked.emplace_back(each);
    asked.insert(asked.end() - 2, format_time(kHours.begin));
    asked.insert(asked.end() - 1, format_time(kHours.end));
    asked.emplace_back("json");
    const auto answer = program(asked);
    EXPECT_EQ(answer.exit_code, 0) << answer.error_output;
    lines << answer.output;
  }
  lines.close();
  const auto result = testing::run_program(
      {"python3", OPTIINFRA_SOURCE_DIR "/attribution/tests/recompute.py", requests, charges, costs, answers});
  EXPECT_EQ(result.exit_code, 0) << result.output << result.error_output;
  EXPECT_NE(result.output.find("of 2000 requests"), std::string::npos) << result.output;
  EXPECT_NE(result.output.find("9 of 9 rows of answers are right"), std::string::npos) << result.output;
}

/// A question about models or customers reads the sums that the table keeps for them, with the same answer.
TEST_F(UnitCostTest, SumsOfModelsAndCustomersAreKept) {
  insert_fleet();
  attributed();
  const std::string hour = std::to_string(kHour.time_since_epoch().count());
  run("INSERT INTO optiinfra.attributed_cost_hourly (hour, version, customer_id, served_customer_id, "
      "service_id, "
      "model_name, instance_id, kind, currency, cost, requests, method, price_source) SELECT hour, version, "
      "toUUID('" +
      kPlatform.to_string() + "'), toUUID('" + kAcme.to_string() +
      "'), generateUUIDv4(number), 'qwen', concat('i-', toString(number % 100)), 'served', 'USD', 1000, 2, "
      "'duration/instance', 'bill' FROM numbers(100000) AS n CROSS JOIN (SELECT hour, version FROM "
      "optiinfra.attributed_hours WHERE hour = toDateTime(" +
      hour + ", 'UTC')) AS h");
  const auto plan_of = [&](const std::string& key, bool uses_sums) {
    std::string sql = "SELECT CAST(" + key + ", 'String') AS key0, CAST(currency, 'String') AS money";
    for (const char* const column : {"method", "price_source"})
      sql += ", arrayStringConcat(arraySort(" + store::attributed_texts(column) + "), ', ')";
    for (const store::AttributedSum& sum : store::attributed_sums()) sql += ", toFloat64(" + sum.sql() + ")";
    sql +=
        std::string(", toFloat64(") + store::kAttributedHourCount +
        ") FROM optiinfra.attributed_cost_hourly WHERE (hour, version) GLOBAL IN (SELECT hour, max(version) "
        "FROM optiinfra.attributed_hours GROUP BY hour) GROUP BY key0, money SETTINGS "
        "optimize_use_projections = " +
        (uses_sums ? "1" : "0");
    std::string plan;
    EXPECT_TRUE(client_->with_session([&](Session& session) -> Result<void> {
      OPTIINFRA_TRY(const auto lines, query_texts(session, {.sql = "EXPLAIN " + sql}));
      for (const auto& line : lines) plan += line[0] + "\n";
      return {};
    }));
    return plan;
  };
  EXPECT_NE(plan_of("model_name", true).find("(by_model)"), std::string::npos) << plan_of("model_name", true);
  EXPECT_NE(plan_of("served_customer_id", true).find("(by_customer)"), std::string::npos);
  EXPECT_EQ(plan_of("model_name", false).find("(by_model)"), std::string::npos);
  using Settings = std::vector<NamedValue>;
  EXPECT_EQ(store::attributed_sums_settings({"model_name"}),
            (Settings{{"preferred_optimize_projection_name", "by_model"}}));
  EXPECT_EQ(store::attributed_sums_settings({"served_customer_id"}),
            (Settings{{"preferred_optimize_projection_name", "by_customer"}}));
  EXPECT_EQ(store::attributed_sums_settings({"served_customer_id", "model_name"}),
            (Settings{{"optimize_use_projections", "0"}}))
      << "of both there is none";
  // Another model is in euros, which add up only after they are converted.
  run("INSERT INTO optiinfra.attributed_cost_hourly (hour, version, served_customer_id, model_name, kind, "
      "currency, cost, method) SELECT hour, version, toUUID('" +
      kAcme.to_string() +
      "'), 'qwen', 'idle', 'EUR', 2000000000, 'duration/none' FROM optiinfra.attributed_hours WHERE hour IN "
      "(toDateTime(" +
      hour + ", 'UTC'), toDateTime(" + hour + " + 3600, 'UTC'))");
  ASSERT_TRUE(set_exchange_rates(
      *client_,
      {{"EUR", "USD", std::chrono::floor<std::chrono::days>(kHour) - std::chrono::days{1}, 1.5, ""}}));
  for (const std::string currency : {"", "USD"}) {
    UnitCostQuestion asked = question({"model"});
    asked.currency = currency;
    const Answer by_model = ask_cost(asked);
    std::size_t of_qwen = 0;
    for (std::size_t row = 0; row < by_model.rows.size(); ++row) {
      if (cell(by_model, row, "model_name") != Cell{std::string("qwen")}) continue;
      ++of_qwen;
      if (cell(by_model, row, "currency") == Cell{std::string("EUR")}) continue;
      EXPECT_NEAR(number(by_model, row, "total_cost"), currency.empty() ? 0.1 : 0.1 + 2 * 2 * 1.5, 1e-12);
      EXPECT_EQ(cell(by_model, row, "requests"), Cell{std::uint64_t{200'000}});
      EXPECT_EQ(
          cell(by_model, row, "allocation_method"),
          Cell{std::string(currency.empty() ? "duration/instance" : "duration/instance, duration/none")});
      EXPECT_EQ(cell(by_model, row, "attributed_hours"), Cell{std::uint64_t{currency.empty() ? 1u : 2u}})
          << "an hour with two currencies is one";
    }
    EXPECT_EQ(of_qwen, currency.empty() ? 2u : 1u);
  }
}

}  // namespace
}  // namespace optiinfra::attribution
