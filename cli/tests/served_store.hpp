/// A server on a folder of its own, and what it is asked by the program.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "optiinfra/testing/server.hpp"
#include "optiinfra/transport/connector.hpp"
#include "program_under_test.hpp"

namespace optiinfra::cli {

inline constexpr const char* kPassword = "correct & horse";

/// Not started yet: start() does, with more flags if any.
class ServedStore : public ::testing::Test {
 protected:
  void start(std::vector<std::string> flags = {}) {
    server = std::make_unique<testing::ServerProcess>(OPTIINFRA_PROGRAM, store(), std::move(flags));
    ASSERT_TRUE(server->is_ready()) << server->failure();
  }

  /// The flags that allow only the user ada, with kPassword.
  std::vector<std::string> with_user() const {
    const std::string file = (folder / "password").string();
    std::ofstream(file) << kPassword << "\n";
    return {"--user", "ada", "--password-file", file};
  }

  std::filesystem::path store() const { return folder / "store"; }

  /// What `sql` answers over native TCP, as CSV; its error where it fails.
  std::string ask(const std::string& sql, const std::string& user = "default") const {
    return ask_url(server->native_url(user), sql);
  }

 public:
  static std::string ask_url(const std::string& url, const std::string& sql) {
    std::string answer;
    const auto connector = make_connector(url, IfAbsent::kFail);
    if (!connector) return connector.error().message;
    auto session = (*connector)->connect();
    if (!session) return session.error().message;
    const auto asked = (*session)->query_text({.sql = sql}, "CSV", [&](std::string_view text) {
      answer += text;
      return true;
    });
    return asked ? answer : asked.error().message;
  }

 protected:
  /// The same of the folder, in a process that opens it.
  std::string ask_embedded(const std::string& sql) const {
    const auto result =
        home.run({"--url", "embedded:" + store().string(), "--output", "csv", "sql", "--write", sql});
    return result.exit_code == 0 ? result.output.substr(result.output.find('\n') + 1) : result.error_output;
  }

  bool is_clean() const { return !std::filesystem::exists(store() / "unclean"); }

  const testing::TemporaryFolder folder;
  const Home home;
  std::unique_ptr<testing::ServerProcess> server;
};

}  // namespace optiinfra::cli
