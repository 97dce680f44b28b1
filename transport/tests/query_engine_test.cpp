#include "optiinfra/testing/program.hpp"
#include "session.hpp"

namespace optiinfra {
namespace {

using namespace std::chrono_literals;

class Query : public testing::SessionTest {
 protected:
  /// The sum of a UInt64 column "number" over all blocks.
  Result<std::uint64_t> sum(const Statement& statement) {
    std::uint64_t total = 0;
    auto summary = session_->query(statement, [&total](const Block& block) {
      const auto* values = block.values<std::vector<std::uint64_t>>(0);
      if (values == nullptr) return false;
      for (const std::uint64_t value : *values) total += value;
      return true;
    });
    if (!summary) return std::move(summary).error();
    return total;
  }
};

TEST_F(Query, BindsParametersByNameWhateverTheyHold) {
  const std::string strange = "it's \"quoted\" \\ back; -- SELECT\n\ttab é 日本 {a:String}";
  const auto blocks = [&](const Statement& statement) {
    std::vector<std::string> values;
    const auto summary = session_->query(statement, [&values](const Block& block) {
      for (std::size_t i = 0; i < block.columns().size(); ++i)
        values.emplace_back((*block.values<Strings>(i))[0]);
      return true;
    });
    EXPECT_TRUE(summary) << summary.error().message;
    return values;
  };
  EXPECT_EQ(blocks({.sql = "SELECT {b:String}, {a:String}, {c:String}",
                    .parameters = {{"a", "A"}, {"b", strange}, {"c", ""}}}),
            (std::vector<std::string>{strange, "A", ""}));
  session_->execute({.sql = "CREATE TABLE t (a String) ENGINE = Memory"}).has_value();
  ASSERT_TRUE(session_->execute({.sql = "INSERT INTO t SELECT {a:String}", .parameters = {{"a", strange}}}));
  EXPECT_EQ(blocks({.sql = "SELECT a FROM t WHERE a = {a:String}", .parameters = {{"a", strange}}}),
            std::vector<std::string>{strange});
}

TEST_F(Query, BindsListsAsSqlWritesThem) {
  EXPECT_EQ(ask({.sql = "SELECT arrayStringConcat({ a : Array(String) }, '+')",
                 .parameters = {{"a", R"(['it\'s','b'])"}}}),
            "it\\'s+b\n");
}

TEST_F(Query, AnswersStatementsThatTheEngineCannotStream) {
  run("CREATE TABLE t (a UInt8) ENGINE = Memory");
  EXPECT_EQ(ask("SHOW TABLES"), "t\n");
  EXPECT_EQ(ask("DESCRIBE t").substr(0, 7), "a\tUInt8");
  EXPECT_EQ(ask("EXISTS nowhere"), "0\n");
  int rows = 0;
  const auto summary = session_->query({.sql = "EXISTS t"}, [&rows](const Block& block) {
    return (rows += static_cast<int>(block.row_count())) > 0;
  });
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(rows, 1);
}

TEST_F(Query, RefusesAParameterThatIsMissingOrOfAnotherType) {
  EXPECT_NE(ask("SELECT {a:UInt8}").find("error: "), std::string::npos);
  EXPECT_NE(ask({.sql = "SELECT {a:UInt8}", .parameters = {{"a", "1 OR 1"}}}).find("error: "),
            std::string::npos);
  EXPECT_EQ(ask({.sql = "SELECT {a:UInt8}", .parameters = {{"a", "1"}}}), "1\n");
}

TEST_F(Query, StreamsALargeAnswerInBoundedMemory) {
  const std::string sql = "SELECT number, toString(number) AS text FROM numbers(5000000)";
  ASSERT_TRUE(sum({.sql = "SELECT number, toString(number) AS text FROM numbers(1000000)"}));
  if (!testing::reset_peak_memory()) GTEST_SKIP() << "/proc/self/clear_refs cannot be written here";
  const auto before = static_cast<std::int64_t>(testing::peak_memory_bytes());
  const auto total = sum({.sql = sql});
  ASSERT_TRUE(total) << total.error().message;
  EXPECT_EQ(*total, 5'000'000ull * 4'999'999 / 2);
  const auto grown = static_cast<std::int64_t>(testing::peak_memory_bytes()) - before;
  RecordProperty("peak_memory_grown_bytes", std::to_string(grown));
  EXPECT_LT(grown, 48 << 20) << "the answer has about 75 MiB";
}

TEST_F(Query, StopsEarlyAndLeavesTheSessionUsable) {
  for (int round = 0; round < 20; ++round) {
    for (const char* sql : {"SELECT number FROM numbers(100000000)", "SELECT number FROM numbers(3)",
                            "SELECT number FROM numbers(65409)", "SELECT number FROM numbers(65410)"}) {
      int blocks = 0;
      const auto summary = session_->query({.sql = sql}, [&blocks](const Block&) { return ++blocks < 1; });
      ASSERT_TRUE(summary) << summary.error().message;
      EXPECT_EQ(blocks, 1);
      ASSERT_EQ(ask("SELECT 7"), "7\n");
    }
  }
}

TEST_F(Query, StopsTextEarlyToo) {
  const auto summary = session_->query_text({.sql = "SELECT number FROM numbers(100000000)"}, "CSV",
                                            [](std::string_view) { return false; });
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_LT(summary->elapsed, 5s);
  EXPECT_EQ(ask("SELECT 7"), "7\n");
}

TEST_F(Query, IsEndedByAThrowingSinkAndLeavesTheSessionUsable) {
  EXPECT_THROW((void)session_->query({.sql = "SELECT number FROM numbers(100000000)"},
                                     [](const Block&) -> bool { throw std::runtime_error("enough"); }),
               std::runtime_error);
  EXPECT_EQ(ask("SELECT 7"), "7\n");
}

TEST_F(Query, ReportsAnErrorInTheMiddleOfItsAnswer) {
  std::size_t rows = 0;
  const auto summary =
      session_->query({.sql = "SELECT throwIf(number = 3000000, 'planted') FROM numbers(5000000)",
                       .settings = {{"max_threads", "1"}}},
                      [&rows](const Block& block) {
                        rows += block.row_count();
                        return true;
                      });
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::kRejected);
  EXPECT_EQ(summary.error().server_code, 395);
  EXPECT_NE(summary.error().message.find("planted"), std::string::npos);
  EXPECT_TRUE(summary.error().connection_usable);
  EXPECT_GT(rows, 0u);
  EXPECT_EQ(ask("SELECT 7"), "7\n");
}

TEST_F(Query, EndsWithATimeoutNearItsBudget) {
  const Statement endless{
      .sql = "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))",
      .timeout = 300ms};
  const auto begin = std::chrono::steady_clock::now();
  const auto summary = session_->query(endless, [](const Block&) { return true; });
  const auto took = std::chrono::steady_clock::now() - begin;
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::kTimeout);
  EXPECT_GE(took, 290ms);
  EXPECT_LT(took, 3s);
  EXPECT_EQ(ask("SELECT 7"), "7\n");
  const auto executed = session_->execute(endless);
  ASSERT_FALSE(executed);
  EXPECT_EQ(executed.error().kind, ErrorKind::kTimeout);
  EXPECT_EQ(session_->execute({.sql = "SELECT 1", .timeout = 0ms}).error().kind, ErrorKind::kInvalidArgument);
}

TEST_F(Query, AppliesSettingsToItsOwnStatementOnly) {
  EXPECT_EQ(ask({.sql = "SELECT getSetting('max_threads'); -- one", .settings = {{"max_threads", "3"}}}),
            "3\n");
  EXPECT_NE(ask("SELECT getSetting('max_threads')"), "3\n");
  run("CREATE TABLE t (a UInt8) ENGINE = Memory");
  EXPECT_NE(ask({.sql = "DROP TABLE t", .settings = {{"readonly", "1"}}}).find("READONLY"),
            std::string::npos);
  EXPECT_EQ(ask("EXISTS TABLE t"), "1\n");
}

TEST_F(Query, TakesOneStatement) {
  run("CREATE TABLE t (a UInt8) ENGINE = Memory");
  EXPECT_NE(ask({.sql = "DROP TABLE t; SELECT 1", .settings = {{"readonly", "1"}}})
                .find("one call takes one statement"),
            std::string::npos);
  EXPECT_FALSE(session_->execute({.sql = "DROP TABLE t; SELECT 1"}));
  EXPECT_EQ(ask("EXISTS TABLE t"), "1\n");
}

TEST_F(Query, NamesAnUnknownTableByCode) {
  const auto summary = session_->query({.sql = "SELECT * FROM nowhere"}, [](const Block&) { return true; });
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::kRejected);
  EXPECT_EQ(summary.error().server_code, 60);
  EXPECT_EQ(summary.error().applied, Applied::kNo);
  const auto executed = session_->execute({.sql = "DROP TABLE nowhere"});
  ASSERT_FALSE(executed);
  EXPECT_EQ(executed.error().server_code, 60);
  EXPECT_EQ(executed.error().applied, Applied::kNo);
}

TEST_F(Query, GivesNoBlockForAnEmptyAnswer) {
  int blocks = 0;
  const auto summary =
      session_->query({.sql = "SELECT number FROM numbers(10) WHERE number > 10"}, [&blocks](const Block&) {
        ++blocks;
        return true;
      });
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(blocks, 0);
}

TEST_F(Query, CountsRowsReadFromStorage) {
  run("CREATE TABLE t (a UInt32) ENGINE = MergeTree ORDER BY a");
  run("INSERT INTO t SELECT number FROM numbers(1000)");
  const auto summary =
      session_->query({.sql = "SELECT sum(a) FROM t WHERE a >= 0"}, [](const Block&) { return true; });
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->rows_read, 1000u);
  EXPECT_EQ(summary->bytes_read, 4000u);
  EXPECT_GT(summary->elapsed, 0us);
}

TEST_F(Query, NamesAColumnWhoseTypeHasNoLayout) {
  const auto summary = session_->query({.sql = "SELECT [1, 2] AS list"}, [](const Block&) { return true; });
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_NE(summary.error().message.find("'list'"), std::string::npos) << summary.error().message;
  EXPECT_EQ(ask("SELECT 7"), "7\n");
}

}  // namespace
}  // namespace optiinfra
