// The Model Context Protocol at /mcp, in both of its eras.
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
using Headers = std::vector<std::pair<std::string, std::string>>;

class Mcp : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new testing::TemporaryFolder;
    server_ = new testing::ServerProcess(OPTIINFRA_PROGRAM, folder_->path() / "store");
    ASSERT_TRUE(server_->is_ready()) << server_->failure();
    auto client = Client::open(server_->native_url());
    ASSERT_TRUE(client) << client.error().message;
    for (const Uuid& customer : {kAda, kBob}) {
      CostMetric cost;
      cost.timestamp = std::chrono::floor<std::chrono::hours>(now()) - std::chrono::hours{2};
      cost.customer_id = customer;
      cost.cloud_provider = "aws";
      cost.service_name = "ec2";
      cost.cost_per_hour = 2.5;
      ASSERT_TRUE(client->insert(std::vector{cost}));
    }
  }
  static void TearDownTestSuite() {
    delete server_;
    delete folder_;
  }

  static HttpAnswer post(const std::string& body, Headers headers) {
    headers.emplace_back("Content-Type", "application/json");
    headers.emplace_back("Accept", "application/json, text/event-stream");
    return testing::http_call(server_->api_port(),
                              {.method = "POST", .target = "/mcp", .headers = headers, .body = body});
  }

  static json request(const std::string& method, json parameters) {
    return {{"jsonrpc", "2.0"}, {"id", 7}, {"method", method}, {"params", std::move(parameters)}};
  }

  /// As clients up to 2025-11-25 ask.
  static json ask(const std::string& method, json parameters, Headers headers = {}) {
    headers.emplace_back("MCP-Protocol-Version", "2025-11-25");
    const HttpAnswer answer = post(request(method, std::move(parameters)).dump(), headers);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json::parse(answer.body);
  }

  /// As clients since 2026-07-28 ask; what is changed in the headers makes them differ from the body.
  static HttpAnswer ask_stateless(const std::string& method, json parameters, const Headers& changed = {}) {
    Headers headers = {{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", method}};
    if (parameters.contains("name")) headers.emplace_back("Mcp-Name", parameters["name"]);
    for (auto& [name, value] : headers)
      for (const auto& [other, text] : changed)
        if (name == other) value = text;
    parameters["_meta"] = {{"io.modelcontextprotocol/protocolVersion", "2026-07-28"},
                           {"io.modelcontextprotocol/clientCapabilities", json::object()}};
    return post(request(method, std::move(parameters)).dump(), headers);
  }

  static inline testing::TemporaryFolder* folder_ = nullptr;
  static inline testing::ServerProcess* server_ = nullptr;
};

TEST_F(Mcp, GreetsClientsOfEitherEra) {
  const HttpAnswer hello = post(request("initialize", {{"protocolVersion", "2025-06-18"},
                                                       {"capabilities", json::object()},
                                                       {"clientInfo", {{"name", "test"}, {"version", "1"}}}})
                                    .dump(),
                                {});
  ASSERT_EQ(hello.status, 200) << hello.body;
  const json result = json::parse(hello.body)["result"];
  EXPECT_EQ(result["protocolVersion"], "2025-06-18");
  EXPECT_EQ(result["serverInfo"]["name"], "optiinfra");
  EXPECT_EQ(hello.header("mcp-session-id"), "");
  EXPECT_EQ(post(R"({"jsonrpc":"2.0","method":"notifications/initialized"})", {}).status, 202);
  EXPECT_EQ(ask("ping", json::object())["result"], json::object());
  const json discovered = json::parse(ask_stateless("server/discover", json::object()).body)["result"];
  EXPECT_EQ(discovered["resultType"], "complete");
  EXPECT_THAT(discovered["supportedVersions"].dump(), HasSubstr("2026-07-28"));
  EXPECT_TRUE(discovered.contains("ttlMs"));
}

TEST_F(Mcp, ListsFewToolsThatReadAlone) {
  const json tools = ask("tools/list", json::object())["result"]["tools"];
  EXPECT_LE(tools.size(), 8u);
  for (const json& tool : tools) {
    EXPECT_EQ(tool["annotations"]["readOnlyHint"], true);
    EXPECT_EQ(tool["inputSchema"]["type"], "object");
    EXPECT_EQ(tool["outputSchema"]["type"], "object");
    EXPECT_GT(tool["description"].get<std::string>().size(), 40u);
  }
  EXPECT_EQ(json::parse(ask_stateless("tools/list", json::object()).body)["result"]["tools"], tools);
}

TEST_F(Mcp, AnswersAQuestionAsTheApiDoes) {
  const json arguments = {{"measures", "total_cost"},
                          {"where", "customer=" + kAda.to_string()},
                          {"by", "provider"},
                          {"bucket", "day"},
                          {"hours", 24}};
  const json result = ask("tools/call", {{"name", "metrics"}, {"arguments", arguments}})["result"];
  ASSERT_EQ(result["isError"], false) << result;
  EXPECT_EQ(result["structuredContent"]["data"][0]["total_cost"], 2.5);
  EXPECT_EQ(json::parse(result["content"][0]["text"].get<std::string>()), result["structuredContent"]);
  EXPECT_EQ(result["structuredContent"]["units"]["total_cost"], "currency");
  const json stateless =
      json::parse(ask_stateless("tools/call", {{"name", "overview"}, {"arguments", json::object()}}).body);
  EXPECT_EQ(stateless["result"]["resultType"], "complete");
  EXPECT_EQ(stateless["result"]["structuredContent"]["data"].size(), 2u);
}

TEST_F(Mcp, SaysHowToCorrectAWrongQuestion) {
  const json result =
      ask("tools/call", {{"name", "metrics"}, {"arguments", {{"measures", "total_cst"}}}})["result"];
  EXPECT_EQ(result["isError"], true);
  EXPECT_THAT(result["content"][0]["text"].get<std::string>(), HasSubstr("total_cost"));
  EXPECT_EQ(ask("tools/call", {{"name", "nothing"}})["error"]["code"], -32602);
  EXPECT_EQ(ask("nothing", json::object())["error"]["code"], -32601);
}

TEST_F(Mcp, HoldsHeadersToTheBody) {
  const auto code = [](const HttpAnswer& answer) {
    return json::parse(answer.body)["error"]["code"].get<int>();
  };
  HttpAnswer answer = ask_stateless("tools/list", json::object(), {{"Mcp-Method", "tools/call"}});
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(code(answer), -32020);
  answer = ask_stateless("tools/call", {{"name", "overview"}}, {{"Mcp-Name", "sql"}});
  EXPECT_EQ(code(answer), -32020);
  answer = ask_stateless("tools/list", json::object(), {{"MCP-Protocol-Version", "2027-01-01"}});
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(code(answer), -32022);
  answer = ask_stateless("nothing", json::object());
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(code(answer), -32601);
}

TEST_F(Mcp, NeedsToBeToldTheVersionAndTheCapabilitiesOfAStatelessClient) {
  const Headers headers = {{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", "tools/list"}};
  for (const json& meta : {json::object(), json{{"io.modelcontextprotocol/protocolVersion", "2026-07-28"}},
                           json{{"io.modelcontextprotocol/clientCapabilities", json::object()}}}) {
    const HttpAnswer answer = post(request("tools/list", {{"_meta", meta}}).dump(), headers);
    EXPECT_EQ(answer.status, 400) << meta;
    EXPECT_EQ(json::parse(answer.body)["error"]["code"], -32602) << meta;
  }
}

TEST_F(Mcp, RefusesWhatIsNoMessage) {
  EXPECT_EQ(post("{", {}).status, 400);
  EXPECT_EQ(post("[]", {}).status, 400);
  EXPECT_EQ(post(R"({"jsonrpc":"1.0","id":1,"method":"ping"})", {}).status, 400);
  EXPECT_EQ(post(std::string(100'000, '['), {}).status, 400);
  EXPECT_EQ(
      post(R"({"jsonrpc":"2.0","id":1,"method":"ping"})", {{"MCP-Protocol-Version", "1900-01-01"}}).status,
      400);
  EXPECT_EQ(testing::http_call(server_->api_port(), {.target = "/mcp"}).status, 405);
  EXPECT_EQ(post("{}", {{"Origin", "http://evil.example"}}).status, 403);
}

TEST_F(Mcp, ShowsATokenItsOwnCustomersAndToolsAlone) {
  Tokens tokens(folder_->path() / "store" / "service");
  const Headers bearer = {{"Authorization", "Bearer " + *tokens.create("ada", Scope::kRead, {kAda})}};
  EXPECT_THAT(ask("tools/list", json::object(), bearer).dump(), Not(HasSubstr("\"sql\"")));
  EXPECT_EQ(ask("tools/call", {{"name", "sql"}, {"arguments", {{"statement", "SELECT 1"}}}},
                bearer)["error"]["code"],
            -32602);
  const std::string overview = ask("tools/call", {{"name", "overview"}}, bearer).dump();
  EXPECT_THAT(overview, HasSubstr(kAda.to_string()));
  EXPECT_THAT(overview, Not(HasSubstr(kBob.to_string())));
  const json denied = ask(
      "tools/call", {{"name", "explain"}, {"arguments", {{"customer", kBob.to_string()}}}}, bearer)["result"];
  EXPECT_EQ(denied["isError"], true);
}

}  // namespace
}  // namespace optiinfra::service
