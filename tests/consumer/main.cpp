// A stranger's program: includes the headers for users, links the installed package, stores a metric in a
// temporary store and asks for it; imports a file; writes through a writer that has a spool. consumer FOLDER
#include <fstream>
#include <iostream>
#include <optiinfra/client.hpp>
#include <optiinfra/error.hpp>
#include <optiinfra/import.hpp>
#include <optiinfra/metrics.hpp>
#include <optiinfra/url.hpp>
#include <optiinfra/version.hpp>
#include <optiinfra/writer.hpp>

namespace {

using namespace std::chrono_literals;

bool failed(const char* what, const optiinfra::Error& error) {
  std::cerr << what << ": " << error.message << (optiinfra::is_retryable(error) ? " (may pass)\n" : "\n");
  return false;
}

bool inserts_and_asks(optiinfra::Client& client) {
  optiinfra::CostMetric cost;
  cost.timestamp = optiinfra::floor_hour(optiinfra::now());
  cost.customer_id = optiinfra::Uuid::random();
  cost.cloud_provider = "aws";
  cost.cost_per_hour = 32.77;
  const auto stored = client.insert_cost_metrics(std::vector<optiinfra::CostMetric>{cost});
  if (!stored) return failed("insert", stored.error());
  const auto answer = client.query_cost_hourly(cost.customer_id, cost.timestamp, cost.timestamp + 1h);
  if (!answer) return failed("query", answer.error());
  return answer->hours.size() == 1 && answer->hours.front().total_cost == 32.77;
}

bool imports(optiinfra::Client& client, const std::filesystem::path& folder) {
  const auto file = folder / "requests.csv";
  std::ofstream(file) << "timestamp,customer_id,service_id,latency_ms\n"
                         "2026-11-01 10:05:00,6ba7b810-9dad-41d1-80b4-00c04fd430c8,"
                         "6ba7b811-9dad-41d1-80b4-00c04fd430c8,120.5\n";
  optiinfra::ImportOptions options;
  options.files = {file};
  const auto report = optiinfra::import_files(client, options);
  if (!report) return failed("import", report.error());
  return report->rows_stored() == 1;
}

bool writes(optiinfra::Client& client, const std::filesystem::path& folder) {
  auto writer = optiinfra::Writer::open(client, {.spool_folder = folder / "spool"});
  if (!writer) return failed("writer", writer.error());
  optiinfra::ResourceMetric sample;
  sample.timestamp = optiinfra::now();
  sample.customer_id = optiinfra::Uuid::random();
  sample.instance_id = "node-1";
  sample.instance_type = "p5.48xlarge";
  optiinfra::ResourceBatch batch;
  batch.append(sample);
  const auto receipt = writer->write(batch, {.acknowledgement = optiinfra::Acknowledgement::kSpooled});
  if (!receipt) return failed("write", receipt.error());
  if (const auto closed = writer->close(60s); !closed) return failed("close", closed.error());
  return writer->metrics().rows_stored == 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder);
  auto client = optiinfra::Client::open("embedded:", {.create = true});
  if (!client) return failed("open", client.error()), 1;
  const bool inserted = inserts_and_asks(*client), imported = imports(*client, folder),
             written = writes(*client, folder);
  std::cout << "optiinfra " << optiinfra::version() << ": client " << inserted << ", import " << imported
            << ", writer " << written << '\n';
  return inserted && imported && written ? 0 : 1;
}
