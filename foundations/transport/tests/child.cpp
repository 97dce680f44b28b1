// The processes that the transport tests start: `child ROLE FOLDER [more]`.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
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

Result<std::unique_ptr<Session>> open_session(const std::string& folder,
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
  static Session* const kept = session->release();
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

/// Adds a mark to the file in which disk_calls.cpp writes calls down.
void mark(const char* file, const char* text) { std::ofstream(file, std::ios::app) << text << std::endl; }

Result<InsertSummary> insert(Session& session, std::string token) {
  return session.insert(kill_case_statement(std::move(token)), kill_case_block());
}

/// Inserts `before` times and then once more between two marks.
int insert_between_marks(char** arguments, int before) {
  auto session = open_session(arguments[0], IfAbsent::kFail);
  if (!session) return failed(session.error());
  for (int i = 0; i <= before; ++i) {
    if (i == before) mark(arguments[2], "-- begin");
    const auto inserted = insert(**session, arguments[1]);
    if (!inserted) return failed(inserted.error());
  }
  mark(arguments[2], "-- acknowledged");
  return 0;
}

int insert_noted(char** arguments) { return insert_between_marks(arguments, 0); }
int insert_noted_twice(char** arguments) { return insert_between_marks(arguments, 1); }

void say(const Result<InsertSummary>& inserted) {
  if (inserted) {
    std::puts("stored");
    return;
  }
  const Error& error = inserted.error();
  std::printf("%s %s %s", std::string(to_string(error.kind)).c_str(),
              error.applied == Applied::kUnknown ? "unknown" : "not applied",
              error.connection_usable ? "usable" : "broken");
  if (error.server_code != 0) std::printf(" %d", error.server_code);
  std::puts("");
  std::fprintf(stderr, "%s\n", error.message.c_str());
}

/// Syncs that fail: the insert, the next, and one after the store was opened again.
int insert_past_sync_failure(char** arguments) {
  auto session = open_session(arguments[0], IfAbsent::kFail);
  if (!session) return failed(session.error());
  say(insert(**session, "one"));
  say(insert(**session, "two"));
  (*session).reset();
  session = open_session(arguments[0], IfAbsent::kFail);
  if (!session) return failed(session.error());
  say(insert(**session, "three"));
  return 0;
}

/// A log whose write fails once: the insert, its retry, another one; then both after a new start.
int insert_past_log_failure(char** arguments) {
  auto session = open_session(arguments[0], IfAbsent::kFail);
  if (!session) return failed(session.error());
  for (const char* token : {"one", "one", "two"}) say(insert(**session, token));
  (*session).reset();
  session = open_session(arguments[0], IfAbsent::kFail);
  if (!session) return failed(session.error());
  for (const char* token : {"one", "two", "two"}) say(insert(**session, token));
  return 0;
}

}  // namespace
}  // namespace optiinfra

int main(int count, char** arguments) {
  const std::map<std::string, int (*)(char**)> roles{
      {"connect", optiinfra::connect},
      {"hold", optiinfra::hold},
      {"leave", optiinfra::leave},
      {"leave_in_query", optiinfra::leave_in_query},
      {"insert_once", optiinfra::insert_once},
      {"insert_noted", optiinfra::insert_noted},
      {"insert_noted_twice", optiinfra::insert_noted_twice},
      {"insert_past_sync_failure", optiinfra::insert_past_sync_failure},
      {"insert_past_log_failure", optiinfra::insert_past_log_failure}};
  const auto role = count > 2 ? roles.find(arguments[1]) : roles.end();
  return role == roles.end() ? 2 : role->second(arguments + 2);
}
