// Random families, keys and hours; rows late and out of order; hundreds of inserts, some repeated with
// their token; merges forced at random. After every stretch each question must equal a recomputation
// from the rows that were sent. The embedded store has the long run; the same over servers is shorter.
// OPTIINFRA_TEST_SEED repeats a run.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <random>
#include <set>

#include "optiinfra/client/client.hpp"
#include "optiinfra/store/verify.hpp"
#include "optiinfra/testing/server.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra {
namespace {

using namespace std::chrono_literals;

struct Run {
  const char* name;
  int inserts;
  int inserts_between_checks;
};
constexpr Run kEmbedded{"embedded", 120, 30};
constexpr Run kNative{"native", 40, 20};
constexpr Run kHttp{"http", 40, 20};

/// OPTIINFRA_PROPERTY_RUNS=5 makes runs that are five times as long; ./check has short ones, of another seed
/// each time.
int times_as_long() {
  const char* const asked = std::getenv("OPTIINFRA_PROPERTY_RUNS");
  return asked == nullptr ? 1 : std::atoi(asked);
}

void PrintTo(const Run& run, std::ostream* out) { *out << run.name; }

constexpr std::chrono::hours kSpan{60};

const Uuid kCustomers[] = {{1, 1}, {2, 2}};
const Uuid kServices[] = {{7, 1}, {8, 2}, {9, 3}};
const char* const kModels[] = {"llama-3.1-70b", "mixtral-8x7b"};
const char* const kInstances[] = {"i-1", "i-2", "i-3"};
const char* const kProviders[] = {"aws", "gcp"};
const char* const kCloudServices[] = {"ec2", "eks"};

constexpr const char* kCurrencies[] = {"USD", "EUR"};
constexpr const char* kStatusesAndNone[] = {"", "ok", "server_error", "dropped", "aborted"};

class Property : public ::testing::TestWithParam<Run> {
 protected:
  void SetUp() override {
    const char* chosen = std::getenv("OPTIINFRA_TEST_SEED");
    const auto seed = chosen != nullptr ? std::stoul(chosen) : std::random_device{}();
    RecordProperty("seed", std::to_string(seed));
    std::printf("OPTIINFRA_TEST_SEED=%lu\n", static_cast<unsigned long>(seed));
    random_.seed(seed);
    const std::string url = store_url();
    ASSERT_FALSE(url.empty()) << server_->failure();
    auto opened = Client::open(url, {.create = true});
    ASSERT_TRUE(opened) << opened.error().message;
    client_.emplace(std::move(opened).value());
    begin_ = now() - kSpan;
  }

  /// Empty when the server did not start.
  std::string store_url() {
    const std::string_view name = GetParam().name;
    if (name == "embedded") return "embedded:" + (folder_ / "store").string();
    server_.emplace(OPTIINFRA_PROGRAM, folder_ / "store");
    if (!server_->is_ready()) return {};
    return name == "http" ? server_->http_url() : server_->native_url();
  }

  template <typename T, std::size_t N>
  const T& pick(const T (&values)[N]) {
    return values[random_() % N];
  }
  std::size_t below(std::size_t limit) { return random_() % limit; }
  float number(int scale) { return static_cast<float>(below(1'000)) / 1'000.0f * static_cast<float>(scale); }
  /// Absent now and then, and mostly so in some hours of some keys.
  template <typename T>
  std::optional<T> perhaps(T value) {
    return below(3) == 0 ? std::nullopt : std::optional<T>(value);
  }
  std::optional<std::uint32_t> perhaps_count(std::size_t limit) {
    return perhaps(static_cast<std::uint32_t>(below(limit)));
  }
  sys_seconds any_time() {
    return begin_ +
           std::chrono::seconds{below(static_cast<std::size_t>(std::chrono::seconds{kSpan}.count()))};
  }

  TimeRange any_range() {
    sys_seconds a = any_time(), b = any_time();
    if (below(3) == 0) a = floor_hour(a), b = floor_hour(b) + 1h;
    if (a == b) b += 1s;
    return {std::min(a, b), std::max(a, b)};
  }

  PerformanceMetric any(PerformanceMetric row) {
    row.timestamp = any_time(), row.customer_id = pick(kCustomers), row.service_id = pick(kServices);
    row.service_type = "vllm", row.model_name = pick(kModels), row.request_id = Uuid::random();
    row.latency_ms = below(50) == 0 ? 0 : std::exp(number(9)),
    row.throughput_tokens_per_sec = perhaps(number(90));
    row.gpu_utilization = number(100), row.kv_cache_utilization = number(100),
    row.batch_size = static_cast<std::uint32_t>(below(64));
    row.prompt_tokens = perhaps_count(4'000), row.completion_tokens = perhaps_count(500);
    if (below(4) == 0) row.total_tokens = static_cast<std::uint32_t>(below(9'000));
    row.time_to_first_token_ms = perhaps(std::exp(number(7))), row.queue_ms = perhaps(number(200));
    row.inter_token_latency_ms = perhaps(number(80)), row.cached_tokens = perhaps_count(1'000);
    row.status = pick(kStatusesAndNone), row.session_id = "s" + std::to_string(below(9));
    return row;
  }
  CostMetric any(CostMetric row) {
    row.timestamp = any_time(), row.customer_id = pick(kCustomers), row.cloud_provider = pick(kProviders);
    row.service_name = pick(kCloudServices), row.instance_id = pick(kInstances),
    row.cost_per_hour = number(40), row.utilization_percent = perhaps(number(100));
    row.is_spot = below(2) == 0;
    row.hours_covered = perhaps(double{number(2)}), row.currency = pick(kCurrencies);
    row.list_cost_per_hour = perhaps(double{number(60)});
    if (below(5) == 0) {
      row.charge_category = below(2) == 0 ? "credit" : "refund";
      row.cost_per_hour = -row.cost_per_hour;
    }
    return row;
  }
  ResourceMetric any(ResourceMetric row) {
    row.timestamp = any_time(), row.customer_id = pick(kCustomers), row.instance_id = pick(kInstances),
    row.instance_type = "p4d.24xlarge";
    row.gpu_utilization = perhaps(number(100)), row.gpu_memory_used_mb = perhaps(number(80'000)),
    row.cpu_utilization = perhaps(number(100)), row.gpu_temperature = perhaps(number(90) - 10);
    row.gpu_power_w = perhaps(number(700)), row.gpu_energy_j = perhaps(number(9'000));
    return row;
  }
  QualityMetric any(QualityMetric row) {
    row.timestamp = any_time(), row.customer_id = pick(kCustomers), row.service_id = pick(kServices),
    row.model_name = pick(kModels);
    row.overall_quality_score = number(1), row.relevance_score = perhaps(number(1)),
    row.coherence_score = perhaps(number(1)), row.factuality_score = perhaps(number(1));
    row.hallucination_detected = perhaps(static_cast<std::uint8_t>(below(4) == 0));
    return row;
  }

  template <typename Row>
  void insert_some(std::vector<Row>& sent) {
    Batch<Row> batch;
    const std::size_t rows = 1 + below(200);
    for (std::size_t i = 0; i < rows; ++i) {
      sent.push_back(any(Row{}));
      batch.append(sent.back());
    }
    const std::string token = Uuid::random().to_string();
    const int copies = below(4) == 0 ? 2 : 1;  // A retry must not count.
    for (int copy = 0; copy < copies; ++copy) {
      const auto receipt = client_->insert<Row>(batch, {.token = token});
      ASSERT_TRUE(receipt) << receipt.error().message;
      ASSERT_EQ(receipt->rows_stored, rows);
    }
  }

  void merge_something() {
    static const char* const kTables[] = {"cost_metrics_ts",         "performance_metrics_ts",
                                          "resource_metrics_ts",     "quality_metrics_ts",
                                          "cost_metrics_hourly",     "performance_metrics_hourly",
                                          "resource_metrics_hourly", "quality_metrics_hourly"};
    const auto merged = client_->with_session([&](Session& session) {
      return session.execute({.sql = std::string("OPTIMIZE TABLE optiinfra.") + pick(kTables) + " FINAL"});
    });
    ASSERT_TRUE(merged) << merged.error().message;
  }

  template <typename Row, typename IsMine>
  std::vector<const Row*> select(const std::vector<Row>& sent, TimeRange range, IsMine is_mine) {
    std::vector<const Row*> rows;
    for (const Row& row : sent) {
      if (row.timestamp >= range.begin && row.timestamp < range.end && is_mine(row)) rows.push_back(&row);
    }
    return rows;
  }

  /// The values that are there: of a member, or of a function of the row.
  template <typename Row, typename Value>
  static std::vector<double> values(const std::vector<const Row*>& rows, Value value) {
    std::vector<double> found;
    for (const Row* row : rows) {
      const auto each = std::invoke(value, *row);
      if constexpr (requires { each.has_value(); }) {
        if (each) found.push_back(static_cast<double>(*each));
      } else {
        found.push_back(static_cast<double>(each));
      }
    }
    return found;
  }
  template <typename Row, typename Value>
  static double sum(const std::vector<const Row*>& rows, Value value) {
    const auto all = values(rows, value);
    return std::accumulate(all.begin(), all.end(), 0.0);
  }
  template <typename Row, typename Value>
  static std::optional<double> mean(const std::vector<const Row*>& rows, Value value) {
    const auto all = values(rows, value);
    if (all.empty()) return std::nullopt;
    return std::accumulate(all.begin(), all.end(), 0.0) / static_cast<double>(all.size());
  }
  template <typename Row, typename Value>
  static std::optional<double> maximum(const std::vector<const Row*>& rows, Value value) {
    const auto all = values(rows, value);
    if (all.empty()) return std::nullopt;
    return *std::max_element(all.begin(), all.end());
  }
  /// 0 of no rows; absent where there are rows and none has the value.
  template <typename Row, typename Value>
  static std::optional<std::uint64_t> total(const std::vector<const Row*>& rows, Value value) {
    const auto all = values(rows, value);
    if (all.empty() && !rows.empty()) return std::nullopt;
    return static_cast<std::uint64_t>(std::accumulate(all.begin(), all.end(), 0.0));
  }
  static std::optional<std::uint32_t> total_tokens(const PerformanceMetric& row) {
    if (row.total_tokens || !row.prompt_tokens || !row.completion_tokens) return row.total_tokens;
    return *row.prompt_tokens + *row.completion_tokens;
  }
  static double amount(const CostMetric& row) { return row.cost_per_hour * row.hours_covered.value_or(1); }

  static void expect_near(std::optional<double> found, std::optional<double> expected, const char* what) {
    ASSERT_EQ(found.has_value(), expected.has_value()) << what;
    if (!expected) return;
    EXPECT_NEAR(*found, *expected, 1e-6 * std::max(1.0, std::abs(*expected))) << what;
  }

  /// The sketch answers for the value of this rank, at most 1 % off (docs/decisions/0005).
  static void expect_percentile(std::optional<double> found, const std::vector<double>& sorted, double level,
                                const char* what) {
    const double expected = sorted[static_cast<std::size_t>(level * static_cast<double>(sorted.size() - 1))];
    ASSERT_TRUE(found) << what;
    EXPECT_NEAR(*found, expected, 0.010001 * expected) << what;
  }

  void check_performance(TimeRange range) {
    const Uuid customer = pick(kCustomers), service = pick(kServices);
    const auto rows = select(requests_, range, [&](const auto& row) {
      return row.customer_id == customer && row.service_id == service;
    });
    const auto found = client_->query_performance(customer, service, range);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->window, range);
    ASSERT_EQ(found->total_requests, rows.size());
    expect_near(found->avg_latency_ms, mean(rows, &PerformanceMetric::latency_ms), "avg_latency_ms");
    expect_near(found->avg_throughput, mean(rows, &PerformanceMetric::throughput_tokens_per_sec),
                "avg_throughput");
    EXPECT_EQ(found->total_tokens, total(rows, &total_tokens));
    EXPECT_EQ(found->prompt_tokens, total(rows, &PerformanceMetric::prompt_tokens));
    check_measures(Family::kPerformance,
                   {{"customer", customer.to_string()}, {"service", service.to_string()}}, range,
                   {{"avg_time_to_first_token", mean(rows, &PerformanceMetric::time_to_first_token_ms)},
                    {"avg_queue", mean(rows, &PerformanceMetric::queue_ms)},
                    {"queue_ms_count", as_number(values(rows, &PerformanceMetric::queue_ms).size())},
                    {"cached_tokens", as_number(total(rows, &PerformanceMetric::cached_tokens))},
                    {"error_count", as_number(std::count_if(rows.begin(), rows.end(), [](const auto* row) {
                       return row->status == "server_error" || row->status == "dropped";
                     }))}});
    auto first_tokens = values(rows, &PerformanceMetric::time_to_first_token_ms);
    std::sort(first_tokens.begin(), first_tokens.end());
    if (!first_tokens.empty())
      expect_percentile(
          measures({"p95_time_to_first_token"}, Family::kPerformance,
                   {{"customer", customer.to_string()}, {"service", service.to_string()}}, range)[0],
          first_tokens, 0.95, "p95 of the first token");
    if (rows.empty()) return;
    std::vector<double> sorted;
    for (const auto* row : rows) sorted.push_back(row->latency_ms);
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(found->min_latency_ms, sorted.front());
    EXPECT_EQ(found->max_latency_ms, sorted.back());
    expect_percentile(found->p50_latency_ms, sorted, 0.5, "p50");
    expect_percentile(found->p90_latency_ms, sorted, 0.9, "p90");
    expect_percentile(found->p95_latency_ms, sorted, 0.95, "p95");
    expect_percentile(found->p99_latency_ms, sorted, 0.99, "p99");
  }

  void check_resource(TimeRange range) {
    const Uuid customer = pick(kCustomers);
    const std::string instance = pick(kInstances);
    const auto rows = select(samples_, range, [&](const auto& row) {
      return row.customer_id == customer && row.instance_id == instance;
    });
    const auto found = client_->query_resource(customer, instance, range);
    ASSERT_TRUE(found) << found.error().message;
    ASSERT_EQ(found->sample_count, rows.size());
    expect_near(found->avg_gpu_utilization, mean(rows, &ResourceMetric::gpu_utilization),
                "avg_gpu_utilization");
    expect_near(found->avg_gpu_memory_mb, mean(rows, &ResourceMetric::gpu_memory_used_mb),
                "avg_gpu_memory_mb");
    expect_near(found->avg_cpu_utilization, mean(rows, &ResourceMetric::cpu_utilization),
                "avg_cpu_utilization");
    expect_near(found->max_gpu_utilization, maximum(rows, &ResourceMetric::gpu_utilization),
                "max_gpu_utilization");
    expect_near(found->max_gpu_temperature, maximum(rows, &ResourceMetric::gpu_temperature),
                "max_gpu_temperature");
    const auto energy = values(rows, &ResourceMetric::gpu_energy_j);
    check_measures(
        Family::kResource, {{"customer", customer.to_string()}, {"instance", instance}}, range,
        {{"avg_gpu_power", mean(rows, &ResourceMetric::gpu_power_w)},
         {"max_gpu_power", maximum(rows, &ResourceMetric::gpu_power_w)},
         {"gpu_energy",
          energy.empty() ? std::nullopt : std::optional(sum(rows, &ResourceMetric::gpu_energy_j))}});
  }

  void check_quality(TimeRange range) {
    const Uuid customer = pick(kCustomers), service = pick(kServices);
    std::map<sys_seconds, std::vector<const QualityMetric*>> expected;
    for (const auto* row : select(answers_, range, [&](const auto& row) {
           return row.customer_id == customer && row.service_id == service;
         })) {
      expected[floor_hour(row->timestamp)].push_back(row);
    }
    const auto found = client_->query_quality(customer, service, range);
    ASSERT_TRUE(found) << found.error().message;
    ASSERT_EQ(found->hours.size(), expected.size());
    auto hour = found->hours.begin();
    for (const auto& [time, rows] : expected) {
      EXPECT_EQ(hour->hour, time);
      EXPECT_EQ(hour->total_requests, rows.size());
      EXPECT_EQ(hour->hallucinations, total(rows, &QualityMetric::hallucination_detected));
      expect_near(hour->avg_quality, mean(rows, &QualityMetric::overall_quality_score), "avg_quality");
      expect_near(hour->avg_relevance, mean(rows, &QualityMetric::relevance_score), "avg_relevance");
      expect_near(hour->avg_coherence, mean(rows, &QualityMetric::coherence_score), "avg_coherence");
      expect_near(hour->avg_factuality, mean(rows, &QualityMetric::factuality_score), "avg_factuality");
      ++hour;
    }
  }

  void check_cost(TimeRange range) {
    const Uuid customer = pick(kCustomers);
    std::optional<std::string> provider;
    if (below(2) == 0) provider = pick(kProviders);
    std::map<std::tuple<sys_seconds, std::string, std::string, std::string>, std::vector<const CostMetric*>>
        expected;
    for (const auto* row : select(costs_, range, [&](const auto& row) {
           return row.customer_id == customer && (!provider || row.cloud_provider == *provider);
         })) {
      expected[{floor_hour(row->timestamp), row->cloud_provider, row->service_name, row->currency}].push_back(
          row);
    }
    const auto found = client_->query_cost_hourly(customer, range.begin, range.end, provider);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->window, range);
    ASSERT_EQ(found->hours.size(), expected.size());
    auto hour = found->hours.begin();
    for (const auto& [key, rows] : expected) {
      EXPECT_EQ(std::tuple(hour->hour, hour->cloud_provider, hour->service_name, hour->currency), key);
      EXPECT_EQ(hour->sample_count, rows.size());
      expect_near(hour->total_cost, sum(rows, &amount), "total_cost");
      expect_near(hour->avg_utilization, mean(rows, &CostMetric::utilization_percent), "avg_utilization");
      ++hour;
    }
    check_amounts(customer, range);
  }

  /// Amounts of two currencies are not added up, and those of one are.
  void check_amounts(const Uuid& customer, TimeRange range) {
    const auto of_customer =
        select(costs_, range, [&](const auto& row) { return row.customer_id == customer; });
    std::set<std::string> currencies;
    for (const auto* row : of_customer) currencies.insert(row->currency);
    const std::vector<Filter> filters = {{"customer", customer.to_string()}};
    const auto mixed = client_->query({.measures = {"total_cost"}, .range = range, .filters = filters});
    EXPECT_EQ(mixed.has_value(), currencies.size() < 2) << (mixed ? "" : mixed.error().message);
    for (const std::string& currency : currencies) {
      const auto rows = select(costs_, range, [&](const auto& row) {
        return row.customer_id == customer && row.currency == currency;
      });
      auto one = filters;
      one.push_back({"currency", currency});
      double credits = 0;
      for (const auto* row : rows) credits += row->charge_category.empty() ? 0 : amount(*row);
      check_measures(Family::kCost, one, range,
                     {{"total_cost", sum(rows, &amount)}, {"credit_cost", credits}});
    }
  }

  using Expected = std::vector<std::pair<std::string, std::optional<double>>>;

  template <typename T>
  static std::optional<double> as_number(T value) {
    if constexpr (requires { value.has_value(); }) {
      return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
    } else {
      return static_cast<double>(value);
    }
  }

  /// The numbers of `names` in one row, asked for at once.
  std::vector<std::optional<double>> measures(const std::vector<std::string>& names, Family family,
                                              const std::vector<Filter>& filters, TimeRange range) {
    std::vector<std::optional<double>> numbers(names.size());
    const auto found =
        client_->query({.measures = names, .range = range, .filters = filters, .family = family});
    EXPECT_TRUE(found) << found.error().message;
    for (std::size_t i = 0; found && i < names.size(); ++i) {
      const Cell& cell = found->rows.at(0).at(i);
      if (const auto* count = std::get_if<std::uint64_t>(&cell)) numbers[i] = static_cast<double>(*count);
      if (const auto* number = std::get_if<double>(&cell)) numbers[i] = *number;
    }
    return numbers;
  }

  void check_measures(Family family, const std::vector<Filter>& filters, TimeRange range,
                      const Expected& expected) {
    std::vector<std::string> names;
    for (const auto& [name, value] : expected) names.push_back(name);
    const auto found = measures(names, family, filters, range);
    for (std::size_t i = 0; i < names.size(); ++i)
      expect_near(found[i], expected[i].second, names[i].c_str());
  }

  void check_everything() {
    for (int i = 0; i < 8 && !HasFailure(); ++i) {
      check_performance(any_range());
      check_resource(any_range());
      check_quality(any_range());
      check_cost(any_range());
    }
  }

  testing::TemporaryFolder folder_;
  std::optional<testing::ServerProcess> server_;
  std::optional<Client> client_;
  std::mt19937_64 random_;
  sys_seconds begin_{};
  std::vector<PerformanceMetric> requests_;
  std::vector<ResourceMetric> samples_;
  std::vector<QualityMetric> answers_;
  std::vector<CostMetric> costs_;
};

INSTANTIATE_TEST_SUITE_P(Over, Property, ::testing::Values(kEmbedded, kNative, kHttp),
                         [](const auto& run) { return std::string(run.param.name); });

TEST_P(Property, EveryAnswerEqualsARecomputationFromTheRowsThatWereSent) {
  for (int i = 1; i <= times_as_long() * GetParam().inserts && !HasFailure(); ++i) {
    switch (below(4)) {
      case 0:
        insert_some(requests_);
        break;
      case 1:
        insert_some(samples_);
        break;
      case 2:
        insert_some(answers_);
        break;
      default:
        insert_some(costs_);
    }
    if (below(10) == 0) merge_something();
    if (i % GetParam().inserts_between_checks == 0) check_everything();
  }
  store::VerifyReport report;
  ASSERT_TRUE(client_->with_session([&](Session& session) -> Result<void> {
    OPTIINFRA_TRY(report, store::verify(session));
    return {};
  }));
  EXPECT_TRUE(report.ok()) << report.hours_differing << " hours differ";
  EXPECT_GT(report.hours_compared, GetParam().inserts / 3u);
}

}  // namespace
}  // namespace optiinfra
