// What the users of `optiinfra server` may do, by their role.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "served_store.hpp"

namespace optiinfra::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ServerRoles : public ServedStore {
 protected:
  void SetUp() override {
    const std::string file = (folder / "password").string();
    std::ofstream(file) << "secret\n";
    std::filesystem::permissions(file, std::filesystem::perms{0600});
    std::vector<std::string> flags;
    for (const char* user : {"ada", "agent:write", "grafana:read"})
      flags.insert(flags.end(), {"--user", user, "--password-file", file});
    start(flags);
  }

  std::string as(const std::string& user, const std::string& sql) const { return ask(sql, user + ":secret"); }
};

constexpr const char* kInsert =
    "INSERT INTO optiinfra.cost_metrics_ts (timestamp, customer_id, cloud_provider, instance_id, "
    "service_name, "
    "cost_per_hour) VALUES (now() - 60, generateUUIDv4(), 'aws', 'i-1', 'chat', 1.5)";

TEST_F(ServerRoles, EachReadsTheNumbersAndOnlySomeWrite) {
  EXPECT_EQ(as("agent", kInsert), "");
  EXPECT_EQ(as("ada", kInsert), "");
  EXPECT_THAT(as("grafana", kInsert), HasSubstr("rivileges"));
  for (const char* user : {"ada", "agent", "grafana"})
    EXPECT_EQ(as(user, "SELECT sum(sample_count) FROM optiinfra.cost_hourly"), "2\n") << user;
}

TEST_F(ServerRoles, SqlOfTheProgramAnswersAReader) {
  EXPECT_EQ(as("agent", kInsert), "");
  for (const std::string& url : {server->native_url("grafana:secret"), server->http_url("grafana:secret")}) {
    const auto asked = home.run(
        {"sql", "SELECT sum(sample_count) FROM optiinfra.cost_hourly", "--output", "csv", "--url", url});
    EXPECT_THAT(asked.output, HasSubstr("\n1\n")) << asked.error_output;
    EXPECT_THAT(
        home.run({"sql", "DROP TABLE optiinfra.cost_metrics_ts", "--write", "--url", url}).error_output,
        ::testing::AnyOf(HasSubstr("rivileges"), HasSubstr("readonly")));
  }
}

TEST_F(ServerRoles, AReaderAndAWriterChangeNothingElse) {
  for (const char* user : {"agent", "grafana"}) {
    for (const char* sql :
         {"INSERT INTO optiinfra.retention (family, tier, days, set_at) VALUES ('cost', 'raw', 1, now())",
          "INSERT INTO optiinfra.cost_metrics_hourly (hour) VALUES (now())",
          "DROP TABLE optiinfra.cost_metrics_ts", "TRUNCATE TABLE optiinfra.cost_metrics_ts",
          "ALTER TABLE optiinfra.cost_metrics_ts FREEZE",
          "ALTER TABLE optiinfra.cost_metrics_ts ADD COLUMN a UInt8",
          "ALTER TABLE optiinfra.cost_metrics_ts DELETE WHERE 1", "OPTIMIZE TABLE optiinfra.cost_metrics_ts",
          "CREATE TABLE optiinfra.t (a UInt8) ENGINE = MergeTree ORDER BY a",
          "CREATE TABLE default.t (a UInt8) ENGINE = Memory", "CREATE VIEW optiinfra.v AS SELECT 1",
          "CREATE DATABASE d", "CREATE TEMPORARY TABLE t (a UInt8) ENGINE = Memory", "KILL QUERY WHERE 1",
          "SYSTEM FLUSH LOGS", "SELECT * FROM system.processes", "SELECT * FROM system.users",
          "SELECT * FROM system.query_log"})
      EXPECT_THAT(as(user, sql),
                  ::testing::AnyOf(HasSubstr("rivileges"), HasSubstr("readonly"), HasSubstr("Unknown table")))
          << user << ": " << sql;
  }
}

TEST_F(ServerRoles, AnAdminCannotStopTheStoresWorkOrCopyIt) {
  for (const char* sql :
       {"SYSTEM STOP MERGES optiinfra.cost_metrics_ts", "SYSTEM STOP TTL MERGES optiinfra.cost_metrics_ts",
        "SYSTEM STOP LISTEN TCP", "SYSTEM STOP LISTEN HTTP", "ALTER TABLE optiinfra.cost_metrics_ts FREEZE",
        "BACKUP DATABASE optiinfra TO File('b')", "SYSTEM SHUTDOWN", "SYSTEM KILL"})
    EXPECT_THAT(as("ada", sql), HasSubstr("rivileges")) << sql;
  // Without a table they are for all that the user may stop, which is none.
  ASSERT_EQ(as("ada", kInsert), "");
  ASSERT_EQ(as("ada", kInsert), "");
  for (const char* sql : {"SYSTEM STOP MERGES", "SYSTEM STOP TTL MERGES", "SYSTEM STOP VIEWS"})
    as("ada", sql);
  EXPECT_EQ(as("ada", "OPTIMIZE TABLE optiinfra.cost_metrics_ts FINAL"), "");
}

TEST_F(ServerRoles, NobodyMakesADiskOfTheirOwn) {
  const std::string path = (folder / "elsewhere/").string();
  for (const std::string& disk : {"disk(type = 'local_blob_storage', path = '" + path + "')",
                                  "disk(type = 'object_storage', object_storage_type = 'local', "
                                  "metadata_type = 'plain_rewritable', path = '" +
                                      path + "')",
                                  std::string("disk(type = 'web', endpoint = 'http://127.0.0.1:1/')"),
                                  std::string("disk(type = 's3', endpoint = 'http://127.0.0.1:1/b/', "
                                              "access_key_id = 'a', secret_access_key = 'b')")})
    EXPECT_NE(
        as("ada", "CREATE TABLE default.d (a UInt8) ENGINE = MergeTree ORDER BY a SETTINGS disk = " + disk),
        "")
        << disk;
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ServerRoles, SeesNoOtherProcess) {
  if (as("ada", "SELECT file('/etc/passwd')").find("root:") != std::string::npos)
    GTEST_SKIP() << "this kernel has no Landlock";
  for (const char* file : {"/proc/1/cmdline", "/proc/1/status", "/proc/self/cmdline", "/proc/self/environ",
                           "/proc/net/tcp", "/proc/self/net/tcp"}) {
    const std::string read = as("ada", "SELECT file('" + std::string(file) + "')");
    EXPECT_THAT(read, HasSubstr("Permission denied")) << file;
  }
}

TEST_F(ServerRoles, SlowsDownWhoGuessesAndNobodyElse) {
  const auto begin = std::chrono::steady_clock::now();
  int tried = 0;
  for (int guess = 0; guess < 100; ++guess)
    tried +=
        ask("SELECT 1", "ada:wrong" + std::to_string(guess)).find("failed_sequential") == std::string::npos;
  EXPECT_LE(tried,
            21 * (1 + static_cast<int>((std::chrono::steady_clock::now() - begin).count() / 10'000'000'000)));
  EXPECT_EQ(as("grafana", "SELECT 1"), "1\n");
  EXPECT_EQ(as("agent", "SELECT 1"), "1\n");
  EXPECT_EQ(server->stop().exit_code, 0);
  const std::filesystem::path log = store().string() + ".log";
  EXPECT_LT(std::filesystem::file_size(log), 20'000u);
  EXPECT_EQ(std::filesystem::status(log).permissions(), std::filesystem::perms{0600});
}

TEST_F(ServerRoles, SaysInASentenceWhyALoginFails) {
  EXPECT_THAT(ask("SELECT 1", "ada:wrong"), HasSubstr("OPTIINFRA_PASSWORD_FILE"));
  EXPECT_THAT(ask("SELECT 1", "default"), HasSubstr("name a user in the URL"));
}

}  // namespace
}  // namespace optiinfra::cli
