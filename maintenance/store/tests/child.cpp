// The processes that the store's tests start: `child ROLE FOLDER [more]`.
#include <cstdio>
#include <map>
#include <string>

#include "optiinfra/store/repair.hpp"
#include "optiinfra/transport/connector.hpp"

namespace optiinfra::store {
namespace {

int failed(const Error& error) {
  std::fprintf(stderr, "%s: %s\n", std::string(to_string(error.kind)).c_str(), error.message.c_str());
  return 1;
}

/// Repairs the requests of the last three days.
Result<std::uint64_t> repair(const std::string& folder) {
  OPTIINFRA_TRY(const auto connector, make_connector("embedded:" + folder, IfAbsent::kFail));
  OPTIINFRA_TRY(const auto session, connector->connect());
  const auto today = std::chrono::floor<std::chrono::days>(now());
  std::uint64_t differing = 0;
  for (int age = 2; age >= 0; --age) {
    const sys_seconds begin = today - std::chrono::days{age};
    OPTIINFRA_TRY(const RepairReport report,
                  repair_hours(*session, {Family::kPerformance, {begin, begin + std::chrono::days{1}}, {}}));
    differing += report.hours_differing;
  }
  return differing;
}

int repair(char** arguments) {
  const auto left = repair(std::string(arguments[0]));
  if (!left) return failed(left.error());
  return *left == 0 ? 0 : 4;
}

}  // namespace
}  // namespace optiinfra::store

int main(int count, char** arguments) {
  const std::map<std::string, int (*)(char**)> roles{{"repair", optiinfra::store::repair}};
  const auto role = count > 2 ? roles.find(arguments[1]) : roles.end();
  return role == roles.end() ? 2 : role->second(arguments + 2);
}
