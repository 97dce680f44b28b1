#include "optiinfra/client/catalogue.hpp"

#include <algorithm>

#include "optiinfra/client/names.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra {
namespace {

constexpr Dimension kDimensions[] = {{"customer", "customer_id", "customer"},
                                     {"service", "service_id", "service"},
                                     {"provider", "cloud_provider", "provider"},
                                     {"cloud_service", "service_name", "service"},
                                     {"model", "model_name", "model"},
                                     {"server", "service_type", "server"},
                                     {"instance", "instance_id", "instance"},
                                     {"instance_type", "instance_type", "instance type"},
                                     {"region", "region", "region"},
                                     {"currency", "currency", "currency"},
                                     {"charge", "charge_category", "charge"},
                                     {"bill", "bill_id", "bill"},
                                     {"status", "status", "status"},
                                     {"finish_reason", "finish_reason", "finish reason"},
                                     {"model_version", "model_version", "model version"},
                                     {"session", "session_id", "session"},
                                     {"gpu", "gpu_uuid", "GPU"},
                                     {"gpu_index", "gpu_index", "GPU of the instance"},
                                     {"gpu_name", "gpu_name", "GPU name"},
                                     {"evaluator", "evaluator", "evaluator"},
                                     {"source", "source", "source"}};

constexpr Parameter kPayer{"customer", "customer", true, "The customer who pays"};
constexpr Parameter kServed{"customer", "customer", true, "The customer who is served"};
constexpr Parameter kService{"service", "service", true, "The customer's service"};

const NamedQuestion kQuestions[] = {
    {.name = "cost-hourly",
     .meaning = "Cost of each hour by cloud provider and service",
     .examples =
         "  optiinfra query cost-hourly --customer UUID --from 2026-03-01 --to 2026-03-02\n"
         "  optiinfra query cost-hourly --customer UUID --from now-24h --to now --provider aws --output csv",
     .family = Family::kCost,
     .parameters = {kPayer, {"provider", "provider", false, "Only this cloud: aws, gcp, azure, ..."}},
     .measures = {"total_cost", "avg_utilization", "sample_count"},
     .dimensions = {"provider", "cloud_service", "currency"},
     .bucket = Bucket::kHour,
     .begin_key = "hour",
     .needs_range = true,
     .drawing = Drawing{"cost per hour, all services above, currency", "total_cost"}},
    {.name = "performance-p95",
     .meaning = "Latency percentiles (within 1 %), throughput and tokens of one service",
     .examples = "  optiinfra query performance-p95 --customer UUID --service UUID --hours 48\n"
                 "  optiinfra query performance-p95 --customer UUID --service UUID \\\n"
                 "      --from 2026-03-01T12:10 --to 2026-03-01T12:40 --output json",
     .family = Family::kPerformance,
     .parameters = {kServed, kService},
     .measures = {"request_count", "requests_per_second", "avg_latency", "p50_latency", "p90_latency",
                  "p95_latency", "p99_latency", "min_latency", "max_latency", "avg_throughput",
                  "prompt_tokens", "completion_tokens", "total_tokens", "tokens_per_second", "avg_gpu_util",
                  "avg_kv_cache_util", "avg_batch_size"},
     .is_object = true},
    {.name = "resource-utilization",
     .meaning = "How busy an instance's GPUs, CPU, memory and network are",
     .examples = "  optiinfra query resource-utilization --customer UUID --instance i-0abc --hours 24",
     .family = Family::kResource,
     .parameters = {{"customer", "customer", true, "The customer whose instance it is"},
                    {"instance", "instance", true, "The instance, all of its GPUs"}},
     .measures = {"sample_count", "avg_gpu_util", "max_gpu_util", "avg_gpu_memory", "max_gpu_memory",
                  "max_gpu_temperature", "avg_cpu_util", "max_cpu_util", "avg_memory", "avg_network_rx",
                  "avg_network_tx"},
     .is_object = true},
    {.name = "quality-trends",
     .meaning = "Quality scores and hallucinations of a service, hour by hour",
     .examples =
         "  optiinfra query quality-trends --customer UUID --service UUID --hours 168\n"
         "  optiinfra query quality-trends --customer UUID --service UUID --from 2026-03-01 --to 2026-03-08",
     .family = Family::kQuality,
     .parameters = {kServed, kService},
     .measures = {"avg_quality", "avg_relevance", "avg_coherence", "avg_factuality", "avg_toxicity",
                  "hallucination_count", "request_count"},
     .bucket = Bucket::kHour,
     .begin_key = "hour",
     .drawing = Drawing{"quality by hour, 0-1", "avg_quality", false}},
    {.name = "models",
     .meaning = "The models of a service, the busiest first",
     .examples = "  optiinfra query models --customer UUID --service UUID --hours 24",
     .family = Family::kPerformance,
     .parameters = {kServed, kService},
     .measures = {"request_count", "avg_latency", "p95_latency", "p99_latency", "total_tokens",
                  "tokens_per_second"},
     .dimensions = {"model", "server"},
     .order = {{"request_count", true}}},
    {.name = "serving",
     .meaning = "What the engines of a service counted: requests, tokens and latencies",
     .examples = "  optiinfra query serving --customer UUID --service UUID --hours 24",
     .family = Family::kServing,
     .parameters = {kServed, kService},
     .measures = {"requests_finished", "finished_per_second", "requests_failed", "requests_aborted",
                  "p50_engine_time_to_first_token", "p95_engine_time_to_first_token",
                  "p95_engine_inter_token_latency", "p50_engine_latency", "p95_engine_latency",
                  "p99_engine_latency", "p95_engine_queue", "engine_prompt_tokens", "engine_cached_tokens",
                  "engine_completion_tokens", "engine_tokens_per_second", "covered_seconds",
                  "interval_count"},
     .is_object = true},
    {.name = "saturation",
     .meaning = "How full a customer's engines are, those with the longest queue first",
     .examples = "  optiinfra query saturation --customer UUID --hours 24\n"
                 "  optiinfra query saturation --customer UUID --service UUID --hours 1 --output json",
     .family = Family::kServing,
     .parameters = {kServed, {"service", "service", false, "Only this service"}},
     .measures = {"avg_requests_waiting", "max_requests_waiting", "avg_requests_running",
                  "max_requests_running", "avg_engine_kv_cache_util", "max_engine_kv_cache_util",
                  "preemptions", "p95_engine_queue", "engine_tokens_per_second", "interval_count"},
     .dimensions = {"instance", "model"},
     .order = {{"max_requests_waiting", true}}},
    {.name = "cost",
     .meaning = "Cost by provider, service, region or instance type, in hours, days or weeks. Region and "
                "instance type come from raw rows, and so reach back as far as those are kept",
     .examples = "  optiinfra query cost --customer UUID --from now-30d --to now --by region --bucket day",
     .family = Family::kCost,
     .parameters = {kPayer},
     .measures = {"total_cost", "avg_utilization", "sample_count"},
     .dimensions = {"currency"},
     .choices = {{"provider", "provider"},
                 {"service", "cloud_service"},
                 {"region", "region"},
                 {"instance-type", "instance_type"}},
     .bucket = Bucket::kDay,
     .bucket_may_differ = true,
     .needs_range = true,
     .drawing = Drawing{"cost, all of the above, currency", "total_cost"}},
};

std::vector<Measure> all_measures() {
  std::vector<Measure> all;
  for (const Family family : kFamilies) {
    const TableDefinition& table = table_of(family);
    for (const FinishedColumn& column : table.finished()) {
      const CellKind kind = column.measure->is_count() ? CellKind::kCount : CellKind::kNumber;
      all.push_back({family,
                     column.name,
                     {column.key, column.heading, column.measure->unit, kind, column.measure->decimals}});
    }
    for (const RateDefinition& rate : table.rates)
      all.push_back(
          {family, rate.name, {rate.name, rate.heading, rate.unit, CellKind::kNumber, rate.decimals}});
  }
  return all;
}

/// Letters to insert, leave out or change to get from `a` to `b`.
}  // namespace

std::span<const Dimension> dimensions() { return kDimensions; }
std::span<const NamedQuestion> named_questions() { return kQuestions; }

const std::vector<Measure>& measures() {
  static const std::vector<Measure> all = all_measures();
  return all;
}

KnownBy known_by(Family family, const Dimension& dimension) {
  const TableDefinition& table = table_of(family);
  const auto is_it = [&](std::string_view name) { return name == dimension.column; };
  const auto grouped = table.grouped();
  if (std::any_of(grouped.begin(), grouped.end(), is_it)) return KnownBy::kRollup;
  const auto columns = table.columns();
  const bool is_column = std::any_of(columns.begin(), columns.end(),
                                     [&](const ColumnDefinition& column) { return is_it(column.name); });
  return is_column ? KnownBy::kRaw : KnownBy::kNothing;
}

const NamedQuestion* find_question(std::string_view name) {
  for (const NamedQuestion& question : kQuestions) {
    if (name == question.name) return &question;
  }
  return nullptr;
}

Question NamedQuestion::over(TimeRange range) const {
  Question question{.measures = {measures.begin(), measures.end()},
                    .dimensions = {dimensions.begin(), dimensions.end()},
                    .bucket = bucket,
                    .range = range,
                    .order = order,
                    .family = family};
  if (!choices.empty()) question.dimensions.insert(question.dimensions.begin(), choices.front().dimension);
  return question;
}

void NamedQuestion::name_columns(std::vector<AnswerColumn>& columns) const {
  if (bucket) columns.front().key = begin_key;
  if (bucket && !bucket_may_differ) columns.front().heading = "hour (UTC)";
  if (!choices.empty()) columns.at(bucket ? 1 : 0).key = "group";
}

const char* to_string(Bucket bucket) {
  switch (bucket) {
    case Bucket::kHour:
      return "hour";
    case Bucket::kDay:
      return "day";
    case Bucket::kWeek:
      break;
  }
  return "week";
}

sys_seconds bucket_end(sys_seconds begin, Bucket bucket) {
  switch (bucket) {
    case Bucket::kHour:
      return begin + std::chrono::hours{1};
    case Bucket::kDay:
      return begin + std::chrono::days{1};
    case Bucket::kWeek:
      break;
  }
  return begin + std::chrono::weeks{1};
}

std::optional<NameKind> name_kind_of_column(std::string_view column) noexcept {
  if (column == "customer_id" || column == "served_customer_id") return NameKind::kCustomer;
  if (column == "service_id") return NameKind::kService;
  if (column == "instance_id") return NameKind::kInstance;
  return std::nullopt;
}

}  // namespace optiinfra
