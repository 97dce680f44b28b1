#include <algorithm>

#include "answer_row.hpp"
#include "attempts.hpp"
#include "client_state.hpp"
#include "optiinfra/client/client.hpp"
#include "window.hpp"

namespace optiinfra {
namespace {

constexpr int kHoursMax = 87'600;

using P = PerformanceSummary;
using R = ResourceSummary;

const std::vector<Field<P>> kPerformanceFields = {
    {"avg_latency", &P::avg_latency_ms},       {"p50_latency", &P::p50_latency_ms},
    {"p90_latency", &P::p90_latency_ms},       {"p95_latency", &P::p95_latency_ms},
    {"p99_latency", &P::p99_latency_ms},       {"min_latency", &P::min_latency_ms},
    {"max_latency", &P::max_latency_ms},       {"avg_throughput", &P::avg_throughput},
    {"avg_gpu_util", &P::avg_gpu_utilization}, {"avg_kv_cache_util", &P::avg_kv_cache_utilization},
    {"avg_batch_size", &P::avg_batch_size},    {"request_count", &P::total_requests},
    {"prompt_tokens", &P::prompt_tokens},      {"completion_tokens", &P::completion_tokens},
    {"total_tokens", &P::total_tokens}};

const std::vector<Field<R>> kResourceFields = {{"avg_gpu_util", &R::avg_gpu_utilization},
                                               {"max_gpu_util", &R::max_gpu_utilization},
                                               {"avg_gpu_memory", &R::avg_gpu_memory_mb},
                                               {"max_gpu_memory", &R::max_gpu_memory_mb},
                                               {"max_gpu_temperature", &R::max_gpu_temperature},
                                               {"avg_cpu_util", &R::avg_cpu_utilization},
                                               {"max_cpu_util", &R::max_cpu_utilization},
                                               {"avg_memory", &R::avg_memory_gb},
                                               {"avg_network_rx", &R::avg_network_rx_mbps},
                                               {"avg_network_tx", &R::avg_network_tx_mbps},
                                               {"sample_count", &R::sample_count}};

const std::vector<Field<QualityHour>> kQualityFields = {
    {"avg_quality", &QualityHour::avg_quality},     {"avg_relevance", &QualityHour::avg_relevance},
    {"avg_coherence", &QualityHour::avg_coherence}, {"avg_factuality", &QualityHour::avg_factuality},
    {"avg_toxicity", &QualityHour::avg_toxicity},   {"hallucination_count", &QualityHour::hallucinations},
    {"request_count", &QualityHour::total_requests}};

const std::vector<Field<CostHour>> kCostFields = {{"total_cost", &CostHour::total_cost},
                                                  {"avg_utilization", &CostHour::avg_utilization},
                                                  {"sample_count", &CostHour::sample_count}};

const std::vector<Field<CostPoint>> kCostPointFields = {{"total_cost", &CostPoint::total_cost},
                                                        {"avg_utilization", &CostPoint::avg_utilization},
                                                        {"sample_count", &CostPoint::sample_count}};

const char* bucket_expression(Bucket bucket) {
  switch (bucket) {
    case Bucket::kHour:
      return "hour";
    case Bucket::kDay:
      return "toStartOfDay(hour, 'UTC')";
    case Bucket::kWeek:
      return "toMonday(hour, 'UTC')";
  }
  return "hour";
}

sys_seconds bucket_end(sys_seconds begin, Bucket bucket) {
  switch (bucket) {
    case Bucket::kHour:
      return begin + std::chrono::hours{1};
    case Bucket::kDay:
      return begin + std::chrono::days{1};
    case Bucket::kWeek:
      return begin + std::chrono::weeks{1};
  }
  return begin;
}

Result<void> expect_range(TimeRange range) {
  if (range.begin < range.end) return {};
  return Error{ErrorKind::kInvalidArgument, "the range from " + format_time(range.begin) + " to " +
                                                format_time(range.end) +
                                                " is empty; its start must lie before its end"};
}

/// Ends with the present second, so that what was just stored is part of the answer.
Result<TimeRange> last_hours(int hours) {
  if (hours < 1 || hours > kHoursMax) {
    return Error{ErrorKind::kInvalidArgument,
                 std::to_string(hours) + " hours are outside 1 to " + std::to_string(kHoursMax)};
  }
  const sys_seconds end = now() + std::chrono::seconds{1};
  return TimeRange{end - std::chrono::hours{hours}, end};
}

std::vector<NamedValue> service_filter(const Uuid& customer_id, const Uuid& service_id) {
  return {{"customer_id", customer_id.to_string()}, {"service_id", service_id.to_string()}};
}

std::vector<NamedValue> instance_filter(const Uuid& customer_id, std::string_view instance_id) {
  return {{"customer_id", customer_id.to_string()}, {"instance_id", std::string(instance_id)}};
}

bool is_whole_hours(TimeRange range) {
  return floor_hour(range.begin) == range.begin && floor_hour(range.end) == range.end;
}

/// Asks, and calls `on_row` for each row until it returns false. Returns the window that was used.
template <typename State, typename OnRow>
Result<TimeRange> ask(Client& client, State& state, Question question, OnRow&& on_row) {
  OPTIINFRA_CHECK(expect_range(question.range));
  // Retention is looked up only where it matters: an edge inside an hour, older than a day.
  if (!is_whole_hours(question.range) && question.range.begin < now() - kRetentionMin) {
    OPTIINFRA_TRY(const auto keep, client.raw_retention(question.table->family));
    question.range = widen(question.range, now() - keep);
  }
  bool begun = false;
  auto asked = read_repeatedly(state, begun, [&](Transport& session, std::chrono::milliseconds timeout) {
    Statement statement = make_statement(question, session.database(), timeout);
    if (state.shards != nullptr) {
      for (NamedValue& setting : state.shards->question_settings())
        statement.settings.push_back(std::move(setting));
    }
    return session.query(statement, [&](const Block& block) {
      for (std::size_t row = 0; row < block.row_count(); ++row) {
        AnswerRow answer(block, row);
        begun = true;
        if (!on_row(answer)) return false;
      }
      return true;
    });
  });
  if (!asked) return question_error(std::move(asked).error(), state.shards.get());
  return question.range;
}

TimeRange cut(TimeRange window, TimeRange range) {
  return {std::max(window.begin, range.begin), std::min(window.end, range.end)};
}

}  // namespace

double PerformanceSummary::requests_per_second() const noexcept {
  const auto seconds = (window.end - window.begin).count();
  return seconds <= 0 ? 0 : static_cast<double>(total_requests) / static_cast<double>(seconds);
}

double PerformanceSummary::tokens_per_second() const noexcept {
  const auto seconds = (window.end - window.begin).count();
  return seconds <= 0 ? 0 : static_cast<double>(total_tokens) / static_cast<double>(seconds);
}

Result<std::chrono::days> Client::raw_retention(Family family) {
  std::chrono::days keep{};
  const auto look_up = [&](Transport& session) -> Result<void> {
    OPTIINFRA_TRY(keep, effective_retention(session, family, Tier::kRaw));
    return {};
  };
  if (state_->shards != nullptr) {
    OPTIINFRA_CHECK(state_->shards->with_any(state_->options.call_timeout, look_up));
  } else {
    OPTIINFRA_CHECK(
        read_repeatedly(*state_, false, [&](Transport& session, auto) { return look_up(session); }));
  }
  return keep.count() > 0 ? keep : kRetentionMax;
}

Result<std::vector<CostHour>> Client::query_cost_hourly(const Uuid& customer_id, sys_seconds start,
                                                        sys_seconds end,
                                                        const std::optional<std::string>& cloud_provider) {
  Question question{.table = &table_of(Family::kCost),
                    .range = {start, end},
                    .filters = {{"customer_id", customer_id.to_string()}},
                    .groups = {"cloud_provider", "service_name"},
                    .bucket = "hour",
                    .order = "bucket, group_cloud_provider, group_service_name",
                    .columns = columns_of(kCostFields)};
  if (cloud_provider) question.filters.emplace_back("cloud_provider", *cloud_provider);
  std::vector<CostHour> hours;
  OPTIINFRA_TRY(const TimeRange window, ask(*this, *state_, std::move(question), [&](AnswerRow& row) {
                  CostHour& hour = hours.emplace_back();
                  hour.hour = row.time();
                  hour.cloud_provider = row.text();
                  hour.service_name = row.text();
                  row.fields(kCostFields, hour);
                  return true;
                }));
  (void)window;
  return hours;
}

Result<PerformanceSummary> Client::query_performance_p95(const Uuid& customer_id, const Uuid& service_id,
                                                         int hours) {
  OPTIINFRA_TRY(const TimeRange range, last_hours(hours));
  return query_performance(customer_id, service_id, range);
}

Result<PerformanceSummary> Client::query_performance(const Uuid& customer_id, const Uuid& service_id,
                                                     TimeRange range) {
  PerformanceSummary summary;
  OPTIINFRA_TRY(summary.window, ask(*this, *state_,
                                    {.table = &table_of(Family::kPerformance),
                                     .range = range,
                                     .filters = service_filter(customer_id, service_id),
                                     .columns = columns_of(kPerformanceFields)},
                                    [&](AnswerRow& row) {
                                      row.fields(kPerformanceFields, summary);
                                      return true;
                                    }));
  return summary;
}

Result<ResourceSummary> Client::query_resource_utilization(const Uuid& customer_id,
                                                           std::string_view instance_id, int hours) {
  OPTIINFRA_TRY(const TimeRange range, last_hours(hours));
  return query_resource(customer_id, instance_id, range);
}

Result<ResourceSummary> Client::query_resource(const Uuid& customer_id, std::string_view instance_id,
                                               TimeRange range) {
  ResourceSummary summary;
  OPTIINFRA_TRY(summary.window, ask(*this, *state_,
                                    {.table = &table_of(Family::kResource),
                                     .range = range,
                                     .filters = instance_filter(customer_id, instance_id),
                                     .columns = columns_of(kResourceFields)},
                                    [&](AnswerRow& row) {
                                      row.fields(kResourceFields, summary);
                                      return true;
                                    }));
  return summary;
}

Result<QualityTrend> Client::query_quality_trends(const Uuid& customer_id, const Uuid& service_id,
                                                  int hours) {
  OPTIINFRA_TRY(const TimeRange range, last_hours(hours));
  return query_quality(customer_id, service_id, range);
}

Result<QualityTrend> Client::query_quality(const Uuid& customer_id, const Uuid& service_id, TimeRange range,
                                           Bucket bucket) {
  QualityTrend trend;
  OPTIINFRA_TRY(trend.window, ask(*this, *state_,
                                  {.table = &table_of(Family::kQuality),
                                   .range = range,
                                   .filters = service_filter(customer_id, service_id),
                                   .bucket = bucket_expression(bucket),
                                   .order = "bucket",
                                   .columns = columns_of(kQualityFields)},
                                  [&](AnswerRow& row) {
                                    QualityHour& hour = trend.hours.emplace_back();
                                    hour.hour = row.time();
                                    row.fields(kQualityFields, hour);
                                    return true;
                                  }));
  return trend;
}

Result<std::vector<ModelUsage>> Client::query_models(const Uuid& customer_id, const Uuid& service_id,
                                                     TimeRange range) {
  std::vector<ModelUsage> models;
  OPTIINFRA_TRY(const TimeRange window, ask(*this, *state_,
                                            {.table = &table_of(Family::kPerformance),
                                             .range = range,
                                             .filters = service_filter(customer_id, service_id),
                                             .groups = {"service_type", "model_name"},
                                             .order = "answer_request_count DESC, group_model_name",
                                             .columns = columns_of(kPerformanceFields)},
                                            [&](AnswerRow& row) {
                                              ModelUsage& model = models.emplace_back();
                                              model.service_type = row.text();
                                              model.model_name = row.text();
                                              row.fields(kPerformanceFields, model.performance);
                                              return true;
                                            }));
  for (ModelUsage& model : models) model.performance.window = window;
  return models;
}

Result<void> Client::query_performance_series(const Uuid& customer_id, const Uuid& service_id,
                                              TimeRange range, Bucket bucket,
                                              const std::function<bool(const PerformancePoint&)>& on_point) {
  OPTIINFRA_TRY(const TimeRange window, ask(*this, *state_,
                                            {.table = &table_of(Family::kPerformance),
                                             .range = range,
                                             .filters = service_filter(customer_id, service_id),
                                             .bucket = bucket_expression(bucket),
                                             .order = "bucket",
                                             .columns = columns_of(kPerformanceFields)},
                                            [&](AnswerRow& row) {
                                              PerformancePoint point{row.time(), {}};
                                              row.fields(kPerformanceFields, point.summary);
                                              point.summary.window =
                                                  cut({point.begin, bucket_end(point.begin, bucket)}, range);
                                              return on_point(point);
                                            }));
  (void)window;
  return {};
}

Result<void> Client::query_resource_series(const Uuid& customer_id, std::string_view instance_id,
                                           TimeRange range, Bucket bucket,
                                           const std::function<bool(const ResourcePoint&)>& on_point) {
  OPTIINFRA_TRY(const TimeRange window, ask(*this, *state_,
                                            {.table = &table_of(Family::kResource),
                                             .range = range,
                                             .filters = instance_filter(customer_id, instance_id),
                                             .bucket = bucket_expression(bucket),
                                             .order = "bucket",
                                             .columns = columns_of(kResourceFields)},
                                            [&](AnswerRow& row) {
                                              ResourcePoint point{row.time(), {}};
                                              row.fields(kResourceFields, point.summary);
                                              point.summary.window =
                                                  cut({point.begin, bucket_end(point.begin, bucket)}, range);
                                              return on_point(point);
                                            }));
  (void)window;
  return {};
}

Result<void> Client::query_cost_series(const Uuid& customer_id, TimeRange range, Bucket bucket,
                                       CostDimension dimension,
                                       const std::function<bool(const CostPoint&)>& on_point) {
  static constexpr const char* kGroups[] = {"cloud_provider", "service_name", "region", "instance_type"};
  const bool in_rollup = dimension == CostDimension::kProvider || dimension == CostDimension::kService;
  const std::string group = kGroups[static_cast<std::size_t>(dimension)];
  OPTIINFRA_TRY(const TimeRange window, ask(*this, *state_,
                                            {.table = &table_of(Family::kCost),
                                             .range = range,
                                             .filters = {{"customer_id", customer_id.to_string()}},
                                             .groups = {group},
                                             .bucket = bucket_expression(bucket),
                                             .order = "bucket, group_" + group,
                                             .columns = columns_of(kCostPointFields),
                                             .raw_only = !in_rollup},
                                            [&](AnswerRow& row) {
                                              CostPoint point;
                                              point.begin = row.time();
                                              point.group = row.text();
                                              row.fields(kCostPointFields, point);
                                              return on_point(point);
                                            }));
  (void)window;
  return {};
}

}  // namespace optiinfra
