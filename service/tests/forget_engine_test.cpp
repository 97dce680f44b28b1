// A customer is removed through a running service, which may hold rows of it that are not stored yet.
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

class ForgetThroughApi : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(server_.is_ready()) << server_.failure();
    Tokens tokens(folder_.path() / "store" / "service");
    ada_ = *tokens.create("ada", Scope::kRead, {kAda});
    ada_admin_ = *tokens.create("ada-admin", Scope::kAdmin, {kAda});
    bob_ = *tokens.create("bob", Scope::kRead, {kBob});
    const json names = {{{"kind", "customer"}, {"name", "ada"}, {"id", kAda.to_string()}},
                        {{"kind", "customer"}, {"name", "bob"}, {"id", kBob.to_string()}}};
    ASSERT_EQ(send("PUT", "/api/v1/names", names.dump()).status, 200);
  }

  HttpAnswer send(const std::string& method, const std::string& target, const std::string& body = {},
                  const std::string& token = {}) {
    testing::HttpCall call{
        .method = method, .target = target, .headers = {{"Content-Type", "application/json"}}, .body = body};
    if (!token.empty()) call.headers.emplace_back("Authorization", "Bearer " + token);
    return testing::http_call(server_.api_port(), call);
  }

  /// Accepted, and not stored yet.
  void insert(const Uuid& customer, int rows) {
    json body = json::array();
    ++requests_;  // A request of the same rows would be a repetition.
    for (int i = 0; i < rows; ++i)
      body.push_back({{"timestamp", format_time(now() - std::chrono::seconds{i})},
                      {"customer_id", customer.to_string()},
                      {"service_id", kService.to_string()},
                      {"model_name", "m"},
                      {"latency_ms", 1000 * requests_ + i}});
    ASSERT_EQ(send("POST", "/api/v1/insert/performance", body.dump()).status, 200);
  }

  std::uint64_t rows_of(const Uuid& customer) {
    const HttpAnswer answer = send(
        "POST", "/api/v1/sql",
        "SELECT (SELECT count() FROM performance_metrics_ts WHERE customer_id = '" + customer.to_string() +
            "') + (SELECT toUInt64(sum(request_count)) FROM performance_hourly WHERE customer_id = '" +
            customer.to_string() + "') AS n");
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json::parse(answer.body)["data"][0]["n"];
  }

  testing::TemporaryFolder folder_;
  testing::ServerProcess server_{OPTIINFRA_PROGRAM, folder_.path() / "store"};
  std::string ada_, ada_admin_, bob_;
  int requests_ = 0;
};

TEST_F(ForgetThroughApi, RemovesRowsThatTheWriterHasNotStoredYet) {
  for (int i = 0; i < 20; ++i) {
    insert(kAda, 50);
    insert(kBob, 50);
  }
  const HttpAnswer answer = send("DELETE", "/api/v1/customers?customer=ada");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json data = json::parse(answer.body)["data"];
  EXPECT_EQ(data["summary"]["is_forgotten"], true) << answer.body;
  EXPECT_EQ(data["summary"]["tokens"], 2);
  for (const json& each : data["tables"]) EXPECT_EQ(each["rows_after"], 0) << each.dump();
  EXPECT_EQ(rows_of(kAda), 0u);
  EXPECT_EQ(rows_of(kBob), 2000u);
  server_.stop();
  ASSERT_TRUE(server_.start({})) << server_.failure();
  EXPECT_EQ(rows_of(kAda), 0u) << "nothing of it was left in the spool";
  EXPECT_EQ(send("GET", "/api/v1/customers", {}, ada_).status, 401);
  EXPECT_EQ(send("GET", "/api/v1/customers", {}, bob_).status, 200);
  EXPECT_EQ(send("GET", "/api/v1/verify").status, 200);
  EXPECT_THAT(send("GET", "/api/v1/verify").body, HasSubstr("\"ok\":true"));
}

TEST_F(ForgetThroughApi, DropsSamplesOfItsRejectedRows) {
  insert(kAda, 1);
  ASSERT_EQ(send("POST", "/api/v1/insert/performance", R"([{"customer_id": "a secret of ada"}])").status,
            200);
  EXPECT_THAT(send("GET", "/api/v1/rejected").body, HasSubstr("a secret of ada"));
  ASSERT_EQ(send("DELETE", "/api/v1/customers?dry_run=yes&customer=ada").status, 200);
  EXPECT_THAT(send("GET", "/api/v1/rejected").body, HasSubstr("a secret of ada"));
  ASSERT_EQ(send("DELETE", "/api/v1/customers?customer=ada").status, 200);
  EXPECT_EQ(json::parse(send("GET", "/api/v1/rejected").body)["data"], json::array());
}

TEST_F(ForgetThroughApi, CountsFirst) {
  insert(kAda, 3);
  const HttpAnswer counted = send("DELETE", "/api/v1/customers?dry_run=yes&customer=" + kAda.to_string());
  ASSERT_EQ(counted.status, 200) << counted.body;
  EXPECT_EQ(json::parse(counted.body)["data"]["summary"]["is_forgotten"], false);
  EXPECT_EQ(send("GET", "/api/v1/customers", {}, ada_).status, 200) << "its token is still there";
}

TEST_F(ForgetThroughApi, IsForAdminsOfAllCustomers) {
  for (const std::string& token : {ada_, ada_admin_, bob_})
    EXPECT_EQ(send("DELETE", "/api/v1/customers?customer=" + kAda.to_string(), {}, token).status, 403);
  EXPECT_EQ(send("DELETE", "/api/v1/customers").status, 400);
  EXPECT_EQ(send("DELETE", "/api/v1/customers?customer=adda").status, 400);
  EXPECT_EQ(send("DELETE", "/api/v1/customers?customer=" + Uuid{}.to_string()).status, 400);
}

}  // namespace
}  // namespace optiinfra::service
