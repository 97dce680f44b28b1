// The native protocol against a real server. What every transport must do is in tests/conformance; here is
// what this one adds: connections that come and go, and text made of blocks.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "native/session.hpp"
#include "optiinfra/testing/server.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "optiinfra/transport/connector.hpp"
#include "session.hpp"

namespace optiinfra {
namespace {

using namespace std::chrono_literals;
using testing::numbers;

class ServerSession : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(server_.is_ready()) << server_.failure();
    reopen();
  }

  Result<std::unique_ptr<Session>> open(const std::string& options = {}) const {
    OPTIINFRA_TRY(const auto connector,
                  make_connector(server_.native_url() + "?" + options, IfAbsent::kFail));
    return connector->connect();
  }

  /// The server goes on existing and does nothing.
  void pause_server() {
    server_.send_signal(SIGSTOP);
    while (!is_stopped(server_.process_id())) std::this_thread::sleep_for(1ms);
  }

  static bool is_stopped(int process_id) {
    const std::filesystem::path tasks = "/proc/" + std::to_string(process_id) + "/task";
    for (const auto& task : std::filesystem::directory_iterator(tasks)) {
      std::ifstream file(task.path() / "stat");
      const std::string stat(std::istreambuf_iterator<char>(file), {});
      if (stat.substr(stat.rfind(')') + 1, 2) != " T") return false;
    }
    return true;
  }

  void restart() {
    (void)server_.kill();
    ASSERT_TRUE(server_.start()) << server_.failure();
  }

  void reopen(const std::string& options = {}) {
    auto opened = open(options);
    ASSERT_TRUE(opened) << opened.error().message;
    session_ = std::move(opened).value();
  }

  void run(const std::string& sql) {
    const auto status = session_->execute({.sql = sql});
    ASSERT_TRUE(status) << sql << "\n" << status.error().message;
  }

  std::string ask(const Statement& statement, std::string_view format = "TSV") {
    std::string answer;
    const auto summary = session_->query_text(statement, format, [&answer](std::string_view text) {
      answer += text;
      return true;
    });
    return summary ? answer : "error: " + summary.error().message;
  }
  std::string ask(const std::string& sql, std::string_view format = "TSV") {
    return ask(Statement{.sql = sql}, format);
  }

  void make_table() {
    run("CREATE TABLE t (a UInt32, b String DEFAULT 'none') ENGINE = MergeTree ORDER BY a "
        "SETTINGS non_replicated_deduplication_window = 100");
  }

  const testing::TemporaryFolder folder_;
  testing::ServerProcess server_{OPTIINFRA_PROGRAM, folder_ / "store"};
  std::unique_ptr<Session> session_;
};

TEST_F(ServerSession, AnswersTheSameWithEveryCompression) {
  const std::string strange = "it's \"quoted\" \\ back; -- SELECT\n\ttab é {a:String}";
  make_table();
  for (const char* compression : {"none", "lz4", "zstd"}) {
    reopen(std::string("compression=") + compression);
    EXPECT_EQ(ask({.sql = "SELECT {a:String} = unhex({hex:String}), {n:UInt8}",
                   .parameters = {{"a", strange},
                                  {"hex",
                                   "69742773202271756F74656422205C206261636B3B202D2D2053454C4543540A09746162"
                                   "20C3A9207B613A537472696E677D"},
                                  {"n", "7"}}}),
              "1\t7\n");
    ASSERT_TRUE(session_->insert({.table = "t"}, numbers(std::vector<std::uint32_t>(200'000, 3))));
    std::uint64_t sum = 0;
    const auto summary = session_->query({.sql = "SELECT a FROM t"}, [&](const Block& block) {
      for (const std::uint32_t value : *block.values<std::vector<std::uint32_t>>(0)) sum += value;
      return true;
    });
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_EQ(sum, 600'000u);
    EXPECT_EQ(summary->rows_read, 200'000u);
    run("TRUNCATE TABLE t");
  }
}

TEST_F(ServerSession, OutlivesItsServer) {
  (void)server_.kill();
  const auto dead = session_->query({.sql = "SELECT 1"}, [](const Block&) { return true; });
  ASSERT_FALSE(dead);
  EXPECT_EQ(dead.error().kind, ErrorKind::kUnavailable);
  EXPECT_FALSE(dead.error().connection_usable);
  EXPECT_NE(dead.error().message.find("127.0.0.1:"), std::string::npos);
  ASSERT_TRUE(server_.start()) << server_.failure();
  EXPECT_EQ(ask("SELECT 7"), "7\n");
  restart();
  const auto other = open();
  ASSERT_TRUE(other && (*other)->execute({.sql = "CREATE TABLE t (a UInt32) ENGINE = Memory"}));
  const auto inserted = session_->insert({.table = "t"}, numbers({2}));
  EXPECT_TRUE(inserted) << inserted.error().message;
}

TEST_F(ServerSession, EndsWithItsServerWhenItHadSettingsOfItsOwn) {
  run("SET readonly = 2");
  restart();
  const auto refused = session_->execute({.sql = "CREATE TABLE t (a Int8) ENGINE = Memory"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(refused.error().applied, Applied::kNo);
  EXPECT_FALSE(refused.error().connection_usable);
  EXPECT_NE(refused.error().message.find("open another session"), std::string::npos);
}

TEST_F(ServerSession, StaysReadOnlyOnceItIs) {
  make_table();
  run("SET readonly = 1, date_time_output_format = 'iso'");
  EXPECT_NE(ask("DROP TABLE t").find("164"), std::string::npos);
  EXPECT_EQ(ask("SELECT toDateTime(0, 'UTC'), 7"), "1970-01-01T00:00:00Z\t7\n");
  EXPECT_EQ(ask("EXISTS t"), "1\n");
  EXPECT_EQ(ask("EXPLAIN SYNTAX SELECT 1"), "SELECT 1\nFROM system.one\n");
}

TEST_F(ServerSession, WorksOnAfterAStatementThatMakesTheServerHangUp) {
  for (int i = 0; i < 10; ++i) {
    const auto refused = session_->execute({.sql = "SELECT 1", .settings = {{"no_such_setting", "1"}}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().server_code, 115) << refused.error().message;
    EXPECT_EQ(ask("SELECT 7"), "7\n");
  }
}

TEST_F(ServerSession, GivesTextInFormatsOfRows) {
  run("CREATE TABLE strange (`a\tb` Array(Nullable(String)), d Decimal(9, 2), e Enum8('x' = 1)) ENGINE = "
      "Memory");
  run("INSERT INTO strange SELECT ['q\\'', NULL], 1.5, 'x'");
  const std::string sql = "SELECT * FROM strange -- all";
  EXPECT_EQ(ask(sql, "TSV"), "['q\\'',NULL]\t1.5\tx\n");
  EXPECT_EQ(ask(sql, "JSONEachRow"), "{\"a\\tb\":[\"q'\",null],\"d\":1.5,\"e\":\"x\"}\n");
  EXPECT_EQ(ask(sql, "JSONCompactEachRowWithNamesAndTypes"),
            "[\"a\\tb\", \"d\", \"e\"]\n"
            "[\"Array(Nullable(String))\", \"Decimal(9, 2)\", \"Enum8('x' = 1)\"]\n"
            "[[\"q'\",null], 1.5, \"x\"]\n");
  EXPECT_EQ(ask(sql, "CSVWithNames"), "\"a\tb\",\"d\",\"e\"\n\"['q\\'',NULL]\",1.5,\"x\"\n");
  EXPECT_EQ(ask("SHOW TABLES", "JSONCompactEachRowWithNamesAndTypes"),
            "[\"name\"]\n[\"String\"]\n[\"strange\"]\n");
  EXPECT_EQ(ask("SELECT 1 AS n WHERE 0", "CSVWithNames"), "\"n\"\n");
  EXPECT_EQ(ask({.sql = "SELECT {a:String} AS v", .parameters = {{"a", "b"}}}, "TSVWithNames"), "v\nb\n");
  const std::string refused = ask(sql, "Parquet");
  EXPECT_NE(refused.find("http://"), std::string::npos) << refused;
  EXPECT_EQ(ask("SELECT number FROM numbers(200000) ORDER BY number DESC LIMIT 3"),
            "199999\n199998\n199997\n");
}

TEST_F(ServerSession, KeepsTheOrderOfAnAnswerAsText) {
  std::string answer = ask("SELECT number FROM numbers_mt(1000000) ORDER BY number");
  std::size_t expected = 0, at = 0;
  for (; at < answer.size() && std::stoull(answer.substr(at, 10)) == expected; ++expected)
    at = answer.find('\n', at) + 1;
  EXPECT_EQ(expected, 1'000'000u);
}

TEST_F(ServerSession, ReadsColumnsThatTheServerKeepsSparse) {
  run("CREATE TABLE sparse (a UInt32, z UInt64, s String) ENGINE = MergeTree ORDER BY a "
      "SETTINGS ratio_of_defaults_for_sparse_serialization = 0.5");
  run("INSERT INTO sparse SELECT number, number = 77, '' FROM numbers(100000)");
  EXPECT_EQ(ask("SELECT serialization_kind FROM system.parts_columns WHERE table = 'sparse' AND active AND "
                "column = 'z'"),
            "Sparse\n");
  std::uint64_t rows = 0, sum = 0;
  const auto summary = session_->query({.sql = "SELECT z, s, a FROM sparse"}, [&](const Block& block) {
    rows += block.row_count();
    for (const std::uint64_t value : *block.values<std::vector<std::uint64_t>>(0)) sum += value;
    return true;
  });
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(rows, 100'000u);
  EXPECT_EQ(sum, 1u);
}

TEST_F(ServerSession, StopsAQueryNearItsBudgetAndLeavesNothingRunning) {
  const Statement endless{
      .sql = "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))",
      .timeout = 300ms};
  const auto begin = std::chrono::steady_clock::now();
  const auto summary = session_->query(endless, [](const Block&) { return true; });
  const auto took = std::chrono::steady_clock::now() - begin;
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::kTimeout) << summary.error().message;
  EXPECT_GE(took, 290ms);
  EXPECT_LT(took, 300ms + native::kCancelGrace + 1s);
  std::string running = "1\n";
  for (int i = 0; i < 50 && running != "0\n"; ++i) {
    running =
        ask("SELECT count() FROM system.processes WHERE query LIKE '%sipHash64%' AND query NOT LIKE "
            "'%processes%'");
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_EQ(running, "0\n");
}

TEST_F(ServerSession, TimesOutAgainstAServerThatHangs) {
  make_table();
  pause_server();
  for (const bool compressed : {true, false}) {
    const auto begin = std::chrono::steady_clock::now();
    const auto asked =
        session_->query({.sql = "SELECT 1", .timeout = 200ms}, [](const Block&) { return true; });
    ASSERT_FALSE(asked);
    EXPECT_EQ(asked.error().kind, ErrorKind::kTimeout) << asked.error().message;
    EXPECT_FALSE(asked.error().connection_usable);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 200ms + native::kCancelGrace + 1s);
    server_.send_signal(SIGCONT);
    reopen(compressed ? "compression=none" : "");
    pause_server();
  }
  const auto inserted =
      session_->insert({.table = "t", .timeout = 200ms}, numbers(std::vector<std::uint32_t>(1'000'000, 1)));
  ASSERT_FALSE(inserted);
  EXPECT_EQ(inserted.error().kind, ErrorKind::kTimeout) << inserted.error().message;
  EXPECT_EQ(inserted.error().applied, Applied::kNo) << "no row was sent";
  server_.send_signal(SIGCONT);
  EXPECT_EQ(ask("SELECT count() FROM t"), "0\n");
}

TEST_F(ServerSession, NoticesTheServersRefusalWhileItSends) {
  make_table();
  Strings values;
  for (int i = 0; i < 3'000'000; ++i) values.append("no number at all " + std::to_string(i));
  Block block;
  block.add({"a", "String", std::move(values)});
  for (const char* compression : {"compression=none", "compression=lz4"}) {
    reopen(compression);
    const auto inserted = session_->insert({.table = "t"}, block);
    ASSERT_FALSE(inserted);
    EXPECT_EQ(inserted.error().kind, ErrorKind::kRejected) << inserted.error().message;
    EXPECT_NE(inserted.error().server_code, 0);
    EXPECT_EQ(ask("SELECT count() FROM t"), "0\n");
  }
}

TEST_F(ServerSession, InsertsABlockAsOnePartAndOnceAToken) {
  make_table();
  std::vector<std::uint32_t> values(3'000'000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::uint32_t>(i);
  const Block block = numbers(std::move(values));
  for (int i = 0; i < 2; ++i) {
    const auto inserted = session_->insert({.table = "t", .deduplication_token = "it's one"}, block);
    ASSERT_TRUE(inserted) << inserted.error().message;
    if (i == 0) {
      EXPECT_EQ(inserted->rows_written, 3'000'000u);
    }
    EXPECT_EQ(ask("SELECT count(), sum(rows) FROM system.parts WHERE table = 't' AND active"),
              "1\t3000000\n");
  }
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(session_->insert({.table = "t"}, numbers({1, 2})));
  EXPECT_EQ(ask("SELECT count() FROM t"), "3000004\n");
}

/// What send_rows() promises of Applied::kNo: without the empty block at its end nothing is stored.
TEST_F(ServerSession, StoresNothingOfAnInsertWhoseConnectionGoesBeforeItsEnd) {
  make_table();
  const auto url = parse_store_url(server_.native_url());
  ASSERT_TRUE(url);
  const auto store = native::Store::make(*url);
  ASSERT_TRUE(store);
  const Block block = numbers(std::vector<std::uint32_t>(2'000'000, 7));
  for (const bool whole : {false, true}) {
    const auto deadline = net::Deadline::after(10s);
    auto made = (*store)->connect(deadline);
    ASSERT_TRUE(made) << made.error().message;
    native::Connection& connection = *made->connection;
    ASSERT_TRUE(connection.send_query({.sql = "INSERT INTO t (a) FORMAT Native",
                                       .settings = native::whole_block_settings(),
                                       .compressed = true},
                                      deadline));
    ASSERT_TRUE(connection.send_block("", Block{}));
    native::Packet packet;
    while (packet.kind != native::ServerPacket::kData)
      ASSERT_TRUE(connection.receive(packet, native::Connection::Expect::kHeading));
    if (whole) {
      ASSERT_TRUE(connection.send_block("", block));
    }
    std::this_thread::sleep_for(500ms);
    EXPECT_EQ(ask("SELECT count() FROM t"), "0\n") << "the server holds the block until the insert ends";
    made->connection.reset();
    std::this_thread::sleep_for(200ms);
    EXPECT_EQ(ask("SELECT count() FROM t"), "0\n");
  }
}

TEST_F(ServerSession, StopsEarlyAndGoesOn) {
  for (int round = 0; round < 5; ++round) {
    for (const char* sql : {"SELECT number FROM numbers(100000000)", "SELECT number FROM numbers(3)"}) {
      int blocks = 0;
      const auto summary = session_->query({.sql = sql}, [&blocks](const Block&) { return ++blocks < 1; });
      ASSERT_TRUE(summary) << summary.error().message;
      EXPECT_EQ(blocks, 1);
      ASSERT_EQ(ask("SELECT 7"), "7\n");
    }
    EXPECT_THROW((void)session_->query({.sql = "SELECT number FROM numbers(100000000)"},
                                       [](const Block&) -> bool { throw std::runtime_error("enough"); }),
                 std::runtime_error);
  }
}

TEST_F(ServerSession, IsServedByTheHostThatAnswers) {
  const auto connector = make_connector(
      "clickhouse://127.0.0.1:1,127.0.0.1:" + std::to_string(server_.tcp_port()) + "/x", IfAbsent::kFail);
  ASSERT_TRUE(connector);
  const auto session = (*connector)->connect();
  ASSERT_TRUE(session) << session.error().message;
  EXPECT_TRUE((*session)->execute({.sql = "SELECT 1"}));
  const auto dead = make_connector("clickhouse://ada:secret@127.0.0.1:1,[::1]:2/x", IfAbsent::kFail);
  ASSERT_TRUE(dead);
  const auto refused = (*dead)->connect();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnavailable);
  EXPECT_NE(refused.error().message.find("127.0.0.1:1: "), std::string::npos) << refused.error().message;
  EXPECT_NE(refused.error().message.find("[::1]:2: "), std::string::npos) << refused.error().message;
  EXPECT_EQ(refused.error().message.find("secret"), std::string::npos) << refused.error().message;
}

TEST_F(ServerSession, SaysThatTheServerRefusesTheUser) {
  const auto connector = make_connector(
      "clickhouse://nobody:geheim@127.0.0.1:" + std::to_string(server_.tcp_port()) + "/x", IfAbsent::kFail);
  ASSERT_TRUE(connector);
  const auto refused = (*connector)->connect();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kRejected);
  EXPECT_EQ(refused.error().server_code, 516);
  EXPECT_EQ(refused.error().message.find("geheim"), std::string::npos) << refused.error().message;
}

TEST_F(ServerSession, RunsBesideOthers) {
  make_table();
  constexpr int kSessions = 4, kInserts = 20;
  std::vector<std::thread> threads;
  for (int i = 0; i < kSessions; ++i) {
    threads.emplace_back([this] {
      auto session = open();
      ASSERT_TRUE(session) << session.error().message;
      for (int round = 0; round < kInserts; ++round)
        EXPECT_TRUE((*session)->insert({.table = "t"}, numbers({1, 2, 3})));
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(ask("SELECT count() FROM t"), std::to_string(kSessions * kInserts * 3) + "\n");
}

}  // namespace
}  // namespace optiinfra
