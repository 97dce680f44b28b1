// Names through the HTTP API: who may set them, who sees them, and where they are taken instead of ids.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "customers.hpp"
#include "optiinfra/client/client.hpp"
#include "optiinfra/service/tokens.hpp"
#include "optiinfra/testing/http_call.hpp"
#include "optiinfra/testing/server.hpp"
#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra::service {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using testing::HttpAnswer;
using ::testing::Not;

/// One server, on which Ada, Bob and their services have names.
class NamesApi : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new testing::TemporaryFolder;
    server_ = new testing::ServerProcess(OPTIINFRA_PROGRAM, folder_->path() / "store");
    ASSERT_TRUE(server_->is_ready()) << server_->failure();
    Tokens tokens(folder_->path() / "store" / "service");
    ada_ = *tokens.create("ada", Scope::kRead, {kAda});
    ada_admin_ = *tokens.create("ada-admin", Scope::kAdmin, {kAda});
    reader_ = *tokens.create("reader", Scope::kRead, {});
    const json names = {{{"kind", "customer"}, {"name", "ada"}, {"id", kAda.to_string()}},
                        {{"kind", "customer"}, {"name", "bob & sons"}, {"id", kBob.to_string()}},
                        {{"kind", "service"},
                         {"name", "chat"},
                         {"id", kService.to_string()},
                         {"customer_id", kAda.to_string()}},
                        {{"kind", "service"},
                         {"name", "secret"},
                         {"id", kBobsService.to_string()},
                         {"customer_id", kBob.to_string()}}};
    const HttpAnswer set = send("PUT", "/api/v1/names", names.dump());
    ASSERT_EQ(set.status, 200) << set.body;
    ASSERT_EQ(json::parse(set.body), json({{"names", 4}, {"changed", 4}}));
    const std::string time =
        format_time(std::chrono::floor<std::chrono::hours>(now()) - std::chrono::hours{2});
    const json rows = {{{"timestamp", time},
                        {"customer_id", "ada"},
                        {"service_id", "chat"},
                        {"model_name", "llama"},
                        {"latency_ms", 100}},
                       {{"timestamp", time},
                        {"customer_id", "bob & sons"},
                        {"service_id", kBobsService.to_string()},
                        {"model_name", "m"},
                        {"latency_ms", 200}}};
    const HttpAnswer inserted = send("POST", "/api/v1/insert/performance?wait=stored", rows.dump());
    ASSERT_EQ(json::parse(inserted.body)["accepted"], 2) << inserted.body;
  }
  static void TearDownTestSuite() {
    delete server_;
    delete folder_;
  }

  static HttpAnswer send(const std::string& method, const std::string& target, const std::string& body = {},
                         const std::string& token = {}, const std::string& type = "application/json") {
    testing::HttpCall call{
        .method = method, .target = target, .headers = {{"Content-Type", type}}, .body = body};
    if (!token.empty()) call.headers.emplace_back("Authorization", "Bearer " + token);
    return testing::http_call(server_->api_port(), call);
  }
  static HttpAnswer get(const std::string& target, const std::string& token = {}) {
    return send("GET", target, {}, token);
  }

  static inline testing::TemporaryFolder* folder_ = nullptr;
  static inline testing::ServerProcess* server_ = nullptr;
  static inline std::string ada_, ada_admin_, reader_;
};

TEST_F(NamesApi, StandForIdsInRowsParametersAndAnswers) {
  const HttpAnswer by_name = get("/api/v1/query/performance-p95?customer=ada&service=chat");
  ASSERT_EQ(by_name.status, 200) << by_name.body;
  const json answer = json::parse(by_name.body);
  EXPECT_EQ(answer["data"]["total_requests"], 1);
  const HttpAnswer metrics =
      get("/api/v1/query/"
          "metrics?measures=performance.request_count&by=customer,service&where=customer%3Dbob%20%26%20sons");
  ASSERT_EQ(metrics.status, 200) << metrics.body;
  const json row = json::parse(metrics.body)["data"][0];
  EXPECT_EQ(row["customer_id"], kBob.to_string());
  EXPECT_EQ(row["customer_name"], "bob & sons");
  EXPECT_EQ(row["service_name"], "secret");
  const json listed = json::parse(get("/api/v1/services?customer=ada").body)["data"];
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0]["service_name"], "chat");
}

TEST_F(NamesApi, ThatNobodyHasAreRefusedWithTheNearest) {
  const HttpAnswer answer = get("/api/v1/query/performance-p95?customer=adda&service=chat");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, HasSubstr("no customer is called 'adda'; did you mean 'ada'?"));
  const HttpAnswer inserted =
      send("POST", "/api/v1/insert/cost",
           R"([{"timestamp":")" + format_time(now()) +
               R"(","customer_id":"adda","cloud_provider":"aws","cost_per_hour":1}])");
  EXPECT_THAT(inserted.body, HasSubstr("or a name"));
  EXPECT_EQ(json::parse(inserted.body)["accepted"], 0);
}

TEST_F(NamesApi, OfOthersDoNotExistForATokenOfOneCustomer) {
  const json own = json::parse(get("/api/v1/names", ada_).body)["data"];
  ASSERT_EQ(own.size(), 2u);
  EXPECT_EQ(own[0]["name"], "ada");
  EXPECT_EQ(own[1]["name"], "chat");
  // What belongs to Bob is answered as what does not exist at all.
  const auto ask = [&](const std::string& name) {
    HttpAnswer answer = get("/api/v1/query/performance-p95?customer=ada&service=" + name, ada_);
    const std::size_t at = answer.body.find(name);
    if (at != std::string::npos) answer.body.replace(at, name.size(), "NAME");
    return std::to_string(answer.status) + answer.body;
  };
  EXPECT_EQ(ask("secret"), ask("secreX"));
  const HttpAnswer answer =
      get("/api/v1/query/metrics?measures=performance.request_count&by=customer,service", ada_);
  EXPECT_THAT(answer.body, Not(HasSubstr("bob")));
  EXPECT_THAT(answer.body, HasSubstr("\"ada\""));
}

TEST_F(NamesApi, AreSetAndRemovedOnlyByAdminsOfAllCustomers) {
  const std::string body = R"({"kind":"customer","name":"eve","id":"00000000-0000-0005-0000-000000000005"})";
  for (const std::string& token : {ada_, ada_admin_, reader_}) {
    EXPECT_EQ(send("PUT", "/api/v1/names", body, token).status, 403);
    EXPECT_EQ(send("POST", "/api/v1/names", body, token).status, 403);
    EXPECT_EQ(send("DELETE", "/api/v1/names?kind=customer&name=ada", {}, token).status, 403);
  }
  EXPECT_EQ(send("POST", "/api/v1/names", body).status, 200);
  EXPECT_EQ(json::parse(send("PUT", "/api/v1/names", body).body)["changed"], 0);
  EXPECT_EQ(send("DELETE", "/api/v1/names?kind=customer&name=eve").status, 200);
  EXPECT_EQ(send("DELETE", "/api/v1/names?kind=customer&name=eve").status, 404);
}

TEST_F(NamesApi, ThatBelongToAnotherIdAreAConflict) {
  const HttpAnswer answer =
      send("PUT", "/api/v1/names", R"({"kind":"customer","name":"ada","id":")" + kBob.to_string() + "\"}");
  EXPECT_EQ(answer.status, 409);
  EXPECT_THAT(answer.body, HasSubstr("is the name of " + kAda.to_string() + " already"));
}

TEST_F(NamesApi, MayComeAsCsv) {
  const HttpAnswer answer =
      send("PUT", "/api/v1/names", "kind,name\ncustomer,from-csv\n", {}, "text/csv; charset=utf-8");
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(get("/api/v1/names?kind=customer&format=csv").body, HasSubstr("customer,from-csv,"));
}

}  // namespace
}  // namespace optiinfra::service
