// Imports one file with small blocks, for a test that kills it: import_child URL FILE KILL_AT
// KILL_AT counts the points of ImportPoint from 1; 0 lets it live.
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "exactly_once.hpp"
#include "file_import.hpp"

int main(int argc, char** argv) {
  using namespace optiinfra;
  if (argc != 4) return 2;
  const long kill_at = std::atol(argv[3]);
  auto client = Client::open(argv[1], {.create = true});
  if (!client) return std::fprintf(stderr, "%s\n", client.error().message.c_str()), 1;
  long reached = 0;
  ImportTestSettings test = small_blocks();
  test.reached = [&](ImportPoint) {
    if (++reached == kill_at) std::raise(SIGKILL);
  };
  ImportOptions options;
  options.files = {argv[2]};
  const auto report = import_files(*client, options, test);
  if (!report) return std::fprintf(stderr, "%s\n", report.error().message.c_str()), 1;
  return 0;
}
