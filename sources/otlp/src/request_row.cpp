// A span of an LLM request as a performance row. Names: OpenTelemetry's semantic conventions for generative
// AI, before and after their changes of 2025 and 2026, and those of vLLM (vllm/tracing, gen_ai.latency.*, in
// seconds).
#include <algorithm>
#include <cmath>

#include "optiinfra/core/identity.hpp"
#include "rows.hpp"

namespace optiinfra::otlp {
namespace {

constexpr double kMsPerSecond = 1'000;

/// Operations in which a model generates. A span without an operation is an engine's.
bool generates(const std::string& operation) {
  constexpr std::string_view kOperations[] = {"", "chat", "text_completion", "generate_content",
                                              "completion"};
  return std::find(std::begin(kOperations), std::end(kOperations), operation) != std::end(kOperations);
}

std::optional<float> milliseconds(std::optional<double> seconds) {
  return seconds && *seconds >= 0 ? std::optional(static_cast<float>(*seconds * kMsPerSecond)) : std::nullopt;
}

std::optional<std::uint32_t> count(std::optional<double> number) {
  const bool is_count = number && *number >= 0 && *number <= UINT32_MAX && std::floor(*number) == *number;
  return is_count ? std::optional(static_cast<std::uint32_t>(*number)) : std::nullopt;
}

/// The convention names the class of an error, or the status of HTTP.
std::string status_of(const Span& span) {
  constexpr std::int64_t kErrorStatus = 2;
  const std::string error = span.attributes.text({"error.type"});
  if (error.empty() && span.status_code != kErrorStatus) return "ok";
  const bool is_http = error.size() == 3 && error.find_first_not_of("0123456789") == std::string::npos;
  // 429: the server did not serve what it should have.
  if (is_http && error[0] == '4' && error != "429") return "client_error";
  const std::string reason = span.attributes.text({"gen_ai.response.finish_reasons"});
  if (reason == "abort" || error == "cancelled" || error == "CancelledError") return "aborted";
  return "server_error";
}

void add_tokens(PerformanceMetric& row, const Attributes& attributes) {
  row.prompt_tokens = count(attributes.number({"gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"}));
  row.completion_tokens =
      count(attributes.number({"gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"}));
  row.cached_tokens =
      count(attributes.number({"gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens",
                               "gen_ai.usage.cached_tokens"}));
  row.reasoning_tokens =
      count(attributes.number({"gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens"}));
  // Some APIs count what the cache had apart from the prompt; here it is part of it.
  if (row.prompt_tokens && row.cached_tokens && *row.cached_tokens > *row.prompt_tokens)
    row.prompt_tokens = *row.prompt_tokens + *row.cached_tokens;
  if (row.prompt_tokens && row.completion_tokens)
    row.total_tokens = *row.prompt_tokens + *row.completion_tokens;
}

void add_times(PerformanceMetric& row, const Attributes& attributes) {
  row.time_to_first_token_ms = milliseconds(
      attributes.number({"gen_ai.latency.time_to_first_token", "gen_ai.server.time_to_first_token",
                         "gen_ai.response.time_to_first_chunk"}));
  row.queue_ms = milliseconds(attributes.number({"gen_ai.latency.time_in_queue"}));
  row.prefill_ms = milliseconds(attributes.number({"gen_ai.latency.time_in_model_prefill"}));
  row.decode_ms = milliseconds(attributes.number({"gen_ai.latency.time_in_model_decode"}));
  const std::uint32_t tokens = row.completion_tokens.value_or(0);
  if (tokens > 0 && row.latency_ms > 0)
    row.throughput_tokens_per_sec = static_cast<float>(tokens * kMsPerSecond / row.latency_ms);
  if (tokens > 1 && row.time_to_first_token_ms && *row.time_to_first_token_ms <= row.latency_ms)
    row.inter_token_latency_ms =
        (row.latency_ms - *row.time_to_first_token_ms) / static_cast<float>(tokens - 1);
}

}  // namespace

sys_seconds time_of(std::uint64_t ns) {
  return sys_seconds{std::chrono::seconds{static_cast<std::int64_t>(ns / 1'000'000'000)}};
}

Uuid request_id_of(const std::string& id, std::string_view trace_id, std::string_view span_id) {
  if (!id.empty()) {
    if (const auto uuid = Uuid::parse(id)) return *uuid;
    return identity_of("request", id);
  }
  if (trace_id.empty() || span_id.empty()) return {};
  return identity_of("request", hexadecimal(trace_id) + "/" + hexadecimal(span_id));
}

Result<Owner> owner_of(const Resource& resource, const Attributes& attributes,
                       const IdentityOf& identity_of) {
  const auto text = [&](std::initializer_list<std::string_view> names) {
    const std::string own = attributes.text(names);
    return own.empty() ? resource.attributes.text(names) : own;
  };
  Owner owner;
  OPTIINFRA_TRY(owner.customer,
                identity_of("customer", text({"optiinfra.customer", "customer.id", "tenant.id"})));
  OPTIINFRA_TRY(owner.service, identity_of("service", text({"optiinfra.service", "service.name"})));
  return owner;
}

Result<std::optional<PerformanceMetric>> request_row(const Resource& resource, const std::string& scope,
                                                     const Span& span, const IdentityOf& identity_of) {
  const Attributes& attributes = span.attributes;
  PerformanceMetric row;
  row.model_name = attributes.text({"gen_ai.response.model", "gen_ai.request.model"});
  if (row.model_name.empty() || !generates(attributes.text({"gen_ai.operation.name"})))
    return std::optional<PerformanceMetric>{};
  OPTIINFRA_TRY(const Owner owner, owner_of(resource, attributes, identity_of));
  if (span.start_ns == 0) return invalid_argument("the span " + span.name + " has no start");
  const auto latency = attributes.number({"gen_ai.latency.e2e"});
  if (!latency && span.end_ns < span.start_ns)
    return invalid_argument("the span " + span.name + " ends before it starts");
  row.timestamp = time_of(span.start_ns);
  row.customer_id = owner.customer;
  row.service_id = owner.service;
  row.latency_ms = latency ? static_cast<float>(*latency * kMsPerSecond)
                           : static_cast<float>(static_cast<double>(span.end_ns - span.start_ns) / 1e6);
  row.request_id = request_id_of(attributes.text({"gen_ai.request.id", "gen_ai.response.id"}), span.trace_id,
                                 span.span_id);
  row.service_type = attributes.text({"gen_ai.provider.name", "gen_ai.system"});
  if (row.service_type.empty() && scope.starts_with("vllm")) row.service_type = "vllm";
  add_tokens(row, attributes);
  add_times(row, attributes);
  row.status = status_of(span);
  row.finish_reason = attributes.text({"gen_ai.response.finish_reasons"});
  row.session_id = attributes.text({"gen_ai.conversation.id", "session.id"});
  row.instance_id = resource.attributes.text({"host.id", "service.instance.id", "host.name"});
  row.source = "otlp";
  return std::optional(std::move(row));
}

}  // namespace optiinfra::otlp
