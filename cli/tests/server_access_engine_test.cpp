// Who gets into `optiinfra server`, and what they can do there.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "served_store.hpp"

namespace optiinfra::cli {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ServerAccess : public ServedStore {
 protected:
  /// Connects to the native port, sends `bytes` and leaves.
  void send_to_port(std::string_view bytes) const {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server->tcp_port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    ::shutdown(socket, SHUT_WR);
    char answer[512];
    while (::recv(socket, answer, sizeof answer, 0) > 0) {
    }
    ::close(socket);
  }
};

TEST_F(ServerAccess, OutlivesWrongPasswordsAndBytesThatMeanNothing) {
  start(with_user());
  for (int round = 0; round < 3; ++round) {
    EXPECT_THAT(ask("SELECT 1", "ada:wrong"), HasSubstr("Authentication failed"));
    for (const std::string_view bytes :
         {std::string_view("\1\2\3\4"), std::string_view("GET / HTTP/1.0\r\n\r\n"),
          std::string_view("\0\xff\xff\xff\xff\x0f", 6), std::string_view("\0\4ada", 5)})
      send_to_port(bytes);
  }
  EXPECT_EQ(ask("SELECT 1", "ada:correct%20%26%20horse"), "1\n");
  EXPECT_EQ(server->stop().exit_code, 0);
}

TEST_F(ServerAccess, IsForTheOneUserAlone) {
  start(with_user());
  EXPECT_EQ(ask("SELECT currentUser()", "ada:correct%20%26%20horse"), "\"ada\"\n");
  for (const char* user : {"default", "ada", "ada:correct", "eve:x"}) {
    const std::string answer = ask("SELECT 'let in'", user);
    EXPECT_THAT(answer, AnyOf(HasSubstr("Authentication failed"), HasSubstr("session"))) << user;
    EXPECT_THAT(answer, Not(HasSubstr("\"let in\""))) << user;
  }
}

TEST_F(ServerAccess, LeavesNoPasswordAndNoHashInTheFolder) {
  start(with_user());
  EXPECT_FALSE(std::filesystem::exists(store() / "users.xml"));
  EXPECT_FALSE(std::filesystem::exists(store() / "server.xml"));
}

TEST_F(ServerAccess, ReachesTheTablesAndNoFilesProgramsHostsOrSwitches) {
  start();
  const std::string secret = (folder / "secret").string();
  std::ofstream(secret) << "do not show";
  const std::pair<std::string, const char*> refused[] = {
      {"SELECT * FROM file('" + secret + "', 'LineAsString')", "READ ON FILE"},
      {"INSERT INTO FUNCTION file('" + secret + "', 'TSV', 'a UInt8') VALUES (1)", "WRITE ON FILE"},
      {"CREATE TABLE default.f (a String) ENGINE = File(TSV, '" + secret + "')", "TABLE ENGINE ON File"},
      {"CREATE DATABASE f ENGINE = Filesystem('/')", "TABLE ENGINE ON Filesystem"},
      {"SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')", "READ ON URL"},
      {"SELECT * FROM remote('127.0.0.1:1', system.one)", "READ ON REMOTE"},
      {"CREATE DICTIONARY default.d (a UInt64) PRIMARY KEY a SOURCE(EXECUTABLE(COMMAND 'id' FORMAT 'TSV')) "
       "LAYOUT(FLAT()) LIFETIME(0)",
       "CREATE DICTIONARY"},
      {"CREATE FUNCTION f AS x -> x", "CREATE FUNCTION"},
      {"CREATE USER eve", "CREATE USER"},
      {"SYSTEM SHUTDOWN", "SYSTEM SHUTDOWN"},
      {"BACKUP DATABASE default TO File('/tmp/b')", "BACKUP"},
      {"CREATE TABLE default.d (a UInt8) ENGINE = MergeTree ORDER BY a SETTINGS disk = disk(type = local, "
       "path = '/tmp/')",
       "custom_local_disks_base_directory"}};
  for (const auto& [sql, needed] : refused) EXPECT_THAT(ask(sql), HasSubstr(needed)) << sql;
  const std::string read = ask("SELECT file('" + secret + "')");
  if (read.find("do not show") != std::string::npos) GTEST_SKIP() << "this kernel has no Landlock";
  EXPECT_THAT(read, HasSubstr("Permission denied"));
  EXPECT_THAT(ask("SELECT file('/proc/self/environ')"), Not(HasSubstr("PATH=")));
}

TEST_F(ServerAccess, KeepsToItsMemoryLimit) {
  start({"--memory-limit", "300M"});
  EXPECT_THAT(ask("SELECT length(groupArray(number)) FROM numbers(100000000)"),
              HasSubstr("memory limit exceeded"));
  EXPECT_EQ(ask("SELECT 1"), "1\n");
}

TEST_F(ServerAccess, ReachesTheOtherServersOfItsCluster) {
  // The second knows the first's port; each shard is one of the two.
  auto flags = with_user();
  testing::ServerProcess first(OPTIINFRA_PROGRAM, folder / "first", flags);
  ASSERT_TRUE(first.is_ready()) << first.failure();
  const std::string user = "ada:correct%20%26%20horse";
  ASSERT_EQ(ask_url(first.native_url(user), "CREATE TABLE default.t (a UInt8) ENGINE = MergeTree ORDER BY a"),
            "");
  ASSERT_EQ(ask_url(first.native_url(user), "INSERT INTO default.t VALUES (41)"), "");
  flags.insert(flags.end(),
               {"--cluster", "fleet=127.0.0.1:" + std::to_string(first.tcp_port()), "--macro", "shard=7"});
  start(flags);
  EXPECT_EQ(ask("SELECT count() FROM system.tables WHERE database = 'optiinfra'", user), "0\n");
  EXPECT_EQ(ask("CREATE TABLE default.all (a UInt8) ENGINE = Distributed('fleet', 'default', 't')", user),
            "");
  EXPECT_EQ(ask("SELECT a FROM default.all", user), "41\n");
  EXPECT_EQ(ask("SELECT getMacro('shard')", user), "\"7\"\n");
}

}  // namespace
}  // namespace optiinfra::cli
