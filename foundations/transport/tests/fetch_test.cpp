#include "optiinfra/transport/fetch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "scripted_http_server.hpp"

namespace optiinfra {
namespace {

using ::testing::HasSubstr;
using testing::HttpPeer;
using testing::HttpRequest;
using testing::ScriptedHttpServer;

std::string local(const ScriptedHttpServer& server) {
  return "http://127.0.0.1:" + std::to_string(server.port());
}

/// Reads one request and writes `answer` as it is.
ScriptedHttpServer::Script raw(std::string answer, std::string* head = nullptr) {
  return [answer = std::move(answer), head](HttpPeer& peer) {
    HttpRequest request;
    if (!peer.read_head(request)) return;
    if (head != nullptr) *head = request.line + "\n" + request.head;
    peer.write(answer);
  };
}

TEST(Fetch, BringsStatusTypeAndBody) {
  std::string head;
  const ScriptedHttpServer server(
      raw("HTTP/1.1 404 No\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello", &head));
  const auto answer =
      fetch({.url = local(server) + "/x?a=b", .headers = {"X-Mine: 1"}, .bearer_token = "secret"});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 404);
  EXPECT_EQ(answer->content_type, "text/plain");
  EXPECT_EQ(answer->body, "hello");
  EXPECT_GT(answer->elapsed.count(), 0);
  EXPECT_THAT(head, HasSubstr("GET /x?a=b HTTP/1.1"));
  EXPECT_THAT(head, HasSubstr("X-Mine: 1"));
  EXPECT_THAT(head, HasSubstr("Authorization: Bearer secret"));
  EXPECT_THAT(head, HasSubstr("Accept-Encoding: gzip"));
}

TEST(Fetch, GivesUpOnATargetThatHangs) {
  const ScriptedHttpServer silent([](HttpPeer& peer) { peer.wait_for_close(); });
  const auto answer = fetch({.url = local(silent), .timeout = std::chrono::milliseconds{100}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kTimeout);
  const ScriptedHttpServer slow([](HttpPeer& peer) {
    HttpRequest request;
    if (!peer.read_head(request)) return;
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
    while (peer.write("x")) std::this_thread::sleep_for(std::chrono::milliseconds{20});
  });
  EXPECT_EQ(fetch({.url = local(slow), .timeout = std::chrono::milliseconds{200}}).error().kind,
            ErrorKind::kTimeout);
}

TEST(Fetch, RefusesALongBodyWithoutTakingIt) {
  const ScriptedHttpServer told(raw("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\nx"));
  const auto announced = fetch({.url = local(told), .body_bytes_max = 1'000});
  ASSERT_FALSE(announced);
  EXPECT_EQ(announced.error().kind, ErrorKind::kTooLarge);
  EXPECT_THAT(announced.error().message, HasSubstr("more than 1000 bytes"));
  std::size_t written = 0;
  {
    const ScriptedHttpServer endless([&written](HttpPeer& peer) {
      HttpRequest request;
      if (!peer.read_head(request)) return;
      peer.write("HTTP/1.1 200 OK\r\n\r\n");
      const std::string chunk(64 << 10, 'x');
      while (written < (std::size_t{1} << 30) && peer.write(chunk)) written += chunk.size();
    });
    EXPECT_EQ(fetch({.url = local(endless), .body_bytes_max = 100'000}).error().kind, ErrorKind::kTooLarge);
  }
  EXPECT_LT(written, std::size_t{64} << 20);
}

TEST(Fetch, NoticesABodyThatIsShorterThanItsLength) {
  const ScriptedHttpServer server(raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nup 1\n"));
  const auto answer = fetch({.url = local(server)});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kUnavailable);
}

TEST(Fetch, SaysThatNobodyListensAndThatAFileIsMissing) {
  int port = 0;
  {
    const ScriptedHttpServer gone([](HttpPeer&) {});
    port = gone.port();
  }
  EXPECT_EQ(fetch({.url = "http://127.0.0.1:" + std::to_string(port)}).error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(fetch({.url = "https://127.0.0.1", .ca_file = "/missing.pem"}).error().kind,
            ErrorKind::kInvalidArgument);
  EXPECT_EQ(fetch({.url = "file:///etc/passwd"}).error().kind, ErrorKind::kInvalidArgument);
}

TEST(Fetch, FollowsRedirectsToHttpOnly) {
  const ScriptedHttpServer end(raw("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend"));
  const ScriptedHttpServer begin(
      raw("HTTP/1.1 302 Found\r\nLocation: " + local(end) + "/\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_EQ(fetch({.url = local(begin)})->body, "end");
  EXPECT_EQ(fetch({.url = local(begin), .follows_redirects = false})->status, 302);
  const ScriptedHttpServer file(
      raw("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_FALSE(fetch({.url = local(file)}));
}

TEST(Fetch, RunsManyAtATimeAndKeepsConnections) {
  const ScriptedHttpServer server([](HttpPeer& peer) {
    HttpRequest request;
    while (peer.read_head(request)) {
      const std::string body = request.line;
      peer.write("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    }
  });
  auto fetcher = Fetcher::open(4);
  ASSERT_TRUE(fetcher);
  std::map<int, std::string> answers;
  for (int i = 0; i < 40; ++i)
    ASSERT_TRUE(fetcher->start({.url = local(server) + "/" + std::to_string(i)},
                               [&answers, i](Result<FetchAnswer> answer) {
                                 if (answer) answers[i] = answer->body;
                               }));
  EXPECT_EQ(fetcher->pending(), 40u);
  const auto end = Fetcher::Clock::now() + std::chrono::seconds{20};
  while (fetcher->pending() != 0 && Fetcher::Clock::now() < end) fetcher->work(end);
  ASSERT_EQ(answers.size(), 40u);
  for (const auto& [i, body] : answers) EXPECT_THAT(body, HasSubstr("/" + std::to_string(i) + " "));
  EXPECT_LE(server.connections(), 4);
}

}  // namespace
}  // namespace optiinfra
