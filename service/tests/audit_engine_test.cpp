// What a service writes down of changes, and how it slows down a caller that asks too often.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "customers.hpp"
#include "optiinfra/service/tokens.hpp"
#include "optiinfra/testing/http_call.hpp"
#include "optiinfra/testing/server.hpp"
#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra::service {
namespace {

using nlohmann::json;

TEST(AuditThroughApi, HasEveryChangeAndSlowsDownACallerThatAsksTooOften) {
  const testing::TemporaryFolder folder(testing::memory_folder());
  testing::ServerProcess server(OPTIINFRA_PROGRAM, folder / "store", {"--api-rate", "2"});
  ASSERT_TRUE(server.is_ready()) << server.failure();
  Tokens tokens(folder / "store" / "service");
  const std::string ada = *tokens.create("ada", Scope::kAdmin, {}),
                    bob = *tokens.create("bob", Scope::kRead, {});
  const auto send = [&](const std::string& method, const std::string& target, const std::string& body,
                        const std::string& token) {
    testing::HttpCall call{
        .method = method, .target = target, .headers = {{"Content-Type", "application/json"}}, .body = body};
    if (!token.empty()) call.headers.emplace_back("Authorization", "Bearer " + token);
    return testing::http_call(server.api_port(), call);
  };
  const json names = {{{"kind", "customer"}, {"name", "ada"}, {"id", kAda.to_string()}}};
  EXPECT_EQ(send("PUT", "/api/v1/names", names.dump(), ada).status, 200);
  EXPECT_EQ(send("DELETE", "/api/v1/customers?customer=ada&dry_run=yes", {}, ada).status, 200);
  EXPECT_EQ(send("DELETE", "/api/v1/customers?customer=ada", {}, "oi_wrong").status, 401);
  EXPECT_EQ(send("DELETE", "/api/v1/customers?customer=ada", {}, bob).status, 403);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(send("POST", "/api/v1/insert/cost", "[]", {}).status, 200);
  EXPECT_EQ(send("POST", "/api/v1/sql", "SELECT 1", ada).status, 200);

  int refused = 0;
  std::string retry_after;
  for (int i = 0; i < 60 && refused == 0; ++i) {
    const auto answer = send("GET", "/api/v1/customers", {}, ada);
    if (answer.status != 429) continue;
    ++refused;
    retry_after = answer.header("retry-after");
  }
  EXPECT_EQ(refused, 1) << "60 requests one after the other are more than 2 a second";
  EXPECT_EQ(retry_after, "1");
  EXPECT_EQ(send("GET", "/api/v1/customers", {}, {}).status, 200) << "other callers have their own count";
  server.stop();

  std::vector<json> lines;
  std::ifstream text(folder / "store" / "service" / "audit.jsonl");
  for (std::string line; std::getline(text, line);) lines.push_back(json::parse(line));
  const std::string id = (*tokens.list())[0].id, bobs_id = (*tokens.list())[1].id;
  const auto has = [&](const char* action, const std::string& actor, int status) {
    for (const json& line : lines)
      if (line["action"] == action && line["actor"] == actor && line.value("status", 0) == status)
        return true;
    return false;
  };
  EXPECT_TRUE(has("token create", "program", 0));
  EXPECT_TRUE(has("PUT /api/v1/names", id, 200));
  EXPECT_TRUE(has("DELETE /api/v1/customers", id, 200));
  EXPECT_TRUE(has("DELETE /api/v1/customers", "unknown", 401));
  EXPECT_TRUE(has("DELETE /api/v1/customers", bobs_id, 403)) << "the one who was refused is named";
  EXPECT_TRUE(has("POST /api/v1/insert/cost", "local", 200));
  std::uint64_t inserts = 0;
  std::string target;
  for (const json& line : lines) {
    EXPECT_NE(line["action"], "POST /api/v1/sql") << "a question";
    if (line["action"] == "POST /api/v1/insert/cost") inserts += line["requests"].get<std::uint64_t>();
    if (line["action"] == "PUT /api/v1/names") target = line["target"];
  }
  EXPECT_NE(target.find(kAda.to_string()), std::string::npos) << target;
  EXPECT_EQ(inserts, 3u);
  EXPECT_TRUE((*tokens.list())[0].last_used);
}

}  // namespace
}  // namespace optiinfra::service
