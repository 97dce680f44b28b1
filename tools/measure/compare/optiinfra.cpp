#include <sys/resource.h>

#include <thread>

#include "client.hpp"
#include "optiinfra/client/client.hpp"
#include "optiinfra/schema/batch_columns.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace compare {

using namespace optiinfra;

namespace {

template <typename Batch>
using RowOf = std::conditional_t<std::is_same_v<Batch, PerformanceBatch>, PerformanceMetric, ResourceMetric>;

/// `batch` in `parts` of one size, by time.
template <typename Batch>
std::vector<Batch> cut(const Batch& batch, std::size_t parts) {
  std::vector<Batch> cuts(parts);
  for (std::size_t row = 0; row < batch.size(); ++row) {
    for_each_column<RowOf<Batch>>([&](const auto& access) {
      auto& column = cuts[row * parts / batch.size()].*access.batch;
      if constexpr (requires { column.append(""); })
        column.append((batch.*access.batch)[row]);
      else
        column.push_back((batch.*access.batch)[row]);
    });
  }
  return cuts;
}

template <typename Batch>
Result<void> insert(Client& client, const std::vector<Batch>& parts, Course& course) {
  std::vector<Result<InsertReceipt>> receipts(parts.size(), InsertReceipt{});
  std::vector<std::thread> threads;
  const double begin = clock_seconds(), cpu = cpu_seconds();
  for (std::size_t part = 0; part < parts.size(); ++part)
    threads.emplace_back([&, part] { receipts[part] = client.insert<RowOf<Batch>>(parts[part]); });
  for (std::thread& thread : threads) thread.join();
  course.seconds = clock_seconds() - begin;
  course.cpu_seconds = cpu_seconds() - cpu;
  for (auto& receipt : receipts)
    if (!receipt) return receipt.error();
  return {};
}

Result<std::vector<double>> ask(Client& client, const Rows& rows) {
  if (std::holds_alternative<PerformanceBatch>(rows.batch)) {
    OPTIINFRA_TRY(const Uuid service, Uuid::parse(rows.busiest));
    OPTIINFRA_TRY(const auto a, client.query_performance(rows.busiest_customer, service, rows.range));
    return std::vector{*a.avg_latency_ms, *a.p95_latency_ms, *a.p99_latency_ms, *a.avg_throughput,
                       static_cast<double>(a.total_requests)};
  }
  OPTIINFRA_TRY(const auto a, client.query_resource(rows.busiest_customer, rows.busiest, rows.range));
  return std::vector{*a.avg_gpu_utilization, *a.max_gpu_utilization, *a.avg_gpu_memory_mb,
                     *a.avg_cpu_utilization, static_cast<double>(a.sample_count)};
}

Result<void> weigh(Client& client, const TableDefinition& table, Course& course) {
  return client.with_session([&](Session& session) -> Result<void> {
    OPTIINFRA_TRY(
        const std::uint64_t bytes,
        query_number(session, {.sql = "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND "
                                      "table IN ('" +
                                      std::string(table.raw_table) + "', '" + table.rollup_table + "')"}));
    course.bytes = static_cast<double>(bytes);
    OPTIINFRA_TRY(const auto version, query_texts(session, {.sql = "SELECT version()"}));
    course.version = version.at(0).at(0);
    return {};
  });
}

}  // namespace

double clock_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Result<Course> run_optiinfra(const std::string& url, const Rows& rows, unsigned connections, int questions) {
  Course course;
  OPTIINFRA_TRY(Client client, Client::open(url, {.create = true, .call_timeout = std::chrono::minutes{5}}));
  OPTIINFRA_CHECK(std::visit(
      [&](const auto& batch) { return insert(client, cut(batch, connections), course); }, rows.batch));
  for (int asked = 0; asked < questions; ++asked) {
    const double begin = clock_seconds();
    OPTIINFRA_TRY(course.answer, ask(client, rows));
    course.question_ms.push_back((clock_seconds() - begin) * 1e3);
  }
  const bool is_performance = std::holds_alternative<PerformanceBatch>(rows.batch);
  OPTIINFRA_CHECK(weigh(client, table_of(is_performance ? Family::kPerformance : Family::kResource), course));
  return course;
}

}  // namespace compare
