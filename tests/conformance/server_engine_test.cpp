// Servers that are away, refuse or come back, over every transport that reaches servers.
#include <gmock/gmock.h>

#include <thread>

#include "optiinfra/testing/fault_proxy.hpp"
#include "servers.hpp"
#include "store_test.hpp"

namespace optiinfra {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using testing::Fault;
using testing::FaultKind;
using testing::FaultProxy;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::numbers;
using testing::Way;

class Server : public testing::StoreTest {
 protected:
  /// What opening `url` and asking it once ends with; nothing when it is answered.
  static std::optional<Error> failure_of(const StoreUrl& url) {
    auto session = open(url);
    if (!session) return std::move(session).error();
    auto answered = (*session)->execute({.sql = "SELECT 1"});
    if (!answered) return std::move(answered).error();
    return std::nullopt;
  }

  Endpoint endpoint() const { return url_.hosts[0]; }
  Endpoint through(const FaultProxy& proxy) const { return {url_.hosts[0].host, proxy.port()}; }

  StoreUrl at(std::vector<Endpoint> hosts) const {
    StoreUrl url = url_;
    url.hosts = std::move(hosts);
    return url;
  }

  /// Nobody listens there: connections are refused.
  static Endpoint refusing() { return {"localhost", 9}; }
};
INSTANTIATE_TEST_SUITE_P(Over, Server, ::testing::ValuesIn(testing::server_endpoints()), testing::name_of);

TEST_P(Server, IsReachedByItsUrlInText) {
  const auto encoded = [](std::string_view text) {
    std::string result;
    char piece[4];
    for (const char byte : text) {
      std::snprintf(piece, sizeof piece, "%%%02x", static_cast<unsigned char>(byte));
      result += piece;
    }
    return result;
  };
  const char* const schemes[] = {"", "clickhouse", "clickhouses", "http", "https"};
  const char* const names[] = {"none", "lz4", "zstd"};
  std::string text = std::string(schemes[static_cast<int>(url_.protocol)]) + "://" + encoded(url_.user) +
                     ":" + encoded(url_.password) + "@" + endpoint().host + ":" +
                     std::to_string(endpoint().port) + "/" + url_.database +
                     "?compression=" + names[static_cast<int>(url_.compression)];
  if (can().tls) text += "&ca_file=" + url_.ca_file;
  const auto parsed = parse_store_url(text);
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(*parsed, url_);
  EXPECT_FALSE(failure_of(*parsed));
}

TEST_P(Server, RefusesAWrongPasswordAndNobodyRepeatsIt) {
  for (const bool wrong_user : {false, true}) {
    StoreUrl url = url_;
    url.password = "Unsayable word";
    if (wrong_user) url.user = "nobody";
    const auto failure = failure_of(url);
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->kind, ErrorKind::kRejected) << failure->message;
    EXPECT_EQ(failure->server_code, 516) << failure->message;
    EXPECT_EQ(failure->applied, Applied::kNo);
    EXPECT_THAT(failure->message, HasSubstr(url.user));
    EXPECT_THAT(failure->message, Not(HasSubstr("Unsayable")));
    EXPECT_THAT(url.description(), Not(HasSubstr("Unsayable")));
  }
}

TEST_P(Server, KeepsThePasswordOutOfEveryMessage) {
  for (const char* sql : {"SELEKT", "SELECT * FROM nowhere.nowhere", "SELECT {missing:UInt8}"})
    EXPECT_THAT(ask(sql), Not(HasSubstr("p@ss")));
  const auto failure = failure_of(at({refusing()}));
  ASSERT_TRUE(failure);
  EXPECT_THAT(failure->message, Not(HasSubstr("p@ss")));
}

TEST_P(Server, MayHoldNoDatabaseOfTheStoreYet) {
  StoreUrl url = url_;
  url.database += "_new";
  auto session = open(url);
  ASSERT_TRUE(session) << session.error().message;
  EXPECT_EQ((*session)->database(), url.database);
  const auto missing = (*session)->execute({.sql = "SELECT * FROM " + url.database + ".t"});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kRejected);
  EXPECT_EQ(missing.error().server_code, 81) << missing.error().message;
  ASSERT_TRUE((*session)->execute({.sql = "CREATE DATABASE " + url.database}));
  EXPECT_TRUE((*session)->execute({.sql = "CREATE TABLE " + url.database + ".t (a UInt8) ENGINE = Memory"}));
  EXPECT_TRUE((*session)->execute({.sql = "DROP DATABASE " + url.database}));
}

TEST_P(Server, ThatIsAwayIsAnErrorAtOnceThatNamesIt) {
  const auto begin = steady_clock::now();
  const auto failure = failure_of(at({refusing()}));
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->kind, ErrorKind::kUnavailable) << failure->message;
  EXPECT_EQ(failure->applied, Applied::kNo);
  EXPECT_THAT(failure->message, HasSubstr("localhost:9"));
  EXPECT_LT(steady_clock::now() - begin, 2s);
}

TEST_P(Server, WithoutANameInTheNetworkIsAnErrorThatNamesIt) {
  const auto failure = failure_of(at({{"no-such-host.invalid", 9000}}));
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->kind, ErrorKind::kUnavailable) << failure->message;
  EXPECT_THAT(failure->message, HasSubstr("no-such-host.invalid"));
}

TEST_P(Server, ThatIsAwayGivesWayToTheNext) {
  const FaultProxy closing(9);  // Takes connections and drops them.
  run("CREATE TABLE @.t (a UInt32) ENGINE = Memory");
  const StoreUrl url = at({refusing(), through(closing), endpoint()});
  auto session = open(url);
  ASSERT_TRUE(session) << session.error().message;
  EXPECT_EQ(ask(**session, {.sql = "SELECT 7"}), "7\n");
  ASSERT_TRUE((*session)->insert({.table = in("@.t")}, numbers({1, 2})));
  EXPECT_EQ(ask("SELECT count() FROM @.t"), "2\n");
}

TEST_P(Server, ThatIsSilentGivesWayToTheNextWithinTheBudget) {
  FaultProxy silent(endpoint().port);
  silent.arm({.kind = FaultKind::kStall, .way = Way::kToServer, .at_byte = 0});
  const auto begin = steady_clock::now();
  auto session = open(at({through(silent), endpoint()}));
  ASSERT_TRUE(session) << session.error().message;
  const auto answered = (*session)->execute({.sql = "SELECT 1"});
  EXPECT_TRUE(answered) << answered.error().message;
  EXPECT_LT(steady_clock::now() - begin, 8s);
  EXPECT_TRUE(silent.report().fired);
}

TEST_P(Server, ThatIsSilentAndAloneIsAnErrorWithinTheBudget) {
  FaultProxy silent(endpoint().port);
  auto session = open(at({through(silent)}));
  ASSERT_TRUE(session) << session.error().message;
  ASSERT_TRUE((*session)->execute({.sql = "SELECT 1"}));
  silent.arm({.kind = FaultKind::kStall, .way = Way::kToClient, .at_byte = 0},
             testing::OpenConnections::kKeep);
  const auto begin = steady_clock::now();
  const auto failed = (*session)->execute({.sql = "SELECT 1", .timeout = 500ms});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::kTimeout) << failed.error().message;
  EXPECT_LT(steady_clock::now() - begin, 3s);
}

TEST_P(Server, MayDropAnIdleConnectionWithoutHarm) {
  FaultProxy proxy(endpoint().port);
  run("CREATE TABLE @.t (a UInt32) ENGINE = Memory");
  auto session = open(at({through(proxy)}));
  ASSERT_TRUE(session) << session.error().message;
  ASSERT_TRUE((*session)->execute({.sql = "SELECT 1"}));
  for (int round = 1; round <= 3; ++round) {
    proxy.arm({});  // Drops what is open.
    std::this_thread::sleep_for(20ms);
    EXPECT_EQ(ask(**session, {.sql = "SELECT 7"}), "7\n");
    proxy.arm({});
    std::this_thread::sleep_for(20ms);
    const auto inserted = (*session)->insert({.table = in("@.t")}, numbers({1}));
    EXPECT_TRUE(inserted) << inserted.error().message;
    EXPECT_EQ(ask("SELECT count() FROM @.t"), std::to_string(round) + "\n");
  }
}

TEST_P(Server, ThatBreaksOffMidAnswerIsAnErrorAndThenReachedAgain) {
  FaultProxy proxy(endpoint().port);
  auto session = open(at({through(proxy)}));
  ASSERT_TRUE(session) << session.error().message;
  proxy.arm({.kind = FaultKind::kReset, .way = Way::kToClient, .at_byte = 200'000},
            testing::OpenConnections::kKeep);
  const auto broken = (*session)->query({.sql = "SELECT number, sipHash64(number) FROM numbers(1000000)"},
                                        [](const Block&) { return true; });
  ASSERT_FALSE(broken);
  EXPECT_TRUE(proxy.report().fired);
  EXPECT_EQ(broken.error().kind, ErrorKind::kUnavailable) << broken.error().message;
  if (!broken.error().connection_usable) {
    session = open(at({through(proxy)}));
    ASSERT_TRUE(session) << session.error().message;
  }
  EXPECT_EQ(ask(**session, {.sql = "SELECT 7"}), "7\n");
}

TEST_P(Server, ThatWasStoppedAndStartedIsReachedAgain) {
  const testing::TemporaryFolder folder;
  const auto server = testing::start_server(folder.path());
  ASSERT_TRUE(server->is_ready()) << server->failure();
  std::uint16_t port = testing::speaks_http(GetParam()) ? server->http_port() : server->tcp_port();
  std::optional<testing::TlsTerminator> terminator;
  if (can().tls) {
    terminator.emplace(testing::shared_servers().authority().issue("DNS:localhost"), port);
    port = terminator->port();
  }
  const StoreUrl url = at({{"localhost", port}});
  auto session = open(url);
  ASSERT_TRUE(session) << session.error().message;
  const auto execute = [&](const std::string& sql) { return (*session)->execute({.sql = in(sql)}); };
  const auto insert = [&] {
    return (*session)->insert({.table = in("@.t"), .deduplication_token = "one"}, numbers({1, 2}));
  };
  ASSERT_TRUE(execute("CREATE DATABASE " + url.database));
  ASSERT_TRUE(
      execute("CREATE TABLE @.t (a UInt32) ENGINE = MergeTree ORDER BY a "
              "SETTINGS non_replicated_deduplication_window = 100"));
  ASSERT_TRUE(insert());

  EXPECT_EQ(server->stop().exit_code, 0);
  const auto away = insert();
  ASSERT_FALSE(away);
  EXPECT_EQ(away.error().kind, ErrorKind::kUnavailable) << away.error().message;
  ASSERT_TRUE(server->start()) << server->failure();
  if (!away.error().connection_usable) {
    session = open(url);
    ASSERT_TRUE(session) << session.error().message;
  }
  const auto again = insert();
  EXPECT_TRUE(again) << again.error().message;
  EXPECT_EQ(ask(**session, {.sql = "SELECT count() FROM @.t"}), "2\n");
}

TEST_P(Server, ThatSpeaksAnotherProtocolIsAClearErrorOrGivesWayToTheNext) {
  testing::EndpointKind other = GetParam();
  other.protocol = testing::speaks_http(GetParam()) ? Protocol::kNative : Protocol::kHttp;
  other.can.tls = false;
  const Endpoint wrong = testing::shared_servers().endpoint(other);
  const auto begin = steady_clock::now();
  if (testing::speaks_http(GetParam()) || can().tls) {
    const auto failure = failure_of(at({wrong}));
    ASSERT_TRUE(failure);
    EXPECT_NE(failure->kind, ErrorKind::kTimeout) << failure->message;
    EXPECT_EQ(failure->applied, Applied::kNo);
  } else {
    // A server of HTTP waits in silence for the end of the first line.
    const auto failure = failure_of(at({wrong, endpoint()}));
    EXPECT_FALSE(failure) << failure->message;
  }
  EXPECT_LT(steady_clock::now() - begin, 8s);
}

}  // namespace
}  // namespace optiinfra
