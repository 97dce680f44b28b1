// A store of schema version 1, as it was made then (schema_1.sql), brought to this program's version.
#include <gtest/gtest.h>

#include <fstream>

#include "optiinfra/schema/tables.hpp"
#include "store_under_test.hpp"

namespace optiinfra {
namespace {

using std::chrono::days;

class OldStore : public testing::StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (!HasFatalFailure()) make_old();
  }

  void make_old() {
    run("DROP DATABASE IF EXISTS optiinfra SYNC");
    run("CREATE DATABASE optiinfra");
    std::ifstream file(OPTIINFRA_SOURCE_DIR "/store/tests/schema_1.sql");
    const std::string text(std::istreambuf_iterator<char>(file), {});
    std::size_t begin = 0;
    for (std::size_t end; (end = text.find(";\n", begin)) != std::string::npos; begin = end + 2)
      run(text.substr(begin, end - begin));
    run("INSERT INTO optiinfra.schema_migrations (number, name) VALUES (1, 'create')");
    insert_requests(days{1}, 100);
    insert_requests(days{0}, 50);
  }

  void expect_whole(int done) {
    insert_requests(days{0}, 25);
    const VerifyReport report = verified();
    EXPECT_TRUE(report.ok()) << "after a kill behind statement " << done;
    EXPECT_TRUE(report.schema_faults.empty()) << report.schema_faults[0];
    EXPECT_EQ(count("(SELECT sum(request_count) FROM optiinfra.performance_hourly)"), 175u);
    EXPECT_EQ(count("(SELECT count() FROM optiinfra.performance_metrics_ts WHERE generation = 0)"), 175u);
  }
};

TEST_F(OldStore, IsBroughtUpToDateWithItsRows) {
  EXPECT_EQ(expect_current_schema(*session_).error().kind, ErrorKind::kIncompatible);
  const auto report = migrate(*session_);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->version_before, 1u);
  EXPECT_EQ(report->version_after, schema_version_of_program());
  expect_whole(0);
}

TEST_F(OldStore, IsBroughtUpToDateAfterAKillAtAnyStatement) {
  std::vector<std::string> statements;
  for (const Family family : kFamilies) {
    for (auto& sql : add_batches_statements(table_of(family), "optiinfra"))
      statements.push_back(std::move(sql));
  }
  for (std::size_t done = 1; done <= statements.size(); done += 3) {
    make_old();
    for (std::size_t i = 0; i < done; ++i) run(statements[i]);
    migrated();
    expect_whole(static_cast<int>(done));
  }
}

TEST_F(OldStore, BecomesWhatANewStoreIs) {
  const std::string columns =
      "(SELECT sum(cityHash64(table, name, type, default_expression, compression_codec, "
      "is_in_sorting_key)) FROM system.columns WHERE database = 'optiinfra')";
  migrated();
  const std::uint64_t of_old = count(columns);
  run("DROP DATABASE optiinfra SYNC");
  migrated();
  EXPECT_EQ(of_old, count(columns));
}

}  // namespace
}  // namespace optiinfra
