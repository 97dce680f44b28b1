// Which names a store has, and questions about names that it does not have.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "optiinfra/client/client.hpp"
#include "program_under_test.hpp"

namespace optiinfra::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::ordered_json;

const std::string kAda = "a0000000-0000-4000-8000-000000000001",
                  kBob = "b0000000-0000-4000-8000-000000000002";
const std::string kChat = "c0000000-0000-4000-8000-000000000003",
                  kCode = "c0000000-0000-4000-8000-00000000c0de";

Uuid uuid(const std::string& text) { return *Uuid::parse(text); }

/// Ada: the services chat (two models, three requests) and code (one), the instance gpu-1. Bob: only costs.
class Names : public ::testing::Test {
 protected:
  void SetUp() override {
    auto client = Client::open("embedded:" + home.store_folder().string(), {.create = true});
    ASSERT_TRUE(client.has_value()) << client.error().message;
    const auto request = [&](const std::string& service, const char* model, std::chrono::hours after) {
      return PerformanceMetric{.timestamp = begin + after,
                               .customer_id = uuid(kAda),
                               .service_id = uuid(service),
                               .model_name = model,
                               .latency_ms = 100};
    };
    ASSERT_TRUE(client->insert(std::vector{request(kChat, "llama-3.1-70b", std::chrono::hours{0}),
                                           request(kChat, "llama-3.1-70b", std::chrono::hours{1}),
                                           request(kChat, "mixtral", std::chrono::hours{2}),
                                           request(kCode, "mixtral", std::chrono::hours{2})}));
    ASSERT_TRUE(client->insert(
        std::vector{ResourceMetric{.timestamp = begin, .customer_id = uuid(kAda), .instance_id = "gpu-1"}}));
    ASSERT_TRUE(client->insert(std::vector{CostMetric{.timestamp = begin,
                                                      .customer_id = uuid(kBob),
                                                      .cloud_provider = "aws",
                                                      .region = "us-east-1",
                                                      .cost_per_hour = 3}}));
  }

  Json list(const std::vector<std::string>& command) const { return home.json(command)["data"]; }

  /// The sentence with which a question about unknown names fails, in each format.
  std::string unknown(const std::vector<std::string>& question) const {
    std::string sentence;
    for (const char* format : {"json", "csv", "table"}) {
      auto command = question;
      command.insert(command.end(), {"--output", format});
      const auto result = home.run(command);
      EXPECT_EQ(result.exit_code, 5) << question[1];
      EXPECT_EQ(result.output, "") << question[1];
      if (!sentence.empty()) {
        EXPECT_EQ(result.error_output, "error: " + sentence + "\n");
        continue;
      }
      const auto error = Json::parse(result.error_output)["error"];
      EXPECT_EQ(error["kind"], "not_found");
      sentence = error["message"];
    }
    return sentence;
  }

  const Home home;
  const sys_seconds begin = floor_hour(now()) - std::chrono::hours{30};
};

TEST_F(Names, OfCustomersAreListedWithTheirCountsAndHours) {
  const Json ada = {{"customer_id", kAda},
                    {"customer_name", nullptr},
                    {"services", 2},
                    {"instances", 1},
                    {"models", 2},
                    {"cost_rows", 0},
                    {"performance_rows", 4},
                    {"resource_rows", 1},
                    {"quality_rows", 0},
                    {"serving_rows", 0},
                    {"first_hour", format_time(begin)},
                    {"last_hour", format_time(begin + std::chrono::hours{2})}};
  const Json customers = list({"customers"});
  ASSERT_EQ(customers.size(), 2u);
  EXPECT_EQ(customers[0], ada);
  EXPECT_EQ(customers[1]["customer_id"], kBob);
  EXPECT_EQ(customers[1]["cost_rows"], 1);
  EXPECT_EQ(customers[1]["first_hour"], customers[1]["last_hour"]);
}

TEST_F(Names, OfServicesInstancesAndModelsAreListedToo) {
  const Json services = list({"services", "--customer", kAda});
  ASSERT_EQ(services.size(), 2u);
  EXPECT_EQ(services[0]["service_id"], kChat);
  EXPECT_EQ(services[0]["models"], 2);
  EXPECT_EQ(services[0]["performance_rows"], 3);
  EXPECT_EQ(services[1]["service_id"], kCode);
  const Json models = list({"models", "--service", kChat});
  ASSERT_EQ(models.size(), 2u);
  EXPECT_EQ(models[0]["model_name"], "llama-3.1-70b");
  EXPECT_EQ(models[1]["performance_rows"], 1);
  EXPECT_EQ(list({"models"})[0]["services"], 1);
  EXPECT_EQ(home.run({"instances", "--output", "csv"}).output,
            "customer_id,customer_name,instance_id,instance_name,resource_rows,serving_rows,first_hour,last_"
            "hour\n" +
                kAda + ",,gpu-1,,1,0," + format_time(begin) + "," + format_time(begin) + "\n");
}

TEST_F(Names, AreCutAtTheLimitWithANote) {
  const auto result = home.run({"customers", "--limit", "1"});
  EXPECT_THAT(result.output, AllOf(HasSubstr(kAda), Not(HasSubstr(kBob))));
  EXPECT_THAT(result.error_output, HasSubstr("--limit"));
  EXPECT_EQ(home.run({"customers", "--limit", "2"}).error_output, "");
}

TEST_F(Names, ThatAreUnknownAreSaidWithTheNearest) {
  EXPECT_THAT(unknown({"query", "performance-p95", "--customer", kSomeUuid, "--service", kChat}),
              AllOf(HasSubstr("no customer " + std::string(kSomeUuid)), HasSubstr(kAda),
                    HasSubstr("`optiinfra customers`")));
  EXPECT_THAT(unknown({"query", "quality-trends", "--customer", kSomeUuid, "--service", kChat}),
              HasSubstr("the store has no quality rows; it has cost, performance and resource rows"));
  EXPECT_THAT(unknown({"query", "models", "--customer", kAda, "--service", kSomeUuid}),
              AllOf(HasSubstr("customer " + kAda + " has no service " + kSomeUuid), HasSubstr(kChat),
                    HasSubstr(kCode), HasSubstr("`optiinfra services --customer " + kAda + "`")));
  EXPECT_THAT(unknown({"query", "resource-utilization", "--customer", kAda, "--instance", "gpu-11"}),
              AllOf(HasSubstr("has no instance gpu-11"), HasSubstr("it has gpu-1")));
  EXPECT_THAT(unknown({"query", "cost-hourly", "--customer", kAda, "--from", "now-2d", "--to", "now"}),
              HasSubstr("customer " + kAda + " has no cost rows; it has performance and resource rows"));
}

TEST_F(Names, OfDimensionsAreSaidToo) {
  const std::vector<std::string> question = {"query", "metrics", "--measures", "total_cost"};
  const auto where = [&](const std::vector<std::string>& filters) {
    auto words = question;
    for (const std::string& filter : filters) words.insert(words.end(), {"--where", filter});
    return unknown(words);
  };
  EXPECT_THAT(where({"provider=azur"}), HasSubstr("the store has no provider azur; it has aws"));
  EXPECT_THAT(where({"region=us-east-2", "provider=aws"}),
              HasSubstr("provider aws has no region us-east-2; it has us-east-1"));
  EXPECT_THAT(where({std::string("customer=") + kSomeUuid}), HasSubstr("no customer"));
}

TEST_F(Names, OfAListsOwnerAreSaidToo) {
  EXPECT_THAT(unknown({"services", "--customer", kSomeUuid}), HasSubstr("no customer"));
  EXPECT_THAT(unknown({"models", "--customer", kAda, "--service", kSomeUuid}), HasSubstr("no service"));
}

TEST_F(Names, WithoutRowsInTheWindowAreToldWhereTheirRowsLie) {
  const std::vector<std::string> question = {"query", "performance-p95", "--customer", kAda, "--service",
                                             kChat,   "--hours",         "1"};
  const auto table = home.run(question);
  EXPECT_EQ(table.exit_code, 0);
  EXPECT_THAT(table.output,
              AllOf(HasSubstr("no rows from "), HasSubstr("performance rows from " + format_time(begin)),
                    Not(HasSubstr("requests"))));
  EXPECT_EQ(home.json(question)["data"]["total_requests"], 0);
}

TEST_F(Names, AreAskedAboutByHoursEverywhere) {
  EXPECT_EQ(home.json({"query", "cost-hourly", "--customer", kBob, "--hours", "48"})["data"].size(), 1u);
  EXPECT_EQ(
      home.json({"query", "cost", "--customer", kBob, "--from", "now-48h", "--to", "now+1h"})["data"].size(),
      1u);
}

TEST_F(Names, ThatWereSetStandForIdsInFlagsListsAndAnswers) {
  ASSERT_EQ(home.run({"names", "set", "customer", "Ada Ltd", kAda}).exit_code, 0);
  ASSERT_EQ(home.run({"names", "set", "service", "chat", kChat, "--customer", kAda}).exit_code, 0);
  EXPECT_EQ(home.json({"query", "performance-p95", "--customer", "Ada Ltd", "--service", "chat", "--hours",
                       "48"})["data"]["total_requests"],
            3);
  const Json services = list({"services", "--customer", "Ada Ltd"});
  EXPECT_EQ(services[0]["customer_name"], "Ada Ltd");
  EXPECT_EQ(services[0]["service_name"], "chat");
  EXPECT_EQ(services[1]["service_name"], nullptr);
  const Json rows =
      home.json({"query", "metrics", "--measures", "performance.request_count", "--by", "service", "--where",
                 "customer=Ada Ltd", "--hours", "48", "--order", "performance.request_count:desc"})["data"];
  EXPECT_EQ(rows[0]["service_id"], kChat);
  EXPECT_EQ(rows[0]["service_name"], "chat");
}

TEST_F(Names, StandForTheCustomersOfTokens) {
  ASSERT_EQ(home.run({"names", "set", "customer", "Ada Ltd", kAda}).exit_code, 0);
  EXPECT_EQ(
      home.run({"token", "create", "--name", "a", "--customer", "Ada Ltd", "--customer", kBob}).exit_code, 0);
  EXPECT_EQ(home.json({"token", "list"})["data"][0]["customers"], kAda + " " + kBob);
  EXPECT_THAT(home.run({"token", "create", "--name", "b", "--customer", "Ada Ldt"}).error_output,
              HasSubstr("no customer is called so; did you mean 'Ada Ltd'?"));
}

TEST_F(Names, OfTheDefaultStoreStandForNoCustomerOfAnotherService) {
  ASSERT_EQ(home.run({"names", "set", "customer", "Ada Ltd", kAda}).exit_code, 0);
  const std::string state = (home / "state").string();
  const auto create = [&](std::vector<std::string> more) {
    std::vector<std::string> words = {"token", "create", "--state", state};
    words.insert(words.end(), more.begin(), more.end());
    return home.run(words);
  };
  const auto refused = create({"--name", "a", "--customer", "Ada Ltd"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.error_output, HasSubstr("name it with --url, or give the customer's UUID"));
  EXPECT_EQ(create({"--name", "a", "--customer", kAda}).exit_code, 0);
  EXPECT_EQ(
      create({"--name", "b", "--customer", "Ada Ltd", "--url", "embedded:" + home.store_folder().string()})
          .exit_code,
      0);
}

TEST_F(Names, AreShownToPeopleWhereThereAreAny) {
  EXPECT_THAT(home.run({"customers"}).output, Not(HasSubstr("name")));
  ASSERT_EQ(home.run({"names", "set", "customer", "Ada Ltd", kAda}).exit_code, 0);
  EXPECT_THAT(home.run({"customers"}).output, AllOf(HasSubstr("customer name"), HasSubstr("Ada Ltd")));
  const auto result = home.run({"query", "models", "--customer", "Ada Ltd", "--service", kSomeUuid});
  EXPECT_THAT(result.error_output, HasSubstr("customer " + kAda + " (Ada Ltd) has no service"));
}

TEST_F(Names, OfAFileAreSetAllOrNone) {
  std::ofstream(home / "names.csv") << "kind,name,id\ncustomer,ada," << kAda << "\ncustomer,bob," << kBob
                                    << "\n";
  EXPECT_EQ(home.json({"names", "import", (home / "names.csv").string()})["data"]["changed"], 2);
  EXPECT_EQ(home.json({"names", "import", (home / "names.csv").string()})["data"]["changed"], 0);
  std::ofstream(home / "bad.csv") << "kind,name,id\ncustomer,eve," << kSomeUuid << "\ncustomer,ada," << kBob
                                  << "\n";
  const auto refused = home.run({"names", "import", (home / "bad.csv").string()});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.error_output, HasSubstr("is the name of " + kAda + " already"));
  const Json names = home.json({"names", "list", "customer"})["data"];
  ASSERT_EQ(names.size(), 2u);
  EXPECT_EQ(names[0]["name"], "ada");
  EXPECT_EQ(names[0]["source"], "program");
}

TEST_F(Names, ThatNobodyHasAreRefusedWithTheNearest) {
  ASSERT_EQ(home.run({"names", "set", "customer", "ada", kAda}).exit_code, 0);
  const auto result = home.run({"services", "--customer", "adda"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.error_output, HasSubstr("no customer is called 'adda'; did you mean 'ada'?"));
  ASSERT_EQ(home.run({"names", "remove", "customer", "ada"}).exit_code, 0);
  EXPECT_EQ(home.run({"services", "--customer", "ada"}).exit_code, 2);
}

TEST_F(Names, AreTakenByMapsOfImportsAndByCollect) {
  ASSERT_EQ(home.run({"names", "set", "customer", "ada", kAda}).exit_code, 0);
  std::ofstream(home / "map.toml")
      << "family = \"cost\"\n[columns]\ntimestamp = \"at\"\ncustomer_id = \"'ada'\"\n"
      << "cloud_provider = \"'aws'\"\ncost_per_hour = \"amount\"\n";
  std::ofstream(home / "bill.csv") << "at,amount\n" << format_time(begin) << ",5\n";
  const auto imported =
      home.run({"import", "cost", (home / "bill.csv").string(), "--map", (home / "map.toml").string()});
  ASSERT_EQ(imported.exit_code, 0) << imported.error_output;
  EXPECT_EQ(home.json({"query", "cost-hourly", "--customer", "ada", "--hours", "48"})["data"].size(), 1u);
  const Json host = home.json({"collect", "host", "--customer", "ada", "--instance", "x", "--for", "1s"});
  EXPECT_EQ(host["data"]["customer_id"], kAda);
}

TEST(NoNames, AreInAnEmptyStoreWhichIsSaid) {
  const Home home;
  ASSERT_EQ(home.run({"init"}).exit_code, 0);
  EXPECT_EQ(home.json({"customers"})["data"], Json::array());
  const auto result = home.run({"query", "models", "--customer", kSomeUuid, "--service", kSomeUuid});
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_THAT(result.error_output, HasSubstr("the store has no rows yet"));
}

}  // namespace
}  // namespace optiinfra::cli
