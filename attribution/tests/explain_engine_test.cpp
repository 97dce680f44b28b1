// Why a cost changed: small fleets by hand, and a random one compared with a computation in Python.
#include <fstream>
#include <random>

#include "fleet.hpp"
#include "optiinfra/attribution/questions.hpp"
#include "optiinfra/testing/program.hpp"

namespace optiinfra::attribution {
namespace {

using namespace std::chrono_literals;

class ExplainTest : public testing::FleetTest {
 protected:
  const TimeRange kAfter{kHour + 2h, kHour + 4h};

  Result<Answer> asked(const GivenValues& given, TimeRange range) {
    return find_computed_question("explain")->ask(*client_, range, given);
  }
  Answer ask_why(const GivenValues& given) {
    auto answer = asked(given, kAfter);
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? *std::move(answer) : Answer{};
  }

  static Cell cell(const Answer& answer, const std::vector<Cell>& row, std::string_view key) {
    for (std::size_t i = 0; i < answer.columns.size(); ++i)
      if (answer.columns[i].key == key) return row[i];
    ADD_FAILURE() << "no column " << key;
    return {};
  }
  static std::string word(const Answer& answer, const std::vector<Cell>& row, std::string_view key) {
    const Cell value = cell(answer, row, key);
    const auto* const found = std::get_if<std::string>(&value);
    return found == nullptr ? "(no text)" : *found;
  }
  /// "whole volume 4 0.5": state, model, part, amount, share.
  static std::vector<std::string> lines(const Answer& answer) {
    std::vector<std::string> lines;
    for (const auto& row : answer.rows) {
      std::ostringstream line;
      line << word(answer, row, "state") << " " << word(answer, row, "model_name") << " "
           << word(answer, row, "part");
      for (const char* const key : {"amount", "share"}) {
        const Cell value = cell(answer, row, key);
        if (const auto* number = std::get_if<double>(&value))
          line << " " << *number;
        else
          line << " -";
      }
      lines.push_back(line.str());
    }
    return lines;
  }

  /// As long as the hour, so that the instance has no idle time.
  PerformanceMetric whole_hour(sys_seconds hour, const char* model, std::uint32_t tokens,
                               const char* instance = "gpu-1") const {
    PerformanceMetric row = request(hour, kAcme, 0, tokens, 3'600'000, instance);
    row.model_name = model;
    return row;
  }

  testing::ProgramResult program(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {OPTIINFRA_PROGRAM, "--url", url()});
    return testing::run_program(arguments);
  }
};

// Before: an hour of llama for 10. After: two hours of llama for 12 each, an hour of qwen for 5, and an
// instance that nobody used for 3.
TEST_F(ExplainTest, NamesVolumePriceNewGroupsAndIdleTime) {
  insert(std::vector<CostMetric>{charge(kHour, 10), charge(kHour + 2h, 12), charge(kHour + 3h, 12),
                                 charge(kHour + 2h, 5, "gpu-2"), charge(kHour + 3h, 3, "gpu-3")});
  insert(std::vector<PerformanceMetric>{whole_hour(kHour, "llama", 100), whole_hour(kHour + 2h, "llama", 100),
                                        whole_hour(kHour + 3h, "llama", 100),
                                        whole_hour(kHour + 2h, "qwen", 10, "gpu-2")});
  attributed({kHour, kHour + 4h});
  // 1 x 10 becomes 2 x 12: volume (2 - 1) x 11, price 2 x 1.5.
  const Answer answer = ask_why({});
  EXPECT_EQ(lines(answer),
            (std::vector<std::string>{"whole  volume 11 0.5", "whole  mix 0 0", "whole  price 3 0.136364",
                                      "whole  new 5 0.227273", "whole  idle 3 0.136364",
                                      "in_both llama volume 11 0.5", "in_both llama price 3 0.136364",
                                      "new qwen new 5 0.227273", "uncounted  idle 3 0.136364"}));
  EXPECT_EQ(std::get<sys_seconds>(cell(answer, answer.rows[0], "before_begin")), kHour);
  EXPECT_EQ(std::get<std::uint64_t>(cell(answer, answer.rows[0], "volume_after")), 3u);
  EXPECT_EQ(std::get<std::uint64_t>(cell(answer, answer.rows[0], "attributed_hours_before")), 1u);
  EXPECT_DOUBLE_EQ(std::get<double>(cell(answer, answer.rows[0], "coverage_after")), 1);
  EXPECT_EQ(word(answer, answer.rows[0], "allocation_method"), "multiplier/instance");
  EXPECT_EQ(word(answer, answer.rows[0], "price_source"), "bill");

  const Answer tokens = ask_why({{"measure", "cost_per_million_tokens"}, {"idle", "hide"}});
  // 10 for 100 tokens becomes 29 for 210, of which llama's 24 for 200.
  EXPECT_EQ(lines(tokens).at(2), "whole  price 20000 0.525");
  EXPECT_NEAR(std::get<double>(cell(tokens, tokens.rows[0], "change")), (29.0 / 210 - 0.1) * 1e6, 1e-6);
}

TEST_F(ExplainTest, RequestsWithoutAPriceAndWindowsWithoutHoursAreNamedAndNotZero) {
  insert(std::vector<CostMetric>{charge(kHour + 2h, 10)});
  insert(std::vector<PerformanceMetric>{whole_hour(kHour, "llama", 100, "gpu-9"),
                                        whole_hour(kHour + 2h, "llama", 100)});
  attributed({kHour + 2h, kHour + 4h});
  Answer answer = ask_why({});
  ASSERT_EQ(answer.rows.size(), 1u);
  EXPECT_EQ(word(answer, answer.rows[0], "reason"), "no hour of the window before is attributed");
  EXPECT_TRUE(std::holds_alternative<std::monostate>(cell(answer, answer.rows[0], "change")));

  attributed({kHour, kHour + 4h});
  answer = ask_why({});
  EXPECT_EQ(lines(answer).back(), "new llama new 10 1");
  EXPECT_TRUE(std::holds_alternative<std::monostate>(cell(answer, answer.rows.back(), "before")));
  EXPECT_EQ(word(answer, answer.rows.back(), "reason"), "no charge covers the requests");
  EXPECT_DOUBLE_EQ(std::get<double>(cell(answer, answer.rows.back(), "coverage_before")), 0);
  answer = ask_why({{"measure", "cost_per_request"}});
  EXPECT_EQ(word(answer, answer.rows[0], "reason"), "a window has no request with a price");
}

TEST_F(ExplainTest, AmountsOfTwoCurrenciesAreExplainedApart) {
  std::vector<CostMetric> charges;
  for (const auto hour : {kHour, kHour + 2h}) {
    charges.push_back(charge(hour, hour == kHour ? 1 : 2));
    charges.push_back(charge(hour, 10, "gpu-2"));
    charges.back().currency = "EUR";
  }
  insert(charges);
  attributed({kHour, kHour + 4h});
  EXPECT_EQ(lines(ask_why({})),
            (std::vector<std::string>{"whole  volume 0 -", "whole  mix 0 -", "whole  price 0 -",
                                      "whole  volume 0 0", "whole  mix 0 0", "whole  price 0 0",
                                      "whole  idle 1 1", "uncounted  idle 1 1"}));
}

TEST_F(ExplainTest, AWrongValueIsRefusedByItsName) {
  const auto refused = [&](const GivenValues& given) {
    const auto answer = asked(given, kAfter);
    return answer ? "" : answer.error().message.substr(0, answer.error().message.find(':'));
  };
  EXPECT_EQ(refused({{"measure", "latency"}}), "measure");
  EXPECT_EQ(refused({{"volume", "bytes"}}), "volume");
  EXPECT_EQ(refused({{"volume", "tokens"}, {"measure", "cost_per_request"}}), "volume");
  EXPECT_EQ(refused({{"before_from", "now-3h"}}),
            "before_from and before_to are given together, or neither of them");
  EXPECT_EQ(refused({{"before_from", "yesterday"}, {"before_to", "now"}}), "before_from");
  EXPECT_EQ(refused({{"before_from", "now"}, {"before_to", "now-3h"}}), "before_to");
  EXPECT_EQ(refused({{"by", "colour"}}).substr(0, 8), "'colour'");
}

TEST_F(ExplainTest, EqualsAComputationInPythonFromTheAttributedRows) {
  std::mt19937 random(20);
  const auto up_to = [&](std::uint32_t most) { return static_cast<std::uint32_t>(random() % (most + 1)); };
  const char* const models[] = {"llama", "qwen", "mixtral", "gemma", "phi"};
  std::vector<CostMetric> charges;
  std::vector<PerformanceMetric> requests;
  for (std::uint32_t hour = 0; hour < 4; ++hour) {
    const sys_seconds time = kHour + std::chrono::hours(hour);
    for (const char* const instance : {"a", "b"})
      charges.push_back(charge(time, 1 + up_to(900) / 7.0, instance));
    charges.push_back(charge(time, up_to(70) / 9.0, ""));
    charges.push_back(charge(time, -0.1 * (1 + up_to(9)), "a"));
    charges.back().charge_category = "credit";
    for (std::uint32_t i = 0; i < 150; ++i) {
      // The first model goes after the first half, the last comes with the second, and one counts no tokens.
      const std::uint32_t model = hour < 2 ? up_to(3) : 1 + up_to(3);
      requests.push_back(request(time + std::chrono::seconds(up_to(3500)), kAcme, up_to(4000), 1 + up_to(900),
                                 static_cast<float>(up_to(20'000)), up_to(1) == 0 ? "a" : "b"));
      requests.back().model_name = models[model];
      if (up_to(9) == 0) requests.back().status = "aborted";
    }
  }
  insert(charges);
  insert(requests);
  attributed({kHour, kHour + 4h});
  client_.reset();
  const auto saved = [&](const char* name, std::vector<std::string> arguments) {
    const std::string path = (folder_.path() / name).string();
    const auto result = program(std::move(arguments));
    EXPECT_EQ(result.exit_code, 0) << result.error_output;
    std::ofstream(path) << result.output;
    return path;
  };
  const std::string rows =
      saved("rows", {"sql",
                     "SELECT toUnixTimestamp(hour) AS start, model_name, kind, cost, requests, prompt_tokens "
                     "+ completion_tokens AS tokens FROM optiinfra.attributed_cost_hourly",
                     "--format", "JSONEachRow"});
  for (const std::string measure : {"total_cost", "cost_per_request", "cost_per_million_tokens"}) {
    const std::string answer =
        saved(measure.c_str(), {"query", "explain", "--measure", measure, "--from", format_time(kAfter.begin),
                                "--to", format_time(kAfter.end), "--output", "json"});
    const auto result =
        testing::run_program({"python3", OPTIINFRA_SOURCE_DIR "/attribution/tests/recompute_explain.py", rows,
                              answer, std::to_string(kAfter.begin.time_since_epoch().count()), measure});
    EXPECT_EQ(result.exit_code, 0) << measure << ": " << result.output << result.error_output;
    for (const char* const part : {"mix", "price", "new", "gone", "idle"})
      EXPECT_NE(result.output.find(part), std::string::npos) << measure << ": " << result.output;
  }
}

}  // namespace
}  // namespace optiinfra::attribution
