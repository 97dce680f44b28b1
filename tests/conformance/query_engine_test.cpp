// Statements and their answers, over every kind of store.
#include <gmock/gmock.h>

#include <stop_token>
#include <thread>

#include "store_test.hpp"

namespace optiinfra {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kEndless =
    "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))";

class Query : public testing::StoreTest {
 protected:
  std::vector<std::string> strings(const Statement& statement) {
    std::vector<std::string> values;
    const auto summary = session_->query(in(statement), [&values](const Block& block) {
      for (std::size_t i = 0; i < block.columns().size(); ++i)
        values.emplace_back((*block.values<Strings>(i))[0]);
      return true;
    });
    EXPECT_TRUE(summary) << summary.error().message;
    return values;
  }
};
INSTANTIATE_TEST_SUITE_P(Over, Query, ::testing::ValuesIn(testing::all_endpoints()), testing::name_of);

TEST_P(Query, BindsParametersByNameWhateverTheyHold) {
  const std::string strange =
      "it's \"quoted\" \\ back; -- SELECT\n\ttab & + % = # ? \xC3\xA9 \xE6\x97\xA5 {a:String}";
  EXPECT_EQ(strings({.sql = "SELECT {b:String}, {a:String}, {c:String}",
                     .parameters = {{"a", "A"}, {"b", strange}, {"c", ""}}}),
            (std::vector<std::string>{strange, "A", ""}));
  run("CREATE TABLE @.t (a String) ENGINE = Memory");
  ASSERT_TRUE(session_->execute(
      in(Statement{.sql = "INSERT INTO @.t SELECT {a:String}", .parameters = {{"a", strange}}})));
  EXPECT_EQ(strings({.sql = "SELECT a FROM @.t WHERE a = {a:String}", .parameters = {{"a", strange}}}),
            std::vector<std::string>{strange});
}

TEST_P(Query, BindsEveryByteThatATextMayHold) {
  std::string bytes;
  for (int byte = 1; byte < 256; ++byte) bytes += static_cast<char>(byte);
  EXPECT_EQ(ask({.sql = "SELECT hex({a:String}) = {b:String}",
                 .parameters = {{"a", bytes},
                                {"b",
                                 [&] {
                                   std::string hex;
                                   for (const char byte : bytes) {
                                     constexpr char kDigits[] = "0123456789ABCDEF";
                                     hex += kDigits[static_cast<unsigned char>(byte) >> 4];
                                     hex += kDigits[byte & 15];
                                   }
                                   return hex;
                                 }()}}}),
            "1\n");
}

TEST_P(Query, BindsListsAsSqlWritesThem) {
  EXPECT_EQ(ask({.sql = "SELECT arrayStringConcat({ a : Array(String) }, '+')",
                 .parameters = {{"a", R"(['it\'s','b'])"}}}),
            "it's+b\n");
}

TEST_P(Query, BindsATextAsLongAsItsKindSays) {
  const auto length_of = [this](std::size_t bytes) {
    return ask({.sql = "SELECT length({a:String}) AS bytes", .parameters = {{"a", std::string(bytes, 'x')}}});
  };
  EXPECT_EQ(length_of(100'000), "100000\n");
  constexpr std::size_t kLong = 300'000;
  if (kLong <= can().parameter_bytes_max) {
    EXPECT_EQ(length_of(kLong), "300000\n");
  } else {
    EXPECT_THAT(length_of(kLong), HasSubstr("at most " + std::to_string(can().parameter_bytes_max)));
    EXPECT_EQ(ask("SELECT 7"), "7\n");
  }
}

TEST_P(Query, RefusesAParameterThatIsMissingOrOfAnotherType) {
  EXPECT_THAT(ask("SELECT {a:UInt8}"), StartsWith("error: "));
  EXPECT_THAT(ask({.sql = "SELECT {a:UInt8}", .parameters = {{"a", "1 OR 1"}}}), StartsWith("error: "));
  EXPECT_EQ(ask({.sql = "SELECT {a:UInt8}", .parameters = {{"a", "1"}}}), "1\n");
}

TEST_P(Query, AnswersStatementsThatAreNoSelect) {
  run("CREATE TABLE @.t (a UInt8) ENGINE = Memory");
  EXPECT_EQ(ask("SHOW TABLES FROM " + url_.database), "t\n");
  EXPECT_THAT(ask("DESCRIBE @.t"), StartsWith("a\tUInt8"));
  EXPECT_EQ(ask("EXISTS @.nowhere"), "0\n");
  EXPECT_EQ(ask("EXISTS @.t"), "1\n");
  EXPECT_THAT(ask("EXPLAIN AST SELECT 1"), HasSubstr("Literal"));
}

TEST_P(Query, TakesNamesAndTextsInAnyScript) {
  run("CREATE TABLE @.`\xE8\xA1\xA8 t\xC3\xA4"
      "ble` (`\xD1\x81\xD1\x82\xD0\xBE\xD0\xBB"
      "b` String) ENGINE = Memory");
  run("INSERT INTO @.`\xE8\xA1\xA8 t\xC3\xA4"
      "ble` VALUES ('\xF0\x9F\x9A\x80 \xE5\x80\xA4')");
  EXPECT_EQ(ask("SELECT `\xD1\x81\xD1\x82\xD0\xBE\xD0\xBB"
                "b` FROM @.`\xE8\xA1\xA8 t\xC3\xA4"
                "ble`"),
            "\xF0\x9F\x9A\x80 \xE5\x80\xA4\n");
}

TEST_P(Query, StreamsALargeAnswerInBoundedMemory) {
  const auto grown = [this](int rows) {
    const std::size_t before = testing::resident_bytes();
    std::size_t most = before;
    std::uint64_t total = 0;
    const auto summary = session_->query(
        {.sql = "SELECT number, toString(number) AS text FROM numbers(" + std::to_string(rows) + ")"},
        [&](const Block& block) {
          for (const std::uint64_t number : *block.values<std::vector<std::uint64_t>>(0)) total += number;
          most = std::max(most, testing::resident_bytes());
          return true;
        });
    EXPECT_TRUE(summary) << summary.error().message;
    const auto count = static_cast<std::uint64_t>(rows);
    EXPECT_EQ(total, count * (count - 1) / 2);
    return most - before;
  };
  grown(1'000'000);
  EXPECT_LT(grown(5'000'000), std::size_t{48} << 20) << "the answer has about 75 MiB";
}

TEST_P(Query, StopsEarlyAndLeavesTheSessionUsable) {
  for (int round = 0; round < 5; ++round) {
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

TEST_P(Query, StoppedEarlyEndsOnTheServerToo) {
  const std::string mark = "stopped_" + url_.database;
  const auto summary = session_->query({.sql = "SELECT number, '" + mark + "' FROM numbers(1000000000000)"},
                                       [](const Block&) { return false; });
  ASSERT_TRUE(summary) << summary.error().message;
  std::string running;
  for (int waited = 0; waited < 50; ++waited) {
    running = ask("SELECT count() FROM system.processes WHERE query LIKE '%" + mark +
                  "%' AND query NOT LIKE '%processes%'");
    if (running == "0\n") break;
    std::this_thread::sleep_for(100ms);
  }
  EXPECT_EQ(running, "0\n");
}

TEST_P(Query, StopsTextEarlyToo) {
  const auto summary = session_->query_text({.sql = "SELECT number FROM numbers(100000000)"}, "CSV",
                                            [](std::string_view) { return false; });
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_LT(summary->elapsed, 5s);
  EXPECT_EQ(ask("SELECT 7"), "7\n");
}

TEST_P(Query, IsEndedByAThrowingSinkAndLeavesTheSessionUsable) {
  EXPECT_THROW((void)session_->query({.sql = "SELECT number FROM numbers(100000000)"},
                                     [](const Block&) -> bool { throw std::runtime_error("enough"); }),
               std::runtime_error);
  EXPECT_EQ(ask("SELECT 7"), "7\n");
}

TEST_P(Query, ReportsAnErrorInTheMiddleOfItsAnswer) {
  std::size_t rows = 0;
  const auto summary = session_->query(
      {.sql = "SELECT sipHash64(number), throwIf(number = 3000000, 'planted') FROM numbers(5000000)",
       .settings = {{"max_threads", "1"}}},
      [&rows](const Block& block) {
        rows += block.row_count();
        return true;
      });
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::kRejected) << summary.error().message;
  EXPECT_EQ(summary.error().server_code, 395);
  EXPECT_THAT(summary.error().message, HasSubstr("planted"));
  EXPECT_GT(rows, 0u);
  expect_to_go_on_after(summary.error());
}

TEST_P(Query, ReportsAnErrorInTheMiddleOfATextToo) {
  std::string text;
  const auto summary =
      session_->query_text({.sql = "SELECT throwIf(number = 3000000, 'planted') FROM numbers(5000000)",
                            .settings = {{"max_threads", "1"}}},
                           "TSV", [&text](std::string_view piece) {
                             text += piece;
                             return true;
                           });
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().server_code, 395) << summary.error().message;
  EXPECT_EQ(text.find_first_not_of("0\n"), std::string::npos) << "the error is no part of the text";
  expect_to_go_on_after(summary.error());
}

TEST_P(Query, EndsWithATimeoutNearItsBudget) {
  const Statement endless{.sql = kEndless, .timeout = 300ms};
  const auto begin = steady_clock::now();
  const auto summary = session_->query(endless, [](const Block&) { return true; });
  const auto took = steady_clock::now() - begin;
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::kTimeout) << summary.error().message;
  EXPECT_GE(took, 290ms);
  EXPECT_LT(took, 3s);
  expect_to_go_on_after(summary.error());
  const auto executed = session_->execute(endless);
  ASSERT_FALSE(executed);
  EXPECT_EQ(executed.error().kind, ErrorKind::kTimeout) << executed.error().message;
  expect_to_go_on_after(executed.error());
}

TEST_P(Query, EndsWithATimeoutWhileTheEngineSleeps) {
  const auto begin = steady_clock::now();
  const auto summary =
      session_->query({.sql = "SELECT sleep(3)", .timeout = 300ms}, [](const Block&) { return true; });
  const auto took = steady_clock::now() - begin;
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::kTimeout) << summary.error().message;
  EXPECT_LT(took, can().server ? 2s : 5s) << "the embedded engine ends a sleep at its end";
  expect_to_go_on_after(summary.error());
}

TEST_P(Query, EndsSoonAfterItsCallerStopsIt) {
  // The embedded engine is asked between two blocks, so its statement has to give some.
  const std::string sql = can().server ? kEndless : "SELECT number FROM numbers(1000000000000)";
  for (const bool is_text : {false, true}) {
    std::stop_source source;
    const Statement statement{.sql = sql, .stop = source.get_token()};
    std::jthread caller([&source] {
      std::this_thread::sleep_for(200ms);
      source.request_stop();
    });
    const auto begin = steady_clock::now();
    const auto summary = is_text
                             ? session_->query_text(statement, "CSV", [](std::string_view) { return true; })
                             : session_->query(statement, [](const Block&) { return true; });
    const auto took = steady_clock::now() - begin;
    ASSERT_FALSE(summary);
    EXPECT_EQ(summary.error().kind, ErrorKind::kCancelled) << summary.error().message;
    EXPECT_GE(took, 190ms);
    EXPECT_LT(took, 3s);
    expect_to_go_on_after(summary.error());
  }
  EXPECT_EQ(
      ask("SELECT count() FROM system.processes WHERE query LIKE '%ignore(sipHash64%' AND query NOT LIKE "
          "'%processes%' AND is_cancelled = 0"),
      "0\n")
      << "the server ends it too";
}

TEST_P(Query, IsNotBegunWhenItsCallerHasStoppedItBefore) {
  std::stop_source source;
  source.request_stop();
  int blocks = 0;
  const auto summary = session_->query({.sql = kEndless, .stop = source.get_token()},
                                       [&blocks](const Block&) { return ++blocks > 0; });
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::kCancelled) << summary.error().message;
  EXPECT_EQ(blocks, 0);
  expect_to_go_on_after(summary.error());
}

TEST_P(Query, SaysUnderWhichIdTheServerKnowsIt) {
  std::string id;
  const auto summary = session_->query({.sql = "SELECT queryID()"}, [&id](const Block& block) {
    id = (*block.values<Strings>(0))[0];
    return true;
  });
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->query_id, can().server ? id : "") << "the embedded engine does not tell";
  const auto refused = session_->execute({.sql = "SELECT toUInt8('id ' || queryID())"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().query_id.empty(), !can().server);
  EXPECT_THAT(refused.error().message, HasSubstr("id " + refused.error().query_id));
}

TEST_P(Query, RefusesABudgetThatIsNotPositive) {
  EXPECT_EQ(session_->execute({.sql = "SELECT 1", .timeout = 0ms}).error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(ask("SELECT 7"), "7\n");
}

TEST_P(Query, AppliesSettingsToItsOwnStatementOnly) {
  EXPECT_EQ(ask({.sql = "SELECT getSetting('max_threads'); -- one", .settings = {{"max_threads", "3"}}}),
            "3\n");
  EXPECT_NE(ask("SELECT getSetting('max_threads')"), "3\n");
  run("CREATE TABLE @.t (a UInt8) ENGINE = Memory");
  const auto dropped = session_->execute({.sql = in("DROP TABLE @.t"), .settings = {{"readonly", "1"}}});
  ASSERT_FALSE(dropped);
  EXPECT_EQ(dropped.error().server_code, 164) << dropped.error().message;
  EXPECT_EQ(ask("EXISTS TABLE @.t"), "1\n");
}

TEST_P(Query, NamesASettingThatDoesNotExist) {
  EXPECT_THAT(ask({.sql = "SELECT 1", .settings = {{"no_such_setting", "1"}}}), HasSubstr("no_such_setting"));
  EXPECT_EQ(ask("SELECT 7"), "7\n");
}

TEST_P(Query, TakesOneStatement) {
  run("CREATE TABLE @.t (a UInt8) ENGINE = Memory");
  EXPECT_THAT(ask({.sql = "DROP TABLE @.t; SELECT 1", .settings = {{"readonly", "1"}}}),
              HasSubstr("one call takes one statement"));
  EXPECT_FALSE(session_->execute({.sql = in("DROP TABLE @.t; SELECT 1")}));
  EXPECT_EQ(ask("EXISTS TABLE @.t"), "1\n");
}

TEST_P(Query, NamesAnUnknownTableByCode) {
  const auto summary =
      session_->query({.sql = in("SELECT * FROM @.nowhere")}, [](const Block&) { return true; });
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::kRejected);
  EXPECT_EQ(summary.error().server_code, 60);
  EXPECT_EQ(summary.error().applied, Applied::kNo);
  EXPECT_TRUE(summary.error().connection_usable);
  const auto executed = session_->execute({.sql = in("DROP TABLE @.nowhere")});
  ASSERT_FALSE(executed);
  EXPECT_EQ(executed.error().server_code, 60);
  EXPECT_EQ(executed.error().applied, Applied::kNo);
  EXPECT_EQ(ask("SELECT 7"), "7\n");
}

TEST_P(Query, GivesNoBlockForAnEmptyAnswer) {
  int blocks = 0;
  const auto summary =
      session_->query({.sql = "SELECT number FROM numbers(10) WHERE number > 10"}, [&blocks](const Block&) {
        ++blocks;
        return true;
      });
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(blocks, 0);
}

TEST_P(Query, GivesTotalsToNobody) {
  EXPECT_EQ(ask("SELECT number % 2 AS k, count() FROM numbers(4) GROUP BY k WITH TOTALS ORDER BY k"),
            "0\t2\n1\t2\n");
}

TEST_P(Query, CountsRowsReadFromStorage) {
  run("CREATE TABLE @.t (a UInt32) ENGINE = MergeTree ORDER BY a");
  run("INSERT INTO @.t SELECT number FROM numbers(1000)");
  const auto summary =
      session_->query({.sql = in("SELECT sum(a) FROM @.t WHERE a >= 0")}, [](const Block&) { return true; });
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->rows_read, 1000u);
  EXPECT_EQ(summary->bytes_read, 4000u);
  EXPECT_GT(summary->elapsed, 0us);
}

TEST_P(Query, NamesAColumnWhoseTypeHasNoLayout) {
  const auto summary = session_->query({.sql = "SELECT [1, 2] AS list"}, [](const Block&) { return true; });
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::kInvalidArgument) << summary.error().message;
  EXPECT_THAT(summary.error().message, HasSubstr("'list'"));
  expect_to_go_on_after(summary.error());
}

TEST_P(Query, KeepsInItsSessionWhatItsKindSays) {
  run("SET max_threads = 3");
  EXPECT_EQ(ask("SELECT getSetting('max_threads')"), "3\n");
  run("CREATE TEMPORARY TABLE own (a UInt8)");
  if (can().temporary_tables) {
    EXPECT_EQ(ask("SELECT count() FROM own"), "0\n");
  } else {
    EXPECT_THAT(ask("SELECT count() FROM own"), StartsWith("error: "));
  }
  const auto other = open();
  ASSERT_TRUE(other) << other.error().message;
  EXPECT_NE(ask(**other, {.sql = "SELECT getSetting('max_threads')"}), "3\n");
  EXPECT_THAT(ask(**other, {.sql = "SELECT count() FROM own"}), StartsWith("error: "));
}

TEST_P(Query, RunsInSeveralSessionsAtOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, i] {
      auto session = open();
      ASSERT_TRUE(session) << session.error().message;
      const std::string expected = std::to_string(i) + "\t4950\n";
      for (int round = 0; round < 20; ++round) {
        EXPECT_EQ(ask(**session, {.sql = "SELECT {i:UInt8}, sum(number) FROM numbers(100)",
                                  .parameters = {{"i", std::to_string(i)}}}),
                  expected);
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

TEST_P(Query, AnswersInTheEnginesFormats) {
  const std::string sql = "SELECT number AS n, concat('a\t', toString(number)) AS t FROM numbers(2)";
  EXPECT_EQ(ask_text(sql, "TSV"), "0\ta\\t0\n1\ta\\t1\n");
  EXPECT_EQ(ask_text(sql, "TSVWithNames"), "n\tt\n0\ta\\t0\n1\ta\\t1\n");
  EXPECT_EQ(ask_text(sql, "CSV"), "0,\"a\t0\"\n1,\"a\t1\"\n");
  EXPECT_EQ(ask_text(sql, "JSONEachRow"), "{\"n\":0,\"t\":\"a\\t0\"}\n{\"n\":1,\"t\":\"a\\t1\"}\n");
  EXPECT_EQ(ask_text("SELECT [1, 2], map('a', 1), NULL, toDateTime(0, 'UTC')", "TSV"),
            "[1,2]\t{'a':1}\t\\N\t1970-01-01 00:00:00\n")
      << "types without a layout in the codec are text here";
  if (can().every_format) {
    EXPECT_THAT(ask_text(sql, "JSON"), HasSubstr("\"rows\": 2"));
    EXPECT_THAT(ask_text(sql, "Parquet"), StartsWith("PAR1"));
  } else {
    EXPECT_THAT(ask_text(sql, "JSON"), HasSubstr("take one of rows"));
    EXPECT_THAT(ask_text(sql, "Parquet"), HasSubstr("take one of rows"));
  }
  EXPECT_EQ(ask_text("SELECT 1 WHERE 0", "CSV"), "");
  EXPECT_THAT(ask_text(sql, "NoSuchFormat"), HasSubstr("NoSuchFormat"));
  EXPECT_EQ(ask_text("EXISTS @.nowhere", "TSV"), "0\n");
  EXPECT_EQ(ask("SELECT 7"), "7\n");
}

TEST_P(Query, AnswersALongTextWhole) {
  std::size_t lines = 0, pieces = 0;
  const auto summary =
      session_->query_text({.sql = "SELECT number FROM numbers(1000000)"}, "TSV", [&](std::string_view text) {
        lines += static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
        ++pieces;
        return true;
      });
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(lines, 1'000'000u);
  EXPECT_GT(pieces, 1u);
}

}  // namespace
}  // namespace optiinfra
