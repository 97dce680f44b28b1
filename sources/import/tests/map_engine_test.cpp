// Maps on the engine: what they can say, and what a map from a stranger cannot do.
#include "import_fixture.hpp"

namespace optiinfra {
namespace {

using testing::HasSubstr;

class MapTest : public ImportTest {
 protected:
  static std::string toml_of(const std::string& latency) {
    return "format = \"CSVWithNames\"\n[columns]\ntimestamp = \"toDateTime(launch_time)\"\ncustomer_id = "
           "\"'" +
           std::string(kCustomer) + "'\"\nservice_id = \"'" + kService + "'\"\nlatency_ms = '''" + latency +
           "'''\nservice_type = \"'vllm'\"\n";
  }

  std::string map(const std::string& toml) {
    return write("map-" + std::to_string(++maps_) + ".toml", toml).string();
  }

  std::filesystem::path requests() {
    return write("requests.csv",
                 "launch_time,finish_time,name\n1772366400.5,1772366402,a\n1772366401,1772366404,b\n");
  }

  int maps_ = 0;
};

TEST_F(MapTest, ComputesColumnsFromTheFilesColumns) {
  const FileReport report =
      imported(Family::kPerformance, requests(), map(toml_of("(finish_time - launch_time) * 1000")));
  EXPECT_EQ(report.rows_stored, 2u);
  EXPECT_EQ(ask("SELECT timestamp, latency_ms, service_type, model_name FROM "
                "optiinfra.performance_metrics_ts ORDER BY timestamp"),
            "2026-03-01 12:00:00\t1500\tvllm\t\n2026-03-01 12:00:01\t3000\tvllm\t");
}

TEST_F(MapTest, TheSameContentUnderAnotherMapIsAnotherImport) {
  EXPECT_EQ(imported(Family::kPerformance, requests(), map(toml_of("1"))).rows_stored, 2u);
  EXPECT_THAT(refusal(Family::kPerformance, requests(), map(toml_of("2"))), HasSubstr("--replace"));
  EXPECT_TRUE(imported(Family::kPerformance, requests(), map(toml_of("1"))).was_already_imported);
}

TEST_F(MapTest, ExpressionsSeeOneRowAndNothingElse) {
  const auto file = requests();
  const std::string before = ask("SELECT count() FROM system.tables WHERE database = 'optiinfra'");
  for (const char* expression : {"(SELECT 1)",
                                 "(SELECT count() FROM optiinfra.cost_metrics_ts)",
                                 "1) FROM file('/etc/passwd') WHERE (1",
                                 "1), (2",
                                 "file('/etc/passwd')",
                                 "FILE('/etc/passwd')",
                                 "launch_time IN system.tables",
                                 "launch_time IN (system.tables)",
                                 "launch_time IN (SELECT 1)",
                                 "dictGet('d', 'a', 1)",
                                 "joinGet('t', 'c', 1)",
                                 "hasColumnInTable('system', 'one', 'dummy')",
                                 "sleep(1)",
                                 "sleepEachRow(1)",
                                 "throwIf(1)",
                                 "now()",
                                 "NOW()",
                                 "CURRENT_TIMESTAMP()",
                                 "today()",
                                 "rand()",
                                 "generateUUIDv4()",
                                 "arrayJoin([1, 2])",
                                 "sum(launch_time)",
                                 "count()",
                                 "count() OVER ()",
                                 "row_number() OVER (ORDER BY launch_time)",
                                 "rowNumberInAllBlocks()",
                                 "neighbor(launch_time, 1)",
                                 "runningDifference(launch_time)",
                                 "hostName()",
                                 "currentUser()",
                                 "getSetting('max_threads')",
                                 "getMacro('m')",
                                 "serverUUID()",
                                 "version()",
                                 "filesystemFree()",
                                 "addressToLine(1)",
                                 "COLUMNS('x')",
                                 "*",
                                 "{p:Float64}",
                                 "1; DROP TABLE optiinfra.cost_metrics_ts",
                                 "1 -- ",
                                 "1 /* */",
                                 "launch_time AS x",
                                 "arrayMap(x -> sleep(x), [1])",
                                 "arrayMap(x -> (SELECT x), [1])",
                                 "url('http://localhost')",
                                 "executable('x')",
                                 "catboostEvaluate('m', 1)",
                                 "aiGenerate('x')",
                                 "encrypt('aes-128-ecb', 'x', '0123456789012345')",
                                 "materialize(1)",
                                 "evalMLMethod(1)",
                                 "initializeAggregation('sum', 1)",
                                 "1 FORMAT Null",
                                 "1 INTO OUTFILE '/tmp/x'",
                                 "1 SETTINGS max_threads = 1",
                                 "1 UNION ALL SELECT 2"}) {
    SCOPED_TRACE(expression);
    const std::string message = refusal(Family::kPerformance, file, map(toml_of(expression)));
    EXPECT_THAT(message, HasSubstr("column"));
  }
  EXPECT_EQ(ask("SELECT count() FROM optiinfra.performance_metrics_ts"), "0");
  EXPECT_EQ(ask("SELECT count() FROM system.tables WHERE database = 'optiinfra'"), before);
}

TEST_F(MapTest, UsefulFunctionsAreAllowed) {
  const auto file = requests();
  for (const char* expression : {"if(finish_time > launch_time, 1, 2)",
                                 "CASE WHEN name = 'a' THEN 1 ELSE 2 END",
                                 "CASE name WHEN 'a' THEN 1 ELSE 2 END",
                                 "length(name) + 1",
                                 "toFloat32(launch_time) % 7",
                                 "CAST(launch_time AS UInt32) % 5",
                                 "launch_time::UInt64 % 3",
                                 "greatest(1, 2)",
                                 "toUInt32(substring('12', 1, 1))",
                                 "name IN ('a', 'b')",
                                 "JSONExtractFloat('{\"x\": 1}', 'x')",
                                 "transform(name, ['a'], [1.5], 2)",
                                 "cityHash64(name) % 100",
                                 "coalesce(NULL, 1)",
                                 "dateDiff('second', toDateTime(1), toDateTime(5))",
                                 "round(finish_time - launch_time, 1)",
                                 "splitByChar('-', '1-2')[1]",
                                 "UPPER(name) = 'A'",
                                 "name LIKE 'a%'",
                                 "launch_time BETWEEN 1 AND 2",
                                 "1e3",
                                 "'12.5'"}) {
    SCOPED_TRACE(expression);
    forget_imports();
    EXPECT_EQ(imported(Family::kPerformance, file, map(toml_of(expression))).rows_stored, 2u);
  }
}

TEST_F(MapTest, NamesWhatDoesNotFitTheFile) {
  const auto file = requests();
  EXPECT_THAT(refusal(Family::kPerformance, file, map(toml_of("(finsh_time - launch_time) * 1000"))),
              HasSubstr("there is no column 'finsh_time', which map " + folder_.string() +
                        "/map-1.toml, column latency_ms reads; did you mean 'finish_time'?"));
  EXPECT_THAT(refusal(Family::kPerformance, file, map(toml_of("name * 2"))),
              HasSubstr("column latency_ms: Illegal types"));
  EXPECT_THAT(refusal(Family::kPerformance, file, map(toml_of("[1, 2]"))),
              HasSubstr("the value for latency_ms is of type Array(UInt8), of which Float32 cannot be made"));
  EXPECT_THAT(refusal(Family::kPerformance, file, map(toml_of("roudn(1)"))),
              HasSubstr("did you mean 'round'?"));
  EXPECT_THAT(refusal(Family::kPerformance, file, map("where = \"name\"\n" + toml_of("1"))),
              HasSubstr("`where` is of type"));
}

TEST_F(MapTest, AStatedTypeLetsABadValueRefuseItsRowAlone) {
  const auto file =
      write("requests.csv", "launch_time,finish_time\n1772366400,soon\n1772366400,1772366401\n1772366400,\n");
  const std::string stated = "[source]\nlaunch_time = \"Float64\"\nfinish_time = \"Float64\"\n";
  const FileReport report =
      imported(Family::kPerformance, file, map(toml_of("finish_time - launch_time") + stated));
  EXPECT_EQ(report.rows_stored, 1u);
  const auto lines = rejected(report);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["refused"][0]["column"], "finish_time");
  EXPECT_EQ(lines[0]["refused"][0]["value"], "soon");
  EXPECT_EQ(lines[1]["reason"], "latency_ms: null must be given");
}

TEST_F(MapTest, WhereLeavesRowsOutAndCountsThem) {
  const FileReport report =
      imported(Family::kPerformance, requests(), map("where = \"name = 'b'\"\n" + toml_of("1")));
  EXPECT_EQ(report.rows_read, 2u);
  EXPECT_EQ(report.rows_stored, 1u);
  EXPECT_EQ(report.rows_left_out, 1u);
  EXPECT_EQ(report.rows_refused, 0u);
}

TEST_F(MapTest, RepeatSpreadsARowOverSeveralAndRefusesItOnce) {
  const auto file = write("days.csv", "day,cost\n2026-03-01,48\n2026-03-02,-1\n2026-03-03,x\n");
  const std::string toml =
      "repeat = \"24\"\n[source]\nday = \"DateTime\"\ncost = \"Float64\"\n[columns]\ntimestamp = \"day + "
      "toIntervalHour(repeat_index)\"\ncustomer_id = \"'" +
      std::string(kCustomer) + "'\"\ncloud_provider = \"'aws'\"\ncost_per_hour = \"cost / repeat_count\"\n";
  const FileReport report = imported(Family::kCost, file, map(toml));
  EXPECT_EQ(report.rows_read, 3u);
  EXPECT_EQ(report.rows_stored, 24u);
  EXPECT_EQ(report.rows_refused, 2u);
  EXPECT_EQ(rejected(report).size(), 2u);
  EXPECT_EQ(
      ask("SELECT sum(cost_per_hour), uniqExact(timestamp), max(timestamp) FROM optiinfra.cost_metrics_ts"),
      "48\t24\t2026-03-01 23:00:00");
  for (const char* count : {"0", "-1", "8785", "NULL"}) {
    forget_imports();
    const FileReport none = imported(Family::kCost, file,
                                     map("where = \"cost = 48\"\nrepeat = \"" + std::string(count) + "\"\n" +
                                         toml.substr(toml.find("[source]"))));
    EXPECT_EQ(none.rows_left_out, 1u) << count;
    EXPECT_EQ(none.rows_refused, 2u)
        << count << ": and the row that `where` cannot judge, since its cost is no number";
    EXPECT_THAT(rejected(none).at(0)["reason"].get<std::string>(),
                HasSubstr("is repeated less than once or too often"));
  }
}

TEST_F(MapTest, JsonLinesHaveTheTypesOfTheirValues) {
  const auto file = write("a.jsonl",
                          "{\"t\": 1772366400, \"ms\": 1.5, \"label\": \"yes\", \"line\": 3}\n{\"t\": "
                          "1772366401, \"ms\": 2, \"label\": null}\n");
  const std::string toml =
      "[columns]\ntimestamp = \"t\"\ncustomer_id = \"'" + std::string(kCustomer) + "'\"\nservice_id = \"'" +
      kService +
      "'\"\nlatency_ms = \"ms * 2\"\nmodel_name = \"ifNull(label, 'none')\"\nbatch_size = \"line\"\n";
  EXPECT_EQ(imported(Family::kPerformance, file, map(toml)).rows_stored, 2u);
  EXPECT_EQ(ask("SELECT timestamp, latency_ms, model_name, batch_size FROM optiinfra.performance_metrics_ts "
                "ORDER BY timestamp"),
            "2026-03-01 12:00:00\t3\tyes\t3\n2026-03-01 12:00:01\t4\tnone\t\\N");
}

}  // namespace
}  // namespace optiinfra
