/// A new embedded store with one open session, and the short forms that tests of the store need.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "optiinfra/store/migrate.hpp"
#include "optiinfra/store/verify.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "optiinfra/transport/connector.hpp"

namespace optiinfra::testing {

class StoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    connector_ = *make_connector("embedded:" + store_path().string(), IfAbsent::kCreate);
    open();
  }

  std::filesystem::path store_path() const { return folder_ / "store"; }

  void open() {
    auto session = connector_->connect();
    ASSERT_TRUE(session) << session.error().message;
    session_ = std::move(session).value();
  }

  void run(const std::string& sql) {
    const auto done = session_->execute({.sql = sql});
    ASSERT_TRUE(done) << sql << "\n" << done.error().message;
  }

  void migrated() {
    const auto report = store::migrate(*session_);
    ASSERT_TRUE(report) << report.error().message;
  }

  std::uint64_t count(const std::string& from) {
    std::uint64_t rows = 0;
    const auto asked =
        session_->query({.sql = "SELECT toUInt64(assumeNotNull(" + from + "))"}, [&](const Block& block) {
          rows = (*block.values<std::vector<std::uint64_t>>(0))[0];
          return true;
        });
    EXPECT_TRUE(asked) << from << "\n" << asked.error().message;
    return rows;
  }

  /// `rows` requests in the hour that holds now minus `age`.
  void insert_requests(std::chrono::days age, int rows) {
    run("INSERT INTO optiinfra.performance_metrics_ts (timestamp, customer_id, service_id, latency_ms) "
        "SELECT toStartOfHour(now()) - toIntervalDay(" +
        std::to_string(age.count()) +
        "), toUUID('550e8400-e29b-41d4-a716-446655440000'), toUUID('650e8400-e29b-41d4-a716-446655440000'), "
        "number + 1 FROM numbers(" +
        std::to_string(rows) + ")");
  }

  store::VerifyReport verified() {
    auto report = store::verify(*session_);
    EXPECT_TRUE(report) << report.error().message;
    return report ? *report : store::VerifyReport{};
  }

  const TemporaryFolder folder_;
  std::shared_ptr<Connector> connector_;
  std::unique_ptr<Session> session_;
};

/// The same with the schema in it, made once for all tests of the program.
class MigratedStoreTest : public StoreTest {
 protected:
  void SetUp() override {
    namespace fs = std::filesystem;
    static const TemporaryFolder made;
    if (!fs::exists(made / "store")) {
      auto connector = *make_connector("embedded:" + (made / "store").string(), IfAbsent::kCreate);
      auto session = connector->connect();
      ASSERT_TRUE(session) << session.error().message;
      ASSERT_TRUE(store::migrate(**session));
    }
    fs::copy(made / "store", store_path(), fs::copy_options::recursive | fs::copy_options::copy_symlinks);
    StoreTest::SetUp();
  }
};

}  // namespace optiinfra::testing
