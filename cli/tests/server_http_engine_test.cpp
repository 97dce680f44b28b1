// What `optiinfra server` answers over HTTP, to whom, byte by byte.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "served_store.hpp"

namespace optiinfra::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class ServerHttp : public ServedStore {
 protected:
  /// A connection to the HTTP port; -1 when nobody listens.
  int connect() const {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server->http_port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return socket;
    ::close(socket);
    return -1;
  }

  static void send(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  /// The whole answer to `request`, "POST /?max_threads=1", with these header lines.
  std::string answer(const std::string& request, const std::vector<std::string>& headers,
                     const std::string& body = "") const {
    std::string bytes = request + " HTTP/1.1\r\nConnection: close\r\n";
    for (const std::string& header : headers) bytes += header + "\r\n";
    bytes += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    const int socket = connect();
    send(socket, bytes);
    std::string received;
    char buffer[4096];
    for (ssize_t size = 0; (size = ::recv(socket, buffer, sizeof buffer, 0)) > 0;)
      received.append(buffer, static_cast<std::size_t>(size));
    ::close(socket);
    return received;
  }

  std::string host() const { return "Host: 127.0.0.1:" + std::to_string(server->http_port()); }

  std::string ask_http(const std::string& sql, const std::string& settings = "") const {
    return answer("POST /?" + settings, {host()}, sql);
  }
};

TEST_F(ServerHttp, AnswersProgramsAndNoPageOfAnotherOrigin) {
  start({"--host-name", "metrics.example"});
  const std::string port = std::to_string(server->http_port());
  for (const char* name : {"127.0.0.1", "localhost", "LOCALHOST", "[::1]", "10.1.2.3", "metrics.example"})
    EXPECT_THAT(answer("POST /", {"Host: " + std::string(name) + ":" + port}, "SELECT 1"),
                StartsWith("HTTP/1.1 200"))
        << name;
  const std::vector<std::string> refused[] = {
      {host(), "Origin: http://evil.example"},
      {host(), "Origin: http://evil.example", "Content-Type: text/plain"},
      {host(), "Origin: null"},
      {host(), "Origin: http://127.0.0.1:" + port},
      {host(), "Sec-Fetch-Site: cross-site"},
      {host(), "Sec-Fetch-Site: same-site"},
      {"Host: evil.example"},
      {"Host: evil.example:" + port},
      {"Host: localhost.evil.example:" + port},
      {"Host: 127.0.0.1.evil.example:" + port},
      {"Host: metrics.example.evil:" + port}};
  for (const auto& headers : refused) {
    for (const char* request : {"POST /?add_http_cors_header=1", "POST /", "GET /?query=SELECT+1",
                                "GET /ping", "GET /", "OPTIONS /"}) {
      const std::string answered = answer(request, headers, "SELECT 1");
      EXPECT_THAT(answered, AllOf(StartsWith("HTTP/1.1 403"), Not(HasSubstr("Access-Control-Allow-Origin"))))
          << request << " " << headers.back();
    }
  }
}

TEST_F(ServerHttp, GivesAwayNoHeaderThatAPageCouldReadBy) {
  start();
  for (const char* setting :
       {"add_http_cors_header=1", "http_response_headers={'Access-Control-Allow-Origin':'*'}"}) {
    const std::string answered = ask_http("SELECT 1", setting);
    EXPECT_THAT(answered,
                AllOf(HasSubstr("should not be changed"), Not(HasSubstr("Access-Control-Allow-Origin"))));
  }
}

TEST_F(ServerHttp, HasNoPagesUnlessAskedFor) {
  start();
  for (const char* page : {"/play", "/dashboard", "/binary", "/merges", "/schema", "/jemalloc", "/docs",
                           "/webterminal", "/js/uplot.js", "/other"})
    EXPECT_THAT(answer("GET " + std::string(page), {host()}), StartsWith("HTTP/1.1 404")) << page;
  EXPECT_THAT(answer("GET /ping", {host()}), HasSubstr("Ok."));
  EXPECT_THAT(answer("GET /", {host()}), HasSubstr("Ok."));
  server->stop();
  ASSERT_TRUE(server->start({"--engine-pages"})) << server->failure();
  EXPECT_THAT(answer("GET /play", {host()}), AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("<html")));
  EXPECT_THAT(answer("GET /webterminal", {host()}), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(answer("GET /play", {host(), "Origin: http://evil.example"}), StartsWith("HTTP/1.1 403"));
}

TEST_F(ServerHttp, KeepsItsBoundsWhateverAStatementAsks) {
  start({"--memory-limit", "1G", "--statement-time", "30s"});
  for (const char* setting :
       {"max_parser_depth=100000000", "max_parser_backtracks=1000000000", "max_memory_usage=0",
        "max_memory_usage=2000000000", "max_execution_time=0", "max_execution_time=86401",
        "insert_deduplicate=0", "deduplicate_blocks_in_dependent_materialized_views=0",
        "cancel_http_readonly_queries_on_client_close=0"})
    EXPECT_THAT(ask_http("SELECT 1", setting), HasSubstr("SETTING_CONSTRAINT_VIOLATION")) << setting;
  EXPECT_THAT(ask_http("SELECT getSetting('max_execution_time')", "max_execution_time=7"),
              HasSubstr("\r\n7\n"));
}

TEST_F(ServerHttp, RefusesADeeplyNestedStatementAtOnce) {
  start();
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(ask_http("SELECT " + std::string(30'000, '[')), HasSubstr("parse depth"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{5});
}

TEST_F(ServerHttp, EndsAReadersQueryWhoseClientHasLeft) {
  std::vector<std::string> flags = with_user();
  const std::string file = flags.back();
  flags.insert(flags.end(), {"--user", "grafana:read", "--password-file", file});
  start(flags);
  const int socket = connect();
  const std::string sql = "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 7";
  send(socket, "POST /?query_id=left&user=grafana&password=correct%20%26%20horse HTTP/1.1\r\n" + host() +
                   "\r\nContent-Length: " + std::to_string(sql.size()) + "\r\n\r\n" + sql);
  const auto becomes = [this](const std::string& count) {
    for (int look = 0; look < 100; ++look) {
      if (ask("SELECT count() FROM system.processes WHERE query_id = 'left'", "ada:correct%20%26%20horse") ==
          count)
        return true;
      std::this_thread::sleep_for(std::chrono::milliseconds{100});
    }
    return false;
  };
  EXPECT_TRUE(becomes("1\n"));
  ::close(socket);
  EXPECT_TRUE(becomes("0\n"));
}

TEST_F(ServerHttp, EndsWhenAStatementHasClosedAPort) {
  start();
  EXPECT_THAT(ask_http("SYSTEM STOP LISTEN TCP"), StartsWith("HTTP/1.1 200"));
  const auto ended = server->wait();
  EXPECT_NE(ended.exit_code, 0);
  EXPECT_THAT(ended.error_output, HasSubstr("was closed by a statement (SYSTEM STOP LISTEN)"));
  EXPECT_TRUE(is_clean());
}

}  // namespace
}  // namespace optiinfra::cli
