// What reaches out of a store is known by name, and the names are those of the engine in use.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "embedded/planted.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "optiinfra/transport/connector.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra::embedded {
namespace {

using ::testing::HasSubstr;

TEST(ReachesOut, ByACallAndNotByAWord) {
  for (const char* sql : {"SELECT file('/etc/shadow')", "SELECT FILE ('/x')", "SELECT `file`(a)",
                          "SELECT \"url\"(a)", "ENGINE = URL('http://x')", "SETTINGS disk = disk(type = web)",
                          "s3Cluster('c', 'u')", "'it\\'s' || file(a)", "SOURCE(EXECUTABLE(COMMAND 'id'))"})
    EXPECT_TRUE(reaches_out(sql)) << sql;
  for (const char* sql :
       {"", "file", "SELECT file, url FROM t", "SELECT 'file(1)'", "profile(a)", "SELECT 'it\\'s file(1)'",
        "CHECK isFinite(cost_per_hour)", "greatest(timestamp + toIntervalDay(30), arrival_hour)"})
    EXPECT_FALSE(reaches_out(sql)) << sql;
}

TEST(Planted, IsFoundWhereTheEngineKeepsDefinitionsAndMutations) {
  const testing::TemporaryFolder folder;
  const auto write = [&](const std::string& name, const std::string& text) {
    std::filesystem::create_directories((folder / name).parent_path());
    std::ofstream((folder / name).string()) << text;
  };
  write("metadata/d.sql", "ATTACH DATABASE _ ENGINE = Atomic");
  write("store/abc/abcd/t.sql", "ATTACH TABLE _ (a String) ENGINE = MergeTree");
  write("store/abc/abcd/asks.sql", "ATTACH VIEW _ AS SELECT * FROM file('x')");
  write("store/123/1234/mutation_2.txt", "commands: UPDATE a = 1 WHERE 1");
  write("store/123/1234/all_1_1_0/data.bin", "file('x')");
  EXPECT_TRUE(expect_nothing_planted(folder.path()));
  for (const auto& [name, text] :
       {std::pair{"store/123/1234/mutation_3.txt", "commands: UPDATE a = file(\\'/etc/shadow\\') WHERE 1"},
        {"store/abc/abcd/thief.sql", "ATTACH MATERIALIZED VIEW _ AS SELECT file('/etc/shadow')"},
        {"metadata/e.sql", "ATTACH DATABASE _ ENGINE = Atomic SETTINGS disk = disk(type = web)"}}) {
    write(name, text);
    const auto looked = expect_nothing_planted(folder.path());
    ASSERT_FALSE(looked) << name;
    EXPECT_THAT(looked.error().message, HasSubstr(name));
    std::filesystem::remove(folder / name);
  }
}

TEST(ReachesOut, KnowsEveryNameOfTheEngine) {
  // They make rows up or read tables of the same store.
  const std::set<std::string> inside = {
      // Table functions.
      "numbers", "numbers_mt", "zeros", "zeros_mt", "primes", "generateRandom", "generateSeries",
      "generate_series", "values", "SQLStandardValues", "null", "view", "viewExplain", "viewIfPermitted",
      "format", "input", "merge", "loop", "fuzzJSON", "fuzzQuery", "dictionary", "mergeTreeIndex",
      "mergeTreeProjection", "mergeTreeTextIndex", "mergeTreeAnalyzeIndexes", "mergeTreeAnalyzeIndexesUUID",
      "timeSeriesData", "timeSeriesTags", "timeSeriesMetrics", "timeSeriesSamples", "timeSeriesSelector",
      "prometheusQuery", "prometheusQueryRange",
      // Other hosts that the engine's configuration names, and an embedded engine's names none.
      "cluster", "clusterAllReplicas", "Distributed",
      // Runs a text as a query: experimental, and the configuration turns that off.
      "eval",
      // Engines.
      "MergeTree", "Memory", "Null", "Set", "Join", "Merge", "Buffer", "Log", "TinyLog", "StripeLog", "View",
      "MaterializedView", "WindowView", "Dictionary", "Alias", "Loop", "FuzzQuery", "FuzzJSON",
      "GenerateRandom", "TimeSeries"};
  const testing::TemporaryFolder folder;
  const auto session =
      (*make_connector("embedded:" + (folder / "store").string(), IfAbsent::kCreate))->connect();
  ASSERT_TRUE(session);
  const auto names =
      query_texts(**session, {.sql = "SELECT name FROM system.table_functions UNION ALL SELECT name FROM "
                                     "system.table_engines WHERE name NOT LIKE '%MergeTree'"});
  ASSERT_TRUE(names) << names.error().message;
  EXPECT_GT(names->size(), 50u);
  for (const auto& row : *names) EXPECT_NE(reaches_out(row[0] + "('x')"), inside.contains(row[0])) << row[0];
}

}  // namespace
}  // namespace optiinfra::embedded
