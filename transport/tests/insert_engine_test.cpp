#include <thread>

#include "embedded/engine.hpp"
#include "embedded/insert_stream.hpp"
#include "optiinfra/codec/native.hpp"
#include "session.hpp"

namespace optiinfra {
namespace {

using testing::numbers;

class Insert : public testing::SessionTest {
 protected:
  void SetUp() override {
    SessionTest::SetUp();
    if (HasFatalFailure()) return;
    run("CREATE TABLE t (a UInt32, b String DEFAULT 'none') ENGINE = MergeTree ORDER BY a "
        "SETTINGS non_replicated_deduplication_window = 100");
  }
};

TEST_F(Insert, StoresABlockByColumnNameAndFillsDefaults) {
  const auto inserted = session_->insert({.table = "t"}, numbers({1, 2, 3}));
  ASSERT_TRUE(inserted) << inserted.error().message;
  EXPECT_EQ(inserted->rows_written, 3u);
  EXPECT_EQ(ask("SELECT a, b FROM t ORDER BY a"), "1\tnone\n2\tnone\n3\tnone\n");
}

TEST_F(Insert, OfAnEmptyBlockSendsNothing) {
  const auto inserted = session_->insert({.table = "nowhere"}, numbers({}));
  ASSERT_TRUE(inserted) << inserted.error().message;
  EXPECT_EQ(inserted->rows_written, 0u);
  EXPECT_TRUE(session_->insert({.table = "nowhere"}, Block{}));
}

TEST_F(Insert, IntoAnUnknownTableOrColumnAppliesNothing) {
  const auto table = session_->insert({.table = "nowhere"}, numbers({1}));
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().server_code, 60);
  EXPECT_EQ(table.error().applied, Applied::kNo);
  Block block;
  block.add({"missing", "UInt32", std::vector<std::uint32_t>{1}});
  const auto column = session_->insert({.table = "t"}, block);
  ASSERT_FALSE(column);
  EXPECT_EQ(column.error().kind, ErrorKind::kRejected);
  EXPECT_EQ(column.error().applied, Applied::kNo);
  EXPECT_NE(column.error().message.find("missing"), std::string::npos);
  EXPECT_EQ(ask("SELECT count() FROM t"), "0\n");
}

TEST_F(Insert, OfTextThatIsNoNumberStoresNothing) {
  Strings values;
  for (const char* text : {"1", "2", "three"}) values.append(text);
  Block block;
  block.add({"a", "String", std::move(values)});
  const auto inserted = session_->insert({.table = "t"}, block);
  ASSERT_FALSE(inserted);
  EXPECT_EQ(inserted.error().kind, ErrorKind::kRejected);
  EXPECT_EQ(ask("SELECT count() FROM t"), "0\n");
  EXPECT_TRUE(session_->insert({.table = "t"}, numbers({1})));
}

TEST_F(Insert, ThatFailsWhileItIsSentEndsWithTheEnginesReason) {
  Strings values;
  for (int i = 0; i < 3'000'000; ++i) values.append("no number at all");
  Block block;
  block.add({"a", "String", std::move(values)});
  const auto inserted = session_->insert({.table = "t"}, block);
  ASSERT_FALSE(inserted);
  EXPECT_EQ(inserted.error().kind, ErrorKind::kRejected);
  EXPECT_NE(inserted.error().server_code, 0) << inserted.error().message;
  EXPECT_EQ(ask("SELECT count() FROM t"), "0\n");
}

TEST_F(Insert, ThatTakesTooLongMayBeAppliedAndLeavesTheSessionUsable) {
  run("CREATE TABLE slow (a UInt32) ENGINE = MergeTree ORDER BY a");
  run("CREATE MATERIALIZED VIEW v TO slow AS SELECT a + sleepEachRow(0.05) AS a FROM t");
  const auto inserted = session_->insert({.table = "t", .timeout = std::chrono::milliseconds(200)},
                                         numbers(std::vector<std::uint32_t>(40, 1)));
  ASSERT_FALSE(inserted);
  EXPECT_EQ(inserted.error().kind, ErrorKind::kTimeout) << inserted.error().message;
  EXPECT_EQ(inserted.error().applied, Applied::kUnknown);
  EXPECT_EQ(ask("SELECT 7"), "7\n");
}

TEST_F(Insert, FromSeveralSessionsAtOnceStoresEveryRow) {
  constexpr int kSessions = 4, kInserts = 20;
  std::vector<std::thread> threads;
  for (int i = 0; i < kSessions; ++i) {
    threads.emplace_back([this] {
      auto session = open("embedded:" + (folder_ / "store").string());
      ASSERT_TRUE(session) << session.error().message;
      for (int round = 0; round < kInserts; ++round)
        EXPECT_TRUE((*session)->insert({.table = "t"}, numbers({1, 2, 3})));
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(ask("SELECT count() FROM t"), std::to_string(kSessions * kInserts * 3) + "\n");
}

TEST_F(Insert, WithTheSameTokenStoresOnce) {
  const InsertStatement first{.table = "t", .deduplication_token = "it's one"},
      second{.table = "t", .deduplication_token = "two"};
  ASSERT_TRUE(session_->insert(first, numbers({1, 2})));
  ASSERT_TRUE(session_->insert(first, numbers({1, 2})));
  EXPECT_EQ(ask("SELECT count() FROM t"), "2\n");
  ASSERT_TRUE(session_->insert(second, numbers({1, 2})));
  EXPECT_EQ(ask("SELECT count() FROM t"), "4\n");
}

TEST_F(Insert, WithoutATokenStoresEqualBlocksEveryTimeInViewsToo) {
  run("CREATE TABLE sums (k UInt8, s UInt64) ENGINE = SummingMergeTree ORDER BY k "
      "SETTINGS non_replicated_deduplication_window = 100");
  run("CREATE MATERIALIZED VIEW v TO sums AS SELECT 1 AS k, sum(a) AS s FROM t GROUP BY k");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(session_->insert({.table = "t"}, numbers({1, 2})));
  EXPECT_EQ(ask("SELECT count() FROM t"), "6\n");
  EXPECT_EQ(ask("SELECT sum(s) FROM sums"), "9\n");
}

TEST_F(Insert, QuotesColumnNames) {
  run("CREATE TABLE strange (`a, b` UInt32, `c``d` UInt32) ENGINE = Memory");
  Block block;
  block.add({"c`d", "UInt32", std::vector<std::uint32_t>{2}});
  block.add({"a, b", "UInt32", std::vector<std::uint32_t>{1}});
  const auto inserted = session_->insert({.table = "strange"}, block);
  ASSERT_TRUE(inserted) << inserted.error().message;
  EXPECT_EQ(ask("SELECT * FROM strange"), "1\t2\n");
}

TEST_F(Insert, KeepsALargeBlockInOnePart) {
  std::vector<std::uint32_t> values(3'000'000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::uint32_t>(i);
  ASSERT_TRUE(session_->insert({.table = "t"}, numbers(std::move(values))));
  EXPECT_EQ(ask("SELECT count(), sum(rows) FROM system.parts WHERE table = 't' AND active"), "1\t3000000\n");
}

TEST_F(Insert, ThatIsAbandonedStoresNothing) {
  std::string bytes;
  const auto sink = [&bytes](std::span<const std::byte> piece) -> Result<void> {
    bytes.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return {};
  };
  ASSERT_TRUE(write_native(numbers(std::vector<std::uint32_t>(500'000, 7)), sink));
  const auto connection = embedded::Connection::open(folder_ / "store", IfAbsent::kFail);
  ASSERT_TRUE(connection) << connection.error().message;
  for (const std::size_t size : {std::size_t{0}, std::size_t{5}, bytes.size() / 2, bytes.size()}) {
    auto stream = embedded::InsertStream::open(*connection, "INSERT INTO t (a)");
    ASSERT_TRUE(stream) << stream.error().message;
    ASSERT_TRUE(stream->append(std::as_bytes(std::span(bytes.data(), size))));
  }
  EXPECT_EQ(ask("SELECT count() FROM t"), "0\n");
  EXPECT_TRUE(session_->insert({.table = "t"}, numbers({1})));
  EXPECT_EQ(ask("SELECT count() FROM t"), "1\n");
}

TEST_F(Insert, FeedsViewsAndCountsTheirRows) {
  run("CREATE TABLE sums (k UInt8, s UInt64) ENGINE = SummingMergeTree ORDER BY k");
  run("CREATE MATERIALIZED VIEW v TO sums AS SELECT 1 AS k, sum(a) AS s FROM t GROUP BY k");
  const auto inserted = session_->insert({.table = "t"}, numbers({1, 2, 3}));
  ASSERT_TRUE(inserted) << inserted.error().message;
  EXPECT_EQ(inserted->rows_written, 4u);
  EXPECT_EQ(ask("SELECT s FROM sums"), "6\n");
}

}  // namespace
}  // namespace optiinfra
