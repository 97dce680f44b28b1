#include "store_test.hpp"

#include <unistd.h>

#include <fstream>

namespace optiinfra::testing {
std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t pages = 0;
  statm >> pages >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

void StoreTest::SetUp() {
  url_ = new_store(GetParam());
  auto opened = open();
  ASSERT_TRUE(opened) << opened.error().message;
  session_ = std::move(opened).value();
  run("CREATE DATABASE IF NOT EXISTS " + url_.database);
}

void StoreTest::TearDown() {
  session_.reset();
  if (!can().server) {
    std::filesystem::remove_all(url_.folder);
  } else if (auto opened = open()) {
    EXPECT_TRUE((*opened)->execute({.sql = "DROP DATABASE " + url_.database}));
  }
}

Result<std::unique_ptr<Session>> StoreTest::open(const StoreUrl& url) {
  OPTIINFRA_TRY(const auto connector, make_connector(url, IfAbsent::kCreate));
  return connector->connect();
}

std::string StoreTest::in(std::string sql) const {
  for (std::size_t at = 0; (at = sql.find("@.", at)) != std::string::npos; at += url_.database.size())
    sql.replace(at, 1, url_.database);
  return sql;
}

Statement StoreTest::in(Statement statement) const {
  statement.sql = in(std::move(statement.sql));
  return statement;
}

void StoreTest::run(const std::string& sql) {
  const auto status = session_->execute({.sql = in(sql)});
  ASSERT_TRUE(status) << sql << "\n" << status.error().message;
}

std::string StoreTest::ask(Session& session, const Statement& statement) const {
  std::string answer;
  const auto summary = session.query(in(statement), [&answer](const Block& block) {
    answer += to_lines(block);
    return true;
  });
  return summary ? answer : "error: " + summary.error().message;
}

std::string StoreTest::ask_text(const std::string& sql, std::string_view format) {
  std::string answer;
  const auto summary = session_->query_text({.sql = in(sql)}, format, [&answer](std::string_view text) {
    answer += text;
    return true;
  });
  return summary ? answer : "error: " + summary.error().message;
}

Result<InsertSummary> StoreTest::insert(const std::string& table, const Block& block,
                                        const std::string& token) {
  return session_->insert({.table = in(table), .deduplication_token = token}, block);
}

void StoreTest::expect_to_go_on_after(const Error& error) {
  if (!error.connection_usable) {
    auto opened = open();
    ASSERT_TRUE(opened) << opened.error().message;
    session_ = std::move(opened).value();
  }
  EXPECT_EQ(ask("SELECT 7"), "7\n");
}

}  // namespace optiinfra::testing
