// Opening and leaving a store: what several processes and folders do to each other.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "optiinfra/testing/program.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "optiinfra/transport/connector.hpp"

namespace optiinfra {
namespace {

namespace fs = std::filesystem;
using testing::Program;
using testing::ProgramOptions;
using testing::ProgramResult;
using testing::run_program;
using testing::TemporaryFolder;

std::vector<std::string> child(const std::string& role, const fs::path& folder) {
  return {OPTIINFRA_TRANSPORT_CHILD, role, folder.string()};
}

Result<std::unique_ptr<Session>> open(const std::string& url, IfAbsent if_absent = IfAbsent::kCreate) {
  OPTIINFRA_TRY(const auto connector, make_connector(url, if_absent));
  return connector->connect();
}

Result<std::unique_ptr<Session>> open_folder(const fs::path& folder) {
  return open("embedded:" + folder.string());
}

std::string ask(Session& session, const std::string& sql) {
  std::string answer;
  const auto summary = session.query_text({.sql = sql}, "TSV", [&answer](std::string_view text) {
    answer += text;
    return true;
  });
  return summary ? answer : "error: " + summary.error().message;
}

void expect_error(const Result<std::unique_ptr<Session>>& session, ErrorKind kind, std::string_view says) {
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().kind, kind);
  EXPECT_NE(session.error().message.find(says), std::string::npos) << session.error().message;
}

TEST(OpenStore, HeldByAnotherProcessNamesItAndItsNumber) {
  const TemporaryFolder folder;
  Program holder(child("hold", folder / "store"));
  ASSERT_TRUE(holder.wait_for_output("holding")) << holder.wait().error_output;
  expect_error(open_folder(folder / "store"), ErrorKind::kUnavailable,
               "held by transport_child (process " + std::to_string(holder.process_id()) + ")");
  holder.send_signal(SIGKILL);
  EXPECT_EQ(holder.wait().signal, SIGKILL);
  EXPECT_TRUE(open_folder(folder / "store"));
}

TEST(OpenStore, ASecondFolderInOneProcessIsRefused) {
  const TemporaryFolder folder;
  {
    const auto first = open_folder(folder / "one");
    ASSERT_TRUE(first) << first.error().message;
    expect_error(open_folder(folder / "two"), ErrorKind::kUnavailable, (folder / "one").string());
    expect_error(open("embedded:"), ErrorKind::kUnavailable, (folder / "one").string());
    EXPECT_FALSE(fs::exists(folder / "two"));
    EXPECT_TRUE(open_folder(folder / "one")) << "the same folder has any number of sessions";
  }
  EXPECT_TRUE(open_folder(folder / "two"));
}

TEST(OpenStore, SessionsOfOneStoreSeeTheSameTables) {
  const TemporaryFolder folder;
  auto one = open_folder(folder / "store"), other = open_folder(folder / "store");
  ASSERT_TRUE(one && other);
  ASSERT_TRUE((*one)->execute({.sql = "CREATE TABLE t (a UInt8) ENGINE = Memory"}));
  EXPECT_EQ(ask(**other, "EXISTS TABLE t"), "1\n");
  one->reset();
  EXPECT_EQ(ask(**other, "EXISTS TABLE t"), "1\n");
}

TEST(OpenStore, KeepsItsRowsAcrossSessions) {
  const TemporaryFolder folder;
  for (int round = 0; round < 3; ++round) {
    auto session = open_folder(folder / "store");
    ASSERT_TRUE(session) << session.error().message;
    ASSERT_TRUE(
        (*session)->execute({.sql = "CREATE TABLE IF NOT EXISTS t (a UInt8) ENGINE = MergeTree ORDER BY a"}));
    ASSERT_TRUE((*session)->execute({.sql = "INSERT INTO t VALUES (1)"}));
    EXPECT_EQ(ask(**session, "SELECT count() FROM t"), std::to_string(round + 1) + "\n");
  }
}

TEST(OpenStore, ReadsNoConfigurationButItsOwn) {
  const TemporaryFolder folder;
  std::ofstream(folder / "config.xml") << "<clickhouse><broken";
  const auto result =
      run_program({"sh", "-c", "cd \"$2\" && exec \"$0\" connect \"$1\"", OPTIINFRA_TRANSPORT_CHILD,
                   (folder / "store").string(), folder.path().string()});
  EXPECT_EQ(result.exit_code, 0) << result.error_output;
}

TEST(TemporaryStore, IsRemovedWithItsLastSession) {
  const TemporaryFolder folder;
  ::setenv("TMPDIR", folder.path().c_str(), 1);
  {
    auto session = open("embedded:", IfAbsent::kFail);
    ASSERT_TRUE(session) << session.error().message;
    ASSERT_TRUE((*session)->execute({.sql = "CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a"}));
    EXPECT_FALSE(fs::is_empty(folder.path()));
  }
  EXPECT_TRUE(fs::is_empty(folder.path()));
  ::unsetenv("TMPDIR");
}

TEST(TemporaryStore, IsRemovedWhenTheProcessLeavesIt) {
  const TemporaryFolder folder;
  const auto result = run_program({OPTIINFRA_TRANSPORT_CHILD, "leave", ""},
                                  {.environment = {"TMPDIR=" + folder.path().string()}});
  EXPECT_EQ(result.exit_code, 0) << result.error_output;
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(LeaveStore, WithAnOpenSessionEndsInOrder) {
  const TemporaryFolder folder;
  for (const char* role : {"leave", "leave"}) {
    const ProgramResult result = run_program(child(role, folder / "store"));
    EXPECT_EQ(result.exit_code, 0) << result.signal << result.error_output;
    EXPECT_EQ(result.output, "left with an open session");
    EXPECT_FALSE(fs::exists(folder / "store/unclean"));
  }
}

TEST(LeaveStore, FromInsideAQueryEndsInOrder) {
  const TemporaryFolder folder;
  const ProgramResult result = run_program(child("leave_in_query", folder / "store"));
  EXPECT_EQ(result.exit_code, 0) << result.signal << result.error_output;
  EXPECT_EQ(result.output, "leaving");
}

TEST(ReadOnlyFolder, OfFilesThatCannotBeReadIsRefusedWithItsReason) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become the user who may not write";
  const TemporaryFolder folder;
  fs::permissions(folder.path(), fs::perms(0755));
  ASSERT_EQ(run_program(child("connect", folder / "store")).exit_code, 0);
  fs::permissions(folder / "store", fs::perms(0755));
  // Root may write anywhere, so the opening is done by nobody.
  for (const fs::path& path : {folder / "store", folder / "new"}) {
    std::vector<std::string> command{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};
    for (const auto& argument : child("connect", path)) command.push_back(argument);
    const ProgramResult result = run_program(command);
    const bool may_not_load = result.error_output.find("could not be loaded") != std::string::npos;
    if (result.exit_code == 127 || result.exit_code == 126 || may_not_load) {
      GTEST_SKIP() << "nobody may not run the program or its engine: " << result.error_output;
    }
    EXPECT_EQ(result.exit_code, 1) << result.error_output;
    EXPECT_TRUE(result.error_output.starts_with("storage: ")) << result.error_output;
    EXPECT_NE(result.error_output.find("Permission denied"), std::string::npos) << result.error_output;
  }
}

TEST(ReadOnlyDisk, IsOpenedForReading) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can mount a read-only disk";
  const TemporaryFolder folder;
  ASSERT_EQ(run_program(child("connect", folder / "store")).exit_code, 0);
  const std::string path = (folder / "store").string();
  const ProgramResult result =
      run_program({"unshare", "--mount", "sh", "-c",
                   "mount --bind \"$1\" \"$1\" && mount -o remount,ro,bind \"$1\" || exit 77; "
                   "exec \"$0\" connect \"$1\"",
                   OPTIINFRA_TRANSPORT_CHILD, path});
  if (result.exit_code == 77 || result.exit_code == 127 || result.error_output.starts_with("unshare")) {
    GTEST_SKIP() << "this machine allows no mounts: " << result.error_output;
  }
  EXPECT_EQ(result.exit_code, 0) << result.error_output;
}

TEST(AddressSpace, ThatIsTooSmallForTheEngineIsSaid) {
  const TemporaryFolder folder;
  const auto result = run_program(
      {"/bin/sh", "-c",
       "ulimit -v 600000; exec " OPTIINFRA_TRANSPORT_CHILD " connect " + (folder / "s").string()});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.error_output.find("585 MiB of address space, and the engine needs at least 2048 MiB"),
            std::string::npos)
      << result.error_output;
}

TEST(MissingEngine, SaysHowToGetIt) {
  const TemporaryFolder folder;
  const ProgramResult result = run_program(child("connect", folder / "store"),
                                           {.environment = {"OPTIINFRA_LIBCHDB=/nonexistent/libchdb.so"}});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_TRUE(result.error_output.starts_with("unavailable: ")) << result.error_output;
  for (const char* part : {"./setup", "OPTIINFRA_LIBCHDB", "/nonexistent/libchdb.so"}) {
    EXPECT_NE(result.error_output.find(part), std::string::npos) << result.error_output;
  }
  EXPECT_FALSE(fs::exists(folder / "store"));
}

TEST(MissingEngine, IsNotTakenFromAnyOtherLibrary) {
  const TemporaryFolder folder;
  const ProgramResult result =
      run_program(child("connect", folder / "store"), {.environment = {"OPTIINFRA_LIBCHDB=libm.so.6"}});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.error_output.find("libm.so.6: lacks a function of chdb"), std::string::npos)
      << result.error_output;
}

}  // namespace
}  // namespace optiinfra
