// Imports files of requests, for a test that kills it: import_child URL KILL_AT small|default MAP FILE...
// As import_child read-apart FORMAT COMPRESSION it reads an ORC file for another process. As
// import_child damaged FILE... it imports each file by itself into a store that goes, whether or not it can.
// KILL_AT counts the points of ImportPoint from 1; 0 lets it live. "small" makes many blocks.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "exactly_once.hpp"
#include "file_import.hpp"

namespace optiinfra {
namespace {

int import_damaged(int argc, char** argv) {
  auto client = Client::open("embedded:", {.create = true});
  if (!client) return 1;
  for (int i = 2; i < argc; ++i) {
    std::fprintf(stderr, "%s\n", argv[i]);
    ImportOptions options;
    options.files = {argv[i]};
    (void)import_files(*client, options);
  }
  return 0;
}

}  // namespace
}  // namespace optiinfra

int main(int argc, char** argv) {
  using namespace optiinfra;
  if (argc == 4 && argv[1] == std::string_view(kReadApart)) {
    const auto read = read_apart(argv[2], argv[3]);
    if (!read) std::fprintf(stderr, "%s\n", read.error().message.c_str());
    return read ? 0 : 1;
  }
  if (argc > 2 && argv[1] == std::string_view("damaged")) return import_damaged(argc, argv);
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
