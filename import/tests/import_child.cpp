// Imports files of requests, for a test that kills it: import_child URL KILL_AT small|default MAP FILE...
// KILL_AT counts the points of ImportPoint from 1; 0 lets it live. "small" makes many blocks.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "exactly_once.hpp"
#include "file_import.hpp"

int main(int argc, char** argv) {
  using namespace optiinfra;
  if (argc < 6) return 2;
  const long kill_at = std::atol(argv[2]);
  auto client = Client::open(argv[1], {.create = true});
  if (!client) return std::fprintf(stderr, "%s\n", client.error().message.c_str()), 1;
  long reached = 0;
  ImportTestSettings test = std::string_view(argv[3]) == "small" ? small_blocks() : ImportTestSettings{};
  test.reached = [&](ImportPoint) {
    if (++reached == kill_at) std::raise(SIGKILL);
  };
  ImportOptions options;
  options.map = argv[4];
  options.files.assign(argv + 5, argv + argc);
  const auto report = import_files(*client, options, test);
  if (!report) return std::fprintf(stderr, "%s\n", report.error().message.c_str()), 1;
  return 0;
}
