// The options of a server, and the engine's configuration that follows from them.
#include "embedded/serve_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "embedded/configuration.hpp"
#include "embedded/folder.hpp"
#include "embedded/password_hash.hpp"
#include "embedded/users_configuration.hpp"
#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra::embedded {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

ServeOptions usual() { return {.folder = "/srv/metrics"}; }

ServeOptions with_user() {
  ServeOptions options = usual();
  options.users = {{.name = "ada", .password = "secret<&>"}};
  return options;
}

void expect_refused(const ServeOptions& options, std::string_view says) {
  const auto checked = check_serve_options(options);
  ASSERT_FALSE(checked) << says;
  EXPECT_EQ(checked.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(checked.error().message, HasSubstr(std::string(says)));
  EXPECT_THAT(checked.error().message, Not(HasSubstr("secret")));
}

TEST(Loopback, IsWhatOtherMachinesCannotReach) {
  for (const char* address : {"127.0.0.1", "127.8.9.10", "::1"}) EXPECT_TRUE(is_loopback(address).value());
  for (const char* address : {"0.0.0.0", "::", "10.0.0.1", "fe80::1"})
    EXPECT_FALSE(is_loopback(address).value());
  for (const char* wrong : {"", "localhost", "127.0.0", "127.0.0.1:9000"}) EXPECT_FALSE(is_loopback(wrong));
}

TEST(ServeOptions, AreGoodAsTheyAre) {
  EXPECT_TRUE(check_serve_options(usual()));
  EXPECT_TRUE(check_serve_options(with_user()));
}

TEST(ServeOptions, OpenNothingToOtherMachinesWithoutAPassword) {
  for (const char* address : {"0.0.0.0", "::", "10.0.0.1"}) {
    ServeOptions options = usual();
    options.listen = address;
    expect_refused(options, "needs a user with a password");
    options.users = {{.name = "ada", .password = ""}};
    expect_refused(options, "needs a password");
    options.users[0].password = "secret";
    EXPECT_TRUE(check_serve_options(options));
  }
}

TEST(ServeOptions, NeedAnAdminAmongTheirUsersAndEachUserOnce) {
  ServeOptions options = usual();
  options.users = {{.name = "grafana", .password = "secret", .role = ServedRole::kRead}};
  expect_refused(options, "must be an admin");
  options.users.push_back({.name = "ada", .password = "secret"});
  EXPECT_TRUE(check_serve_options(options));
  EXPECT_EQ(first_admin(options)->name, "ada");
  options.users.push_back({.name = "grafana", .password = "other"});
  expect_refused(options, "named twice");
}

TEST(ServeOptions, RefuseNamesThatTheEngineWouldReadAsSomethingElse) {
  for (const char* name : {"default", "", "a b", "a<b", "1a", "a.b", "-a"}) {
    ServeOptions options = with_user();
    options.users[0].name = name;
    EXPECT_FALSE(check_serve_options(options)) << name;
    options = usual();
    options.clusters = {{.name = name, .shards = {{{"a", 1}}}}};
    EXPECT_EQ(check_serve_options(options).has_value(), std::string_view(name) == "default") << name;
  }
  ServeOptions options = usual();
  options.macros = {{"shard/1", "1"}};
  expect_refused(options, "macro");
}

TEST(ServeOptions, RefuseWhatCannotWork) {
  ServeOptions options = usual();
  options.http_port = options.tcp_port;
  expect_refused(options, "different ports");
  options = usual();
  options.folder = "relative";
  expect_refused(options, "absolute");
  options = usual();
  options.grace = std::chrono::seconds{121};
  expect_refused(options, "grace");
  options = usual();
  options.clusters = {{.name = "fleet", .shards = {{}}}};
  expect_refused(options, "shard without a server");
  for (const char* name : {"", "a:8123", "http://a", "a|b", "a b"}) {
    options = usual();
    options.host_names = {name};
    expect_refused(options, "is not a host name");
  }
}

TEST(ServeOptions, MayAskForTwoFreePorts) {
  ServeOptions options = usual();
  options.tcp_port = options.http_port = 0;
  EXPECT_TRUE(check_serve_options(options));
}

TEST(PasswordHash, IsSha256) {
  EXPECT_EQ(password_hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(password_hash(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Users, HoldAHashAndNoPassword) {
  const std::string users = users_configuration(with_user());
  EXPECT_THAT(users, HasSubstr(password_hash("secret<&>")));
  EXPECT_THAT(users, Not(HasSubstr("secret&lt;")));
  EXPECT_THAT(users, AllOf(HasSubstr("<ada>"), HasSubstr("</ada>")));
}

TEST(Users, ReachNoFilesProgramsOrHosts) {
  ServeOptions options = usual();
  for (const char* grant : {"FILE", "URL", "REMOTE", "S3", "DICTIONARY", "FUNCTION", "SHUTDOWN", "BACKUP",
                            "ALL", "FREEZE", "MERGES"})
    EXPECT_THAT(users_configuration(options), Not(HasSubstr(grant))) << grant;
  options.clusters = {{.name = "fleet", .shards = {{{"a", 1}}}}};
  EXPECT_THAT(users_configuration(options), HasSubstr("REMOTE"));
}

TEST(Users, OfAServerWithoutAPasswordComeFromThisMachine) {
  EXPECT_THAT(users_configuration(usual()), Not(HasSubstr("::/0")));
}

TEST(ServerConfiguration, SaysWhatWasAskedFor) {
  ServeOptions options = with_user();
  options.memory_bytes_max = 123'456'789;
  options.clusters = {{.name = "fleet", .shards = {{{"a", 9001}}, {{"b", 9002}}}}};
  options.macros = {{"shard", "<1>"}};
  const optiinfra::testing::TemporaryFolder parent;
  const auto folder = Folder::open(parent / "store", IfAbsent::kCreate);
  ASSERT_TRUE(folder) << folder.error().message;
  const std::string text = server_configuration(options, *folder);
  for (const char* part :
       {"<max_server_memory_usage>123456789<", "<tcp_port>9000<", "<http_port>8123<",
        "<listen_host>127.0.0.1<", "/users.xml</users_config>", "<fleet>",
        "<host>b</host>\n<port>9002</port>", "<password>secret&lt;&amp;&gt;<", "<shard>&lt;1&gt;</shard>"})
    EXPECT_THAT(text, HasSubstr(part));
}

TEST(BootError, NamesTheTakenPortAndItsFlag) {
  const std::string reason =
      "Code: 210. DB::Exception: Listen [127.0.0.1]:8123 failed: Poco::Exception. Address already in use";
  const Error error = boot_error(usual(), reason);
  EXPECT_EQ(error.kind, ErrorKind::kUnavailable);
  EXPECT_THAT(error.message, AllOf(HasSubstr("127.0.0.1:8123"), HasSubstr("--http-port")));
}

TEST(ServedAddress, IsReachedOnThisMachineWhereverItListens) {
  ServeOptions options = with_user();
  options.listen = "0.0.0.0";
  const ServedAddress address{.tcp = {"0.0.0.0", 9000}, .http = {"0.0.0.0", 8123}};
  EXPECT_EQ(address.url(options).description(), "clickhouse://ada@127.0.0.1:9000/optiinfra");
  EXPECT_EQ(address.url(options).password, options.users[0].password);
}

}  // namespace
}  // namespace optiinfra::embedded
