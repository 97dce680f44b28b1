// What others added to the store's tables is found before it runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optiinfra/store/foreign.hpp"
#include "optiinfra/store/migrate.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "optiinfra/transport/connector.hpp"

namespace optiinfra::store {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Foreign : public ::testing::Test {
 protected:
  void SetUp() override { open("store"); }

  void open(const std::string& name) {
    session_.reset();
    auto session = (*make_connector("embedded:" + (folder_ / name).string(), IfAbsent::kCreate))->connect();
    ASSERT_TRUE(session) << session.error().message;
    session_ = std::move(*session);
    const auto migrated = migrate(*session_);
    ASSERT_TRUE(migrated) << migrated.error().message;
  }

  void run(const std::string& sql) {
    const auto done = session_->execute({.sql = sql});
    ASSERT_TRUE(done) << sql << ": " << done.error().message;
  }

  std::vector<std::string> found() { return find_foreign_objects(*session_).value(); }

  const testing::TemporaryFolder folder_;
  std::unique_ptr<Session> session_;
};

TEST_F(Foreign, IsNothingInAStoreOfOurOwn) {
  EXPECT_THAT(found(), IsEmpty());
  run("ALTER TABLE optiinfra.cost_metrics_ts MODIFY COLUMN generation UInt32 MATERIALIZED 7 CODEC(ZSTD(1))");
  run("ALTER TABLE optiinfra.cost_metrics_ts MODIFY TTL greatest(timestamp + toIntervalDay(14), arrival_hour "
      "+ "
      "toIntervalDay(1))");
  run("CREATE TABLE default.own (a UInt8) ENGINE = Memory");
  run("CREATE VIEW default.asks AS SELECT * FROM optiinfra.cost_hourly");
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(Foreign, IsAViewInAnyDatabaseThatReadsWhatIsInserted) {
  run("CREATE TABLE default.loot (a String) ENGINE = Memory");
  for (const char* table : {"cost_metrics_ts", "cost_metrics_hourly", "import_ledger"}) {
    run("CREATE MATERIALIZED VIEW default.thief TO default.loot AS SELECT file(materialize('/etc/shadow')) "
        "AS a FROM "
        "optiinfra." +
        std::string(table));
    EXPECT_THAT(found(),
                ElementsAre(AllOf(HasSubstr("`default`.`thief`"), HasSubstr(table), HasSubstr("DROP VIEW"))));
    const auto refused = expect_no_foreign_objects(*session_);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::kIncompatible);
    run("DROP VIEW default.thief SYNC");
  }
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(Foreign, IsAColumnADefaultATtlAConstraintAnIndexAndAProjection) {
  const std::pair<const char*, const char*> planted[] = {
      {"ADD COLUMN leak String MATERIALIZED file(concat('/etc/hos', substring(model_name, 1, 0), 'tname'))",
       "leak"},
      {"ADD COLUMN leak String DEFAULT upper(model_name)", "leak"},
      {"ADD COLUMN leak String ALIAS file('/etc/hostname')", "leak"},
      {"ADD COLUMN leak String EPHEMERAL upper('a')", "leak"},
      {"MODIFY COLUMN hallucination_detected DEFAULT length(file('/etc/hostname'))", "file"},
      {"MODIFY COLUMN latency_ms TTL timestamp + toIntervalDay(ascii(model_name))", "ascii"},
      {"ADD CONSTRAINT looks CHECK length(file(materialize('/etc/hostname'))) > 0", "looks"},
      {"ADD INDEX looks length(model_name) TYPE minmax", "INDEX"},
      {"ADD PROJECTION looks (SELECT upper(model_name) ORDER BY model_name)", "looks"}};
  int count = 0;
  for (const auto& [sql, word] : planted) {
    open(std::to_string(++count));
    const auto done =
        session_->execute({.sql = "ALTER TABLE optiinfra.quality_metrics_ts " + std::string(sql)});
    ASSERT_TRUE(done) << sql << ": " << done.error().message;
    EXPECT_THAT(found(), ElementsAre(AllOf(HasSubstr(word), HasSubstr("quality_metrics_ts")))) << sql;
  }
}

TEST_F(Foreign, IsAViewOfOursWithAnotherText) {
  run("DROP VIEW optiinfra.cost_hourly SYNC");
  run("CREATE VIEW optiinfra.cost_hourly (hour DateTime('UTC')) AS SELECT now() AS hour FROM "
      "url('http://127.0.0.1:1/', 'LineAsString', 'a String')");
  EXPECT_THAT(found(), ElementsAre(AllOf(HasSubstr("optiinfra.cost_hourly"), HasSubstr("'url'"))));
}

}  // namespace
}  // namespace optiinfra::store
