#include "shards.hpp"

#include <gtest/gtest.h>

#include <latch>
#include <random>
#include <set>

#include "block_insert.hpp"
#include "fake_store.hpp"

namespace optiinfra {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kRows = 3'000;

store::Cluster three_shards() {
  return {"fleet",
          "optiinfra_shard",
          {{1, 1, {{"db1", 9000}}}, {2, 3, {{"db2", 9000}}}, {3, 2, {{"db3", 9000}}}}};
}

/// Requests of many services over three days.
PerformanceBatch requests() {
  std::mt19937 random(11);
  PerformanceBatch batch;
  for (std::size_t i = 0; i < kRows; ++i) {
    PerformanceMetric row;
    row.timestamp = sys_seconds{std::chrono::seconds{1'700'000'000 + random() % (3 * 86'400)}};
    row.customer_id = {1, random() % 4};
    row.service_id = {2, random() % 10};
    batch.append(row);
  }
  return batch;
}

class OnThreeShards : public ::testing::Test {
 protected:
  void make(const std::string& url, store::ClusterStore store = {three_shards()}) {
    urls_.clear();
    auto opened = Shards::make(*parse_store_url(url), std::move(store), entry_pool_, [&](const StoreUrl& to) {
      urls_.push_back(to);
      stores_[urls_.size() - 1]->database = to.database;
      return Result<std::shared_ptr<Connector>>(std::make_shared<FakeConnector>(stores_[urls_.size() - 1]));
    });
    ASSERT_TRUE(opened) << opened.error().message;
    shards_ = std::move(opened).value();
  }

  Result<std::size_t> insert(const PerformanceBatch& batch, const std::string& token = "call") {
    const auto places = shards_of<PerformanceMetric>(batch, shards_->placement());
    auto plans = split_by_shard(plan_insert<PerformanceMetric>(batch, {}), places, 3);
    std::vector<PartInsert> parts;
    for (std::size_t i = 0; i < 3; ++i) parts.push_back({&shards_->routes()[i], std::move(plans[i])});
    OPTIINFRA_TRY(const Inserted inserted,
                  insert_parts({.table = "performance_metrics_ts",
                                .token = token,
                                .budget = {2s},
                                .log = &log_,
                                .gather = [&](auto rows,
                                              Block) { return gather_block<PerformanceMetric>(batch, rows); },
                                .spares = &spares_},
                               parts));
    return inserted.rows;
  }

  std::vector<std::size_t> expected_rows(const PerformanceBatch& batch) {
    std::vector<std::size_t> rows(3);
    for (const std::uint32_t shard : shards_of<PerformanceMetric>(batch, shards_->placement())) ++rows[shard];
    return rows;
  }

  std::shared_ptr<FakeStore> stores_[3] = {std::make_shared<FakeStore>(), std::make_shared<FakeStore>(),
                                           std::make_shared<FakeStore>()};
  std::shared_ptr<FakeStore> entry_ = std::make_shared<FakeStore>();
  const LogSink log_;
  SessionPool entry_pool_{std::make_shared<FakeConnector>(entry_)};
  SpareBlocks spares_;
  std::vector<StoreUrl> urls_;
  std::unique_ptr<Shards> shards_;
};

TEST_F(OnThreeShards, EachShardIsReachedAsTheUrlIsAtTheAddressThatTheServersKnow) {
  make("clickhouses://ada:secret@entry:9440/optiinfra?compression=zstd");
  ASSERT_EQ(urls_.size(), 3u);
  EXPECT_EQ(urls_[1].hosts, (std::vector<Endpoint>{{"db2", 9000}}));
  EXPECT_EQ(urls_[1].database, "optiinfra_shard");
  EXPECT_EQ(urls_[1].protocol, Protocol::kNativeTls);
  EXPECT_EQ(urls_[1].password, "secret");
  EXPECT_EQ(urls_[1].compression, Compression::kZstd);
}

TEST_F(OnThreeShards, EveryRowGoesStraightToTheShardThatItsHashNames) {
  make("clickhouse://db1/optiinfra");
  const auto batch = requests();
  const auto stored = insert(batch);
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(*stored, kRows);
  const auto expected = expected_rows(batch);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_GT(expected[i], 0u);
    EXPECT_EQ(stores_[i]->rows(), expected[i]) << "shard " << i + 1;
    for (const auto& each : stores_[i]->inserts)
      EXPECT_EQ(each.statement.table, "optiinfra_shard.performance_metrics_ts");
  }
  EXPECT_EQ(entry_->rows(), 0u);
}

TEST_F(OnThreeShards, BlocksHaveTheSameTokensWhenACallIsRepeated) {
  make("clickhouse://db1/optiinfra");
  const auto batch = requests();
  ASSERT_TRUE(insert(batch));
  const auto once = stores_[1]->tokens();
  std::set<std::string> days;
  for (const std::uint32_t seconds : batch.timestamp)
    days.insert("call:2:" + format_time(sys_seconds{std::chrono::seconds{seconds}}).substr(0, 10));
  for (const auto& [token, rows] : once) EXPECT_TRUE(days.contains(token)) << token;
  EXPECT_EQ(once.size(), days.size()) << "a block for each day";
  ASSERT_TRUE(insert(batch));
  for (const auto& [token, rows] : stores_[1]->tokens()) EXPECT_EQ(rows, 2 * once.at(token)) << token;
}

TEST_F(OnThreeShards, AShardThatIsDownIsNamedAndTheRowsOfTheOthersAreStored) {
  make("clickhouse://db1/optiinfra");
  stores_[1]->before_connect = [] {
    return Result<void>(Error{ErrorKind::kUnavailable, "connection refused", Applied::kNo, false});
  };
  const auto batch = requests();
  const auto failed = insert(batch);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(failed.error().applied, Applied::kUnknown) << "the other rows are stored";
  const auto expected = expected_rows(batch);
  EXPECT_EQ(failed.error().message, "shard 2 of fleet (db2:9000): connection refused; 0 of its " +
                                        std::to_string(expected[1]) + " rows are known to be stored; the " +
                                        std::to_string(expected[0] + expected[2]) +
                                        " rows of the other shards are stored");
  EXPECT_EQ(stores_[0]->rows(), expected[0]);
  EXPECT_EQ(stores_[1]->rows(), 0u);
  EXPECT_EQ(stores_[2]->rows(), expected[2]);
}

TEST_F(OnThreeShards, AShardThatHangsDoesNotKeepTheOthersWaiting) {
  make("clickhouse://db1/optiinfra");
  std::latch others(2);
  stores_[0]->before_insert = [&, first = true](const auto&) mutable {
    if (std::exchange(first, false)) others.wait();
    return Result<void>{};
  };
  for (const int i : {1, 2}) {
    stores_[i]->before_insert = [&, first = true](const auto&) mutable {
      if (std::exchange(first, false)) others.count_down();
      return Result<void>{};
    };
  }
  EXPECT_TRUE(insert(requests()));
}

TEST_F(OnThreeShards, ABlockOfUnknownOutcomeIsRepeatedUnderItsToken) {
  make("clickhouse://db1/optiinfra");
  std::vector<std::string> tried;
  stores_[2]->before_insert = [&](const InsertStatement& statement) {
    tried.push_back(statement.deduplication_token);
    if (tried.size() == 1)
      return Result<void>(Error{ErrorKind::kTimeout, "cut off", Applied::kUnknown, false});
    return Result<void>{};
  };
  EXPECT_TRUE(insert(requests()));
  ASSERT_GE(tried.size(), 2u);
  EXPECT_EQ(tried[0], tried[1]);
}

TEST_F(OnThreeShards, OverHttpTheHostOfTheUrlHandsEachBlockToTheShardWeName) {
  make("http://entry/optiinfra");
  ASSERT_EQ(urls_.size(), 1u);
  EXPECT_EQ(urls_[0].database, "optiinfra_shard") << "for what its tables say, their retention";
  EXPECT_EQ(urls_[0].hosts, (std::vector<Endpoint>{{"entry", 8123}}));
  ASSERT_TRUE(insert(requests()));
  EXPECT_EQ(entry_->rows(), kRows);
  for (const auto& each : entry_->inserts) {
    EXPECT_EQ(each.statement.table, "optiinfra.performance_metrics_ts");
    const std::string shard = each.statement.deduplication_token.substr(5, 1);
    const auto& settings = each.statement.settings;
    EXPECT_NE(std::find(settings.begin(), settings.end(), NamedValue("insert_shard_id", shard)),
              settings.end());
    EXPECT_NE(std::find(settings.begin(), settings.end(), NamedValue("distributed_foreground_insert", "1")),
              settings.end());
  }
  const auto each = shards_->with_each({1s}, [](Session&, const store::Shard&) { return Result<void>{}; });
  ASSERT_FALSE(each);
  EXPECT_NE(each.error().message.find("clickhouse://"), std::string::npos);
  EXPECT_TRUE(shards_->with_any({1s}, [](Session&) { return Result<void>{}; }));
}

TEST_F(OnThreeShards, AQuestionAsksOnlyTheShardOfItsKeyUntilTheClusterHasBeenResized) {
  make("clickhouse://db1/optiinfra");
  EXPECT_EQ(shards_->question_settings()[0], NamedValue("optimize_skip_unused_shards", "1"));
  make("clickhouse://db1/optiinfra", {three_shards(), true});
  EXPECT_EQ(shards_->question_settings()[0], NamedValue("optimize_skip_unused_shards", "0"));
}

TEST_F(OnThreeShards, WhatConcernsTablesIsAskedOfEachShardInTurn) {
  make("clickhouse://db1/optiinfra");
  std::vector<std::uint32_t> asked;
  EXPECT_TRUE(shards_->with_each({1s}, [&](Session&, const store::Shard& shard) {
    asked.push_back(shard.number);
    return Result<void>{};
  }));
  EXPECT_EQ(asked, (std::vector<std::uint32_t>{1, 2, 3}));
  stores_[0]->before_connect = [] { return Result<void>(Error{ErrorKind::kUnavailable, "gone"}); };
  make("clickhouse://db1/optiinfra");
  const auto failed = shards_->with_each({1s}, [](Session&, const store::Shard&) { return Result<void>{}; });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "shard 1 of fleet (db1:9000): gone");
  EXPECT_TRUE(shards_->with_any({1s}, [](Session&) { return Result<void>{}; })) << "another shard answers";
}

TEST(SplitByShard, KeepsEveryRowOnceInOrderWithTheBordersOfDays) {
  const auto batch = requests();
  const InsertPlan plan = plan_insert<PerformanceMetric>(batch, {});
  const auto places = shards_of<PerformanceMetric>(batch, *three_shards().placement());
  const auto parts = split_by_shard(plan, places, 3);
  std::vector<std::uint32_t> seen;
  for (std::size_t shard = 0; shard < parts.size(); ++shard) {
    const InsertPlan& part = parts[shard];
    EXPECT_EQ(part.block_ends.back(), part.rows.size());
    std::size_t begin = 0;
    for (const std::size_t end : part.block_ends) {
      ASSERT_LT(begin, end);
      for (std::size_t i = begin; i < end; ++i) {
        EXPECT_EQ(places[part.rows[i]], shard);
        EXPECT_EQ(batch.timestamp[part.rows[i]] / 86'400, batch.timestamp[part.rows[begin]] / 86'400);
      }
      begin = end;
    }
    seen.insert(seen.end(), part.rows.begin(), part.rows.end());
  }
  std::sort(seen.begin(), seen.end());
  for (std::uint32_t row = 0; row < kRows; ++row) ASSERT_EQ(seen[row], row);
  EXPECT_EQ(seen.size(), kRows);
}

}  // namespace
}  // namespace optiinfra
