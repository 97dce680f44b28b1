#include "optiinfra/transport/url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace optiinfra {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

StoreUrl parsed(std::string_view url) {
  auto store = parse_store_url(url);
  EXPECT_TRUE(store) << url << ": " << (store ? "" : store.error().message);
  return store ? *store : StoreUrl{};
}

std::string refusal(std::string_view url) {
  const auto store = parse_store_url(url);
  EXPECT_FALSE(store) << url;
  if (store) return "";
  EXPECT_EQ(store.error().kind, ErrorKind::kInvalidArgument);
  return store.error().message;
}

TEST(EmbeddedUrl, NamesItsFolderInEveryForm) {
  EXPECT_EQ(parsed("embedded:/a/b").folder, "/a/b");
  EXPECT_EQ(parsed("embedded:/a/b/").folder, "/a/b");
  EXPECT_EQ(parsed("embedded:///a/b").folder, "/a/b");
  EXPECT_EQ(parsed("embedded:/a/x/../b").folder, "/a/b");
  EXPECT_EQ(parsed("embedded:relative/b").folder, std::filesystem::current_path() / "relative/b");
  EXPECT_EQ(parsed("embedded:/").folder, "/");
  EXPECT_TRUE(parsed("embedded:").folder.empty());
  EXPECT_EQ(parsed("embedded:///a/b/").description(), "embedded:/a/b");
}

TEST(EmbeddedUrl, WithAHostIsRefused) { EXPECT_THAT(refusal("embedded://host/a"), HasSubstr("no host")); }

TEST(ServerUrl, SaysProtocolHostsPortsUserAndDatabase) {
  const StoreUrl store = parsed("clickhouse://ada:s%40c%3Aret@db1:9001,db2,[fe80::1]:9002/metrics");
  EXPECT_EQ(store.protocol, Protocol::kNative);
  EXPECT_EQ(store.user, "ada");
  EXPECT_EQ(store.password, "s@c:ret");
  EXPECT_EQ(store.database, "metrics");
  EXPECT_THAT(store.hosts,
              ElementsAre(Endpoint{"db1", 9001}, Endpoint{"db2", 9000}, Endpoint{"fe80::1", 9002}));
}

TEST(ServerUrl, HasDefaultsForAllButTheHost) {
  const StoreUrl store = parsed("clickhouse://db");
  EXPECT_EQ(store.user, "default");
  EXPECT_EQ(store.password, "");
  EXPECT_EQ(store.database, "optiinfra");
  EXPECT_EQ(store.compression, Compression::kLz4);
  EXPECT_TRUE(store.verify_certificate);
  EXPECT_THAT(store.hosts, ElementsAre(Endpoint{"db", 9000}));
  EXPECT_EQ(parsed("clickhouses://db").hosts[0].port, 9440);
  EXPECT_EQ(parsed("http://db").hosts[0].port, 8123);
  EXPECT_EQ(parsed("https://db/").hosts[0].port, 8443);
  EXPECT_EQ(parsed("https://db").compression, Compression::kNone);
  EXPECT_EQ(parsed("clickhouse://:secret@db").user, "default");
  EXPECT_EQ(parsed("clickhouse://:secret@db").password, "secret");
}

TEST(ServerUrl, TakesOptions) {
  const StoreUrl store = parsed("https://db/m?compression=zstd&ca_file=%2Fetc%2Fca.pem&verify=no");
  EXPECT_EQ(store.compression, Compression::kZstd);
  EXPECT_EQ(store.ca_file, "/etc/ca.pem");
  EXPECT_FALSE(store.verify_certificate);
  EXPECT_EQ(parsed("clickhouse://db?compression=none").compression, Compression::kNone);
  EXPECT_THAT(refusal("clickhouse://db?compression=gzip"), HasSubstr("lz4, zstd or none"));
  EXPECT_THAT(refusal("clickhouse://db?speed=1"), HasSubstr("option"));
  EXPECT_THAT(refusal("clickhouse://db?verify"), HasSubstr("'='"));
}

TEST(ServerUrl, SaysWhatIsWrongWithIt) {
  EXPECT_THAT(refusal("clickhouse:db"), HasSubstr("'//'"));
  EXPECT_THAT(refusal("clickhouse://"), HasSubstr("no host"));
  EXPECT_THAT(refusal("clickhouse://a,,b"), HasSubstr("no host"));
  EXPECT_THAT(refusal("clickhouse://a:0"), HasSubstr("1 to 65535"));
  EXPECT_THAT(refusal("clickhouse://a:65536"), HasSubstr("1 to 65535"));
  EXPECT_THAT(refusal("clickhouse://a:90x"), HasSubstr("1 to 65535"));
  EXPECT_THAT(refusal("clickhouse://[::1"), HasSubstr("']'"));
  EXPECT_THAT(refusal("clickhouse://[]"), HasSubstr("IPv6"));
  EXPECT_THAT(refusal("clickhouse://[::1]9000"), HasSubstr("between ']'"));
  EXPECT_THAT(refusal("clickhouse://a/b-c"), HasSubstr("plain name"));
  EXPECT_THAT(refusal("clickhouse://a/b%60c"), HasSubstr("plain name"));
  EXPECT_THAT(refusal("clickhouse://a/1b"), HasSubstr("plain name"));
  EXPECT_THAT(refusal("clickhouse://u:p%4@a"), HasSubstr("%25"));
  EXPECT_THAT(refusal("clickhouse://u:p%00@a"), HasSubstr("%25"));
  EXPECT_THAT(refusal("clickhouse://u:p#x@a"), HasSubstr("%23"));
  std::string many = "clickhouse://a";
  for (std::size_t i = 0; i < kHostsMax; ++i) many += ",a";
  EXPECT_THAT(refusal(many), HasSubstr("more than 64"));
}

TEST(ServerUrl, NeverShowsAPassword) {
  for (const char* url :
       {"postgres://user:secret@host/db", "user:secret@host", "//user:secret@host", "secret", "@secret:x",
        "user secret:x", "", "clickhouse:user:secret@host", "clickhouse://user:se/cret@host:x",
        "clickhouse://user:secret@ho st", "http://user:secret@host:x", "clickhouse://user:secret#@h",
        "clickhouse://u:secret@h/d-b", "clickhouse://u:secret@h?x=secret", "clickhouse://u:secret%zz@h"}) {
    const auto store = parse_store_url(url);
    ASSERT_FALSE(store) << url;
    EXPECT_THAT(store.error().message, Not(HasSubstr("cret"))) << url;
    EXPECT_THAT(store.error().message, HasSubstr("embedded:/path/to/folder")) << url;
  }
  EXPECT_EQ(parsed("clickhouse://ada:secret@db1,[::1]:1/m?ca_file=secret").description(),
            "clickhouse://ada@db1:9000,[::1]:1/m");
}

class EnvironmentTest : public ::testing::Test {
 protected:
  Result<StoreUrl> named() const {
    return store_url_of_environment([this](const char* name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      return found == variables.end() ? std::nullopt : std::optional(found->second);
    });
  }
  std::map<std::string, std::string> variables{{"HOME", "/home/ada"}};
};

TEST_F(EnvironmentTest, NamesAnEmbeddedStoreWhenItSaysNothing) {
  EXPECT_EQ(named()->folder, "/home/ada/.local/share/optiinfra/store");
  variables["XDG_DATA_HOME"] = "/data";
  EXPECT_EQ(named()->folder, "/data/optiinfra/store");
}

TEST_F(EnvironmentTest, ChoosesOptiinfraUrlThenClickhouseUrlThenTheContractsVariablesThenEmbedded) {
  variables["CLICKHOUSE_HOST"] = "from-host";
  EXPECT_EQ(named()->description(), "clickhouse://default@from-host:9000/optiinfra");
  variables["CLICKHOUSE_URL"] = "http://from-url";
  EXPECT_EQ(named()->description(), "http://default@from-url:8123/optiinfra");
  variables["OPTIINFRA_URL"] = "embedded:/from/optiinfra";
  EXPECT_EQ(named()->description(), "embedded:/from/optiinfra");
  variables["OPTIINFRA_URL"] = variables["CLICKHOUSE_URL"] = "";
  EXPECT_EQ(named()->hosts[0].host, "from-host");
}

TEST_F(EnvironmentTest, EachOfTheContractsVariablesSelectsNativeTcpAndHasItsDefault) {
  variables["CLICKHOUSE_PORT"] = "9009";
  EXPECT_EQ(named()->description(), "clickhouse://default@localhost:9009/optiinfra");
  variables = {{"CLICKHOUSE_HOST", "::1"},
               {"CLICKHOUSE_PORT", "1"},
               {"CLICKHOUSE_DB", "metrics"},
               {"CLICKHOUSE_USER", "ada@x"},
               {"CLICKHOUSE_PASSWORD", "p%:@/"}};
  const StoreUrl store = *named();
  EXPECT_EQ(store.protocol, Protocol::kNative);
  EXPECT_THAT(store.hosts, ElementsAre(Endpoint{"::1", 1}));
  EXPECT_EQ(store.database, "metrics");
  EXPECT_EQ(store.user, "ada@x");
  EXPECT_EQ(store.password, "p%:@/");
}

TEST_F(EnvironmentTest, ErrorsNameTheVariableAndNoPassword) {
  variables["CLICKHOUSE_PORT"] = "x";
  EXPECT_THAT(named().error().message, HasSubstr("CLICKHOUSE_PORT"));
  variables["OPTIINFRA_URL"] = "mysql://ada:secret@host";
  EXPECT_THAT(named().error().message, HasSubstr("OPTIINFRA_URL"));
  EXPECT_THAT(named().error().message, Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace optiinfra
