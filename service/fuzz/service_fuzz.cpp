// What anybody may send to the service before a handler sees it: targets, hosts, parameters, compressed
// bodies.
#include <cstddef>
#include <cstdint>
#include <string>

#include "decompress.hpp"
#include "http/guard.hpp"
#include "parameters.hpp"

namespace {

using namespace optiinfra;
using namespace optiinfra::service;
using namespace optiinfra::service;

constexpr std::size_t kBytesMax = 1 << 20;

void read_target(const std::string& text) {
  Request request;
  if (!parse_target(text, request)) return;
  if (request.path.empty() || request.path.find('\0') != std::string::npos) __builtin_trap();
  std::vector<RouteParameter> known = window_parameters();
  known.push_back({.name = "bucket", .meaning = "", .words = {"hour", "day"}});
  (void)check_parameters(request.parameters, known);
  (void)number_of(request.parameters, "limit", 1, 10, 5);
  const auto window = window_of(request.parameters);
  if (window && window->begin >= window->end) __builtin_trap();
}

void read_host(const std::string& text) {
  Request request;
  request.headers = {{"host", "localhost"}, {"origin", text}};
  if (!text.empty() && !refuse_foreign(request, {}) && text.size() != std::string("http://localhost").size())
    __builtin_trap();
  (void)is_own_host(text, {"metrics.example"});
}

void read_body(const std::string& text) {
  for (const char* const encoding : {"gzip", "zstd", "snappy"}) {
    const auto body = decompressed(text, encoding, kBytesMax);
    if (body && body->size() > kBytesMax) __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  read_target(text);
  read_host(text);
  read_body(text);
  return 0;
}
