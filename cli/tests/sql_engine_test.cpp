#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optiinfra/testing/server.hpp"
#include "program_under_test.hpp"

namespace optiinfra::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class Sql : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(home.run({"init"}).exit_code, 0); }

  /// Everything that a statement could change: the store's tables with their rows.
  std::string store_content() const {
    return home
        .run({"sql",
              "SELECT name, total_rows, create_table_query FROM system.tables WHERE database = 'optiinfra' "
              "ORDER BY name",
              "--output", "csv"})
        .output;
  }

  Home home;
};

TEST_F(Sql, PrintsRowsInEachFormat) {
  const std::string statement =
      "SELECT 1 AS a, 'x,y' AS b, NULL AS c, nan AS d, toDateTime('2026-03-01 12:00:00', 'UTC') AS t";
  EXPECT_THAT(home.run({"sql", statement}).output, StartsWith("a  b    c  d  t\n"));
  EXPECT_EQ(home.run({"sql", statement, "--output", "csv"}).output,
            "a,b,c,d,t\n1,\"x,y\",,,2026-03-01T12:00:00Z\n");
  EXPECT_EQ(
      home.json({"sql", statement})["data"],
      nlohmann::ordered_json::parse(R"([{"a":1,"b":"x,y","c":null,"d":null,"t":"2026-03-01T12:00:00Z"}])"));
  EXPECT_EQ(home.run({"sql", statement + " FORMAT JSON"}).exit_code, 2);
}

TEST_F(Sql, KeepsEveryDigitOfALargeNumber) {
  EXPECT_EQ(home.run({"sql", "SELECT toUInt64(18446744073709551615) AS n, toInt64(-9223372036854775807) AS m",
                      "--output", "csv"})
                .output,
            "n,m\n18446744073709551615,-9223372036854775807\n");
}

TEST_F(Sql, PrintsAnswersOfManyBlocksWithOneHeading) {
  const auto csv = home.run({"sql", "SELECT number FROM numbers(200000)", "--output", "csv"});
  EXPECT_EQ(std::count(csv.output.begin(), csv.output.end(), '\n'), 200'001);
  EXPECT_EQ(home.json({"sql", "SELECT number FROM numbers(200000)"})["data"].size(), 200'000u);
  EXPECT_THAT(home.run({"sql", "SELECT number FROM numbers(200000)"}).output,
              HasSubstr("10000 of 200000 rows"));
  const auto named = home.run({"sql", "SELECT number FROM numbers(200000)", "--format", "CSVWithNames"});
  EXPECT_EQ(std::count(named.output.begin(), named.output.end(), '\n'), 200'001);
  const auto document = home.run({"sql", "SELECT number FROM numbers(200000)", "--format", "JSON"});
  EXPECT_EQ(nlohmann::json::parse(document.output)["data"].size(), 200'000u);
}

TEST_F(Sql, AnswersWhatIsNoSelect) {
  EXPECT_THAT(home.run({"sql", "SHOW TABLES FROM optiinfra", "--output", "csv"}).output,
              HasSubstr("\ncost_metrics_ts\n"));
  EXPECT_THAT(home.run({"sql", "DESCRIBE optiinfra.cost_metrics_ts"}).output, HasSubstr("cost_per_hour"));
}

TEST_F(Sql, SaysWhatTheEngineSaysOfAMistake) {
  const auto result = home.run({"sql", "SELEC 1", "--output", "json"});
  EXPECT_EQ(result.exit_code, 1);
  const auto error = nlohmann::json::parse(result.error_output)["error"];
  EXPECT_EQ(error["kind"], "rejected");
  EXPECT_EQ(error["server_code"], 62);
}

TEST_F(Sql, ChangesNothingWithoutWrite) {
  const std::string before = store_content();
  const std::string file = (home / "written.csv").string();
  const std::string statements[] = {
      "DROP TABLE optiinfra.cost_metrics_ts",
      "TRUNCATE TABLE optiinfra.retention",
      "DROP DATABASE optiinfra",
      "CREATE TABLE optiinfra.mine (a UInt8) ENGINE = Memory",
      "CREATE VIEW optiinfra.mine AS SELECT 1",
      "INSERT INTO optiinfra.schema_migrations SELECT * FROM optiinfra.schema_migrations",
      "INSERT INTO FUNCTION file('" + file + "', 'CSV') SELECT 1",
      "INSERT INTO FUNCTION url('http://127.0.0.1:9/', 'CSV', 'a UInt8') SELECT 1",
      "ALTER TABLE optiinfra.cost_metrics_ts MODIFY TTL timestamp + INTERVAL 1 DAY",
      "ALTER TABLE optiinfra.retention DELETE WHERE 1",
      "RENAME TABLE optiinfra.retention TO optiinfra.gone",
      "OPTIMIZE TABLE optiinfra.cost_metrics_ts FINAL",
      "SELECT 1 INTO OUTFILE '" + file + "'",
      "SELECT 1 INTO/**/outfile '" + file + "' FORMAT CSV",
      "SELECT * FROM file('/etc/passwd', 'LineAsString')",
      "SELECT * FROM url('http://127.0.0.1:9/', 'CSV', 'a UInt8')",
      "SELECT 1 SETTINGS readonly = 0",
      "SET readonly = 0",
      "SELECT 1; DROP TABLE optiinfra.cost_metrics_ts",
      "BACKUP DATABASE optiinfra TO File('" + file + "')",
  };
  for (const std::string& statement : statements) {
    const auto result = home.run({"sql", statement});
    EXPECT_NE(result.exit_code, 0) << statement << "\n" << result.output;
    EXPECT_NE(result.error_output, "") << statement;
  }
  EXPECT_FALSE(std::filesystem::exists(file));
  EXPECT_EQ(store_content(), before);
}

TEST_F(Sql, ChangesTheStoreWithWrite) {
  EXPECT_EQ(
      home.run({"sql", "--write", "CREATE TABLE optiinfra.mine (a UInt8) ENGINE = MergeTree ORDER BY a"})
          .exit_code,
      0);
  EXPECT_EQ(home.run({"sql", "--write", "INSERT INTO optiinfra.mine VALUES (1), (2)"}).exit_code, 0);
  EXPECT_EQ(home.run({"sql", "SELECT sum(a) AS s FROM optiinfra.mine", "--output", "csv"}).output, "s\n3\n");
}

TEST_F(Sql, NeedsNoDatabaseBeforeATable) {
  EXPECT_EQ(home.run({"sql", "SELECT count() AS n FROM cost_hourly", "--output", "csv"}).output, "n\n0\n");
  EXPECT_EQ(home.run({"sql", "SELECT currentDatabase() AS d", "--output", "csv"}).output, "d\noptiinfra\n");
}

// 2026-01-01 00:00:00 in New York is 1767243600.
TEST_F(Sql, MeansUtcOnAHostInNewYorkOverEveryPort) {
  const std::vector<std::string> statement = {
      "sql", "SELECT toUnixTimestamp(toDateTime('2026-01-01 00:00:00')) AS t", "--output", "csv"};
  const std::string utc = "t\n1767225600\n";
  const auto in_new_york = home.options("TZ=America/New_York");
  EXPECT_EQ(testing::run_program(home.command(statement), in_new_york).output, utc);

  testing::ServerProcess server(OPTIINFRA_PROGRAM, home / "served");
  ASSERT_TRUE(server.is_ready()) << server.failure();
  server.stop();
  server.set_environment({"TZ=America/New_York"});
  ASSERT_TRUE(server.start()) << server.failure();
  for (const std::string& url : {server.native_url(), server.http_url()}) {
    std::vector<std::string> remote = {"--url", url};
    remote.insert(remote.end(), statement.begin(), statement.end());
    EXPECT_EQ(testing::run_program(home.command(remote), in_new_york).output, utc) << url;
    remote[3] = "SELECT count() AS t FROM cost_hourly";
    EXPECT_EQ(testing::run_program(home.command(remote), in_new_york).output, "t\n0\n") << url;
  }
}

TEST_F(Sql, EndsQuietlyAndClosesTheStoreWhenNobodyReadsOn) {
  const std::string script =
      std::string(OPTIINFRA_PROGRAM) +
      " sql 'SELECT number FROM numbers(1000000000)' --output csv | head -n 2; echo ${PIPESTATUS[0]}";
  const auto result = testing::run_program({"bash", "-c", script}, home.options());
  EXPECT_EQ(result.output, "number\n0\n0\n");
  EXPECT_EQ(result.error_output, "");
  EXPECT_TRUE(home.store_is_clean());
}

}  // namespace
}  // namespace optiinfra::cli
