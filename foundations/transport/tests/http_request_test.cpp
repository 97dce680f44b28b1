#include <gtest/gtest.h>

#include "http/call.hpp"
#include "http/session_settings.hpp"

namespace optiinfra::http {
namespace {

using namespace std::chrono_literals;

constexpr const char* kSecret = "s3cret";

SessionState state() {
  SessionState state;
  state.database = "metrics";
  state.credentials = {"X-ClickHouse-User: ada", std::string("X-ClickHouse-Key: ") + kSecret};
  state.server_marks_errors = true;
  return state;
}

Call call_of(const Statement& statement, const SessionState& session = state()) {
  auto call = statement_call(session, statement, "Native", AnswerWhen::kAtOnce);
  EXPECT_TRUE(call) << call.error().message;
  return std::move(call).value();
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(HttpRequest, KeepsStatementValuesAndPasswordOutOfTheUrl) {
  const Call call = call_of({.sql = "SELECT {a:String}", .parameters = {{"a", "private\tvalue"}}});
  EXPECT_EQ(call.request.url_query.find("private"), std::string::npos);
  EXPECT_EQ(call.request.url_query.find("SELECT"), std::string::npos);
  EXPECT_EQ(call.request.url_query.find(kSecret), std::string::npos);
  ASSERT_TRUE(call.request.body);
  EXPECT_TRUE(has(*call.request.body, "name=\"query\"\r\n\r\nSELECT {a:String}\r\n"));
  EXPECT_TRUE(has(*call.request.body, "name=\"param_a\"\r\n\r\nprivate\\tvalue\r\n"));
}

TEST(HttpRequest, CarriesSettingsBudgetAndFormat) {
  const Call call =
      call_of({.sql = "SELECT 1; -- end", .settings = {{"max_threads", "1 &"}}, .timeout = 1'250ms});
  EXPECT_EQ(call.request.body, "SELECT 1");
  for (const char* part :
       {"max_threads=1%20%26", "max_execution_time=1.250", "default_format=Native", "query_id="})
    EXPECT_TRUE(has(call.request.url_query, part)) << call.request.url_query;
}

TEST(HttpRequest, AsksAServerThatMarksNoErrorsToAnswerAtTheEnd) {
  SessionState old = state();
  old.server_marks_errors = false;
  EXPECT_TRUE(has(call_of({.sql = "SELECT 1"}, old).request.url_query, "wait_end_of_query=1"));
  EXPECT_FALSE(has(call_of({.sql = "SELECT 1"}).request.url_query, "wait_end_of_query"));
}

TEST(HttpRequest, RefusesNamesThatAreNoSettings) {
  for (const char* name : {"password", "query", "query_id", "param_a", "", "a b", "x&y", "session_id"}) {
    const auto call =
        statement_call(state(), {.sql = "SELECT 1", .settings = {{name, "1"}}}, "TSV", AnswerWhen::kAtOnce);
    ASSERT_FALSE(call) << name;
    EXPECT_EQ(call.error().kind, ErrorKind::kInvalidArgument);
  }
}

TEST(HttpRequest, RefusesBeforeSendingWhatNoServerTakes) {
  const std::string large(kFieldBytesMax + 1, 'x');
  const auto refused = [](const Statement& statement) {
    const auto call = statement_call(state(), statement, "TSV", AnswerWhen::kAtOnce);
    return call ? std::string("taken") : std::string(to_string(call.error().kind));
  };
  EXPECT_EQ(refused({.sql = "SELECT {a:String}", .parameters = {{"a", large}}}), "too_large");
  EXPECT_EQ(refused({.sql = "SELECT '" + large + "', {a:String}", .parameters = {{"a", "1"}}}), "too_large");
  EXPECT_EQ(refused({.sql = "SELECT '" + large + "'"}), "taken");
  EXPECT_EQ(refused({.sql = "SELECT {a:String}", .parameters = {{"a\"b", "1"}}}), "invalid_argument");
  EXPECT_EQ(refused({.sql = "SELECT 1; SELECT 2"}), "invalid_argument");
  EXPECT_EQ(refused({.sql = "SELECT 1", .timeout = 0ms}), "invalid_argument");
}

Block block() {
  Block block;
  block.add({"a`b", "UInt32", std::vector<std::uint32_t>{1}});
  return block;
}

TEST(HttpRequest, OfAnInsertNamesColumnsTokenAndIsNeverAsynchronous) {
  const auto call = insert_call(state(), {.table = "m.t", .deduplication_token = "it's one"}, block());
  ASSERT_TRUE(call) << call.error().message;
  EXPECT_FALSE(call->request.body);
  for (const char* part :
       {"query=INSERT%20INTO%20m.t%20%28%60a%5C%60b%60%29%20FORMAT%20Native", "async_insert=0",
        "insert_deduplication_token=it%27s%20one", "wait_end_of_query=1"})
    EXPECT_TRUE(has(call->request.url_query, part)) << call->request.url_query;
  const auto without = insert_call(state(), {.table = "m.t"}, block());
  ASSERT_TRUE(without);
  EXPECT_TRUE(has(without->request.url_query, "deduplicate_insert=disable"));
}

TEST(HttpRequest, NamesAnIpv6AddressInItsUrl) {
  StoreUrl store;
  store.protocol = Protocol::kHttps;
  EXPECT_EQ(base_url(store, {"fe80::1%eth0", 8443}), "https://[fe80::1%25eth0]:8443");
  store.protocol = Protocol::kHttp;
  EXPECT_EQ(base_url(store, {"db", 1}), "http://db:1");
}

std::string set_of(std::string_view sql) {
  const auto set = parse_set(sql);
  if (!set) return std::string(to_string(set.error().kind));
  if (!*set) return "none";
  std::string text;
  for (const auto& [name, value] : **set) text += name + "=" + value + ";";
  return text;
}

TEST(SessionSettings, AreTheLiteralsOfASet) {
  EXPECT_EQ(set_of("SET a = 1"), "a=1;");
  EXPECT_EQ(set_of("set a='it''s \\'x\\'',\n b = -1.5, c=true "), "a=it's 'x';b=-1.5;c=true;");
  EXPECT_EQ(set_of("SELECT 1"), "none");
  EXPECT_EQ(set_of("SETTINGS"), "none");
  EXPECT_EQ(set_of(""), "none");
}

TEST(SessionSettings, ThatCannotBeKeptAreRefused) {
  for (const char* sql :
       {"SET ROLE admin", "SET DEFAULT ROLE x TO y", "SET a", "SET a =", "SET a = 'x", "SET a = 1,",
        "SET a = 1 b", "SET a = [1]", "SET a = '\\n'", "SET a = '\\", "use metrics"}) {
    EXPECT_EQ(set_of(sql), "invalid_argument") << sql;
  }
}

}  // namespace
}  // namespace optiinfra::http
