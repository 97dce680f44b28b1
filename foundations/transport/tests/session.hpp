/// A new store with one open session, and the short forms that engine tests need.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "optiinfra/testing/temporary_folder.hpp"
#include "optiinfra/transport/connector.hpp"

namespace optiinfra::testing {

class SessionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = open("embedded:" + (folder_ / "store").string());
    ASSERT_TRUE(opened) << opened.error().message;
    session_ = std::move(opened).value();
  }

  static Result<std::unique_ptr<Session>> open(const std::string& url,
                                               IfAbsent if_absent = IfAbsent::kCreate) {
    OPTIINFRA_TRY(const auto connector, make_connector(url, if_absent));
    return connector->connect();
  }

  void run(const std::string& sql) {
    const auto status = session_->execute({.sql = sql});
    ASSERT_TRUE(status) << sql << "\n" << status.error().message;
  }

  /// The answer as tab-separated lines, or "error: ...".
  std::string ask(const Statement& statement) {
    std::string answer;
    const auto summary = session_->query_text(statement, "TSV", [&answer](std::string_view text) {
      answer += text;
      return true;
    });
    return summary ? answer : "error: " + summary.error().message;
  }
  std::string ask(const std::string& sql) { return ask(Statement{.sql = sql}); }

  const TemporaryFolder folder_;
  std::unique_ptr<Session> session_;
};

inline Block numbers(std::vector<std::uint32_t> values) {
  Block block;
  block.add({"a", "UInt32", std::move(values)});
  return block;
}

}  // namespace optiinfra::testing
