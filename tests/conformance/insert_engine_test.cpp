// Inserts, over every kind of store.
#include <gmock/gmock.h>

#include <thread>

#include "store_test.hpp"

namespace optiinfra {
namespace {

using ::testing::HasSubstr;
using testing::numbers;
using testing::texts;

class Insert : public testing::StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (HasFatalFailure()) return;
    run("CREATE TABLE @.t (a UInt32, b String DEFAULT 'none') ENGINE = MergeTree ORDER BY a "
        "SETTINGS non_replicated_deduplication_window = 100");
  }

  void make_view(const std::string& settings = "") {
    run("CREATE TABLE @.sums (k UInt8, s UInt64) ENGINE = SummingMergeTree ORDER BY k" + settings);
    run("CREATE MATERIALIZED VIEW @.v TO @.sums AS SELECT 1 AS k, sum(a) AS s FROM @.t GROUP BY k");
  }
};
INSTANTIATE_TEST_SUITE_P(Over, Insert, ::testing::ValuesIn(testing::all_endpoints()), testing::name_of);

TEST_P(Insert, StoresABlockByColumnNameAndFillsDefaults) {
  const auto inserted = insert("@.t", numbers({1, 2, 3}));
  ASSERT_TRUE(inserted) << inserted.error().message;
  EXPECT_EQ(inserted->rows_written, 3u);
  EXPECT_EQ(ask("SELECT a, b FROM @.t ORDER BY a"), "1\tnone\n2\tnone\n3\tnone\n");
}

TEST_P(Insert, TakesColumnsInAnyOrder) {
  Strings words;
  words.append("one"), words.append("two");
  Block block;
  block.add({"b", "String", std::move(words)});
  block.add({"a", "UInt32", std::vector<std::uint32_t>{1, 2}});
  ASSERT_TRUE(insert("@.t", block));
  EXPECT_EQ(ask("SELECT a, b FROM @.t ORDER BY a"), "1\tone\n2\ttwo\n");
}

TEST_P(Insert, OfAnEmptyBlockSendsNothing) {
  const auto inserted = insert("@.nowhere", numbers({}));
  ASSERT_TRUE(inserted) << inserted.error().message;
  EXPECT_EQ(inserted->rows_written, 0u);
  EXPECT_TRUE(insert("@.nowhere", Block{}));
}

TEST_P(Insert, IntoAnUnknownTableOrColumnAppliesNothing) {
  const auto table = insert("@.nowhere", numbers({1}));
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().kind, ErrorKind::kRejected) << table.error().message;
  EXPECT_EQ(table.error().server_code, 60);
  EXPECT_EQ(table.error().applied, Applied::kNo);
  expect_to_go_on_after(table.error());
  Block block;
  block.add({"missing", "UInt32", std::vector<std::uint32_t>{1}});
  const auto column = insert("@.t", block);
  ASSERT_FALSE(column);
  EXPECT_EQ(column.error().kind, ErrorKind::kRejected) << column.error().message;
  EXPECT_EQ(column.error().applied, Applied::kNo);
  EXPECT_THAT(column.error().message, HasSubstr("missing"));
  expect_to_go_on_after(column.error());
  EXPECT_EQ(ask("SELECT count() FROM @.t"), "0\n");
}

TEST_P(Insert, OfTextThatIsNoNumberStoresNothing) {
  const auto inserted = insert("@.t", texts({"1", "2", "three"}));
  ASSERT_FALSE(inserted);
  EXPECT_EQ(inserted.error().kind, ErrorKind::kRejected) << inserted.error().message;
  expect_to_go_on_after(inserted.error());
  EXPECT_EQ(ask("SELECT count() FROM @.t"), "0\n");
  EXPECT_TRUE(insert("@.t", numbers({1})));
}

TEST_P(Insert, ThatFailsWhileItIsSentEndsWithTheEnginesReason) {
  const auto inserted = insert("@.t", texts(std::vector<std::string>(3'000'000, "no number at all")));
  ASSERT_FALSE(inserted);
  EXPECT_EQ(inserted.error().kind, ErrorKind::kRejected) << inserted.error().message;
  EXPECT_NE(inserted.error().server_code, 0) << inserted.error().message;
  expect_to_go_on_after(inserted.error());
  EXPECT_EQ(ask("SELECT count() FROM @.t"), "0\n");
}

TEST_P(Insert, ThatTakesTooLongMayBeAppliedAndEndsNearItsBudget) {
  run("CREATE TABLE @.slow (a UInt32) ENGINE = MergeTree ORDER BY a");
  run("CREATE MATERIALIZED VIEW @.v TO @.slow AS SELECT a + sleepEachRow(0.05) AS a FROM @.t");
  const auto begin = std::chrono::steady_clock::now();
  const auto inserted = session_->insert({.table = in("@.t"), .timeout = std::chrono::milliseconds(200)},
                                         numbers(std::vector<std::uint32_t>(40, 1)));
  ASSERT_FALSE(inserted);
  EXPECT_EQ(inserted.error().kind, ErrorKind::kTimeout) << inserted.error().message;
  EXPECT_EQ(inserted.error().applied, Applied::kUnknown);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  expect_to_go_on_after(inserted.error());
}

TEST_P(Insert, FromSeveralSessionsAtOnceStoresEveryRow) {
  constexpr int kSessions = 4, kInserts = 20;
  std::vector<std::thread> threads;
  for (int i = 0; i < kSessions; ++i) {
    threads.emplace_back([this] {
      auto session = open();
      ASSERT_TRUE(session) << session.error().message;
      for (int round = 0; round < kInserts; ++round)
        EXPECT_TRUE((*session)->insert({.table = in("@.t")}, numbers({1, 2, 3})));
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(ask("SELECT count() FROM @.t"), std::to_string(kSessions * kInserts * 3) + "\n");
}

TEST_P(Insert, WithTheSameTokenStoresOnceInViewsToo) {
  make_view(" SETTINGS non_replicated_deduplication_window = 100");
  const auto store = [this](const char* token) {
    const InsertStatement statement{
        .table = in("@.t"),
        .deduplication_token = token,
        .settings = {{"deduplicate_insert", "enable"},
                     {"deduplicate_blocks_in_dependent_materialized_views", "1"}}};
    const auto inserted = session_->insert(statement, numbers({1, 2}));
    ASSERT_TRUE(inserted) << inserted.error().message;
  };
  store("it's \"one\" & only"), store("it's \"one\" & only");
  EXPECT_EQ(ask("SELECT count() FROM @.t"), "2\n");
  EXPECT_EQ(ask("SELECT sum(s) FROM @.sums"), "3\n");
  store("two");
  EXPECT_EQ(ask("SELECT count() FROM @.t"), "4\n");
  EXPECT_EQ(ask("SELECT sum(s) FROM @.sums"), "6\n");
}

TEST_P(Insert, WithTheSameTokenInAnotherSessionStoresOnce) {
  ASSERT_TRUE(insert("@.t", numbers({1, 2}), "one"));
  const auto other = open();
  ASSERT_TRUE(other) << other.error().message;
  ASSERT_TRUE((*other)->insert({.table = in("@.t"), .deduplication_token = "one"}, numbers({1, 2})));
  EXPECT_EQ(ask("SELECT count() FROM @.t"), "2\n");
}

TEST_P(Insert, WithoutATokenStoresEqualBlocksEveryTimeInViewsToo) {
  make_view(" SETTINGS non_replicated_deduplication_window = 100");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(insert("@.t", numbers({1, 2})));
  EXPECT_EQ(ask("SELECT count() FROM @.t"), "6\n");
  EXPECT_EQ(ask("SELECT sum(s) FROM @.sums"), "9\n");
}

TEST_P(Insert, AppliesItsOwnSettings) {
  const InsertStatement statement{.table = in("@.t"), .settings = {{"readonly", "1"}}};
  const auto inserted = session_->insert(statement, numbers({1}));
  ASSERT_FALSE(inserted);
  EXPECT_EQ(inserted.error().kind, ErrorKind::kRejected) << inserted.error().message;
  expect_to_go_on_after(inserted.error());
  EXPECT_TRUE(insert("@.t", numbers({1})));
}

TEST_P(Insert, QuotesColumnNames) {
  run("CREATE TABLE @.strange (`a, b` UInt32, `c``d` UInt32) ENGINE = Memory");
  Block block;
  block.add({"c`d", "UInt32", std::vector<std::uint32_t>{2}});
  block.add({"a, b", "UInt32", std::vector<std::uint32_t>{1}});
  const auto inserted = insert("@.strange", block);
  ASSERT_TRUE(inserted) << inserted.error().message;
  EXPECT_EQ(ask("SELECT * FROM @.strange"), "1\t2\n");
}

TEST_P(Insert, KeepsALargeBlockInOnePart) {
  std::vector<std::uint32_t> values(3'000'000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::uint32_t>(i);
  const auto inserted = insert("@.t", numbers(std::move(values)));
  ASSERT_TRUE(inserted) << inserted.error().message;
  EXPECT_EQ(ask({.sql = "SELECT count(), sum(rows), max(level) FROM system.parts "
                        "WHERE database = {d:String} AND table = 't' AND active",
                 .parameters = {{"d", url_.database}}}),
            "1\t3000000\t0\n");
}

TEST_P(Insert, FeedsViewsAndCountsTheirRows) {
  make_view();
  const auto inserted = insert("@.t", numbers({1, 2, 3}));
  ASSERT_TRUE(inserted) << inserted.error().message;
  EXPECT_EQ(inserted->rows_written, 4u);
  EXPECT_EQ(ask("SELECT s FROM @.sums"), "6\n");
}

TEST_P(Insert, WhoseViewThrowsIsAnErrorThatARetryRepairs) {
  make_view(" SETTINGS non_replicated_deduplication_window = 100");
  run("CREATE MATERIALIZED VIEW @.w TO @.sums AS "
      "SELECT toUInt8(2) AS k, toUInt64(throwIf(a = 2, 'planted')) AS s FROM @.t");
  const InsertStatement statement{.table = in("@.t"),
                                  .deduplication_token = "one",
                                  .settings = {{"deduplicate_insert", "enable"},
                                               {"deduplicate_blocks_in_dependent_materialized_views", "1"}}};
  const auto refused = session_->insert(statement, numbers({1, 2}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().server_code, 395) << refused.error().message;
  EXPECT_EQ(refused.error().applied, Applied::kUnknown) << "the raw part may be there";
  expect_to_go_on_after(refused.error());
  run("DROP TABLE @.w");
  const auto retried = session_->insert(statement, numbers({1, 2}));
  ASSERT_TRUE(retried) << retried.error().message;
  EXPECT_EQ(ask("SELECT count() FROM @.t"), "2\n");
  EXPECT_EQ(ask("SELECT sum(s) FROM @.sums WHERE k = 1"), "3\n");
}

}  // namespace
}  // namespace optiinfra
