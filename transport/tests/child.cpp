// The processes beside the transport tests: `child ROLE FOLDER [more]`.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

#include "kill_case.hpp"
#include "optiinfra/transport/connector.hpp"

namespace optiinfra {
namespace {

int failed(const Error& error) {
  std::fprintf(stderr, "%s: %s\n", std::string(to_string(error.kind)).c_str(), error.message.c_str());
  return 1;
}

Result<std::unique_ptr<Transport>> open_session(const std::string& folder,
                                                IfAbsent if_absent = IfAbsent::kCreate) {
  OPTIINFRA_TRY(const auto connector, make_connector("embedded:" + folder, if_absent));
  return connector->connect();
}

int connect(char** arguments) {
  const auto session = open_session(arguments[0]);
  return session ? 0 : failed(session.error());
}

int hold(char** arguments) {
  const auto session = open_session(arguments[0]);
  if (!session) return failed(session.error());
  std::puts("holding");
  std::fflush(stdout);
  while (true) ::pause();
}

/// Leaves with an open session and unflushed output.
int leave(char** arguments) {
  auto session = open_session(arguments[0]);
  if (!session) return failed(session.error());
  if (auto status = (*session)->execute(
          {.sql = "CREATE TABLE IF NOT EXISTS t (a UInt8) ENGINE = MergeTree ORDER BY a"});
      !status) {
    return failed(status.error());
  }
  static Transport* const kept = session->release();
  std::printf("left with %s", kept != nullptr ? "an open session" : "nothing");
  return 0;
}

/// Calls exit from inside a query's sink.
int leave_in_query(char** arguments) {
  auto session = open_session(arguments[0]);
  if (!session) return failed(session.error());
  std::printf("leaving");
  auto status = (*session)->query({.sql = "SELECT number FROM numbers(10000000)"},
                                  [](const Block&) -> bool { std::exit(0); });
  return status ? 2 : failed(status.error());
}

int insert_once(char** arguments) {
  auto session = open_session(arguments[0], IfAbsent::kFail);
  if (!session) return failed(session.error());
  const auto inserted = (*session)->insert(kill_case_statement(arguments[1]), kill_case_block());
  return inserted ? 0 : failed(inserted.error());
}

}  // namespace
}  // namespace optiinfra

int main(int count, char** arguments) {
  const std::map<std::string, int (*)(char**)> roles{{"connect", optiinfra::connect},
                                                     {"hold", optiinfra::hold},
                                                     {"leave", optiinfra::leave},
                                                     {"leave_in_query", optiinfra::leave_in_query},
                                                     {"insert_once", optiinfra::insert_once}};
  const auto role = count > 2 ? roles.find(arguments[1]) : roles.end();
  return role == roles.end() ? 2 : role->second(arguments + 2);
}
