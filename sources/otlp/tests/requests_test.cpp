// Spans as performance rows: names of the conventions before and after their changes, and of vLLM.
#include "otlp_testing.hpp"

namespace optiinfra::otlp {
namespace {

using namespace testing;
using ::testing::HasSubstr;

OtlpRows<PerformanceMetric> decoded(const std::string& body) {
  auto rows = decode_traces(body, OtlpEncoding::kJson, kIdentities);
  EXPECT_TRUE(rows) << rows.error().message;
  return rows ? *std::move(rows) : OtlpRows<PerformanceMetric>{};
}

TEST(OtlpRequest, OfTheConventionsOfToday) {
  const auto rows = decoded(traces({span({{"gen_ai.operation.name", "chat"},
                                          {"gen_ai.provider.name", "openai"},
                                          {"gen_ai.request.model", "gpt-x"},
                                          {"gen_ai.response.model", "gpt-x-2026"},
                                          {"gen_ai.usage.input_tokens", 100},
                                          {"gen_ai.usage.output_tokens", 21},
                                          {"gen_ai.usage.cache_read.input_tokens", 64},
                                          {"gen_ai.usage.reasoning.output_tokens", 5},
                                          {"gen_ai.server.time_to_first_token", 0.5},
                                          {"gen_ai.response.finish_reasons", {"stop"}},
                                          {"gen_ai.response.id", "resp-1"},
                                          {"gen_ai.conversation.id", "c-7"},
                                          {"tenant.id", "acme"}})},
                                   {{"service.name", "chat"}, {"host.id", "i-0abc"}}));
  ASSERT_EQ(rows.batch.size(), 1u);
  EXPECT_EQ(rows.rejected + rows.ignored, 0u);
  const auto& batch = rows.batch;
  EXPECT_EQ(batch.timestamp[0], kStart / 1'000'000'000);
  EXPECT_EQ(batch.customer_id[0], identity_of("customer", "acme"));
  EXPECT_EQ(batch.service_id[0], identity_of("service", "chat"));
  EXPECT_EQ(batch.request_id[0], identity_of("request", "resp-1"));
  EXPECT_EQ(batch.model_name[0], "gpt-x-2026");
  EXPECT_EQ(batch.service_type[0], "openai");
  EXPECT_FLOAT_EQ(batch.latency_ms[0], 2500);
  EXPECT_EQ(batch.prompt_tokens[0], 100u);
  EXPECT_EQ(batch.completion_tokens[0], 21u);
  EXPECT_EQ(batch.total_tokens[0], 121u);
  EXPECT_EQ(batch.cached_tokens[0], 64u);
  EXPECT_EQ(batch.reasoning_tokens[0], 5u);
  EXPECT_FLOAT_EQ(*batch.time_to_first_token_ms[0], 500);
  EXPECT_FLOAT_EQ(*batch.inter_token_latency_ms[0], 100) << "2000 ms for the 20 tokens after the first";
  EXPECT_FLOAT_EQ(*batch.throughput_tokens_per_sec[0], 21 / 2.5f);
  EXPECT_EQ(batch.status[0], "ok");
  EXPECT_EQ(batch.finish_reason[0], "stop");
  EXPECT_EQ(batch.session_id[0], "c-7");
  EXPECT_EQ(batch.instance_id[0], "i-0abc");
  EXPECT_EQ(batch.source[0], "otlp");
  EXPECT_FALSE(batch.queue_ms[0]) << "nobody measured it";
}

TEST(OtlpRequest, OfVllmHasItsSecondsAsMilliseconds) {
  const auto rows = decoded(traces({span({{"gen_ai.response.model", "llama"},
                                          {"gen_ai.request.id", "cmpl-9"},
                                          {"gen_ai.usage.prompt_tokens", 10},
                                          {"gen_ai.usage.completion_tokens", 5},
                                          {"gen_ai.latency.e2e", 1.5},
                                          {"gen_ai.latency.time_to_first_token", 0.25},
                                          {"gen_ai.latency.time_in_queue", 0.0625},
                                          {"gen_ai.latency.time_in_model_prefill", 0.125},
                                          {"gen_ai.latency.time_in_model_decode", 1.25}})},
                                   {{"service.name", "vllm-server"}}, "vllm.llm_engine"));
  ASSERT_EQ(rows.batch.size(), 1u);
  EXPECT_EQ(rows.batch.service_type[0], "vllm");
  EXPECT_FLOAT_EQ(rows.batch.latency_ms[0], 1500) << "the engine's own, not the span's length";
  EXPECT_FLOAT_EQ(*rows.batch.queue_ms[0], 62.5);
  EXPECT_FLOAT_EQ(*rows.batch.prefill_ms[0], 125);
  EXPECT_FLOAT_EQ(*rows.batch.decode_ms[0], 1250);
  EXPECT_EQ(rows.batch.customer_id[0], identity_of("customer", "default"));
}

TEST(OtlpRequest, CachedTokensThatAreCountedApartBecomePartOfThePrompt) {
  const auto rows = decoded(traces({span({{"gen_ai.response.model", "claude"},
                                          {"gen_ai.usage.input_tokens", 12},
                                          {"gen_ai.usage.cache_read.input_tokens", 1000}})}));
  EXPECT_EQ(rows.batch.prompt_tokens[0], 1012u);
  EXPECT_FALSE(rows.batch.completion_tokens[0]);
  EXPECT_FALSE(rows.batch.total_tokens[0]) << "half of it is unknown";
}

// The modalities of a prompt are details of its tokens, not more of them.
TEST(OtlpRequest, TokensOfImagesAndSoundAreInsideThePrompt) {
  const auto rows = decoded(traces({span({{"gen_ai.response.model", "m"},
                                          {"gen_ai.usage.input_tokens", 1000},
                                          {"gen_ai.usage.output_tokens", 10},
                                          {"gen_ai.usage.input_tokens.image", 900},
                                          {"gen_ai.usage.input_tokens.audio", 50},
                                          {"llm.token_count.prompt_details.audio", 50}})}));
  EXPECT_EQ(rows.batch.prompt_tokens[0], 1000u);
  EXPECT_EQ(rows.batch.total_tokens[0], 1010u);
  EXPECT_FALSE(rows.batch.cached_tokens[0]);
}

TEST(OtlpRequest, AStreamWithoutUsageHasNoTokensAndNotZero) {
  const auto rows = decoded(traces({span({{"gen_ai.response.model", "m"}})}));
  EXPECT_FALSE(rows.batch.prompt_tokens[0]);
  EXPECT_FALSE(rows.batch.completion_tokens[0]);
  EXPECT_FALSE(rows.batch.total_tokens[0]);
}

TEST(OtlpRequest, EndsAsItsErrorSays) {
  const auto status = [](const Json& of, const Json& more = Json::object()) {
    Json with_model = {{"gen_ai.response.model", "m"}};
    if (!of.empty()) with_model.update(of);
    return std::string(decoded(traces({span(with_model, more)})).batch.status[0]);
  };
  EXPECT_EQ(status({}), "ok");
  EXPECT_EQ(status({}, {{"status", {{"code", 1}}}}), "ok");
  EXPECT_EQ(status({}, {{"status", {{"code", 2}}}}), "server_error");
  EXPECT_EQ(status({{"error.type", "400"}}), "client_error");
  EXPECT_EQ(status({{"error.type", "429"}}), "server_error");
  EXPECT_EQ(status({{"error.type", "503"}}), "server_error");
  EXPECT_EQ(status({{"error.type", "timeout"}}), "server_error");
  EXPECT_EQ(status({{"error.type", "cancelled"}}), "aborted");
}

TEST(OtlpRequest, OtherSpansAreIgnored) {
  const auto rows =
      decoded(traces({span({{"http.request.method", "GET"}}),
                      span({{"gen_ai.operation.name", "execute_tool"}, {"gen_ai.request.model", "m"}}),
                      span({{"gen_ai.operation.name", "embeddings"}, {"gen_ai.request.model", "m"}}),
                      span({{"gen_ai.operation.name", "text_completion"}, {"gen_ai.request.model", "m"}})}));
  EXPECT_EQ(rows.ignored, 3u);
  EXPECT_EQ(rows.batch.size(), 1u);
}

TEST(OtlpRequest, WhatCannotBeARowIsRejectedByItself) {
  const auto rows = decoded(traces({span({{"gen_ai.response.model", "m"}, {"tenant.id", "forbidden"}}),
                                    span({{"gen_ai.response.model", "m"}}, {{"endTimeUnixNano", "5"}}),
                                    span({{"gen_ai.response.model", "m"}})}));
  EXPECT_EQ(rows.rejected, 2u);
  EXPECT_EQ(rows.reason, "not for this token");
  EXPECT_EQ(rows.batch.size(), 1u);
}

TEST(OtlpRequest, WithoutAnIdentifierHasOneFromItsSpan) {
  const auto rows = decoded(traces({span({{"gen_ai.response.model", "m"}})}));
  EXPECT_EQ(rows.batch.request_id[0],
            identity_of("request", "5b8efff798038103d269b633813fc60c/eee19b7ec3c1b174"));
  const auto own = decoded(traces({span(
      {{"gen_ai.response.model", "m"}, {"gen_ai.request.id", "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"}})}));
  EXPECT_EQ(own.batch.request_id[0].to_string(), "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b");
}

TEST(OtlpRequest, NumbersThatAreNoneAreAbsent) {
  const auto rows = decoded(traces({span({{"gen_ai.response.model", "m"},
                                          {"gen_ai.usage.input_tokens", -1},
                                          {"gen_ai.usage.output_tokens", 1.5},
                                          {"gen_ai.latency.time_to_first_token", "NaN"},
                                          {"gen_ai.latency.time_in_queue", -0.5}})}));
  EXPECT_FALSE(rows.batch.prompt_tokens[0]);
  EXPECT_FALSE(rows.batch.completion_tokens[0]);
  EXPECT_FALSE(rows.batch.time_to_first_token_ms[0]);
  EXPECT_FALSE(rows.batch.queue_ms[0]);
}

}  // namespace
}  // namespace optiinfra::otlp
