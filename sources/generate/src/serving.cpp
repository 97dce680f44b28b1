#include <algorithm>

#include "writers.hpp"

namespace optiinfra::fleet {
namespace {

constexpr std::uint64_t kUsPerTenthMs = 100;

/// The upper bounds of vLLM's histograms, in microseconds.
constexpr std::uint64_t kFirstTokenBounds[] = {
    1'000,      5'000,      10'000,     20'000,      40'000,      60'000,        80'000,      100'000,
    250'000,    500'000,    750'000,    1'000'000,   2'500'000,   5'000'000,     7'500'000,   10'000'000,
    20'000'000, 40'000'000, 80'000'000, 160'000'000, 640'000'000, 2'560'000'000, kUnboundedUs};
constexpr std::uint64_t kInterTokenBounds[] = {10'000,     25'000,     50'000,     75'000,     100'000,
                                               150'000,    200'000,    300'000,    400'000,    500'000,
                                               750'000,    1'000'000,  2'500'000,  5'000'000,  7'500'000,
                                               10'000'000, 20'000'000, 40'000'000, 80'000'000, kUnboundedUs};
constexpr std::uint64_t kRequestBounds[] = {
    300'000,     500'000,     800'000,     1'000'000,     1'500'000,     2'000'000,   2'500'000,  5'000'000,
    10'000'000,  15'000'000,  20'000'000,  30'000'000,    40'000'000,    50'000'000,  60'000'000, 120'000'000,
    240'000'000, 480'000'000, 960'000'000, 1'920'000'000, 7'680'000'000, kUnboundedUs};

template <std::size_t kCount>
Histogram empty_histogram(const std::uint64_t (&bounds)[kCount]) {
  Histogram histogram;
  for (const std::uint64_t bound : bounds) histogram.push_back({bound, 0});
  return histogram;
}

void add(Histogram& histogram, std::uint64_t tenths_ms, std::uint64_t times = 1) {
  const auto bucket =
      std::lower_bound(histogram.begin(), histogram.end(), tenths_ms * kUsPerTenthMs,
                       [](const HistogramBucket& each, std::uint64_t us) { return each.upper_us < us; });
  bucket->count += times;
}

}  // namespace

ServingWriter::ServingWriter(const Plan& plan)
    : plan_(plan),
      requests_(plan),
      engines_(plan.engines.size()),
      engine_of_(plan.machines.size()),
      ids_(plan.machines.size()),
      types_(plan.services.size()),
      models_(plan.services.size()) {
  for (std::uint32_t engine = 0; engine < plan.engines.size(); ++engine)
    engine_of_[plan.engines[engine]] = engine;
}

void ServingWriter::start_batch() {
  for (Labels* labels : {&ids_, &types_, &models_}) labels->start_batch();
}

sys_seconds ServingWriter::round_begin(std::uint64_t round) const {
  return plan_.description.range.begin +
         std::chrono::seconds{plan_.hours() * 3600 * round / plan_.serving_rounds};
}

void ServingWriter::enter(std::uint64_t round) {
  round_ = round;
  const Engine idle{.first_token = empty_histogram(kFirstTokenBounds),
                    .inter_token = empty_histogram(kInterTokenBounds),
                    .latency = empty_histogram(kRequestBounds),
                    .queue = empty_histogram(kRequestBounds)};
  std::fill(engines_.begin(), engines_.end(), idle);
  const std::uint32_t end = to_column_time(round_begin(round + 1));
  while (next_request_ < plan_.rows_of(Family::kPerformance)) {
    const Request request = requests_.at(next_request_);
    if (request.time >= end) return;
    count(engines_[engine_of_[request.instance]], request);
    ++next_request_;
  }
}

void ServingWriter::count(Engine& engine, const Request& request) const {
  if (request.end == RequestEnd::kClientError) return;  // Refused in front of the engine.
  ++engine.finished;
  engine.by_length += request.finish_reason == std::string_view("length");
  engine.aborted += request.end == RequestEnd::kAborted;
  engine.failed += request.end == RequestEnd::kServerError || request.end == RequestEnd::kDropped;
  engine.queue_tenths_ms += request.queue_tenths_ms;
  add(engine.queue, request.queue_tenths_ms);
  add(engine.latency, request.latency_tenths_ms);
  if (!request.was_served()) return;
  ++engine.served;
  engine.prompt_tokens += request.prompt_tokens;
  engine.completion_tokens += request.completion_tokens;
  engine.cached_tokens += request.cached_tokens;
  const std::uint32_t first = request.first_token_tenths_ms, decode = request.latency_tenths_ms - first;
  engine.prefill_tenths_ms += first - std::min(first, request.queue_tenths_ms);
  engine.decode_tenths_ms += decode;
  add(engine.first_token, first);
  if (const std::uint32_t gaps = request.completion_tokens - 1; gaps > 0)
    add(engine.inter_token, decode / gaps, gaps);
}

void ServingWriter::append(ServingBatch& batch, std::uint64_t index) {
  constexpr double kFullLoad = 0.8;  // From here on requests wait.
  const std::uint64_t round = index / plan_.engines.size();
  const std::size_t number = index - round * plan_.engines.size();
  if (round != round_) enter(round);
  const Engine& engine = engines_[number];
  const std::uint32_t instance = plan_.engines[number];
  const std::size_t service = plan_.description.instances[instance].service;
  const FleetService& it = plan_.description.services[service];
  const sys_seconds begin = round_begin(round), end = round_begin(round + 1);
  const sys_seconds sampled = end - std::chrono::seconds{1};  // The last second in it.
  const double busy = load(plan_, service, sampled);
  Random random = plan_.random(Purpose::kServing, index);
  const double batch_size = 1 + (models()[plan_.services[service].model].large ? 31 : 63) * busy;
  const auto whole = [](double value) { return static_cast<float>(static_cast<std::uint32_t>(value + 0.5)); };
  batch.timestamp.push_back(to_column_time(sampled));
  batch.customer_id.push_back(plan_.description.customers[it.customer].id);
  batch.service_id.push_back(it.id);
  ids_.append(batch.instance_id, instance, plan_.description.instances[instance].id);
  types_.append(batch.service_type, service, it.type);
  models_.append(batch.model_name, service, it.model);
  batch.interval_seconds.push_back(static_cast<float>((end - begin).count()));
  batch.requests_running.push_back(whole(batch_size * (0.6 + 0.8 * random.unit())));
  batch.requests_waiting.push_back(whole(std::max(0.0, busy - kFullLoad) * 120 * random.unit()));
  batch.kv_cache_utilization.push_back(tenths(static_cast<std::uint32_t>(40 + 860 * busy * busy)));
  batch.prompt_tokens.push_back(engine.prompt_tokens);
  batch.completion_tokens.push_back(engine.completion_tokens);
  batch.cached_tokens.push_back(engine.cached_tokens);
  batch.preemptions.push_back(busy > 0.9 ? static_cast<std::uint32_t>(random.below(4)) : 0);
  batch.requests_finished.push_back(engine.finished);
  batch.requests_finished_by_length.push_back(engine.by_length);
  batch.requests_aborted.push_back(engine.aborted);
  batch.requests_failed.push_back(engine.failed);
  batch.queue_seconds.push_back(static_cast<double>(engine.queue_tenths_ms) / 1e4);
  batch.queue_count.push_back(engine.finished);
  batch.prefill_seconds.push_back(static_cast<double>(engine.prefill_tenths_ms) / 1e4);
  batch.prefill_count.push_back(engine.served);
  batch.decode_seconds.push_back(static_cast<double>(engine.decode_tenths_ms) / 1e4);
  batch.decode_count.push_back(engine.served);
  batch.time_to_first_token_histogram.append(histogram_text(engine.first_token));
  batch.inter_token_latency_histogram.append(histogram_text(engine.inter_token));
  batch.latency_histogram.append(histogram_text(engine.latency));
  batch.queue_histogram.append(histogram_text(engine.queue));
  batch.source.append(kSource);
}

}  // namespace optiinfra::fleet
