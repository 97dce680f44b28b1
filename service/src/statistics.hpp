/// Metrics of the service since its start, in Prometheus' text format.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "http/server.hpp"
#include "optiinfra/ingest/writer.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace optiinfra::service {

/// What became of the rows of one request.
struct RowCounts {
  std::uint64_t accepted = 0, duplicates = 0, rejected = 0;
  /// Of the rejected rows that an answer describes, by the column that is wrong: of the family's table, else
  /// "other".
  std::map<std::string, std::uint64_t> rejected_by_column = {};
};

/// Threads: any.
class Statistics {
 public:
  void count_request(const std::string& route, int status, std::chrono::duration<double> time);
  void count_rows(Family family, const RowCounts& rows);
  /// A look at the hours that have ended, which made `hours` of them.
  void count_attribution(std::uint64_t hours);
  void count_attribution_failure();
  /// A comparison of the whole store by this service.
  void count_verification(bool agrees);

  /// Prometheus' text format 0.0.4.
  std::string text(const WriterMetrics& writer, const HttpCounts& http, bool store_answers) const;

 private:
  /// Upper ends of the histogram's buckets in seconds.
  static constexpr std::array<double, 10> kBuckets{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 10};

  struct RouteCounts {
    std::map<int, std::uint64_t> by_status;
    std::array<std::uint64_t, kBuckets.size() + 1> by_time{};
    double seconds = 0;
  };

  const std::chrono::system_clock::time_point begin_ = std::chrono::system_clock::now();
  mutable std::mutex mutex_;
  std::map<std::string, RouteCounts> routes_;  ///< Of the routes that there are, so bounded.
  std::map<Family, RowCounts> rows_;
  std::uint64_t attributed_hours_ = 0, attribution_failures_ = 0;
  std::optional<std::chrono::system_clock::time_point> attributed_at_ =
      {};  ///< The latest look that succeeded.
  std::optional<std::chrono::system_clock::time_point> verified_at_ = {};
  bool verified_agrees_ = false;
};

}  // namespace optiinfra::service
