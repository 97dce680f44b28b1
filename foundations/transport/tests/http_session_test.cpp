#include <gtest/gtest.h>

#include <cstdlib>

#include "optiinfra/transport/connector.hpp"
#include "scripted_http_server.hpp"

namespace optiinfra {
namespace {

using namespace std::chrono_literals;
using testing::HttpPeer;
using testing::HttpRequest;
using testing::ScriptedHttpServer;
using Clock = std::chrono::steady_clock;

constexpr const char* kTag = "X-ClickHouse-Exception-Tag: mppymurkoovomxmh\r\n";
const std::string kException =
    "\r\n__exception__\r\nmppymurkoovomxmh\r\nCode: 395. DB::Exception: planted. (NAME)\n"
    "42 mppymurkoovomxmh\r\n__exception__\r\n";

/// Greets each connection as ClickHouse would, then leaves it to `script`.
ScriptedHttpServer::Script after_greeting(ScriptedHttpServer::Script script, const char* tag = kTag) {
  return [script = std::move(script), tag](HttpPeer& peer) {
    HttpRequest request;
    if (!peer.read_request(request)) return;
    peer.answer(request, "", tag);
    script(peer);
  };
}

/// As above for the session's first connection; every later one is the script's from its first byte.
ScriptedHttpServer::Script greeting_first(ScriptedHttpServer::Script script) {
  auto greeted = std::make_shared<std::atomic<bool>>(false);
  return [script = std::move(script), greeted](HttpPeer& peer) {
    if (!greeted->exchange(true)) {
      HttpRequest request;
      if (!peer.read_request(request)) return;
      peer.answer(request, "", kTag);
    }
    script(peer);
  };
}

std::unique_ptr<Session> open(const std::string& url) {
  const auto connector = make_connector(url, IfAbsent::kFail);
  EXPECT_TRUE(connector) << connector.error().message;
  auto session = (*connector)->connect();
  EXPECT_TRUE(session) << session.error().message;
  return session ? std::move(session).value() : nullptr;
}

struct Text {
  std::string text;
  std::optional<Error> error;
};

Text ask(Session& session, const Statement& statement) {
  Text answer;
  const auto summary = session.query_text(statement, "TSV", [&answer](std::string_view piece) {
    answer.text += piece;
    return true;
  });
  if (!summary) answer.error = summary.error();
  return answer;
}

Block numbers(std::size_t rows = 3) {
  Block block;
  block.add({"a", "UInt32", std::vector<std::uint32_t>(rows, 7)});
  return block;
}

TEST(HttpSession, SendsTheCredentialsInHeadersAloneAndNamesTheDatabase) {
  std::mutex mutex;
  std::vector<HttpRequest> requests;
  ScriptedHttpServer server([&](HttpPeer& peer) {
    HttpRequest request;
    while (peer.read_request(request)) {
      {
        const std::lock_guard lock(mutex);
        requests.push_back(request);
      }
      peer.answer(request, "7\n", kTag);
    }
  });
  const auto session = open(server.url());
  EXPECT_EQ(ask(*session, {.sql = "SELECT 7"}).text, "7\n");
  const std::lock_guard lock(mutex);
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(server.connections(), 1) << "the connection is kept";
  for (const HttpRequest& request : requests) {
    EXPECT_TRUE(request.line.starts_with("POST /?")) << request.line;
    EXPECT_EQ((request.line + request.body).find("secret"), std::string::npos);
    EXPECT_NE(request.head.find("X-ClickHouse-User: ada\r\n"), std::string::npos);
    EXPECT_NE(request.head.find("X-ClickHouse-Key: secret\r\n"), std::string::npos);
    EXPECT_NE(request.head.find("X-ClickHouse-Database: metrics\r\n"), std::string::npos);
  }
}

TEST(HttpSession, ConnectsWhereTheDatabaseDoesNotExistYet) {
  ScriptedHttpServer server([](HttpPeer& peer) {
    HttpRequest request;
    while (peer.read_request(request)) {
      if (request.head.find("X-ClickHouse-Database") == std::string::npos) {
        peer.answer(request, "", kTag);
      } else {
        peer.write(
            "HTTP/1.1 404 Not Found\r\nX-ClickHouse-Exception-Code: 81\r\nContent-Length: 62\r\n\r\n"
            "Code: 81. DB::Exception: Database metrics does not exist. (X)\n");
      }
    }
  });
  const auto session = open(server.url());
  ASSERT_NE(session, nullptr);
  EXPECT_TRUE(session->execute({.sql = "CREATE DATABASE metrics"}));
}

TEST(HttpSession, NeverTakesAnExceptionBehindAnAnswerForData) {
  for (const bool broken : {true, false}) {
    const std::string answer = "1\n2\n" + kException;
    for (std::size_t cut = 0; cut <= answer.size(); cut += 7) {
      ScriptedHttpServer server(after_greeting([&](HttpPeer& peer) {
        HttpRequest request;
        if (!peer.read_request(request)) return;
        peer.begin_answer(request, kTag);
        if (cut > 0) peer.write_chunk(std::string_view(answer).substr(0, cut));
        if (cut < answer.size()) peer.write_chunk(std::string_view(answer).substr(cut));
        if (!broken) peer.write("0\r\n\r\n");
      }));
      const Text text = ask(*open(server.url()), {.sql = "SELECT"});
      EXPECT_EQ(text.text, "1\n2\n") << cut;
      ASSERT_TRUE(text.error) << cut;
      EXPECT_EQ(text.error->server_code, 395);
      EXPECT_NE(text.error->message.find("planted"), std::string::npos) << text.error->message;
      EXPECT_TRUE(text.error->connection_usable);
    }
  }
}

TEST(HttpSession, TakesNoAnswerThatIsCutOffForAWholeOne) {
  const std::string head = "HTTP/1.1 200 OK\r\nX-ClickHouse-Query-Id: %\r\n" + std::string(kTag);
  for (const std::string& rest : {std::string("Transfer-Encoding: chunked\r\n\r\n4\r\n1\n2\n\r\n"),
                                  std::string("Transfer-Encoding: chunked\r\n\r\n9\r\n1\n2\n"),
                                  std::string("Content-Length: 9\r\n\r\n1\n2\n"), std::string("")}) {
    ScriptedHttpServer server(after_greeting([&](HttpPeer& peer) {
      HttpRequest request;
      if (!peer.read_request(request)) return;
      std::string answer = head + rest;
      answer.replace(answer.find('%'), 1, request.parameter("query_id"));
      peer.write(answer);
    }));
    const Text text = ask(*open(server.url()), {.sql = "SELECT"});
    ASSERT_TRUE(text.error) << rest;
    EXPECT_EQ(text.error->kind, ErrorKind::kUnavailable) << text.error->message;
    EXPECT_FALSE(text.error->connection_usable);
  }
}

TEST(HttpSession, AsksAServerWithoutTagsToAnswerAtTheEnd) {
  ScriptedHttpServer server(after_greeting(
      [](HttpPeer& peer) {
        HttpRequest request;
        while (peer.read_request(request)) peer.answer(request, request.parameter("wait_end_of_query"));
      },
      ""));
  EXPECT_EQ(ask(*open(server.url()), {.sql = "SELECT"}).text, "1");
}

TEST(HttpSession, RefusesAnAnswerThatLostItsTagOnTheWay) {
  ScriptedHttpServer server(after_greeting([](HttpPeer& peer) {
    HttpRequest request;
    while (peer.read_request(request)) peer.answer(request, "1\n");
  }));
  const Text text = ask(*open(server.url()), {.sql = "SELECT"});
  ASSERT_TRUE(text.error);
  EXPECT_EQ(text.error->kind, ErrorKind::kIncompatible);
  EXPECT_EQ(text.text, "");
}

/// What each call gives when the server does `script` to it.
void expect_errors(const ScriptedHttpServer::Script& script, ErrorKind kind, Applied insert_applied,
                   std::chrono::milliseconds timeout = 20s) {
  ScriptedHttpServer server(greeting_first(script));
  const auto session = open(server.url());
  ASSERT_NE(session, nullptr);
  const auto begin = Clock::now();
  const auto inserted = session->insert({.table = "t", .timeout = timeout}, numbers());
  const Text text = ask(*session, {.sql = "SELECT 1", .timeout = timeout});
  EXPECT_LT(Clock::now() - begin, 10s);
  ASSERT_FALSE(inserted);
  ASSERT_TRUE(text.error);
  for (const Error& error : {inserted.error(), *text.error}) {
    EXPECT_EQ(error.kind, kind) << error.message;
    EXPECT_NE(error.message.find("127.0.0.1:" + std::to_string(server.port())), std::string::npos)
        << error.message;
    EXPECT_EQ(error.message.find("secret"), std::string::npos) << error.message;
    EXPECT_LT(error.message.size(), 70'000u);
  }
  EXPECT_EQ(inserted.error().applied, insert_applied);
}

TEST(HttpSession, EndsAtItsBudgetWhateverTheServerLeavesOut) {
  const auto stall_behind = [](const std::string& part) {
    return [part](HttpPeer& peer) {
      HttpRequest request;
      if (!peer.read_request(request)) return;
      peer.write(part);
      peer.wait_for_close();
    };
  };
  for (const char* part : {"", "HTTP/1.1 200 OK\r\nX-Click", "HTTP/1.1 100 Continue\r\n\r\n"})
    expect_errors(stall_behind(part), ErrorKind::kTimeout, Applied::kUnknown, 150ms);
}

TEST(HttpSession, EndsAtItsBudgetInTheMiddleOfABodyToo) {
  ScriptedHttpServer server(after_greeting([](HttpPeer& peer) {
    HttpRequest request;
    if (!peer.read_request(request)) return;
    peer.begin_answer(request, kTag);
    peer.write_chunk("1\n");
    peer.wait_for_close();
  }));
  const Text text = ask(*open(server.url()), {.sql = "SELECT", .timeout = 150ms});
  ASSERT_TRUE(text.error);
  EXPECT_EQ(text.error->kind, ErrorKind::kTimeout);
}

TEST(HttpSession, EndsAtItsBudgetWhileAServerTakesNoMoreOfAnInsert) {
  ScriptedHttpServer server(after_greeting([](HttpPeer& peer) {
    HttpRequest request;
    if (!peer.read_head(request)) return;
    std::this_thread::sleep_for(1s);
  }));
  const auto session = open(server.url());
  const auto inserted = session->insert({.table = "t", .timeout = 150ms}, numbers(10'000'000));
  ASSERT_FALSE(inserted);
  EXPECT_EQ(inserted.error().kind, ErrorKind::kTimeout);
  EXPECT_EQ(inserted.error().applied, Applied::kUnknown);
}

TEST(HttpSession, BoundsAnEndlessHead) {
  expect_errors(
      [](HttpPeer& peer) {
        HttpRequest request;
        if (!peer.read_request(request)) return;
        peer.write("HTTP/1.1 200 OK\r\n");
        while (peer.write("X-More: " + std::string(1000, 'x') + "\r\n")) continue;
      },
      ErrorKind::kTooLarge, Applied::kUnknown);
}

TEST(HttpSession, BoundsEndlessInterimAnswers) {
  expect_errors(
      [](HttpPeer& peer) {
        HttpRequest request;
        if (!peer.read_request(request)) return;
        while (peer.write("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")) continue;
      },
      ErrorKind::kTooLarge, Applied::kUnknown);
}

TEST(HttpSession, BoundsAnEndlessRefusal) {
  expect_errors(
      [](HttpPeer& peer) {
        HttpRequest request;
        if (!peer.read_request(request)) return;
        peer.write(
            "HTTP/1.1 500 No\r\nX-ClickHouse-Exception-Code: 241\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (bool open = true; open;) open = peer.write("400\r\n" + std::string(1024, 'x') + "\r\n");
      },
      ErrorKind::kUnavailable, Applied::kUnknown);
}

TEST(HttpSession, TellsWhatIsNotHttp) {
  expect_errors(
      [](HttpPeer& peer) {
        HttpRequest request;
        if (!peer.read_request(request)) return;
        peer.write("\x02\x05hello, this is another protocol\r\n\r\n");
      },
      ErrorKind::kCorrupt, Applied::kUnknown);
}

TEST(HttpSession, TakesNoOtherServersSuccessForClickHouses) {
  expect_errors(
      [](HttpPeer& peer) {
        HttpRequest request;
        while (peer.read_request(request)) peer.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      },
      ErrorKind::kCorrupt, Applied::kUnknown);
}

TEST(HttpSession, FollowsNoRedirectAndSaysSo) {
  ScriptedHttpServer elsewhere([](HttpPeer& peer) { peer.wait_for_close(); });
  expect_errors(
      [&](HttpPeer& peer) {
        HttpRequest request;
        while (peer.read_request(request))
          peer.write("HTTP/1.1 302 Found\r\nLocation: " + elsewhere.url() + "\r\nContent-Length: 0\r\n\r\n");
      },
      ErrorKind::kRejected, Applied::kNo);
  EXPECT_EQ(elsewhere.connections(), 0);
}

TEST(HttpSession, ReportsAProxysRefusalAsUnavailableAndUnknown) {
  expect_errors(
      [](HttpPeer& peer) {
        HttpRequest request;
        while (peer.read_request(request))
          peer.write("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 13\r\n\r\n<html>\r\nbad\x01\r\n");
      },
      ErrorKind::kUnavailable, Applied::kUnknown);
}

/// Closes the kept connection after any request that holds `word`, unanswered: where libcurl would send the
/// request again. Counts their heads, on every connection.
ScriptedHttpServer::Script closing_behind(const std::string& word, std::atomic<int>& count) {
  return [word, &count](HttpPeer& peer) {
    HttpRequest request;
    while (peer.read_head(request)) {
      if (request.line.find(word) != std::string::npos) {
        ++count;
        (void)peer.read_body(request);
        return;
      }
      if (!peer.read_body(request)) return;
      peer.answer(request, "", kTag);
    }
  };
}

TEST(HttpSession, NeverRepeatsAnInsertByItself) {
  for (const std::size_t rows : {std::size_t{3}, std::size_t{1'000'000}}) {
    std::atomic<int> inserts = 0;
    ScriptedHttpServer server(closing_behind("INSERT", inserts));
    const auto session = open(server.url());
    const auto inserted = session->insert({.table = "t"}, numbers(rows));
    ASSERT_FALSE(inserted);
    EXPECT_EQ(inserted.error().kind, ErrorKind::kUnavailable) << inserted.error().message;
    EXPECT_EQ(inserted.error().applied, Applied::kUnknown);
    EXPECT_FALSE(inserted.error().connection_usable);
    EXPECT_EQ(inserts, 1);
  }
}

TEST(HttpSession, NeverRepeatsAStatementByItself) {
  std::atomic<int> statements = 0;
  ScriptedHttpServer server(closing_behind("max_execution_time", statements));
  const auto session = open(server.url());
  const auto executed = session->execute({.sql = "DROP TABLE t"});
  ASSERT_FALSE(executed);
  EXPECT_EQ(executed.error().applied, Applied::kUnknown);
  EXPECT_EQ(statements, 1);
}

TEST(HttpSession, ConnectsAnewWhereTheServerClosedTheKeptConnection) {
  ScriptedHttpServer server([](HttpPeer& peer) {
    HttpRequest request;
    if (peer.read_request(request)) peer.answer(request, "7\n", kTag);
  });
  const auto session = open(server.url());
  for (int i = 0; i < 3; ++i) {
    std::this_thread::sleep_for(20ms);
    const Text text = ask(*session, {.sql = "SELECT 7"});
    EXPECT_FALSE(text.error) << text.error->message;
    EXPECT_EQ(text.text, "7\n");
  }
}

TEST(HttpSession, AppliesNothingWhereNothingListens) {
  std::unique_ptr<Session> session;
  {
    ScriptedHttpServer server(after_greeting([](HttpPeer&) {}));
    session = open(server.url());
  }
  const auto inserted = session->insert({.table = "t"}, numbers());
  ASSERT_FALSE(inserted);
  EXPECT_EQ(inserted.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(inserted.error().applied, Applied::kNo);
  EXPECT_FALSE(inserted.error().connection_usable);
  EXPECT_NE(inserted.error().message.find("refused"), std::string::npos) << inserted.error().message;
}

TEST(HttpSession, HearsTheReasonOfARefusalInTheMiddleOfAnInsert) {
  ScriptedHttpServer server(after_greeting([](HttpPeer& peer) {
    HttpRequest request;
    if (!peer.read_head(request)) return;
    const std::string reason = "Code: 27. DB::Exception: not a number. (CANNOT_PARSE_INPUT)\n";
    peer.write("HTTP/1.1 400 Bad Request\r\nX-ClickHouse-Exception-Code: 27\r\nContent-Length: " +
               std::to_string(reason.size()) + "\r\n\r\n" + reason);
    peer.wait_for_close();
  }));
  const auto inserted = open(server.url())->insert({.table = "t"}, numbers(5'000'000));
  ASSERT_FALSE(inserted);
  EXPECT_EQ(inserted.error().server_code, 27) << inserted.error().message;
  EXPECT_NE(inserted.error().message.find("not a number"), std::string::npos);
}

TEST(HttpSession, ReadsPastInterimAnswers) {
  ScriptedHttpServer server(after_greeting([](HttpPeer& peer) {
    HttpRequest request;
    while (peer.read_request(request)) {
      peer.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
      peer.answer(request, "7\n", kTag);
    }
  }));
  EXPECT_EQ(ask(*open(server.url()), {.sql = "SELECT"}).text, "7\n");
}

TEST(HttpSession, KeepsWhatASetSaidAndSendsItWithEachStatement) {
  ScriptedHttpServer server(after_greeting([](HttpPeer& peer) {
    HttpRequest request;
    while (peer.read_request(request)) peer.answer(request, request.parameter("readonly"), kTag);
  }));
  const auto session = open(server.url());
  EXPECT_EQ(ask(*session, {.sql = "SELECT"}).text, "");
  ASSERT_TRUE(session->execute({.sql = "SET readonly = 1, max_threads = 2;"}));
  EXPECT_EQ(ask(*session, {.sql = "SELECT"}).text, "1");
  EXPECT_FALSE(session->execute({.sql = "SET ROLE admin"}));
}

TEST(HttpSession, TellsTheServerWhenItLeavesAnAnswer) {
  std::mutex mutex;
  std::string left, stopped;
  ScriptedHttpServer server(greeting_first([&](HttpPeer& peer) {
    HttpRequest request;
    if (!peer.read_request(request)) return;
    if (request.body.starts_with("KILL QUERY")) {
      const std::lock_guard lock(mutex);
      stopped = request.body;
      peer.answer(request, "", kTag);
    } else {
      {
        const std::lock_guard lock(mutex);
        left = request.parameter("query_id");
      }
      peer.begin_answer(request, kTag);
      peer.write_chunk("1\n");
      peer.wait_for_close();
    }
  }));
  const auto session = open(server.url());
  ASSERT_TRUE(session->query_text({.sql = "SELECT"}, "TSV", [](std::string_view) { return false; }));
  const std::lock_guard lock(mutex);
  EXPECT_EQ(stopped, "KILL QUERY WHERE query_id = '" + left + "' ASYNC");
}

TEST(HttpSession, TriesTheNextHostAndRemembersTheOneThatFailed) {
  ScriptedHttpServer alive(after_greeting([](HttpPeer& peer) {
    HttpRequest request;
    while (peer.read_request(request)) peer.answer(request, "7\n", kTag);
  }));
  std::atomic<int> tries = 0;
  ScriptedHttpServer closing([&](HttpPeer&) { ++tries; });
  const std::string dead = "127.0.0.1:" + std::to_string(closing.port());
  const auto connector =
      make_connector("http://ada:secret@" + dead + ",127.0.0.1:" + std::to_string(alive.port()) + "/metrics",
                     IfAbsent::kFail);
  for (int i = 0; i < 3; ++i) {
    auto session = (*connector)->connect();
    ASSERT_TRUE(session) << session.error().message;
    EXPECT_EQ(ask(**session, {.sql = "SELECT"}).text, "7\n");
  }
  EXPECT_EQ(tries, 1) << "its pause is not over";
}

TEST(HttpSession, GoesThroughNoProxyOfTheEnvironment) {
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  ::setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
  ScriptedHttpServer server(after_greeting([](HttpPeer&) {}));
  EXPECT_NE(open(server.url()), nullptr);
  ::unsetenv("http_proxy");
  ::unsetenv("ALL_PROXY");
}

TEST(HttpSession, SurvivesAServerThatClosesWhileItSends) {
  // Writing to a closed connection must be an error and not a SIGPIPE. Where nothing of the rows has left
  // yet, they are sent once more on a new connection, which is closed in the same way.
  ScriptedHttpServer server(greeting_first([](HttpPeer& peer) {
    HttpRequest request;
    (void)peer.read_head(request);
  }));
  const auto session = open(server.url());
  const auto inserted = session->insert({.table = "t"}, numbers(10'000'000));
  ASSERT_FALSE(inserted);
  EXPECT_EQ(inserted.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(inserted.error().applied, Applied::kUnknown);
}

TEST(HttpSession, ReadsTheServersCounts) {
  ScriptedHttpServer server(after_greeting([](HttpPeer& peer) {
    HttpRequest request;
    const std::string counts =
        R"(X-ClickHouse-Summary: {"read_rows":"5","read_bytes":"40","written_rows":"4"})"
        "\r\n" +
        std::string(kTag);
    while (peer.read_request(request)) peer.answer(request, "", counts);
  }));
  const auto session = open(server.url());
  const auto inserted = session->insert({.table = "t"}, numbers());
  ASSERT_TRUE(inserted) << inserted.error().message;
  EXPECT_EQ(inserted->rows_written, 4u);
  const auto summary = session->query({.sql = "SELECT"}, [](const Block&) { return true; });
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->rows_read, 5u);
  EXPECT_EQ(summary->bytes_read, 40u);
}

}  // namespace
}  // namespace optiinfra
