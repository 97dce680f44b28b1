// `optiinfra server`: from start to stop, and what it says when it cannot.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <sstream>
#include <thread>

#include "served_store.hpp"

namespace optiinfra::cli {
namespace {

using std::chrono::steady_clock;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::Program;
using testing::ProgramResult;
using testing::ServerProcess;

/// A connection that is opened and never used.
class Silent {
 public:
  explicit Silent(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ~Silent() { ::close(socket_); }

 private:
  int socket_;
};

class Server : public ServedStore {
 protected:
  ProgramResult run(const std::vector<std::string>& flags) const {
    std::vector<std::string> command{"server",      "--path", store().string(), "--tcp-port", "0",
                                     "--http-port", "0"};
    command.insert(command.end(), flags.begin(), flags.end());
    return home.run(command);
  }

  /// Starts a statement in a thread of its own, and waits until the server runs it: this one, and not the end
  /// of another.
  std::unique_ptr<Program> start_statement(const std::string& sql) const {
    auto program =
        std::make_unique<Program>(Home::command({"--url", server->native_url(), "sql", sql}), home.options());
    const std::string running = "SELECT count() FROM system.processes WHERE query LIKE '%" + sql +
                                "%' AND query NOT LIKE '%system.processes%'";
    constexpr int kLooksMax = 200;
    int looks = 0;
    while (looks < kLooksMax && ask(running) != "1\n") {
      ++looks;
      std::this_thread::sleep_for(std::chrono::milliseconds{50});
    }
    EXPECT_LT(looks, kLooksMax) << "the server does not run " << sql;
    return program;
  }
};

TEST_F(Server, ServesWhatTheEmbeddedStoreHoldsAndTheOtherWayRound) {
  const std::string insert =
      "INSERT INTO optiinfra.cost_metrics_ts (timestamp, customer_id, cloud_provider, cost_per_hour) "
      "VALUES (now(), generateUUIDv4(), 'aws', 1)";
  const std::string count = "SELECT count() FROM optiinfra.cost_metrics_ts";
  ASSERT_EQ(home.run({"init", "--url", "embedded:" + store().string()}).exit_code, 0);
  ASSERT_EQ(ask_embedded("CREATE TABLE default.mine (a UInt8) ENGINE = MergeTree ORDER BY a"), "");
  start();
  EXPECT_EQ(ask(insert), "");
  EXPECT_EQ(ask(count), "1\n");
  EXPECT_EQ(ask("SELECT count() FROM default.mine"), "0\n");
  EXPECT_EQ(server->stop().exit_code, 0);
  EXPECT_EQ(ask_embedded(count), "1\n");
}

TEST_F(Server, MakesTheTablesUnlessAskedNotTo) {
  const std::string count = "SELECT count() FROM system.tables WHERE database = 'optiinfra'";
  start({"--no-init"});
  EXPECT_EQ(ask(count), "0\n");
  EXPECT_EQ(server->stop().exit_code, 0);
  start();
  EXPECT_NE(ask(count), "0\n");
}

TEST_F(Server, StopsInOrderOnEitherSignal) {
  for (const int signal : {SIGTERM, SIGINT}) {
    start();
    EXPECT_FALSE(is_clean());
    server->send_signal(signal);
    const auto result = server->wait();
    EXPECT_EQ(result.exit_code, 0) << signal << result.error_output;
    EXPECT_TRUE(is_clean());
  }
}

TEST_F(Server, GoesOnAfterAHangUp) {
  start();
  server->send_signal(SIGHUP);
  EXPECT_EQ(ask("SELECT 1"), "1\n");
  EXPECT_EQ(server->stop().exit_code, 0);
}

TEST_F(Server, StopsWhenItsTerminalCloses) {
  const int terminal_device = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal_device < 0) GTEST_SKIP() << "this machine gives no terminals (/dev/ptmx)";
  ::close(terminal_device);
  // `script` gives the server a terminal, which closes when it is killed.
  testing::Program terminal({"script", "-qec",
                             std::string(OPTIINFRA_PROGRAM) + " server --path " + store().string() +
                                 " --tcp-port 0 --http-port 0 --no-api",
                             "/dev/null"});
  ASSERT_TRUE(terminal.wait_for_output("ready tcp="));
  terminal.send_signal(SIGKILL);
  terminal.wait();
  const auto deadline = steady_clock::now() + std::chrono::seconds{20};
  while (!is_clean() && steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  EXPECT_TRUE(is_clean());
}

TEST_F(Server, LetsRunningStatementsFinishWhenItStops) {
  start();
  const auto statement = start_statement("SELECT sum(sleepEachRow(0.5)) FROM numbers(3)");
  EXPECT_EQ(server->stop().exit_code, 0);
  EXPECT_EQ(statement->wait().exit_code, 0) << statement->wait().error_output;
  EXPECT_TRUE(is_clean());
}

TEST_F(Server, CancelsWhatRunsLongerThanItsGraceAndConnectionsThatSayNothing) {
  start({"--grace", "1s"});
  const auto statement = start_statement("SELECT count() FROM numbers(1000000000000000)");
  const Silent native(server->tcp_port()), http(server->http_port());
  const auto begin = steady_clock::now();
  const auto result = server->stop();
  EXPECT_EQ(result.exit_code, 0) << result.error_output;
  EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds{20});
  const auto ended = statement->wait();
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.error_output, HasSubstr("cancelled"));
  EXPECT_TRUE(is_clean());
}

TEST_F(Server, EndsAtOnceOnASecondSignal) {
  start({"--grace", "1m"});
  const auto statement = start_statement("SELECT count() FROM numbers(1000000000000000)");
  server->send_signal(SIGTERM);
  std::this_thread::sleep_for(std::chrono::milliseconds{300});
  const auto begin = steady_clock::now();
  EXPECT_EQ(server->stop().exit_code, 130);
  EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds{10});
  EXPECT_FALSE(is_clean());
}

TEST_F(Server, StartsAgainOnTheSamePortsAfterAKill) {
  start();
  const auto port = server->tcp_port();
  ASSERT_EQ(
      ask("INSERT INTO optiinfra.cost_metrics_ts (timestamp, customer_id, cloud_provider, cost_per_hour) "
          "VALUES (now(), generateUUIDv4(), 'aws', 1)"),
      "");
  EXPECT_EQ(server->kill().signal, SIGKILL);
  EXPECT_FALSE(is_clean());
  ASSERT_TRUE(server->start()) << server->failure();
  EXPECT_EQ(server->tcp_port(), port);
  EXPECT_EQ(ask("SELECT count() FROM optiinfra.cost_metrics_ts"), "1\n");
  EXPECT_EQ(server->stop().exit_code, 0);
  EXPECT_TRUE(is_clean());
}

TEST_F(Server, IsNamedToThoseWhoWantItsFolder) {
  start();
  const std::string embedded = "embedded:" + store().string();
  // What the API offers goes through it; the rest is told where the store is served.
  EXPECT_EQ(home.run({"--url", embedded, "ping"}).exit_code, 0);
  EXPECT_THAT(home.run({"--url", embedded, "retention", "show"}).error_output,
              AllOf(HasSubstr("process " + std::to_string(server->process_id())),
                    HasSubstr("use --url " + server->native_url() + " instead")));
  const auto second = run({});
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_THAT(second.error_output, HasSubstr("held by optiinfra"));
}

TEST_F(Server, NamesThePortThatIsTakenAndHowToChooseAnother) {
  start();
  const std::filesystem::path other = folder / "other";
  for (const auto& [flag, port] :
       {std::pair("--tcp-port", server->tcp_port()), {"--http-port", server->http_port()}}) {
    const std::string rest = std::string(flag) == "--tcp-port" ? "--http-port" : "--tcp-port";
    const auto result = home.run({"server", "--path", other.string(), flag, std::to_string(port), rest, "0"});
    EXPECT_EQ(result.exit_code, 1) << result.output;
    EXPECT_THAT(result.error_output, AllOf(HasSubstr("127.0.0.1:" + std::to_string(port)), HasSubstr(flag)));
    EXPECT_FALSE(std::filesystem::exists(other / "unclean"))
        << "nothing was left for the next start to repair";
  }
}

TEST_F(Server, RefusesFlagsThatCannotWork) {
  const std::vector<std::vector<std::string>> wrong{
      {"--listen", "0.0.0.0"},     {"--listen", "nowhere"},
      {"--user", "ada"},           {"--password-file", "/x"},
      {"--tcp-port", "65536"},     {"--tcp-port", "x"},
      {"--memory-limit", "many"},  {"--log-level", "loud"},
      {"--cluster", "fleet"},      {"--macro", "shard"},
      {"--connections", "15"},     {"--unknown"},
      {"--api-listen", "0.0.0.0"}, {"--tls-cert", "/x"},
      {"--api-connections", "7"},  {"--url", "clickhouse://a:1", "--no-api"},
      {"--grace", "10m"},          {"--tcp-port", "7", "--http-port", "7"}};
  for (const auto& flags : wrong) {
    std::vector<std::string> command{"server"};
    if (flags.front() != "--url") command.insert(command.end(), {"--path", store().string()});
    command.insert(command.end(), flags.begin(), flags.end());
    const auto result = home.run(command);
    EXPECT_EQ(result.exit_code, 2) << flags.front() << ": " << result.error_output;
    EXPECT_THAT(result.error_output, HasSubstr("error: ")) << flags.front();
  }
  EXPECT_FALSE(std::filesystem::exists(store()));
}

TEST_F(Server, SaysWhyAFolderCannotBeServed) {
  std::ofstream(folder / "file") << "x";
  const auto result = home.run({"server", "--path", (folder / "file").string()});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.error_output, HasSubstr("is not a folder"));
}

TEST_F(Server, CostsNothingWhileNobodyAsks) {
  start();
  const auto ticks = [&] {
    std::ifstream file("/proc/" + std::to_string(server->process_id()) + "/stat");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    std::istringstream fields(text.substr(text.rfind(')') + 2));
    std::vector<std::string> words{std::istream_iterator<std::string>(fields), {}};
    return std::stol(words[11]) + std::stol(words[12]);
  };
  std::this_thread::sleep_for(std::chrono::seconds{1});
  const long before = ticks();
  std::this_thread::sleep_for(std::chrono::seconds{2});
  EXPECT_LE(ticks() - before, 2 * ::sysconf(_SC_CLK_TCK) / 10) << "more than a tenth of a processor";
}

/// What a service manager would be told.
class Notified {
 public:
  explicit Notified(const std::filesystem::path& path) : socket_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const timeval wait{.tv_sec = 60, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  }
  ~Notified() { ::close(socket_); }

  std::string next() const {
    char text[1024];
    const auto size = ::recv(socket_, text, sizeof text, 0);
    return std::string(text, size > 0 ? static_cast<std::size_t>(size) : 0);
  }

 private:
  int socket_;
};

TEST_F(Server, TellsTheServiceManagerWhenItIsReadyAndWhenItStops) {
  const Notified manager(folder / "notify");
  const std::string variable = "NOTIFY_SOCKET=" + (folder / "notify").string();
  Program program(
      Home::command({"server", "--path", store().string(), "--tcp-port", "0", "--http-port", "0", "--quiet"}),
      home.options(variable));
  EXPECT_THAT(manager.next(), HasSubstr("READY=1"));
  program.send_signal(SIGTERM);
  EXPECT_THAT(manager.next(), HasSubstr("STOPPING=1"));
  const auto result = program.wait();
  EXPECT_EQ(result.exit_code, 0) << result.error_output;
  EXPECT_THAT(result.output, AllOf(HasSubstr("ready tcp=127.0.0.1:"), HasSubstr(" http=127.0.0.1:")));
  EXPECT_EQ(result.error_output, "");
}

}  // namespace
}  // namespace optiinfra::cli
