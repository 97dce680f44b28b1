// Many threads write requests through one writer; a spool keeps them while the store is away. writer SPOOL
// [URL].
#include "optiinfra/writer.hpp"

#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "optiinfra/client.hpp"
#include "optiinfra/url.hpp"

namespace {

using namespace std::chrono_literals;

optiinfra::PerformanceBatch requests_of(const optiinfra::Uuid& customer, int count) {
  optiinfra::PerformanceBatch batch;
  for (int i = 0; i < count; ++i) {
    optiinfra::PerformanceMetric request;
    request.timestamp = optiinfra::now();
    request.customer_id = customer;
    request.service_id = customer;
    request.latency_ms = static_cast<float>(100 + i);
    batch.append(request);
  }
  return batch;
}

int complain(const optiinfra::Error& error) {
  std::cerr << error.message << '\n';
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::cerr << "usage: writer SPOOL_FOLDER [URL]\n", 2;
  const auto url = optiinfra::parse_store_url(argc > 2 ? argv[2] : "embedded:");
  if (!url) return complain(url.error());
  // With a URL instead of a client it opens while the store is away, too, and spools until it is back.
  auto client = optiinfra::Client::open(*url, {.create = true});
  if (!client) return complain(client.error());
  auto writer = optiinfra::Writer::open(*client, {.spool_folder = argv[1]});
  if (!writer) return complain(writer.error());

  const optiinfra::Uuid customer = optiinfra::Uuid::random();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      // On this machine's disk when wait() returns: a crash of this program loses nothing.
      const auto receipt = writer->write(requests_of(customer, 1'000),
                                         {.acknowledgement = optiinfra::Acknowledgement::kSpooled});
      if (!receipt || !receipt->ticket.wait(10s)) std::cerr << "1,000 requests were not taken\n";
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (const auto closed = writer->close(60s); !closed) return complain(closed.error());
  std::cout << writer->metrics().rows_stored << " rows stored by " << writer->metrics().inserts
            << " inserts\n";
}
