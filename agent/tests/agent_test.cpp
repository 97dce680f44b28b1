// An agent whose disk fails for a while; cli/tests/tail_engine_test.cpp has it with a service.
#include "optiinfra/agent/agent.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <fstream>

#include "fake_store.hpp"
#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra::agent {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// While it lives the process can open nothing.
class NoMoreFiles {
 public:
  NoMoreFiles() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit none = before_;
    none.rlim_cur = 3;
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoMoreFiles() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoMoreFiles(const NoMoreFiles&) = delete;
  NoMoreFiles& operator=(const NoMoreFiles&) = delete;

 private:
  rlimit before_{};
};

constexpr const char* kLine = R"({"id": "a", "request_received_ts": 1772359200.5, "e2e_latency": 0.5})"
                              "\n";

TailConfig tail_of(const fs::path& log, const std::string& name) {
  return {.name = name,
          .form = *tail::LogForm::builtin("sglang"),
          .files = {log.string()},
          .defaults = {.customer = "acme", .service = "s"}};
}

TEST(AgentWhoseDiskFails, GoesOnMeasuring) {
  const testing::TemporaryFolder folder;
  const fs::path log = folder / "requests.log";
  std::ofstream(log) << kLine;
  const testing::FakeService service([](const testing::FakeRequest&) {
    return testing::FakeAnswer{200, R"({"accepted":1,"duplicates":0,"rejected":[]})"};
  });
  AgentConfig config{
      .folder = folder / "agent",
      .host = HostConfig{.customer = "acme", .instance = "a", .interval = std::chrono::seconds{1}}};
  config.tails.push_back(tail_of(log, "t"));
  auto agent = Agent::open(std::move(config), store_at(service));
  ASSERT_TRUE(agent) << agent.error().message;

  std::string said;
  const auto remark = [&said](const std::string& sentence) { said += sentence + "\n"; };
  const auto run_until = [&](const auto& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    const auto ran =
        agent->run([&] { return condition() || std::chrono::steady_clock::now() >= end; }, remark);
    EXPECT_TRUE(ran) << ran.error().message;
    EXPECT_TRUE(condition()) << said;
  };
  const auto run_until_measured = [&] {
    const std::uint64_t before = agent->status().rows_measured;
    run_until([&] { return agent->status().rows_measured > before; });
  };

  run_until([&] { return agent->status().outbox.rows_sent >= 1; });
  // What the log's state has to tell now is its truncation alone, and it has no place.
  fs::remove_all(folder / "agent" / "tail-t");
  std::ofstream(log) << "half a line";
  run_until([&] { return said.find("[[tail]] t waits: ") != std::string::npos; });
  run_until_measured();
  fs::create_directories(folder / "agent" / "tail-t");
  {
    const NoMoreFiles limit;
    run_until([&] { return said.find("[host] is not measured now: ") != std::string::npos; });
  }
  run_until_measured();
  EXPECT_EQ(said.find("nothing is measured"), std::string::npos) << said;
  ASSERT_TRUE(agent->close(std::chrono::seconds{5}, remark)) << said;
  EXPECT_THAT(said, HasSubstr("[[tail]] t goes on after "));
  EXPECT_THAT(said, HasSubstr("[host] is measured again after "));
}

TEST(AgentThatCloses, ClosesAllAndSaysWhatFailedFirst) {
  const testing::TemporaryFolder folder;
  const testing::FakeService service(
      [](const testing::FakeRequest&) { return testing::FakeAnswer{503, ""}; });
  const fs::path log = folder / "requests.log";
  std::ofstream(log) << kLine;
  AgentConfig config{.folder = folder / "agent"};
  for (const char* const name : {"one", "two"}) config.tails.push_back(tail_of(log, name));
  auto agent = Agent::open(std::move(config), store_at(service));
  ASSERT_TRUE(agent) << agent.error().message;
  std::string said;
  const auto remark = [&said](const std::string& sentence) { said += sentence + "\n"; };
  ASSERT_TRUE(agent->run([&] { return agent->status().outbox.requests_waiting == 2; }, remark));
  fs::remove_all(folder / "agent" / "tail-one");
  const auto closed = agent->close(std::chrono::milliseconds{100}, remark);
  ASSERT_FALSE(closed);
  EXPECT_THAT(closed.error().message, HasSubstr("[[tail]] one"));
  EXPECT_THAT(said, HasSubstr("2 requests wait on the disk for the next start")) << "the outbox is closed";
}

}  // namespace
}  // namespace optiinfra::agent
