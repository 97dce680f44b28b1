// What a server's user leaves in the store does not run with the rights of the owner's next command.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "served_store.hpp"

namespace optiinfra::cli {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ServerPlanted : public ServedStore {
 protected:
  void SetUp() override {
    secret = (folder / "secret").string();
    std::ofstream(secret) << "do not show";
    start();
    if (ask("SELECT file('" + secret + "')").find("do not show") != std::string::npos)
      GTEST_SKIP() << "this kernel has no Landlock";
  }

  testing::ProgramResult generate() const {
    return home.run({"--url", "embedded:" + store().string(), "generate", "--seed", "1", "--days", "1",
                     "--rows", "1000"});
  }

  std::string secret;
};

TEST_F(ServerPlanted, AViewThatReadsAFileIsNamedAndDoesNotRun) {
  ASSERT_EQ(ask("CREATE TABLE default.loot (a String) ENGINE = MergeTree ORDER BY a"), "");
  ASSERT_EQ(ask("CREATE MATERIALIZED VIEW optiinfra.thief TO default.loot AS SELECT file(materialize('" +
                secret + "')) AS a FROM optiinfra.cost_metrics_ts LIMIT 1"),
            "");
  server->stop();
  const auto ran = generate();
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.error_output, AllOf(HasSubstr("thief"), HasSubstr("optiinfra server")));
  // The server names it, goes on, and the view's owner can drop it there.
  ASSERT_TRUE(server->start()) << server->failure();
  EXPECT_EQ(ask("SELECT count() FROM default.loot"), "0\n");
  EXPECT_EQ(ask("DROP VIEW optiinfra.thief SYNC"), "");
  EXPECT_THAT(server->stop().error_output, HasSubstr("`optiinfra`.`thief`"));
  EXPECT_EQ(generate().exit_code, 0);
}

TEST_F(ServerPlanted, AViewPastTheGrantsIsNamedAndDropped) {
  ASSERT_EQ(
      ask("CREATE VIEW default.far (a String) AS SELECT a FROM url('http://127.0.0.1:1/', 'LineAsString', 'a "
          "String')"),
      "");
  ASSERT_EQ(ask("CREATE TABLE default.loot (a String) ENGINE = MergeTree ORDER BY a"), "");
  ASSERT_EQ(ask("CREATE MATERIALIZED VIEW default.thief TO default.loot AS SELECT a FROM "
                "optiinfra.cost_metrics_ts AS m "
                "CROSS JOIN default.far"),
            "");
  server->stop();
  const auto ran = generate();
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.error_output, AllOf(HasSubstr("`default`.`thief`"), HasSubstr("DROP VIEW")));
  EXPECT_THAT(ask_embedded("SELECT * FROM default.far"), HasSubstr("READ ON URL"));
  EXPECT_EQ(ask_embedded("DROP VIEW default.thief SYNC"), "");
  EXPECT_EQ(generate().exit_code, 0);
}

TEST_F(ServerPlanted, AnUnfinishedAlterIsNamedAndDoesNotRun) {
  ASSERT_EQ(ask("CREATE TABLE default.evil (a String, b UInt8) ENGINE = MergeTree ORDER BY b"), "");
  ASSERT_EQ(ask("INSERT INTO default.evil VALUES ('x', 1)"), "");
  EXPECT_THAT(
      ask("ALTER TABLE default.evil UPDATE a = file(concat('" + secret + "', substring(a, 1, 0))) WHERE 1"),
      HasSubstr("Permission denied"));
  server->stop();
  EXPECT_THAT(
      ask_embedded("SELECT a FROM default.evil"),
      AllOf(HasSubstr("an unfinished ALTER"), HasSubstr("KILL MUTATION"), Not(HasSubstr("do not show"))));
  ASSERT_TRUE(server->start()) << server->failure();
  ask("KILL MUTATION WHERE table = 'evil' SYNC");
  EXPECT_EQ(ask("SELECT a FROM default.evil"), "\"x\"\n");
  server->stop();
  EXPECT_EQ(ask_embedded("SELECT a FROM default.evil"), "x\n");
}

TEST_F(ServerPlanted, AnEmbeddedSessionReachesNoHostAndNoProgram) {
  server->stop();
  for (const std::string& sql :
       {std::string("SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString', 'a String')"),
        std::string("SELECT * FROM remote('127.0.0.1:1', system.one)"),
        std::string("SELECT * FROM executable('id', 'TSV', 'a String')"),
        std::string("CREATE DICTIONARY default.d (a UInt64) PRIMARY KEY a SOURCE(EXECUTABLE(COMMAND 'id' "
                    "FORMAT 'TSV')) "
                    "LAYOUT(FLAT()) LIFETIME(0)")})
    EXPECT_THAT(ask_embedded(sql), AnyOf(HasSubstr("rivileges"), HasSubstr("user scripts"))) << sql;
  EXPECT_THAT(ask_embedded("SELECT count() FROM cost_hourly"), HasSubstr("0"));
}

}  // namespace
}  // namespace optiinfra::cli
