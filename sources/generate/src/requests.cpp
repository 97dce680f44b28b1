#include "requests.hpp"

#include <algorithm>

namespace optiinfra::fleet {
namespace {

constexpr double kPromptSpread = 0.85, kCompletionSpread = 0.80, kLatencySpread = 0.18;
constexpr std::uint32_t kPromptTokensMax = 32'768, kCompletionTokensMax = 4'096;
constexpr float kSpikeFactor = 4;
constexpr std::uint64_t kSlotMs = std::chrono::duration_cast<std::chrono::milliseconds>(kSlot).count();

std::uint32_t tokens(float median, float factor, std::uint32_t most) {
  const float count = median * factor + 0.5f;
  return count < 1 ? 1 : std::min(static_cast<std::uint32_t>(count), most);
}

/// `tenths` and up to 6.4 percent more or less, by 8 random bits.
std::uint32_t scattered(std::uint32_t tenths, std::uint64_t bits) {
  const auto value = static_cast<int>(tenths) + (static_cast<int>(bits & 0xFF) - 128) / 2;
  return static_cast<std::uint32_t>(std::clamp(value, 0, 1000));
}

constexpr float kSchedulingMs = 25;  ///< To the first token, on an idle engine and without a prompt.
constexpr std::uint32_t kCacheBlockTokens = 16;

/// What the prefix cache has of a prompt: blocks of its beginning.
std::uint32_t cached_part(std::uint32_t prompt_tokens, float share, std::uint64_t bits) {
  const float scatter = 0.5f + static_cast<float>(bits & 0xFFF) / 4096;
  const auto cached = static_cast<std::uint32_t>(static_cast<float>(prompt_tokens - 1) * share * scatter);
  return std::min(cached, prompt_tokens - 1) / kCacheBlockTokens * kCacheBlockTokens;
}

/// Of 65,536 requests in usual times 300 are refused for their content, 500 are aborted by their sender, 60
/// fail and 30 are dropped.
RequestEnd end_of(std::uint64_t bits, std::uint32_t trouble) {
  const auto draw = static_cast<std::uint32_t>(bits & 0xFFFF);
  std::uint32_t below = 300;
  if (draw < below) return RequestEnd::kClientError;
  if (draw < (below += 500)) return RequestEnd::kAborted;
  if (draw < (below += 60 * trouble)) return RequestEnd::kServerError;
  return draw < (below += 30 * trouble) ? RequestEnd::kDropped : RequestEnd::kOk;
}

std::uint32_t in_tenths(float value) { return static_cast<std::uint32_t>(value * 10 + 0.5f); }

Uuid request_id(RequestIds kind, std::uint64_t ms, Random& random) {
  Uuid id = random.uuid();
  if (kind == RequestIds::kVersion7) id.high = ms << 16 | 0x7000 | (id.high & 0xFFF);
  return id;
}

}  // namespace

RequestSequence::RequestSequence(const Plan& plan)
    : plan_(plan),
      stream_(plan.stream(Purpose::kRequest)),
      prompt_factors_(lognormal_table(kPromptSpread)),
      completion_factors_(lognormal_table(kCompletionSpread)),
      latency_factors_(lognormal_table(kLatencySpread)),
      services_(plan.services.size()) {}

void RequestSequence::enter(std::size_t slot) {
  slot_ = slot;
  first_request_ = plan_.requests_before[slot];
  end_request_ = plan_.requests_before[slot + 1];
  ms_per_request_ = static_cast<double>(kSlotMs) / static_cast<double>(end_request_ - first_request_);
  const sys_seconds begin = plan_.description.range.begin + kSlot * slot;
  slot_begin_ms_ = static_cast<std::uint64_t>(begin.time_since_epoch().count()) * 1000;
  for (std::size_t service = 0; service < services_.size(); ++service) {
    services_[service] = service_in_slot(service, begin);
  }
  choose_by_demand(begin);
}

RequestSequence::Service RequestSequence::service_in_slot(std::size_t service, sys_seconds time) const {
  const ServiceProfile& profile = plan_.services[service];
  const Model& model = models()[profile.model];
  const Workload& workload = workloads()[profile.workload];
  const auto busy = static_cast<float>(load(plan_, service, time));
  const float slow = plan_.slow_service.strikes(service, time) ? kSpikeFactor : 1;
  const float queue = 1 + 0.9f * busy * busy;
  return {.prompt_tokens = static_cast<float>(workload.prompt_tokens),
          .completion_tokens = static_cast<float>(workload.completion_tokens),
          .first_token_ms = kSchedulingMs * queue * slow,
          .prefill_ms_per_token = static_cast<float>(model.prefill_ms_per_token) * queue * slow,
          .decode_ms_per_token = static_cast<float>(model.decode_ms_per_token) * queue * slow,
          .batch_size = 1 + (model.large ? 31 : 63) * busy,
          .gpu_tenths = static_cast<std::uint32_t>(120 + 800 * busy),
          .kv_cache_tenths = static_cast<std::uint32_t>(40 + 860 * busy * busy),
          .queue_ms = kSchedulingMs * (queue * slow - 1),
          .cached_share = plan_.has_all_columns() ? static_cast<float>(workload.cached_share) : 0,
          .tool_call_share = static_cast<float>(workload.tool_call_share),
          .reasoning_share = static_cast<float>(model.reasoning_share),
          .trouble = slow > 1 ? 20u : 1u};
}

void RequestSequence::choose_by_demand(sys_seconds time) {
  const auto& customers = plan_.description.customers;
  std::array<double, 16> demands{};
  double sum = 0;
  for (std::size_t customer = 0; customer < customers.size(); ++customer) {
    demands[customer] = demand(plan_, customer, time);
    sum += customers[customer].share * demands[customer];
  }
  double before = 0;
  std::size_t next = 0;
  for (std::size_t service = 0; service < services_.size(); ++service) {
    const FleetService& it = plan_.description.services[service];
    before += it.share * demands[it.customer] / sum;
    const auto end = std::min(static_cast<std::size_t>(before * kChoices + 0.5), kChoices);
    for (; next < end; ++next) choices_[next] = static_cast<std::uint8_t>(service);
  }
  for (; next < kChoices; ++next) choices_[next] = static_cast<std::uint8_t>(services_.size() - 1);
}

Request RequestSequence::at(std::uint64_t index) {
  if (index >= end_request_) {
    std::size_t slot = slot_;
    while (plan_.requests_before[slot + 1] <= index) ++slot;
    enter(slot);
  }
  Random random(stream_, index);
  const std::uint64_t shape = random.next(), moment = random.next();
  const double place =
      static_cast<double>(index - first_request_) + static_cast<double>(moment >> 32) * 0x1p-32;
  const std::uint64_t ms =
      slot_begin_ms_ + std::min(static_cast<std::uint64_t>(place * ms_per_request_), kSlotMs - 1);

  Request request;
  request.service = choices_[shape >> 52];
  const Service& service = services_[request.service];
  request.time = static_cast<std::uint32_t>(ms / 1000);
  request.id = request_id(plan_.options.request_ids, ms, random);
  request.prompt_tokens =
      tokens(service.prompt_tokens, prompt_factors_[shape >> 40 & 0xFFF], kPromptTokensMax);
  request.completion_tokens =
      tokens(service.completion_tokens, completion_factors_[shape >> 28 & 0xFFF], kCompletionTokensMax);
  const std::uint64_t course = plan_.has_all_columns() ? random.next() : 0;
  if (service.cached_share > 0)
    request.cached_tokens = cached_part(request.prompt_tokens, service.cached_share, course);
  const auto uncached_tokens = static_cast<float>(request.prompt_tokens - request.cached_tokens);
  const float factor = latency_factors_[shape >> 16 & 0xFFF];
  const float latency_ms = (service.first_token_ms + service.prefill_ms_per_token * uncached_tokens +
                            service.decode_ms_per_token * static_cast<float>(request.completion_tokens)) *
                           factor;
  request.latency_tenths_ms = static_cast<std::uint32_t>(latency_ms * 10 + 0.5f);
  request.gpu_tenths_percent = scattered(service.gpu_tenths, shape);
  request.kv_cache_tenths_percent = scattered(service.kv_cache_tenths, shape >> 8);
  const float crowd = 0.6f + 0.8f * static_cast<float>(moment & 0xFFF) / 4096;
  request.batch_size = std::max(1u, static_cast<std::uint32_t>(service.batch_size * crowd + 0.5f));
  if (!plan_.has_all_columns()) return request;
  request.queue_tenths_ms = in_tenths(service.queue_ms * factor);
  request.first_token_tenths_ms =
      in_tenths((service.first_token_ms + service.prefill_ms_per_token * uncached_tokens) * factor);
  const auto& engines = plan_.engines_of[request.service];
  request.instance = engines[(moment >> 12 & 0xFFFFF) * engines.size() >> 20];
  finish(request, service, course >> 12);
  return request;
}

/// How the request ended, and what that left undone.
void RequestSequence::finish(Request& request, const Service& service, std::uint64_t bits) const {
  constexpr std::uint32_t kRefusedTenthsMs = 30, kDroppedTenthsMs = 300'000;
  request.end = end_of(bits, service.trouble);
  const float draw = static_cast<float>(bits >> 16 & 0xFFF) / 4096;
  if (!request.was_served()) {
    request.prompt_tokens = request.completion_tokens = request.cached_tokens = 0;
    request.first_token_tenths_ms = 0;
    const bool was_dropped = request.end == RequestEnd::kDropped;
    request.latency_tenths_ms = was_dropped ? kDroppedTenthsMs : kRefusedTenthsMs;
    request.queue_tenths_ms = was_dropped ? kDroppedTenthsMs : 0;
    return;
  }
  if (request.end != RequestEnd::kOk) {
    const auto tokens_made = static_cast<std::uint32_t>(draw * static_cast<float>(request.completion_tokens));
    const std::uint32_t decode = request.latency_tenths_ms - request.first_token_tenths_ms;
    request.latency_tenths_ms =
        request.first_token_tenths_ms + static_cast<std::uint32_t>(draw * static_cast<float>(decode));
    request.completion_tokens = std::max(1u, tokens_made);
    request.finish_reason = request.end == RequestEnd::kAborted ? "abort" : "";
  } else if (request.completion_tokens == kCompletionTokensMax || draw > 0.94f) {
    request.finish_reason = "length";
  } else {
    request.finish_reason = draw < service.tool_call_share ? "tool_calls" : "stop";
  }
  request.reasoning_tokens =
      static_cast<std::uint32_t>(service.reasoning_share * static_cast<float>(request.completion_tokens));
}

}  // namespace optiinfra::fleet
