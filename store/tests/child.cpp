// The processes beside the store's tests: `child ROLE FOLDER [more]`.
#include <cstdio>
#include <map>
#include <string>

#include "optiinfra/store/verify.hpp"
#include "optiinfra/transport/connector.hpp"

namespace optiinfra {
namespace {

int failed(const Error& error) {
  std::fprintf(stderr, "%s: %s\n", std::string(to_string(error.kind)).c_str(), error.message.c_str());
  return 1;
}

Result<std::uint64_t> repair(const std::string& folder) {
  OPTIINFRA_TRY(const auto connector, make_connector("embedded:" + folder, IfAbsent::kFail));
  OPTIINFRA_TRY(const auto session, connector->connect());
  OPTIINFRA_TRY(const VerifyReport report, verify(*session, Mend::kRollups));
  return report.hours_differing;
}

int repair(char** arguments) {
  const auto left = repair(std::string(arguments[0]));
  if (!left) return failed(left.error());
  return *left == 0 ? 0 : 4;
}

}  // namespace
}  // namespace optiinfra

int main(int count, char** arguments) {
  const std::map<std::string, int (*)(char**)> roles{{"repair", optiinfra::repair}};
  const auto role = count > 2 ? roles.find(arguments[1]) : roles.end();
  return role == roles.end() ? 2 : role->second(arguments + 2);
}
