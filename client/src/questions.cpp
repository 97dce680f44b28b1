#include <algorithm>

#include "answer_row.hpp"
#include "attempts.hpp"
#include "client_state.hpp"
#include "optiinfra/client/catalogue.hpp"
#include "optiinfra/client/client.hpp"
#include "optiinfra/client/question_text.hpp"
#include "window.hpp"

namespace optiinfra {
namespace {

using P = PerformanceSummary;
using R = ResourceSummary;

const std::vector<Field<P>> kPerformanceFields = {{"request_count", &P::total_requests},
                                                  {"avg_latency", &P::avg_latency_ms},
                                                  {"p50_latency", &P::p50_latency_ms},
                                                  {"p90_latency", &P::p90_latency_ms},
                                                  {"p95_latency", &P::p95_latency_ms},
                                                  {"p99_latency", &P::p99_latency_ms},
                                                  {"min_latency", &P::min_latency_ms},
                                                  {"max_latency", &P::max_latency_ms},
                                                  {"avg_throughput", &P::avg_throughput},
                                                  {"avg_gpu_util", &P::avg_gpu_utilization},
                                                  {"avg_kv_cache_util", &P::avg_kv_cache_utilization},
                                                  {"avg_batch_size", &P::avg_batch_size},
                                                  {"prompt_tokens", &P::prompt_tokens},
                                                  {"completion_tokens", &P::completion_tokens},
                                                  {"total_tokens", &P::total_tokens}};

const std::vector<Field<R>> kResourceFields = {
    {"sample_count", &R::sample_count},         {"avg_gpu_util", &R::avg_gpu_utilization},
    {"max_gpu_util", &R::max_gpu_utilization},  {"avg_gpu_memory", &R::avg_gpu_memory_mb},
    {"max_gpu_memory", &R::max_gpu_memory_mb},  {"max_gpu_temperature", &R::max_gpu_temperature},
    {"avg_cpu_util", &R::avg_cpu_utilization},  {"max_cpu_util", &R::max_cpu_utilization},
    {"avg_memory", &R::avg_memory_gb},          {"avg_network_rx", &R::avg_network_rx_mbps},
    {"avg_network_tx", &R::avg_network_tx_mbps}};

const std::vector<Field<QualityHour>> kQualityFields = {
    {"request_count", &QualityHour::total_requests},      {"avg_quality", &QualityHour::avg_quality},
    {"avg_relevance", &QualityHour::avg_relevance},       {"avg_coherence", &QualityHour::avg_coherence},
    {"avg_factuality", &QualityHour::avg_factuality},     {"avg_toxicity", &QualityHour::avg_toxicity},
    {"hallucination_count", &QualityHour::hallucinations}};

const std::vector<Field<CostHour>> kCostFields = {{"sample_count", &CostHour::sample_count},
                                                  {"total_cost", &CostHour::total_cost},
                                                  {"avg_utilization", &CostHour::avg_utilization}};

const std::vector<Field<CostPoint>> kCostPointFields = {{"sample_count", &CostPoint::sample_count},
                                                        {"total_cost", &CostPoint::total_cost},
                                                        {"avg_utilization", &CostPoint::avg_utilization}};

std::vector<Filter> of_service(const Uuid& customer_id, const Uuid& service_id) {
  return {{"customer", customer_id.to_string()}, {"service", service_id.to_string()}};
}

std::vector<Filter> of_instance(const Uuid& customer_id, std::string_view instance_id) {
  return {{"customer", customer_id.to_string()}, {"instance", std::string(instance_id)}};
}

template <typename Answer>
std::vector<std::string> measures_of(const std::vector<Field<Answer>>& fields) {
  std::vector<std::string> names;
  for (const Field<Answer>& field : fields) names.emplace_back(field.measure);
  return names;
}

bool is_whole_hours(TimeRange range) {
  return floor_hour(range.begin) == range.begin && floor_hour(range.end) == range.end;
}

/// Where the raw rows of every family of the plan begin.
Result<sys_seconds> raw_begin_of(Client& client, const Plan& plan, const CallOptions& call) {
  sys_seconds latest{};
  for (const FamilyPlan& family : plan.families) {
    OPTIINFRA_TRY(const auto keep, client.raw_retention(family.table->family, call));
    latest = std::max(latest, now() - keep);
  }
  return latest;
}

/// The part of the window that the stored rows answer exactly: edges inside an hour need raw rows, and what
/// only raw rows know begins where those do.
Result<TimeRange> answerable_window(Client& client, const Plan& plan, const CallOptions& call) {
  const bool needs_raw = plan.is_raw_only() || !is_whole_hours(plan.window);
  // Retention is looked up only where it matters: for raw rows that are older than a day.
  if (!needs_raw || plan.window.begin >= now() - store::kRetentionMin) return plan.window;
  OPTIINFRA_TRY(const sys_seconds raw_begin, raw_begin_of(client, plan, call));
  if (!plan.is_raw_only()) return widen(plan.window, raw_begin);
  if (plan.window.end > raw_begin) return TimeRange{std::max(plan.window.begin, raw_begin), plan.window.end};
  return invalid_argument("raw rows alone know this, and they begin at " + format_time(raw_begin) +
                          "; the range ends before, at " + format_time(plan.window.end));
}

/// Calls `on_row` for each row until it returns false. Returns the plan, with the window that was used.
template <typename State, typename OnRow>
Result<Plan> ask(Client& client, State& state, const CallOptions& call, Question question, OnRow&& on_row) {
  OPTIINFRA_CHECK(resolve_names(client, question.filters));
  OPTIINFRA_TRY(Plan plan, make_plan(question));
  OPTIINFRA_TRY(plan.window, answerable_window(client, plan, call));
  bool begun = false, mixed = false;
  auto asked =
      read_repeatedly(state, state.budget_of(call), begun, [&](Session& session, const Budget& left) {
        Statement statement = make_statement(plan, session.database(), left);
        if (state.shards != nullptr) {
          for (NamedValue& setting : state.shards->question_settings())
            statement.settings.push_back(std::move(setting));
        }
        return session.query(statement, [&](const Block& block) {
          for (std::size_t row = 0; row < block.row_count(); ++row) {
            begun = true;
            const AnswerRow answer(plan, block, row);
            mixed = answer.mixes_currencies();
            if (mixed || !on_row(answer)) return false;
          }
          return true;
        });
      });
  if (!asked) return question_error(std::move(asked).error(), state.shards.get());
  if (mixed)
    return invalid_argument(
        "the amounts are in several currencies, which are not added up; split the answer by currency, or "
        "filter by one");
  return plan;
}

}  // namespace

double PerformanceSummary::requests_per_second() const noexcept {
  const auto seconds = (window.end - window.begin).count();
  return seconds <= 0 ? 0 : static_cast<double>(total_requests) / static_cast<double>(seconds);
}

std::optional<double> PerformanceSummary::tokens_per_second() const noexcept {
  const auto seconds = (window.end - window.begin).count();
  if (!total_tokens) return std::nullopt;
  return seconds <= 0 ? 0 : static_cast<double>(*total_tokens) / static_cast<double>(seconds);
}

Result<std::chrono::days> Client::raw_retention(Family family, const CallOptions& call) {
  std::chrono::days keep{};
  const auto look_up = [&](Session& session) -> Result<void> {
    OPTIINFRA_TRY(keep, store::effective_retention(session, family, store::Tier::kRaw));
    return {};
  };
  if (state_->shards != nullptr) {
    OPTIINFRA_CHECK(state_->shards->with_any(state_->budget_of(call), look_up));
  } else {
    OPTIINFRA_CHECK(read_repeatedly(*state_, state_->budget_of(call), false,
                                    [&](Session& session, const Budget&) { return look_up(session); }));
  }
  return keep.count() > 0 ? keep : store::kRetentionMax;
}

Result<Answer> Client::query(const Question& question,
                             const std::function<bool(std::span<const Cell>)>& on_row,
                             const CallOptions& call) {
  std::vector<std::uint64_t> rows;
  OPTIINFRA_TRY(Plan plan, ask(*this, *state_, call, question, [&](const AnswerRow& row) {
                  const std::vector<Cell> cells = row.cells();
                  row.add_coverage(rows);
                  return on_row(cells);
                }));
  Answer answer{.window = plan.window, .columns = std::move(plan.columns), .rows = {}, .coverage = {}};
  rows.resize(plan.families.size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    answer.coverage.push_back({plan.families[i].table->family, rows[i]});
  return answer;
}

Result<Answer> Client::query(const Question& question, const CallOptions& call) {
  Question bounded = question;
  if (bounded.limit == 0 || bounded.limit > kAnswerRowsMax) bounded.limit = kAnswerRowsMax + 1;
  std::vector<std::vector<Cell>> rows;
  OPTIINFRA_TRY(Answer answer, query(
                                   bounded,
                                   [&](std::span<const Cell> cells) {
                                     rows.emplace_back(cells.begin(), cells.end());
                                     return true;
                                   },
                                   call));
  if (rows.size() > kAnswerRowsMax)
    return Error{ErrorKind::kTooLarge, "the answer has more than " + std::to_string(kAnswerRowsMax) +
                                           " rows; ask for a shorter window, longer buckets or a limit"};
  answer.rows = std::move(rows);
  return answer;
}

Result<CostHours> Client::query_cost_hourly(const Uuid& customer_id, sys_seconds start, sys_seconds end,
                                            const std::optional<std::string>& cloud_provider,
                                            const CallOptions& call) {
  Question question{.measures = measures_of(kCostFields),
                    .dimensions = {"provider", "cloud_service", "currency"},
                    .bucket = Bucket::kHour,
                    .range = {start, end},
                    .filters = {{"customer", customer_id.to_string()}},
                    .family = Family::kCost};
  if (cloud_provider) question.filters.push_back({"provider", *cloud_provider});
  CostHours answer;
  OPTIINFRA_TRY(const Plan plan, ask(*this, *state_, call, question, [&](const AnswerRow& row) {
                  CostHour hour;
                  hour.hour = row.begin();
                  hour.cloud_provider = row.text(0);
                  hour.service_name = row.text(1);
                  hour.currency = row.text(2);
                  row.fields(kCostFields, hour);
                  answer.hours.push_back(std::move(hour));
                  return true;
                }));
  answer.window = plan.window;
  return answer;
}

Result<PerformanceSummary> Client::query_performance_p95(const Uuid& customer_id, const Uuid& service_id,
                                                         int hours, const CallOptions& call) {
  OPTIINFRA_TRY(const TimeRange range, last_hours(hours));
  return query_performance(customer_id, service_id, range, call);
}

Result<PerformanceSummary> Client::query_performance(const Uuid& customer_id, const Uuid& service_id,
                                                     TimeRange range, const CallOptions& call) {
  PerformanceSummary summary;
  OPTIINFRA_TRY(const Plan plan, ask(*this, *state_, call,
                                     {.measures = measures_of(kPerformanceFields),
                                      .range = range,
                                      .filters = of_service(customer_id, service_id),
                                      .family = Family::kPerformance},
                                     [&](const AnswerRow& row) {
                                       row.fields(kPerformanceFields, summary);
                                       return true;
                                     }));
  summary.window = plan.window;
  return summary;
}

Result<ResourceSummary> Client::query_resource_utilization(const Uuid& customer_id,
                                                           std::string_view instance_id, int hours,
                                                           const CallOptions& call) {
  OPTIINFRA_TRY(const TimeRange range, last_hours(hours));
  return query_resource(customer_id, instance_id, range, call);
}

Result<ResourceSummary> Client::query_resource(const Uuid& customer_id, std::string_view instance_id,
                                               TimeRange range, const CallOptions& call) {
  ResourceSummary summary;
  OPTIINFRA_TRY(const Plan plan, ask(*this, *state_, call,
                                     {.measures = measures_of(kResourceFields),
                                      .range = range,
                                      .filters = of_instance(customer_id, instance_id),
                                      .family = Family::kResource},
                                     [&](const AnswerRow& row) {
                                       row.fields(kResourceFields, summary);
                                       return true;
                                     }));
  summary.window = plan.window;
  return summary;
}

Result<QualityTrend> Client::query_quality_trends(const Uuid& customer_id, const Uuid& service_id, int hours,
                                                  const CallOptions& call) {
  OPTIINFRA_TRY(const TimeRange range, last_hours(hours));
  return query_quality(customer_id, service_id, range, Bucket::kHour, call);
}

Result<QualityTrend> Client::query_quality(const Uuid& customer_id, const Uuid& service_id, TimeRange range,
                                           Bucket bucket, const CallOptions& call) {
  QualityTrend trend;
  OPTIINFRA_TRY(const Plan plan, ask(*this, *state_, call,
                                     {.measures = measures_of(kQualityFields),
                                      .bucket = bucket,
                                      .range = range,
                                      .filters = of_service(customer_id, service_id),
                                      .family = Family::kQuality},
                                     [&](const AnswerRow& row) {
                                       QualityHour hour;
                                       hour.hour = row.begin();
                                       row.fields(kQualityFields, hour);
                                       trend.hours.push_back(hour);
                                       return true;
                                     }));
  trend.window = plan.window;
  return trend;
}

Result<ServiceModels> Client::query_models(const Uuid& customer_id, const Uuid& service_id, TimeRange range,
                                           const CallOptions& call) {
  ServiceModels answer;
  OPTIINFRA_TRY(const Plan plan, ask(*this, *state_, call,
                                     {.measures = measures_of(kPerformanceFields),
                                      .dimensions = {"model", "server"},
                                      .range = range,
                                      .filters = of_service(customer_id, service_id),
                                      .order = {{"request_count", true}},
                                      .family = Family::kPerformance},
                                     [&](const AnswerRow& row) {
                                       ModelUsage model;
                                       model.service_type = row.text(1);
                                       model.model_name = row.text(0);
                                       model.performance.window = row.window();
                                       row.fields(kPerformanceFields, model.performance);
                                       answer.models.push_back(std::move(model));
                                       return true;
                                     }));
  answer.window = plan.window;
  return answer;
}

Result<TimeRange> Client::query_performance_series(
    const Uuid& customer_id, const Uuid& service_id, TimeRange range, Bucket bucket,
    const std::function<bool(const PerformancePoint&)>& on_point, const CallOptions& call) {
  OPTIINFRA_TRY(const Plan plan, ask(*this, *state_, call,
                                     {.measures = measures_of(kPerformanceFields),
                                      .bucket = bucket,
                                      .range = range,
                                      .filters = of_service(customer_id, service_id),
                                      .family = Family::kPerformance},
                                     [&](const AnswerRow& row) {
                                       PerformancePoint point{row.begin(), {}};
                                       row.fields(kPerformanceFields, point.summary);
                                       point.summary.window = row.window();
                                       return on_point(point);
                                     }));
  return plan.window;
}

Result<TimeRange> Client::query_resource_series(const Uuid& customer_id, std::string_view instance_id,
                                                TimeRange range, Bucket bucket,
                                                const std::function<bool(const ResourcePoint&)>& on_point,
                                                const CallOptions& call) {
  OPTIINFRA_TRY(const Plan plan, ask(*this, *state_, call,
                                     {.measures = measures_of(kResourceFields),
                                      .bucket = bucket,
                                      .range = range,
                                      .filters = of_instance(customer_id, instance_id),
                                      .family = Family::kResource},
                                     [&](const AnswerRow& row) {
                                       ResourcePoint point{row.begin(), {}};
                                       row.fields(kResourceFields, point.summary);
                                       point.summary.window = row.window();
                                       return on_point(point);
                                     }));
  return plan.window;
}

Result<TimeRange> Client::query_cost_series(const Uuid& customer_id, TimeRange range, Bucket bucket,
                                            CostDimension dimension,
                                            const std::function<bool(const CostPoint&)>& on_point,
                                            const CallOptions& call) {
  static constexpr const char* kGroups[] = {"provider", "cloud_service", "region", "instance_type"};
  OPTIINFRA_TRY(const Plan plan,
                ask(*this, *state_, call,
                    {.measures = measures_of(kCostPointFields),
                     .dimensions = {kGroups[static_cast<std::size_t>(dimension)], "currency"},
                     .bucket = bucket,
                     .range = range,
                     .filters = {{"customer", customer_id.to_string()}},
                     .family = Family::kCost},
                    [&](const AnswerRow& row) {
                      CostPoint point;
                      point.begin = row.begin();
                      point.window = row.window();
                      point.group = row.text(0);
                      point.currency = row.text(1);
                      row.fields(kCostPointFields, point);
                      return on_point(point);
                    }));
  return plan.window;
}

}  // namespace optiinfra
