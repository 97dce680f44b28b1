#include "optiinfra/tail/form.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optiinfra/core/identity.hpp"

namespace optiinfra::tail {
namespace {

using ::testing::HasSubstr;

constexpr sys_seconds kClock{std::chrono::seconds{1'772'400'000}};
const LineDefaults kAcme{.customer = "acme", .service = "chat"};

LogRows read_form(const std::string& form, const std::string& text, const LineDefaults& defaults = kAcme) {
  const auto known = LogForm::builtin(form);
  if (!known) {
    ADD_FAILURE() << known.error().message;
    return {};
  }
  return read_log(*known, defaults, text, kClock);
}

std::string text_at(const Dictionary& texts, std::size_t row) {
  return texts.size() == 0 ? "" : std::string(texts[row]);
}

template <typename T>
std::optional<T> at(const Optionals<T>& values, std::size_t row) {
  if (values.size() == 0 || values.absent[row] != 0) return std::nullopt;
  return values.values[row];
}

// The lines that the import's test of the same form has, and the same numbers.
TEST(LogForms, ReadLinesOfSglang) {
  const LogRows read = read_form(
      "sglang",
      R"({"request_parameters": "{\"rid\": \"a\"}", "id": "a", "finish_reason": {"type": "stop", "matched": 2}, "prompt_tokens": 100, "weight_version": "default", "completion_tokens": 4, "cached_tokens": 64, "e2e_latency": 0.75, "queue_time": 0.0625, "request_received_ts": 1772359200.5, "prefill_finished_ts": 1772359200.75})"
      "\n"
      R"({"request_parameters": "{}", "id": "b", "finish_reason": {"type": "abort", "message": "x"}, "prompt_tokens": 7, "completion_tokens": 0, "e2e_latency": 0.5, "request_received_ts": 1772359201.0})"
      "\n");
  ASSERT_EQ(read.rows.size(), 2u) << (read.refused.empty() ? "" : read.refused[0].to_string());
  EXPECT_EQ(read.rows.timestamp[0], 1'772'359'200u);
  EXPECT_EQ(read.rows.request_id[0], identity_of("request", "a"));
  EXPECT_EQ(read.rows.customer_id[1], identity_of("customer", "acme"));
  EXPECT_EQ(read.rows.service_id[1], identity_of("service", "chat"));
  EXPECT_EQ(read.rows.latency_ms[0], 750);
  EXPECT_EQ(at(read.rows.time_to_first_token_ms, 0), 250);
  EXPECT_EQ(at(read.rows.time_to_first_token_ms, 1), std::nullopt);
  EXPECT_EQ(at(read.rows.queue_ms, 0), 62.5);
  EXPECT_EQ(at(read.rows.cached_tokens, 0), 64u);
  EXPECT_EQ(at(read.rows.cached_tokens, 1), std::nullopt);
  EXPECT_FLOAT_EQ(*at(read.rows.throughput_tokens_per_sec, 0), 4 / 0.75f);
  EXPECT_EQ(text_at(read.rows.status, 0), "ok");
  EXPECT_EQ(text_at(read.rows.status, 1), "aborted");
  EXPECT_EQ(text_at(read.rows.finish_reason, 1), "abort");
  EXPECT_EQ(text_at(read.rows.service_type, 0), "sglang");
}

TEST(LogForms, ReadSpendLogsAndCallbacksOfLitellm) {
  const LogRows read = read_form(
      "litellm",
      R"({"request_id": "r1", "startTime": "2026-03-01T10:00:00.250Z", "completionStartTime": "2026-03-01T10:00:00.500Z", "endTime": "2026-03-01T10:00:01.250Z", "model": "m", "custom_llm_provider": "openai", "prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "status": "success", "metadata": "{\"usage_object\": {\"prompt_tokens_details\": {\"cached_tokens\": 4}}}"})"
      "\n"
      R"({"id": "r2", "trace_id": "t", "startTime": 1772359200.5, "completionStartTime": 1772359202.5, "endTime": 1772359202.5, "model": "m", "prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0, "status": "failure", "error_information": {"error_code": 429}, "metadata": {}})"
      "\n"
      R"({"id": "r3", "startTime": 1772359200.5, "endTime": 1772359200.5, "status": "failure", "error_information": {"error_code": ""}})");
  ASSERT_EQ(read.rows.size(), 3u) << (read.refused.empty() ? "" : read.refused[0].to_string());
  EXPECT_EQ(read.rows.latency_ms[0], 1000);
  EXPECT_EQ(at(read.rows.time_to_first_token_ms, 0), 250);
  EXPECT_EQ(at(read.rows.cached_tokens, 0), 4u);
  EXPECT_EQ(text_at(read.rows.status, 0), "ok");
  EXPECT_EQ(read.rows.latency_ms[1], 2000);
  EXPECT_EQ(at(read.rows.time_to_first_token_ms, 1), std::nullopt);  // Nothing was streamed.
  EXPECT_EQ(at(read.rows.prompt_tokens, 1), std::nullopt);           // Not known is not 0.
  EXPECT_EQ(text_at(read.rows.status, 1), "client_error");
  EXPECT_EQ(std::string(read.rows.session_id[1]), "t");
  EXPECT_EQ(text_at(read.rows.status, 2), "");
  EXPECT_EQ(read.rows.latency_ms[2], 0);
}

TEST(LogForms, ReadAnswersOfVllmAndDynamosTrace) {
  const LogRows vllm = read_form(
      "vllm",
      R"({"id": "chatcmpl-1", "created": 1772359200, "model": "llama", "choices": [{"finish_reason": "length"}], "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12, "prompt_tokens_details": null}, "metrics": {"time_to_first_token_ms": 20.5, "generation_time_ms": 100, "queue_time_ms": 1.5, "mean_itl_ms": 50, "tokens_per_second": 30}})");
  ASSERT_EQ(vllm.rows.size(), 1u) << (vllm.refused.empty() ? "" : vllm.refused[0].to_string());
  EXPECT_EQ(vllm.rows.latency_ms[0], 120.5f);
  EXPECT_EQ(at(vllm.rows.inter_token_latency_ms, 0), 50);
  EXPECT_EQ(text_at(vllm.rows.finish_reason, 0), "length");
  EXPECT_EQ(text_at(vllm.rows.model_name, 0), "llama");

  const LogRows dynamo = read_form(
      "dynamo",
      R"({"timestamp": 1234, "event": {"schema": "dynamo.request.trace.v1", "event_type": "request_end", "event_time_unix_ms": 1772359201000, "agent_context": {"session_id": "run"}, "request": {"request_id": "q", "model": "llama", "input_tokens": 8, "output_tokens": 4, "request_received_ms": 1772359200250, "ttft_ms": 12.5, "total_time_ms": 750, "finish_reason_metadata": {"finish_reason": "stop"}}}})"
      "\n"
      R"({"timestamp": 1235, "event": {"schema": "dynamo.request.trace.v1", "event_type": "tool_end", "tool": {}}})"
      "\n"
      R"({"schema": "dynamo.request.trace.v1", "event_type": "request_end", "request": {"request_id": "w", "request_received_ms": 1772359200250}})");
  ASSERT_EQ(dynamo.rows.size(), 1u);
  EXPECT_EQ(dynamo.rows.timestamp[0], 1'772'359'200u);
  EXPECT_EQ(dynamo.rows.latency_ms[0], 750);
  EXPECT_EQ(std::string(dynamo.rows.session_id[0]), "run");
  EXPECT_EQ(dynamo.others, 1u);  // The call of a tool.
  ASSERT_EQ(dynamo.refused.size(), 1u);
  EXPECT_EQ(dynamo.refused[0].line, 2u);
  EXPECT_EQ(dynamo.refused[0].column, "latency_ms");
}

TEST(LogForms, CountAndNameWhatIsNoRow) {
  const std::string good = R"({"id": "a", "request_received_ts": 1772359200, "e2e_latency": 1})";
  const LogRows read = read_form(
      "sglang",
      good + "\nno json\n\n[1]\n" + R"({"id": "b", "request_received_ts": 1772359200, "e2e_latency": -1})" +
          "\r\n" + R"({"id": "c", "request_received_ts": 1772359200000, "e2e_latency": 1})" + "\n\xff{}\n" +
          R"({"id": "d", "request_received_ts": 1772359200, "e2e_latency": 1, "prompt_tokens": 1.5})" + "\n" +
          R"({"id": 7, "request_received_ts": 1772359200, "e2e_latency": 1})");
  EXPECT_EQ(read.lines, 9u);
  EXPECT_EQ(read.rows.size(), 2u);
  EXPECT_EQ(read.rows.request_id[1], identity_of("request", "7"));
  EXPECT_EQ(read.others, 1u);
  EXPECT_EQ(read.refused_count, 6u);
  std::string said;
  for (const RefusedLine& each : read.refused)
    said += std::to_string(each.line) + " " + each.to_string() + "\n";
  EXPECT_THAT(said, HasSubstr("1 no JSON object\n3 no JSON object\n4 latency_ms: -1000 must be"));
  EXPECT_THAT(said, HasSubstr("5 timestamp: 1772359200000 must be Unix seconds"));
  EXPECT_THAT(said, HasSubstr("6 no JSON object\n7 prompt_tokens: 1.5 must be a whole number"));
}

TEST(LogForms, RefuseWhatIsNestedTooDeep) {
  const auto form = LogForm::parse(
      "[columns]\nrequest_id = ['meta.id', 'id']\ntimestamp = 'at'\n"
      "latency_ms = 'ms'\n",
      "own");
  ASSERT_TRUE(form) << form.error().message;
  const auto line = [](const std::string& key, const std::string& value) {
    return R"({"at": 1772359200, "ms": 1, ")" + key + "\": " + value + "}\n";
  };
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  const LogRows read = read_log(*form, kAcme,
                                line("id", nested(1'000'000)) + line("id", R"("]]\"[[")") +
                                    line("meta", R"("{\"id\": )" + nested(100'000) + R"(}")") +
                                    line("id", nested(64)) + line("other", nested(63)),
                                kClock);
  EXPECT_EQ(read.rows.size(), 2u);
  EXPECT_EQ(read.refused_count, 3u);
  for (const RefusedLine& each : read.refused)
    EXPECT_EQ(each.to_string(), "arrays and objects nested deeper than 64 levels") << each.line;
}

TEST(LogForms, TakeColumnsOfTheUsersOwn) {
  const auto form = LogForm::parse(
      "only = {key = 'kind', text = 'call'}\n[columns]\ntimestamp = 'at'\ncustomer_id = 'team'\n"
      "latency_ms = [{key = 'ms'}, {key = 'took', scale = 1000}]\nmodel_name = ['deployment', 'model']\n"
      "completion_tokens = 'out'\nstatus = {key = 'code', words = {'2*' = 'ok', '*' = 'server_error', '429' "
      "= 'client_error'}}\n",
      "own");
  ASSERT_TRUE(form) << form.error().message;
  const LogRows read =
      read_log(*form, {.customer = "nobody", .service = "s", .model = "fallback"},
               R"({"kind": "call", "at": "2026-03-01 10:00:00", "team": "blue", "took": 0.5, "code": 429})"
               "\n"
               R"({"kind": "call", "at": 1772359200, "ms": 3, "model": "m", "code": "200"})",
               kClock);
  ASSERT_EQ(read.rows.size(), 2u) << (read.refused.empty() ? "" : read.refused[0].to_string());
  EXPECT_EQ(read.rows.customer_id[0], identity_of("customer", "blue"));
  EXPECT_EQ(read.rows.customer_id[1], identity_of("customer", "nobody"));
  EXPECT_EQ(read.rows.latency_ms[0], 500);
  EXPECT_EQ(text_at(read.rows.status, 0), "client_error");
  EXPECT_EQ(text_at(read.rows.status, 1), "ok");
  EXPECT_EQ(text_at(read.rows.model_name, 0), "fallback");
  EXPECT_EQ(text_at(read.rows.model_name, 1), "m");
}

TEST(LogForms, SayWhatIsWrongAndWhere) {
  const auto why = [](const std::string& toml) {
    const auto form = LogForm::parse(toml, "own");
    return form ? std::string("it is right") : form.error().message;
  };
  EXPECT_THAT(why("[columns]\nlatency = 'x'"),
              HasSubstr("form own: line 2: performance_metrics_ts has no column 'latency'"));
  EXPECT_THAT(why("[columns]\nlatency_ms = {key = 'x', scal = 2}"),
              HasSubstr("line 2: unknown key 'scal'; did you mean 'scale'?"));
  EXPECT_THAT(why("[columns]\nlatency_ms = {scale = 2}"), HasSubstr("either 'key' or 'text'"));
  EXPECT_THAT(why("[columns"), HasSubstr("form own: line 1: "));
  EXPECT_THAT(why("title = 'x'"), HasSubstr("[columns] is missing"));
  const auto unknown = LogForm::builtin("sglnag");
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, HasSubstr("did you mean 'sglang'"));
  EXPECT_EQ(LogForm::known().size(), 4u);
}

}  // namespace
}  // namespace optiinfra::tail
