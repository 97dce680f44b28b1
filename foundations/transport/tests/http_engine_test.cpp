// HTTP against a real server. The conformance suite tests what all transports have in common.
#include <fstream>

#include "optiinfra/testing/server.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "session.hpp"

namespace optiinfra {
namespace {

using namespace std::chrono_literals;

class Http : public testing::SessionTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(server_.is_ready()) << server_.failure();
    connect();
  }

  void connect(const std::string& options = "") {
    auto opened = open(server_.http_url() + options);
    ASSERT_TRUE(opened) << opened.error().message;
    session_ = std::move(opened).value();
  }

  /// Whether a statement that holds `mark` is at work, waiting up to `patience` for its end.
  bool is_at_work(const std::string& mark, std::chrono::milliseconds patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (true) {
      const std::string count = ask("SELECT count() FROM system.processes WHERE query LIKE '%" + mark +
                                    "%' AND query NOT LIKE '%system.processes%'");
      if (count == "0\n") return false;
      if (std::chrono::steady_clock::now() > end) return true;
    }
  }

  testing::ServerProcess server_{OPTIINFRA_PROGRAM, folder_ / "store"};
};

TEST_F(Http, StopsTheServersWorkWhenASinkHasEnough) {
  // One full buffer of answer, then silence: the server would not write to the closed connection for long.
  const std::string sql =
      "SELECT number /* early */ FROM numbers(100000000000) WHERE number < 1000000 OR sipHash64(number) = 1";
  for (const char* options : {"", "?compression=lz4"}) {
    connect(options);
    int blocks = 0;
    const auto summary = session_->query({.sql = sql}, [&](const Block&) {
      ++blocks;
      auto other = open(server_.http_url());
      EXPECT_TRUE(other);
      std::swap(session_, *other);
      EXPECT_TRUE(is_at_work("early", 0ms)) << "else this test proves nothing";
      std::swap(session_, *other);
      return false;
    });
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_EQ(blocks, 1);
    EXPECT_FALSE(is_at_work("early", 5s));
  }
}

TEST_F(Http, StopsTheServersWorkAtTheEndOfABudget) {
  const auto summary = session_->query(
      {.sql = "SELECT count() /* budget */ FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))",
       .timeout = 200ms},
      [](const Block&) { return true; });
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::kTimeout);
  EXPECT_FALSE(is_at_work("budget", 5s));
}

TEST_F(Http, NeverTakesALateExceptionForData) {
  const Statement failing{.sql =
                              "SELECT sipHash64(number) AS a, throwIf(number = 400000, 'planted') AS b "
                              "FROM numbers(1000000)",
                          .settings = {{"max_threads", "1"}}};
  for (const char* options : {"", "?compression=lz4"}) {
    connect(options);
    for (const char* format : {"TSV", "JSON", "RowBinary"}) {
      std::string text;
      const auto summary = session_->query_text(failing, format, [&text](std::string_view piece) {
        text += piece;
        return true;
      });
      ASSERT_FALSE(summary) << format;
      EXPECT_EQ(summary.error().server_code, 395) << summary.error().message;
      EXPECT_TRUE(summary.error().connection_usable);
      EXPECT_GT(text.size(), 1'000'000u) << format << ": else it is not late";
      EXPECT_EQ(text.find("planted"), std::string::npos) << format;
      EXPECT_EQ(text.find("__exception__"), std::string::npos) << format;
    }
    std::size_t rows = 0;
    const auto summary = session_->query(failing, [&rows](const Block& block) {
      rows += block.row_count();
      return true;
    });
    ASSERT_FALSE(summary);
    EXPECT_EQ(summary.error().server_code, 395);
    EXPECT_GT(rows, 0u);
    EXPECT_LE(rows, 400'000u);
  }
}

TEST_F(Http, KeepsABlockWholeWhateverTheCompression) {
  run("CREATE TABLE t (a UInt32) ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window "
      "= 100");
  std::vector<std::uint32_t> values(1'500'000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::uint32_t>(i * 2654435761u);
  const Block block = testing::numbers(std::move(values));
  int parts = 0;
  for (const char* options : {"", "?compression=lz4", "?compression=zstd"}) {
    connect(options);
    const InsertStatement statement{.table = "t", .deduplication_token = options + std::string("token")};
    for (int i = 0; i < 2; ++i) {
      const auto inserted = session_->insert(statement, block);
      ASSERT_TRUE(inserted) << inserted.error().message;
    }
    ++parts;
    EXPECT_EQ(ask("SELECT count(), sum(rows) FROM system.parts WHERE table = 't' AND active AND level = 0"),
              std::to_string(parts) + "\t" + std::to_string(parts * 1'500'000) + "\n");
  }
}

TEST_F(Http, ConnectsBeforeItsDatabaseExistsAndAfterItIsGone) {
  const std::string url = "http://127.0.0.1:" + std::to_string(server_.http_port()) + "/later";
  const auto reopen = [&] {
    auto opened = open(url);
    ASSERT_TRUE(opened) << opened.error().message;
    session_ = std::move(opened).value();
  };
  reopen();
  EXPECT_EQ(ask("SELECT currentDatabase()"), "default\n");
  run("CREATE DATABASE later");
  reopen();
  EXPECT_EQ(ask("SELECT currentDatabase()"), "later\n");
  run("DROP DATABASE later");
  run("CREATE DATABASE later");
  const auto unknown = session_->execute({.sql = "SELECT * FROM nowhere.t"});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().server_code, 81);
}

TEST_F(Http, BindsAsLongAValueAsAServerTakes) {
  const std::string longest(128 << 10, 'x');
  EXPECT_EQ(ask({.sql = "SELECT length({a:String})", .parameters = {{"a", longest}}}), "131072\n");
  EXPECT_NE(
      ask({.sql = "SELECT length({a:String})", .parameters = {{"a", longest + "x"}}}).find("native protocol"),
      std::string::npos);
  const std::string bytes("\0\x01\r\n--\xff", 7);
  EXPECT_EQ(ask({.sql = "SELECT hex({a:String})", .parameters = {{"a", bytes}}}), "00010D0A2D2DFF\n");
}

TEST_F(Http, KeepsASetForItsOwnStatementsAlone) {
  run("CREATE TABLE t (a UInt8) ENGINE = Memory");
  run("SET readonly = 1, max_threads = 3");
  EXPECT_EQ(ask("SELECT getSetting('max_threads')"), "3\n");
  EXPECT_NE(ask("DROP TABLE t").find("READONLY"), std::string::npos);
  EXPECT_FALSE(session_->insert({.table = "t"}, testing::numbers({1})));
  EXPECT_FALSE(session_->execute({.sql = "SET readonly = 0"}));
  EXPECT_FALSE(session_->execute({.sql = "USE system"}));
  connect();
  EXPECT_FALSE(session_->execute({.sql = "SET no_such_setting = 1"}));
  run("DROP TABLE t");
}

TEST_F(Http, FindsItsServerAgainAfterARestart) {
  EXPECT_EQ(ask("SELECT 7"), "7\n");
  server_.kill();
  const auto lost = session_->execute({.sql = "SELECT 7"});
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().kind, ErrorKind::kUnavailable);
  ASSERT_TRUE(server_.start()) << server_.failure();
  EXPECT_EQ(ask("SELECT 7"), "7\n");
}

class HttpUser : public testing::SessionTest {
 protected:
  void SetUp() override { ASSERT_TRUE(server_.is_ready()) << server_.failure(); }

  std::string password_file() {
    const std::string path = folder_ / "password";
    std::ofstream(path) << "se'cret \\ \u00e9 100%\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_read);
    return path;
  }

  testing::ServerProcess server_{
      OPTIINFRA_PROGRAM, folder_ / "store", {"--user", "ada", "--password-file", password_file()}};
};

TEST_F(HttpUser, IsLetInWithThePasswordAndNotWithoutAndNeverReadsItInAnError) {
  auto right = open(server_.http_url("ada:se'cret%20%5C%20%C3%A9%20100%25"));
  ASSERT_TRUE(right) << right.error().message;
  session_ = std::move(right).value();
  EXPECT_EQ(ask("SELECT currentUser()"), "ada\n");
  for (const char* user : {"ada:wrong-secret", "ada", "bob:wrong-secret"}) {
    const auto wrong = open(server_.http_url(user));
    ASSERT_FALSE(wrong) << user;
    EXPECT_EQ(wrong.error().kind, ErrorKind::kRejected);
    EXPECT_EQ(wrong.error().server_code, 516);
    EXPECT_EQ(wrong.error().applied, Applied::kNo);
    EXPECT_EQ(wrong.error().message.find("wrong-secret"), std::string::npos) << wrong.error().message;
  }
}

}  // namespace
}  // namespace optiinfra
