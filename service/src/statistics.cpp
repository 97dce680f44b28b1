#include "statistics.hpp"

#include <algorithm>
#include <fstream>

#include "metric_text.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra::service {
namespace {

void add_one(std::string& text, const char* name, const char* kind, const char* meaning, double value) {
  MetricText(text, name, kind, meaning).add("", value);
}

/// Resident memory of this process; 0 where /proc does not tell.
double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t pages = 0, resident = 0;
  file >> pages >> resident;
  return static_cast<double>(resident) * 4096;
}

void add_writer(std::string& text, const WriterMetrics& writer) {
  add_one(text, "optiinfra_writer_rows_stored_total", "counter",
          "Rows that reached the store, those recovered from the spool included",
          static_cast<double>(writer.rows_stored));
  add_one(text, "optiinfra_writer_rows_recovered_total", "counter",
          "Rows found in the spool of an earlier run", static_cast<double>(writer.rows_recovered));
  add_one(text, "optiinfra_writer_inserts_total", "counter", "Inserts into the store",
          static_cast<double>(writer.inserts));
  add_one(text, "optiinfra_writer_retries_total", "counter", "Inserts that failed and were tried again",
          static_cast<double>(writer.retries));
  add_one(text, "optiinfra_writer_queue_rows", "gauge", "Rows that wait in memory",
          static_cast<double>(writer.rows_queued));
  add_one(text, "optiinfra_writer_queue_bytes", "gauge", "The same in bytes",
          static_cast<double>(writer.bytes_queued));
  add_one(text, "optiinfra_writer_spool_bytes", "gauge", "Bytes of the spool on disk",
          static_cast<double>(writer.spool_bytes));
  add_one(text, "optiinfra_writer_lag_seconds", "gauge", "Age of the oldest row that is not in the store yet",
          static_cast<double>(writer.lag.count()) / 1000);
}

}  // namespace

void Statistics::count_request(const std::string& route, int status, std::chrono::duration<double> time) {
  const std::lock_guard lock(mutex_);
  RouteCounts& counts = routes_[route];
  ++counts.by_status[status];
  const auto bucket = std::lower_bound(kBuckets.begin(), kBuckets.end(), time.count()) - kBuckets.begin();
  ++counts.by_time[static_cast<std::size_t>(bucket)];
  counts.seconds += time.count();
}

void Statistics::count_rows(Family family, const RowCounts& rows) {
  const std::lock_guard lock(mutex_);
  RowCounts& counts = rows_[family];
  counts.accepted += rows.accepted;
  counts.duplicates += rows.duplicates;
  counts.rejected += rows.rejected;
  for (const auto& [column, count] : rows.rejected_by_column) counts.rejected_by_column[column] += count;
}

void Statistics::count_attribution(std::uint64_t hours) {
  const std::lock_guard lock(mutex_);
  attributed_hours_ += hours;
  attributed_at_ = std::chrono::system_clock::now();
}

void Statistics::count_attribution_failure() {
  const std::lock_guard lock(mutex_);
  ++attribution_failures_;
}

void Statistics::count_verification(bool agrees) {
  const std::lock_guard lock(mutex_);
  verified_at_ = std::chrono::system_clock::now();
  verified_agrees_ = agrees;
}

std::string Statistics::text(const WriterMetrics& writer, const HttpCounts& http, bool store_answers) const {
  std::string text;
  add_one(text, "optiinfra_store_up", "gauge", "Whether the store answers", store_answers ? 1 : 0);
  add_one(text, "process_resident_memory_bytes", "gauge", "Resident memory of this process",
          resident_bytes());
  add_one(text, "process_start_time_seconds", "gauge", "When this process started, in Unix seconds",
          std::chrono::duration<double>(begin_.time_since_epoch()).count());
  add_one(text, "optiinfra_http_connections", "gauge", "Connections that are open",
          static_cast<double>(http.connections));
  add_one(text, "optiinfra_http_connections_refused_total", "counter",
          "Connections refused because too many were open", static_cast<double>(http.refused_connections));
  add_one(text, "optiinfra_http_broken_requests_total", "counter",
          "Requests that were not HTTP, too slow or too large", static_cast<double>(http.broken_requests));
  add_writer(text, writer);
  const std::lock_guard lock(mutex_);
  add_one(text, "optiinfra_attributed_hours_total", "counter",
          "Hours whose cost was attributed, those that were made again included",
          static_cast<double>(attributed_hours_));
  add_one(text, "optiinfra_attribution_failures_total", "counter",
          "Looks at the hours that have ended which the store refused",
          static_cast<double>(attribution_failures_));
  if (attributed_at_)
    add_one(text, "optiinfra_attribution_success_time_seconds", "gauge",
            "When the hours that have ended were last looked at, in Unix seconds",
            std::chrono::duration<double>(attributed_at_->time_since_epoch()).count());
  if (verified_at_) {
    add_one(text, "optiinfra_verify_agrees", "gauge",
            "Whether the latest comparison of the whole store through this service found no difference",
            verified_agrees_ ? 1 : 0);
    add_one(text, "optiinfra_verify_time_seconds", "gauge", "When that was, in Unix seconds",
            std::chrono::duration<double>(verified_at_->time_since_epoch()).count());
  }
  {
    MetricText rejected(text, "optiinfra_rows_rejected_total", "counter",
                        "Rejected rows that answers described, by the column that was wrong");
    for (const auto& [family, counts] : rows_)
      for (const auto& [column, count] : counts.rejected_by_column)
        rejected.add(fmt::format("family=\"{}\",column=\"{}\"", table_of(family).name, column), count);
  }
  {
    MetricText rows(text, "optiinfra_rows_total", "counter",
                    "Rows of insert requests by what became of them");
    for (const auto& [family, counts] : rows_) {
      const std::string labels = fmt::format("family=\"{}\",outcome=", table_of(family).name);
      rows.add(labels + "\"accepted\"", counts.accepted);
      rows.add(labels + "\"duplicate\"", counts.duplicates);
      rows.add(labels + "\"rejected\"", counts.rejected);
    }
  }
  {
    MetricText requests(text, "optiinfra_http_requests_total", "counter", "Requests by route and status");
    for (const auto& [route, counts] : routes_)
      for (const auto& [status, count] : counts.by_status)
        requests.add(fmt::format("route=\"{}\",status=\"{}\"", route, status), count);
  }
  MetricText times(text, "optiinfra_http_request_seconds", "histogram",
                   "Time from a request's last byte to its answer");
  for (const auto& [route, counts] : routes_) {
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < kBuckets.size(); ++i) {
      below += counts.by_time[i];
      times.add(fmt::format("route=\"{}\",le=\"{}\"", route, kBuckets[i]), below, "_bucket");
    }
    below += counts.by_time.back();
    times.add(fmt::format("route=\"{}\",le=\"+Inf\"", route), below, "_bucket");
    times.add(fmt::format("route=\"{}\"", route), counts.seconds, "_sum");
    times.add(fmt::format("route=\"{}\"", route), below, "_count");
  }
  return text;
}

}  // namespace optiinfra::service
