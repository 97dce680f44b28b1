/// A new store with one open session, and the short forms that the cases need.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "endpoint.hpp"
#include "optiinfra/transport/connector.hpp"
#include "to_lines.hpp"

namespace optiinfra::testing {

/// In SQL that a case hands over, "@." stands for the store's database and a dot.
class StoreTest : public ::testing::TestWithParam<EndpointKind> {
 protected:
  void SetUp() override;
  void TearDown() override;

  const Capabilities& can() const { return GetParam().can; }

  Result<std::unique_ptr<Session>> open() const { return open(url_); }
  static Result<std::unique_ptr<Session>> open(const StoreUrl& url);

  /// `sql` with the database's name.
  std::string in(std::string sql) const;
  Statement in(Statement statement) const;

  void run(const std::string& sql);

  /// The answer as lines of values with tabs between them, or "error: ...".
  std::string ask(const Statement& statement) { return ask(*session_, statement); }
  std::string ask(const std::string& sql) { return ask(Statement{.sql = sql}); }
  std::string ask(Session& session, const Statement& statement) const;

  /// The answer in one of the engine's formats, or "error: ...".
  std::string ask_text(const std::string& sql, std::string_view format);

  Result<InsertSummary> insert(const std::string& table, const Block& block, const std::string& token = {});

  /// Holds Error::connection_usable to its word: true, the session answers; false, a new one does.
  void expect_to_go_on_after(const Error& error);

  StoreUrl url_;
  std::unique_ptr<Session> session_;
};

inline Block numbers(std::vector<std::uint32_t> values) {
  Block block;
  block.add({"a", "UInt32", std::move(values)});
  return block;
}

inline Block texts(const std::vector<std::string>& values) {
  Strings strings;
  for (const std::string& value : values) strings.append(value);
  Block block;
  block.add({"a", "String", std::move(strings)});
  return block;
}

/// Memory of this process that is resident now.
std::size_t resident_bytes();

}  // namespace optiinfra::testing
