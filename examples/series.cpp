// Imports a CSV file of requests and prints how each hour of a service was. series FILE.csv CUSTOMER SERVICE
// [URL]
#include <iostream>
#include <string>

#include "optiinfra/client.hpp"
#include "optiinfra/import.hpp"

namespace {

int complain(const optiinfra::Error& error) {
  std::cerr << error.message << '\n';
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return std::cerr << "usage: series FILE.csv CUSTOMER SERVICE [URL]\n", 2;
  const auto customer = optiinfra::Uuid::parse(argv[2]), service = optiinfra::Uuid::parse(argv[3]);
  if (!customer || !service) return std::cerr << "CUSTOMER and SERVICE are UUIDs\n", 2;
  auto client = optiinfra::Client::open(argc > 4 ? argv[4] : "embedded:", {.create = true});
  if (!client) return complain(client.error());

  // A file is imported once, however often this runs.
  optiinfra::ImportOptions import;
  import.family = optiinfra::Family::kPerformance;
  import.files = {argv[1]};
  const auto report = optiinfra::import_files(*client, import);
  if (!report) return complain(report.error());
  std::cout << report->rows_stored() << " rows stored, " << report->rows_refused() << " refused\n";

  const optiinfra::TimeRange window = report->files[0].times.value_or(
      optiinfra::TimeRange{optiinfra::now() - std::chrono::hours{24}, optiinfra::now()});
  const auto used = client->query_performance_series(
      *customer, *service, window, optiinfra::Bucket::kHour, [](const optiinfra::PerformancePoint& point) {
        std::cout << optiinfra::format_time(point.begin) << "  " << point.summary.total_requests
                  << " requests";
        if (point.summary.p95_latency_ms) std::cout << ", p95 " << *point.summary.p95_latency_ms << " ms";
        std::cout << '\n';
        return true;  // false stops here
      });
  if (!used) return complain(used.error());
}
