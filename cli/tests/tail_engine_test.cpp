// `optiinfra tail` and `optiinfra agent` with a real server, which is away at times, and killed while they
// work.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "optiinfra/agent/follow.hpp"
#include "optiinfra/core/identity.hpp"
#include "optiinfra/testing/server.hpp"
#include "program_under_test.hpp"
#include "served_store.hpp"

namespace optiinfra::cli {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using ::testing::HasSubstr;
using Json = nlohmann::ordered_json;
using Words = std::vector<std::string>;

const std::string kWithoutEngine = "OPTIINFRA_LIBCHDB=/nonexistent/libchdb.so";

std::string request_line(int id) {
  return R"({"id": ")" + std::to_string(id) +
         R"(", "request_received_ts": 1772359200.5, "e2e_latency": 0.5, "prompt_tokens": )" +
         std::to_string(id) + "}\n";
}

/// One server for all; each test has a service of its own.
class TailProgram : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    home_ = new Home;
    server_ = new testing::ServerProcess(OPTIINFRA_PROGRAM, home_->store_folder());
    ASSERT_TRUE(server_->is_ready()) << server_->failure();
  }
  static void TearDownTestSuite() {
    delete server_;
    delete home_;
  }

  static std::string api_url() { return "api://127.0.0.1:" + std::to_string(server_->api_port()); }
  static std::string name() { return ::testing::UnitTest::GetInstance()->current_test_info()->name(); }
  fs::path log() const { return folder_ / "requests.log"; }
  static void append(const fs::path& file, int first, int last) {
    std::ofstream stream(file, std::ios::app);
    for (int id = first; id <= last; ++id) stream << request_line(id);
  }
  Words command(const std::string& url, const Words& more) const {
    Words words = {OPTIINFRA_PROGRAM,
                   "--url",
                   url,
                   "--output",
                   "json",
                   "tail",
                   "--as",
                   "sglang",
                   log().string() + pattern_,
                   "--customer",
                   "acme",
                   "--service",
                   name(),
                   "--state",
                   (folder_ / "state").string()};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  Json tail_to_end(const std::string& url, int exit_code = 0) const {
    const auto result = testing::run_program(command(url, {"--to-end"}), home_->options(kWithoutEngine));
    EXPECT_EQ(result.exit_code, exit_code) << result.error_output;
    error_output_ = result.error_output;
    return Json::parse(result.output, nullptr, false)["data"];
  }
  /// Of this test's service: rows, different requests, and the sum of what they asked.
  static std::string stored() {
    return ServedStore::ask_url(server_->native_url(),
                                "SELECT count(), uniqExact(request_id), sum(prompt_tokens) FROM "
                                "optiinfra.performance_metrics_ts WHERE service_id = '" +
                                    identity_of("service", name()).to_string() + "'");
  }
  /// The same that it must be, of requests 1 to `last`.
  static std::string requests_to(int last) {
    return std::to_string(last) + "," + std::to_string(last) + "," + std::to_string(last * (last + 1) / 2) +
           "\n";
  }
  static std::unique_ptr<agent::BlockSink> sink_of(const std::string& url) {
    if (api::is_api_url(url))
      return agent::make_api_blocks(*api::ApiStore::make(*api::parse_api_url(url), ""));
    return *agent::open_store_blocks(*parse_store_url(url));
  }
  std::string config(const std::string& more = {}) const {
    const std::string file = (folder_ / "agent.toml").string();
    std::ofstream(file) << "customer = \"acme\"\nfolder = \"agent\"\noutbox_mib_max = 64\n[service]\nurl = \""
                        << api_url()
                        << "\"\n[[tail]]\nform = \"sglang\"\nfiles = [\"requests.log\"]\nservice = \""
                        << name() << "\"\n"
                        << more;
    return file;
  }
  std::unique_ptr<testing::Program> start_agent(const Words& more = {}) const {
    Words words = {OPTIINFRA_PROGRAM, "--output", "json",
                   "agent",           "--config", (folder_ / "agent.toml").string()};
    words.insert(words.end(), more.begin(), more.end());
    return std::make_unique<testing::Program>(words, home_->options(kWithoutEngine));
  }
  static void pause(int ms) { std::this_thread::sleep_for(milliseconds{ms}); }
  /// Waits until the store has what it must have.
  static void expect_soon(const std::string& expected) {
    for (int i = 0; i < 200 && stored() != expected; ++i) pause(50);
    EXPECT_EQ(stored(), expected);
  }

  static inline Home* home_ = nullptr;
  static inline testing::ServerProcess* server_ = nullptr;
  testing::TemporaryFolder folder_;
  std::string pattern_;  ///< After the log's name.
  mutable std::string error_output_;
};

TEST_F(TailProgram, StoresEachLineOnceThroughRotationAndTruncation) {
  append(log(), 1, 100);
  std::ofstream(log(), std::ios::app) << "no json\n";
  const Json first = tail_to_end(api_url(), 3);
  EXPECT_EQ(first["rows_stored"], 100);
  EXPECT_EQ(first["refused"], 1);
  EXPECT_THAT(error_output_, HasSubstr("requests.log line 101 is refused: no JSON object"));
  append(log(), 101, 110);
  fs::rename(log(), folder_ / "requests.log.1");
  append(log(), 111, 120);
  EXPECT_EQ(tail_to_end(api_url())["rows_stored"], 20);
  EXPECT_EQ(stored(), requests_to(120));
  fs::resize_file(log(), 0);
  append(log(), 121, 125);
  EXPECT_EQ(tail_to_end(server_->native_url())["rows_stored"], 5);
  EXPECT_EQ(tail_to_end(server_->native_url())["lines"], 0);
  EXPECT_EQ(stored(), requests_to(125));
}

TEST_F(TailProgram, SendsABlockAgainAfterAKillAndItCountsOnce) {
  const auto open = [&] {
    return tail::Tail::open({.form = *tail::LogForm::builtin("sglang"),
                             .defaults = {.customer = "acme", .service = name()},
                             .files = {log().string()},
                             .state_folder = folder_ / "state"});
  };
  int last = 0;
  for (const std::string& url : {api_url(), server_->native_url()}) {
    append(log(), last + 1, last + 10);
    for (int kill = 0; kill < 3; ++kill) {
      auto tail = open();
      ASSERT_TRUE(tail) << tail.error().message;
      const auto block = tail->next();
      ASSERT_TRUE(block && *block != nullptr);
      EXPECT_EQ((*block)->rows.size(), 10u);
      ASSERT_TRUE(sink_of(url)->store(**block));
      append(log(), last + 11 + kill, last + 11 + kill);
      // Stored, and killed before that is noted.
    }
    EXPECT_EQ(tail_to_end(url)["rows_stored"], 13);
    last += 13;
    EXPECT_EQ(stored(), requests_to(last));
  }
}

TEST_F(TailProgram, AddsUpWhenItIsKilledWhileALogIsWrittenAndRotated) {
  // A file may be renamed before anything saw it; the pattern finds it all the same.
  pattern_ = "*";
  int last = 0;
  for (int round = 0; round < 6; ++round) {
    testing::Program tail(command(api_url(), {}), home_->options(kWithoutEngine));
    for (int step = 0; step < 6; ++step) {
      append(log(), last + 1, last + 50);
      last += 50;
      pause(50 + 15 * round);
      if (step != 3) continue;
      std::error_code ignored;
      fs::rename(log(), folder_ / ("requests.log." + std::to_string(round)), ignored);
    }
    tail.send_signal(SIGKILL);
    EXPECT_EQ(tail.wait().signal, SIGKILL);
  }
  EXPECT_LT(tail_to_end(api_url())["rows_stored"], last) << "nothing was stored before a kill";
  EXPECT_EQ(stored(), requests_to(last));
}

TEST_F(TailProgram, WorksOnAStoreOfItsOwnAndSaysWhatIsMissing) {
  const Home home;
  home.json({"init"});
  append(log(), 1, 3);
  const Words words = {"tail",      "--as", "sglang",  log().string() + pattern_,    "--customer", "acme",
                       "--service", "chat", "--state", (folder_ / "state").string(), "--to-end"};
  EXPECT_EQ(home.json(words)["data"]["rows_stored"], 3);
  EXPECT_EQ(home.json(words)["data"]["rows_stored"], 0);
  EXPECT_EQ(home.json({"sql", "SELECT count() AS n FROM performance_metrics_ts"})["data"][0]["n"], 3);
  EXPECT_THAT(home.run({"tail", "--as", "sglnag", "x", "--state", "s"}).error_output,
              HasSubstr("did you mean 'sglang'"));
  EXPECT_THAT(home.run({"tail", "--as", "sglang", "x", "--state", "s"}).error_output,
              HasSubstr("state the customer"));
}

TEST_F(TailProgram, AgentKeepsRowsWhileTheServiceIsAwayAndAddsUpAfterKills) {
  config("[host]\ninstance = \"" + name() + "\"\ninterval = \"1s\"\n");
  append(log(), 1, 20);
  auto agent = start_agent();
  expect_soon(requests_to(20));
  server_->kill();
  append(log(), 21, 40);
  pause(1'500);  // They reach the outbox.
  agent->send_signal(SIGKILL);
  agent->wait();
  append(log(), 41, 60);
  fs::rename(log(), folder_ / "requests.log.1");
  agent = start_agent();
  append(log(), 61, 80);
  pause(1'500);
  agent->send_signal(SIGKILL);
  EXPECT_THAT(agent->wait().error_output,
              HasSubstr("rows wait on the disk: the service at api://127.0.0.1:"));
  agent = start_agent();
  ASSERT_TRUE(server_->start()) << server_->failure();
  expect_soon(requests_to(80));
  agent->send_signal(SIGTERM);
  const auto ended = agent->wait();
  EXPECT_EQ(ended.exit_code, 0) << ended.error_output;
  const Json report = Json::parse(ended.output, nullptr, false)["data"];
  EXPECT_EQ(report["requests_waiting"], 0);
  EXPECT_GE(report["rows_measured"], 1);
  EXPECT_EQ(report["rows_refused"], 0);
  EXPECT_NE(ServedStore::ask_url(
                server_->native_url(),
                "SELECT count() FROM optiinfra.resource_metrics_ts WHERE instance_id = '" + name() + "'"),
            "0\n");
  EXPECT_EQ(stored(), requests_to(80));
}

TEST_F(TailProgram, AgentSaysWhetherItsConfigurationIsRight) {
  config();
  EXPECT_EQ(start_agent({"--check"})->wait().exit_code, 0);
  EXPECT_FALSE(fs::exists(folder_ / "agent"));
  EXPECT_EQ(home_->run({"agent", "--config", OPTIINFRA_AGENT_SAMPLE, "--check"}).exit_code, 0);
  config("[scrape]\nconfig = \"absent.yml\"\n");
  const auto wrong = start_agent({"--check"})->wait();
  EXPECT_NE(wrong.exit_code, 0);
  EXPECT_THAT(wrong.error_output, HasSubstr("absent.yml"));
  config("[hots]\n");
  EXPECT_THAT(start_agent({"--check"})->wait().error_output, HasSubstr("unknown key 'hots'"));
}

}  // namespace
}  // namespace optiinfra::cli
