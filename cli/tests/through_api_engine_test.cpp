// The program as the client of a service: it answers as if it had the store, without an engine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "optiinfra/core/time.hpp"
#include "optiinfra/service/tokens.hpp"
#include "optiinfra/testing/server.hpp"
#include "program_under_test.hpp"

namespace optiinfra::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::ordered_json;
using Words = std::vector<std::string>;

const std::string kNoEngine = "/nonexistent/libchdb.so";

/// Without what differs from run to run: how long it took.
std::string without_time(const std::string& output, const std::string& format) {
  if (format == "json") {
    Json json = Json::parse(output, nullptr, false);
    if (json.is_object()) json.erase("elapsed_ms");
    return json.dump(1);
  }
  if (format == "csv") return output;
  const std::size_t line = output.rfind('\n', output.size() - 2);
  const std::size_t comma = output.rfind(", ");
  return output.substr(0, comma == std::string::npos || comma < line ? line : comma);
}

/// The day so many days before today. Raw rows of the generated fleet must be kept still.
std::string days_ago(int days) {
  return format_time(std::chrono::floor<std::chrono::days>(now()) - std::chrono::days{days}).substr(0, 10);
}
const std::string kBefore = days_ago(11), kDay = days_ago(10), kEnd = days_ago(9);

/// A generated store with names and attributed hours. A server holds it.
class ThroughApi : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    home_ = new Home;
    const Json fleet = home_->json({"generate", "--rows", "20000", "--days", "2", "--end", kEnd});
    customer_ = fleet["data"]["services"][0]["customer_id"];
    service_ = fleet["data"]["services"][0]["service_id"];
    other_ = fleet["data"]["services"].back()["customer_id"];
    owner_ = fleet["data"]["instances"][0]["customer_id"];
    instance_ = fleet["data"]["instances"][0]["instance_id"];
    ASSERT_EQ(home_->run({"names", "set", "customer", "acme", customer_}).exit_code, 0);
    ASSERT_EQ(home_->run({"names", "set", "service", "chat", service_, "--customer", customer_}).exit_code,
              0);
    ASSERT_EQ(home_->run({"names", "set", "customer", "hidden", other_}).exit_code, 0);
    ASSERT_EQ(home_->run({"attribute", "--from", kBefore, "--to", kEnd}).exit_code, 0);
    server_ = new testing::ServerProcess(OPTIINFRA_PROGRAM, home_->store_folder());
    ASSERT_TRUE(server_->is_ready()) << server_->failure();
  }
  static void TearDownTestSuite() {
    delete server_;
    delete home_;
  }

  static std::vector<Words> questions() {
    const Words window = {"--from", kDay, "--to", kEnd};
    std::vector<Words> all = {
        {"query", "cost-hourly", "--customer", "acme"},
        {"query", "performance-p95", "--customer", customer_, "--service", "chat"},
        {"query", "resource-utilization", "--customer", owner_, "--instance", instance_},
        {"query", "quality-trends", "--customer", "acme", "--service", service_, "--bucket", "day"},
        {"query", "models", "--customer", "acme", "--service", "chat"},
        {"query", "cost", "--customer", "acme", "--by", "region", "--bucket", "day"},
        {"query", "metrics", "--measures", "total_cost,p95_latency", "--by", "customer", "--bucket", "day",
         "--order", "total_cost:desc"},
        {"query", "metrics", "--measures", "performance.request_count", "--by", "service,model", "--where",
         "customer=acme", "--limit", "2"},
        {"query", "unit-cost", "--by", "customer", "--idle", "share", "--good-score", "0.8"},
        {"query", "unit-cost", "--customer", "acme", "--bucket", "hour"},
        {"query", "explain", "--by", "customer,model", "--before-from", kBefore, "--before-to", kDay},
        {"query", "models", "--customer", kSomeUuid, "--service", kSomeUuid},
        {"query", "models", "--customer", "acne", "--service", "chat"}};
    for (Words& words : all) words.insert(words.end(), window.begin(), window.end());
    const std::vector<Words> lists = {
        {"customers"},
        {"services"},
        {"services", "--customer", "acme"},
        {"instances", "--limit", "2"},
        {"models"},
        {"models", "--customer", kSomeUuid},
        {"names", "list"},
        {"names", "list", "service"},
        {"query", "forecast", "--by", "customer", "--at", kEnd},
        {"report", "customer", "--month", kDay.substr(0, 7), "--format", "focus"},
        {"query", "--list"}};
    all.insert(all.end(), lists.begin(), lists.end());
    return all;
  }

  struct Seen {
    int exit_code = 0;
    std::string output, error;
    bool operator==(const Seen&) const = default;
  };
  static Seen seen(const testing::ProgramResult& result, const std::string& format) {
    return {result.exit_code, result.output.empty() ? "" : without_time(result.output, format),
            result.error_output};
  }
  static Words with(Words words, const Words& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  static Seen run_direct(const Words& question, const std::string& format) {
    return seen(home_->run(with(question, {"--output", format})), format);
  }

  static std::string url() { return "api://127.0.0.1:" + std::to_string(server_->api_port()); }

  /// Through the API, on a machine without an engine and another home.
  static testing::ProgramResult run(const Words& words, const std::string& token = {},
                                    const std::string& at = url()) {
    const Home elsewhere;
    auto options = elsewhere.options("OPTIINFRA_LIBCHDB=" + kNoEngine);
    options.environment.push_back("OPTIINFRA_URL=");
    options.environment.push_back("OPTIINFRA_TOKEN=" + token);
    return testing::run_program(Home::command(with({"--url", at}, words)), options);
  }
  static Json json(const Words& words, const std::string& token = {}) {
    const auto result = run(with(words, {"--output", "json"}), token);
    EXPECT_EQ(result.exit_code, 0) << result.error_output;
    return Json::parse(result.output, nullptr, false);
  }
  static std::string token(const std::string& name, service::Scope scope, std::vector<Uuid> customers = {}) {
    return *service::Tokens(home_->store_folder() / "service").create(name, scope, std::move(customers));
  }

  static inline Home* home_ = nullptr;
  static inline testing::ServerProcess* server_ = nullptr;
  static inline std::string customer_, service_, other_, owner_, instance_;
};

TEST_F(ThroughApi, EveryQuestionAndListIsAnsweredAsByOpeningTheStore) {
  // Each question in one of the formats: opening the store takes most of the time.
  const char* const formats[] = {"json", "csv", "table"};
  const std::vector<Words> all = questions();
  const auto format_of = [&](std::size_t at) {
    return all[at][0] == "report" ? "csv" : formats[at % std::size(formats)];
  };
  ASSERT_EQ(server_->stop().exit_code, 0);
  std::vector<Seen> direct;
  for (std::size_t at = 0; at < all.size(); ++at) direct.push_back(run_direct(all[at], format_of(at)));
  ASSERT_TRUE(server_->start()) << server_->failure();
  for (std::size_t at = 0; at < all.size(); ++at) {
    const Words& question = all[at];
    const Seen through = seen(run(with(question, {"--output", format_of(at)})), format_of(at));
    EXPECT_EQ(through.exit_code, direct[at].exit_code) << question[0] << " " << question.back();
    EXPECT_EQ(through.output, direct[at].output) << format_of(at);
    EXPECT_EQ(through.error, direct[at].error) << format_of(at);
  }
}

TEST_F(ThroughApi, VerifySaysTheSame) {
  const Json verified = json({"verify"});
  EXPECT_EQ(verified["data"]["summary"]["ok"], true);
  EXPECT_GT(verified["data"]["summary"]["hours_compared"], 0);
  EXPECT_EQ(verified["data"]["summary"]["hours_attributed"], 48);
  EXPECT_THAT(run({"verify"}).output, HasSubstr("all agrees"));
  EXPECT_THAT(run({"verify", "--repair"}).error_output, HasSubstr("works on the store itself"));
}

TEST_F(ThroughApi, PingAsksTheStoreAndTheToken) {
  EXPECT_EQ(json({"ping"})["data"]["url"], url());
  const auto refused = run({"ping"}, "oi_00000000_wrong");
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.error_output,
              AllOf(HasSubstr("the token is not known here"), HasSubstr("OPTIINFRA_TOKEN"), HasSubstr(url()),
                    Not(HasSubstr("oi_00000000_wrong"))));
}

TEST_F(ThroughApi, ATokenOfOneCustomerSeesItsOwnRowsAndNames) {
  const std::string own = token("own", service::Scope::kRead, {*Uuid::parse(customer_)});
  const Json customers = json({"customers"}, own)["data"];
  ASSERT_EQ(customers.size(), 1u);
  EXPECT_EQ(customers[0]["customer_name"], "acme");
  EXPECT_EQ(json({"names", "list"}, own)["data"].size(), 7u) << "itself, and its six services in the fleet";
  for (const Words& words :
       {Words{"services", "--customer", "hidden"}, Words{"services", "--customer", "hiddem"}}) {
    const auto result = run(words, own);
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.error_output, HasSubstr("no customer is called"));
  }
  EXPECT_EQ(run({"services", "--customer", other_}, own).exit_code, 5);
  EXPECT_THAT(run({"verify"}, own).error_output, HasSubstr("scope admin"));
  EXPECT_THAT(run({"names", "remove", "customer", "acme"}, own).error_output, HasSubstr("scope admin"));
}

TEST_F(ThroughApi, NamesAreSetImportedAndRemoved) {
  EXPECT_EQ(json({"names", "set", "instance", "the box", "i-1"})["data"]["changed"], 1);
  EXPECT_EQ(json({"names", "set", "instance", "the box", "i-1"})["data"]["changed"], 0);
  const Home files;
  std::ofstream(files / "names.csv") << "kind,name\ncustomer,new one\n";
  EXPECT_EQ(json({"names", "import", (files / "names.csv").string()})["data"]["names"], 1);
  EXPECT_EQ(run({"names", "remove", "instance", "the box"}).exit_code, 0);
  EXPECT_EQ(run({"names", "remove", "customer", "new one"}).exit_code, 0);
  const auto gone = run({"names", "remove", "instance", "the box"});
  EXPECT_EQ(gone.exit_code, 2);
  EXPECT_THAT(gone.error_output, HasSubstr("no instance is called 'the box'"));
}

TEST_F(ThroughApi, AServiceThatIsDownIsNamedWithWhatToDo) {
  const auto result = run({"customers"}, {}, "api://127.0.0.1:1");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.error_output,
              AllOf(HasSubstr("the service at api://127.0.0.1:1"), HasSubstr("optiinfra server")));
  EXPECT_THAT(run({"customers"}, {}, "api://127.0.0.1:" + std::to_string(server_->http_port())).error_output,
              HasSubstr("no API of optiinfra"));
}

TEST_F(ThroughApi, AUrlThatIsWrongIsRefusedWithoutItsSecret) {
  for (const char* wrong :
       {"api://secret@host", "api:host", "api://host/secret", "api://a,b", "api://host:0"}) {
    const auto result = run({"ping"}, {}, wrong);
    EXPECT_EQ(result.exit_code, 2) << wrong;
    EXPECT_THAT(result.error_output, Not(HasSubstr("secret"))) << wrong;
  }
}

TEST_F(ThroughApi, CommandsThatNeedTheStoreSaySo) {
  for (const Words& words : {Words{"init"}, Words{"sql", "SELECT 1"}, Words{"attribute"},
                             Words{"retention", "show"}, Words{"generate"}}) {
    const auto result = run(words);
    EXPECT_EQ(result.exit_code, 2) << words.front();
    EXPECT_THAT(result.error_output, HasSubstr("works on a store itself")) << words.front();
  }
}

TEST_F(ThroughApi, AHeldStoreIsReachedThroughItsServer) {
  const auto options = home_->options("OPTIINFRA_LIBCHDB=" + kNoEngine);
  const auto held = [&](const Words& words) { return testing::run_program(Home::command(words), options); };
  EXPECT_EQ(held({"customers", "--output", "csv"}).output, run({"customers", "--output", "csv"}).output);
  EXPECT_EQ(held({"ping"}).exit_code, 0);
  // A file that others could have written is not believed: the store is held, as ever.
  const auto file = home_->store_folder() / "service/address";
  std::filesystem::permissions(file, std::filesystem::perms::group_write, std::filesystem::perm_options::add);
  EXPECT_THAT(home_->run({"ping"}).error_output, HasSubstr("which serves it"));
  std::filesystem::permissions(file, std::filesystem::perms::group_write,
                               std::filesystem::perm_options::remove);
  EXPECT_EQ(held({"ping"}).exit_code, 0);
}

/// A server that was killed leaves its file: the store is free, and is opened.
TEST(HeldStore, IsOpenedWhenItsServerIsGone) {
  const Home home;
  testing::ServerProcess server(OPTIINFRA_PROGRAM, home.store_folder());
  ASSERT_TRUE(server.is_ready()) << server.failure();
  const auto file = home.store_folder() / "service/address";
  ASSERT_TRUE(std::filesystem::exists(file));
  EXPECT_THAT(home.json({"ping"})["data"]["url"].get<std::string>(), HasSubstr("api://127.0.0.1:"));
  server.kill();
  ASSERT_TRUE(std::filesystem::exists(file));
  EXPECT_THAT(home.json({"ping"})["data"]["url"].get<std::string>(), HasSubstr("embedded:"));
  ASSERT_TRUE(server.start()) << server.failure();
  server.stop();
  EXPECT_FALSE(std::filesystem::exists(file));
}

}  // namespace
}  // namespace optiinfra::cli
