// Clients that are slow, broken or hostile: they are cut off, and others are served meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "http/server.hpp"
#include "optiinfra/testing/http_call.hpp"
#include "optiinfra/testing/server.hpp"
#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra::service {
namespace {

using testing::exchange_bytes;
using ::testing::HasSubstr;
using testing::http_call;
using ::testing::StartsWith;

class HostileClients : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new testing::TemporaryFolder;
    server_ = new testing::ServerProcess(OPTIINFRA_PROGRAM, folder_->path() / "store");
    ASSERT_TRUE(server_->is_ready()) << server_->failure();
  }
  static void TearDownTestSuite() {
    delete server_;
    delete folder_;
  }
  void TearDown() override {
    EXPECT_EQ(http_call(port(), {.target = "/healthz"}).status, 200) << "others are served";
  }

  static std::uint16_t port() { return server_->api_port(); }

  static std::uint64_t resident_kib() {
    std::ifstream file("/proc/" + std::to_string(server_->process_id()) + "/status");
    for (std::string line; std::getline(file, line);)
      if (line.starts_with("VmRSS:")) return std::stoull(line.substr(6));
    return 0;
  }

  static inline testing::TemporaryFolder* folder_ = nullptr;
  static inline testing::ServerProcess* server_ = nullptr;
};

TEST_F(HostileClients, ThatSendNoHttpAreToldSo) {
  EXPECT_THAT(exchange_bytes(port(), "garbage\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(exchange_bytes(port(), std::string(100, '\0') + "\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(exchange_bytes(port(), "GET /healthz HTTP/9.9\r\nHost: localhost\r\n\r\n"),
              StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(exchange_bytes(port(), "GET /%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(exchange_bytes(port(), "\x16\x03\x01\x02\x00\x01\x00"), StartsWith("HTTP/1.1 400")) << "TLS";
}

TEST_F(HostileClients, WithTooManyHeadersAreToldSo) {
  std::string headers;
  for (int i = 0; i < 10'000; ++i) headers += "X-" + std::to_string(i) + ": 1\r\n";
  EXPECT_THAT(exchange_bytes(port(), "GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n"),
              StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(
      exchange_bytes(port(), "GET /" + std::string(1 << 20, 'a') + " HTTP/1.1\r\nHost: localhost\r\n\r\n"),
      StartsWith("HTTP/1.1 431"));
}

TEST_F(HostileClients, CannotSmuggleASecondRequest) {
  const std::string second = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  for (const std::string& both :
       {std::string("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n"),
        std::string("Transfer-Encoding: chunked\r\nContent-Length: 6\r\n"),
        std::string("Content-Length: 5\r\nContent-Length: 6\r\n"), std::string("Content-Length: +5\r\n"),
        std::string("Content-Length: 5, 6\r\n")}) {
    const std::string answer = exchange_bytes(
        port(), "POST /api/v1/sql HTTP/1.1\r\nHost: localhost\r\n" + both + "\r\n0\r\n\r\n" + second);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400")) << both;
    EXPECT_EQ(answer.find("optiinfra_store_up"), std::string::npos) << both;
  }
}

TEST_F(HostileClients, ThatClaimAGigabyteAreRefusedBeforeItIsRead) {
  const std::string head =
      "POST /api/v1/sql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1073741824\r\n\r\n";
  EXPECT_THAT(exchange_bytes(port(), head), StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(
      exchange_bytes(
          port(),
          "POST /api/v1/sql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 18446744073709551615\r\n\r\n"),
      StartsWith("HTTP/1.1 4"));
}

TEST_F(HostileClients, AreRefusedBeforeTheirBodyWhenTheirTokenIsWrong) {
  const std::string head =
      "POST /api/v1/sql HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\nContent-Length: "
      "60000000\r\n\r\n";
  EXPECT_THAT(exchange_bytes(port(), head, std::chrono::seconds{5}), StartsWith("HTTP/1.1 401"));
}

/// Many clients that never end their headers, together with one that asks properly.
TEST_F(HostileClients, ThatTrickleDoNotKeepOthersWaiting) {
  const std::uint64_t before = resident_kib();
  std::vector<std::thread> slow;
  for (int i = 0; i < 200; ++i)
    slow.emplace_back([] {
      exchange_bytes(port(), "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", std::chrono::seconds{4});
    });
  for (int i = 0; i < 20; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(http_call(port(), {.target = "/healthz"}).status, 200);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{2});
  }
  EXPECT_LT(resident_kib(), before + (64 << 10)) << "KiB";
  for (std::thread& thread : slow) thread.join();
}

TEST_F(HostileClients, ThatTrickleAreCutOff) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(exchange_bytes(port(), "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
                           kHeaderTime + std::chrono::seconds{10}),
            "");
  const auto time = std::chrono::steady_clock::now() - begin;
  EXPECT_GE(time, kHeaderTime - std::chrono::seconds{1});
  EXPECT_LT(time, kHeaderTime + std::chrono::seconds{5});
}

TEST_F(HostileClients, BeyondTheMostConnectionsAreTurnedAway) {
  const testing::TemporaryFolder folder;
  testing::ServerProcess small(OPTIINFRA_PROGRAM, folder.path() / "store", {"--api-connections", "8"});
  ASSERT_TRUE(small.is_ready()) << small.failure();
  {
    std::vector<std::unique_ptr<testing::HttpConnection>> held;
    for (int i = 0; i < 8; ++i) {
      held.push_back(std::make_unique<testing::HttpConnection>(small.api_port()));
      EXPECT_EQ(held.back()->call({.target = "/healthz"}).status, 200);
    }
    EXPECT_EQ(http_call(small.api_port(), {.target = "/healthz"}).status, 0);
    EXPECT_EQ(held.front()->call({.target = "/healthz"}).status, 200);
  }
  int status = 0;
  for (int i = 0; i < 50 && status != 200; ++i) {
    status = http_call(small.api_port(), {.target = "/healthz"}).status;
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  EXPECT_EQ(status, 200) << "there is room again";
}

}  // namespace
}  // namespace optiinfra::service
