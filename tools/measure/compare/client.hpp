/// @file tools/measure/compare/client.hpp
/// What tools/measure/compare asks of a store that runs in the asking process: insert the rows, answer the
/// question.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace compare {

/// The rows of one family, equal for equal arguments on every machine, and what is asked of them.
struct Rows {
  std::variant<optiinfra::PerformanceBatch, optiinfra::ResourceBatch> batch;
  optiinfra::TimeRange range;        ///< The day of the rows, and of the question.
  optiinfra::Uuid busiest_customer;  ///< The customer and the service or instance with most of the rows.
  std::string busiest;
};

/// What one insert of all rows took, and how long each asking of the question.
struct Course {
  double seconds = 0, cpu_seconds = 0;
  std::vector<double> question_ms;
  std::vector<double> answer;  ///< Four measures, and the count of rows.
  double bytes = 0;            ///< On disk, raw rows and what answers questions faster.
  std::string version;
};

/// The rows of `family` ("performance" or "resource") of a day of a seeded fleet, by time.
optiinfra::Result<Rows> make_rows(const std::string& family, std::size_t count, optiinfra::sys_seconds end);

/// The rows as tab-separated values in the order of the table's columns, as PostgreSQL's COPY reads them.
optiinfra::Result<void> write_rows(const Rows& rows, const std::string& path);

/// `connections` threads insert an equal part each by one call of the client, synced when it returns.
optiinfra::Result<Course> run_optiinfra(const std::string& url, const Rows& rows, unsigned connections,
                                        int questions);

/// Inserts by data chunks through the appender of `library`; ends with CHECKPOINT, so that all is synced.
optiinfra::Result<Course> run_duckdb(const std::string& library, const std::string& path, const Rows& rows,
                                     int questions);

/// Seconds since some instant, and processor time of all threads of this process.
double clock_seconds();
double cpu_seconds();

}  // namespace compare
