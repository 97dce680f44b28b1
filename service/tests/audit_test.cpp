#include "optiinfra/service/audit.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "optiinfra/service/tokens.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "token_uses.hpp"

namespace optiinfra::service {
namespace {

using nlohmann::json;

std::vector<json> lines_of(const std::filesystem::path& file) {
  std::vector<json> lines;
  std::ifstream text(file);
  for (std::string line; std::getline(text, line);) lines.push_back(json::parse(line));
  return lines;
}

TEST(Audit, WritesChangesAtOnceAndInsertsCounted) {
  const testing::TemporaryFolder folder;
  {
    AuditLog log(folder.path());
    ASSERT_TRUE(log.append({.actor = "1a2b",
                            .action = "DELETE /api/v1/customers",
                            .target = "customer=\"a\nb\"",
                            .status = 200,
                            .request_id = "r1"}));
    EXPECT_EQ(lines_of(folder / "audit.jsonl").size(), 1u);
    for (int i = 0; i < 1000; ++i) log.count("1a2b", "POST /api/v1/insert/cost", 200, 10);
    log.count("1a2b", "POST /api/v1/insert/cost", 422, 7);
    EXPECT_EQ(lines_of(folder / "audit.jsonl").size(), 1u) << "inserts wait for flush(), or the end";
  }
  const auto lines = lines_of(folder / "audit.jsonl");
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0]["target"], "customer=\"a\nb\"") << "one line, whatever is in it";
  EXPECT_EQ(lines[1]["requests"], 1000);
  EXPECT_EQ(lines[1]["body_bytes"], 10'000);
  EXPECT_EQ(lines[2]["status"], 422);
  EXPECT_LE(lines[1]["since"].get<std::string>(), lines[1]["time"].get<std::string>());
}

TEST(Audit, KeepsOneFullFile) {
  const testing::TemporaryFolder folder;
  std::ofstream(folder / "audit.jsonl").close();
  std::filesystem::resize_file(folder / "audit.jsonl", kAuditBytesMax);
  AuditLog log(folder.path());
  ASSERT_TRUE(log.append({.actor = "a", .action = "last"}));
  ASSERT_TRUE(log.append({.actor = "a", .action = "first"}));
  EXPECT_GT(std::filesystem::file_size(folder / "audit.jsonl.1"), kAuditBytesMax);
  EXPECT_EQ(lines_of(folder / "audit.jsonl").size(), 1u);
}

TEST(Audit, NamesAFolderThatCannotBeWritten) {
  AuditLog log("/nonexistent");
  const auto refused = log.append({.actor = "a", .action = "b"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kStorage);
  EXPECT_NE(refused.error().message.find("/nonexistent/audit.jsonl"), std::string::npos);
}

TEST(Audit, HasTokensThatWereMadeAndRevoked) {
  const testing::TemporaryFolder folder;
  Tokens tokens(folder.path());
  const auto text = tokens.create("ada", Scope::kRead, {});
  ASSERT_TRUE(text);
  ASSERT_TRUE(tokens.revoke("ada"));
  const auto lines = lines_of(folder / "audit.jsonl");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["action"], "token create");
  EXPECT_EQ(lines[1]["action"], "token revoke");
  EXPECT_EQ(lines[0].dump().find(text->substr(text->size() - 20)), std::string::npos) << "no secret";
}

TEST(TokenUses, AreListedAfterTheServiceHasEnded) {
  const testing::TemporaryFolder folder;
  Tokens tokens(folder.path());
  ASSERT_TRUE(tokens.create("ada", Scope::kRead, {}));
  ASSERT_TRUE(tokens.create("bob", Scope::kRead, {}));
  const std::string ada = (*tokens.list())[0].id;
  {
    TokenUses uses(folder.path());
    uses.note(ada);
  }
  const auto list = tokens.list();
  ASSERT_TRUE((*list)[0].last_used);
  EXPECT_GE(*(*list)[0].last_used, now() - std::chrono::minutes{1});
  EXPECT_FALSE((*list)[1].last_used);
  // A file that is no list of times tells nothing, and hides no token.
  std::ofstream(folder / "token-use.json") << "{\"x\": 3, ";
  EXPECT_EQ(tokens.list()->size(), 2u);
}

}  // namespace
}  // namespace optiinfra::service
