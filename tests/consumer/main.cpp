// A stranger's program: includes an installed header, links the installed libraries, uses both.
#include <iostream>
#include <optiinfra/core/error.hpp>

int main() {
  const optiinfra::Error refused = optiinfra::with_context(
      {.kind = optiinfra::ErrorKind::kRejected, .message = "no such table"}, "query_cost_hourly");
  std::cout << to_string(refused.kind) << ": " << refused.message << '\n';
  return refused.message == "query_cost_hourly: no such table" ? 0 : 1;
}
