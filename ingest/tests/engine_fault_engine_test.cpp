// The engine's own faults (docs/reliability.md, "Engine faults") met by a writer: it goes on by itself once
// the cause is gone, every row is there once, and the rollup says the same. The same for a producer that
// hands its rows over again when the engine has forgotten their token, or believes to know it and is wrong.
#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <thread>

#include "optiinfra/ingest/writer.hpp"
#include "optiinfra/schema/batch_columns.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/batch.hpp"
#include "optiinfra/store/verify.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "optiinfra/transport/connector.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "samples.hpp"
#include "wrapped_connector.hpp"

namespace optiinfra {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
constexpr auto kTable = "optiinfra.resource_metrics_ts", kRollup = "optiinfra.resource_metrics_hourly",
               kView = "optiinfra.resource_metrics_hourly_mv";

/// What every insert is given, and which of the engine's faults inserts have met.
class Inserts {
 public:
  void give(std::vector<NamedValue> settings) {
    const std::lock_guard lock(mutex_);
    settings_ = std::move(settings);
  }

  int met(int server_code) {
    const std::lock_guard lock(mutex_);
    return met_[server_code];
  }

  template <typename Insert>
  Result<InsertSummary> insert(InsertStatement statement, const Block& block, Insert&& pass_on) {
    {
      const std::lock_guard lock(mutex_);
      statement.settings.insert(statement.settings.end(), settings_.begin(), settings_.end());
    }
    auto inserted = pass_on(statement, block);
    const std::lock_guard lock(mutex_);
    if (!inserted) ++met_[inserted.error().server_code];
    return inserted;
  }

 private:
  std::mutex mutex_;
  std::vector<NamedValue> settings_;
  std::map<int, int> met_;
};

class WatchedSession final : public WrappedSession {
 public:
  WatchedSession(std::unique_ptr<Session> session, std::shared_ptr<Inserts> inserts)
      : WrappedSession(std::move(session)), inserts_(std::move(inserts)) {}

  Result<InsertSummary> insert(const InsertStatement& statement, const Block& block) override {
    return inserts_->insert(statement, block,
                            [this](const auto&... given) { return WrappedSession::insert(given...); });
  }

 private:
  std::shared_ptr<Inserts> inserts_;
};

class WriterOnAFaultyEngine : public ::testing::Test {
 protected:
  void SetUp() override { open_store(); }

  void open_store() {
    auto connector = make_connector("embedded:" + (folder_ / "store").string(), IfAbsent::kCreate);
    ASSERT_TRUE(connector);
    auto client = Client::open(
        std::make_shared<WrappedConnector<WatchedSession, Inserts>>(*connector, inserts_), {.create = true});
    ASSERT_TRUE(client) << client.error().message;
    client_ = std::make_unique<Client>(std::move(client).value());
  }

  Writer open_writer() {
    auto writer = Writer::open(*client_, {.insert_age = 2ms});
    EXPECT_TRUE(writer) << writer.error().message;
    return std::move(writer).value();
  }

  Ticket write(Writer& writer, std::uint64_t customer, const std::string& token = {}) {
    auto receipt = writer.write<ResourceMetric>(samples(100, Uuid{1, customer}), {.token = token});
    EXPECT_TRUE(receipt) << receipt.error().message;
    return receipt->ticket;
  }

  void run(const std::string& sql) {
    const auto done = client_->with_session([&](Session& session) { return session.execute({.sql = sql}); });
    ASSERT_TRUE(done) << done.error().message;
  }

  std::string ask(const std::string& sql) {
    std::string text;
    const auto asked = client_->with_session([&](Session& session) -> Result<void> {
      OPTIINFRA_TRY(const auto rows, query_texts(session, {.sql = sql}));
      if (!rows.empty()) text = rows[0].at(0);
      return {};
    });
    EXPECT_TRUE(asked) << asked.error().message;
    return text;
  }

  /// Raw rows, and whether the rollup says the same.
  std::uint64_t reconciled_rows() {
    const auto asked = client_->with_session([&](Session& session) -> Result<void> {
      OPTIINFRA_TRY(const store::VerifyReport report, store::verify(session));
      EXPECT_EQ(report.hours_differing, 0u);
      EXPECT_TRUE(report.ok());
      return {};
    });
    EXPECT_TRUE(asked) << asked.error().message;
    return std::stoull(ask("SELECT toString(count()) FROM " + std::string(kTable)));
  }

  /// Waits until inserts have met the fault several times.
  void expect_met(int server_code) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (inserts_->met(server_code) < 2 && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(10ms);
    EXPECT_GE(inserts_->met(server_code), 2) << "the fault did not fire";
  }

  const testing::TemporaryFolder folder_;
  const std::shared_ptr<Inserts> inserts_ = std::make_shared<Inserts>();
  std::unique_ptr<Client> client_;
};

TEST_F(WriterOnAFaultyEngine, FillsTheRollupItselfWhileTheViewThrows) {
  const std::string query =
      ask("SELECT as_select FROM system.tables WHERE database || '.' || name = '" + std::string(kView) + "'");
  Writer writer = open_writer();
  ASSERT_TRUE(write(writer, 1).wait(kLong));
  std::string broken = query;
  broken.insert(broken.find(" GROUP BY"), " WHERE throwIf(gpu_utilization >= 0, 'broken') = 0");
  run("ALTER TABLE " + std::string(kView) + " MODIFY QUERY " + broken);
  const auto stored = write(writer, 2).wait(kLong);
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_GE(inserts_->met(395), 1) << "the fault did not fire";
  run("ALTER TABLE " + std::string(kView) + " MODIFY QUERY " + query);
  EXPECT_EQ(reconciled_rows(), 200u);
}

TEST_F(WriterOnAFaultyEngine, WaitsForTooManyPartsToBeMerged) {
  Writer writer = open_writer();
  std::uint64_t expected = 0;
  for (const std::string table : {kTable, kRollup}) {
    ASSERT_TRUE(write(writer, 1).wait(kLong));
    run("ALTER TABLE " + table +
        " MODIFY SETTING parts_to_throw_insert = 1, parts_to_delay_insert = 1, max_delay_to_insert = 1");
    const int before = inserts_->met(252);
    const Ticket ticket = write(writer, 2);
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (inserts_->met(252) < before + 2 && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(10ms);
    EXPECT_GE(inserts_->met(252), before + 2) << "the fault did not fire at " << table;
    EXPECT_FALSE(ticket.wait(1ms));
    run("ALTER TABLE " + table +
        " RESET SETTING parts_to_throw_insert, parts_to_delay_insert, max_delay_to_insert");
    const auto stored = ticket.wait(kLong);
    ASSERT_TRUE(stored) << stored.error().message;
    expected += 200;
    EXPECT_EQ(reconciled_rows(), expected);
  }
}

TEST_F(WriterOnAFaultyEngine, TriesAgainWhenThereWasNoMemory) {
  Writer writer = open_writer();
  inserts_->give({{"max_memory_usage", "1000"}});
  const Ticket ticket = write(writer, 1);
  expect_met(241);
  EXPECT_FALSE(ticket.wait(1ms));
  inserts_->give({});
  const auto stored = ticket.wait(kLong);
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(reconciled_rows(), 100u);
}

// As after a power loss: the log of tokens was on the disk, a part that it names was not.
TEST_F(WriterOnAFaultyEngine, StoresWhatTheLogOfTokensHasAndTheTableHasNot) {
  for (const std::string table : {"resource_metrics_ts", "resource_metrics_hourly"}) {
    {
      Writer writer = open_writer();
      ASSERT_TRUE(write(writer, 1, "agent:1").wait(kLong));
      ASSERT_TRUE(writer.close(kLong));
    }
    ASSERT_EQ(reconciled_rows(), 100u);
    const fs::path part = ask("SELECT path FROM system.parts WHERE active AND table = '" + table + "'");
    client_.reset();
    ASSERT_TRUE(fs::remove_all(part.parent_path()) > 0) << part;
    open_store();
    Writer writer = open_writer();
    const auto stored = write(writer, 1, "agent:1").wait(kLong);
    ASSERT_TRUE(stored) << stored.error().message;
    ASSERT_TRUE(writer.close(kLong));
    EXPECT_EQ(reconciled_rows(), 100u) << "without the part of " << table;
  }
}

class ForgottenToken : public WriterOnAFaultyEngine {
 protected:
  /// What the engine alone does with rows that are handed over again.
  std::uint64_t rows_after_bare_retry() {
    const auto batch = samples(100, Uuid{1, 9});
    const auto inserted = client_->with_session([&](Session& session) -> Result<void> {
      const Block block = block_of<ResourceMetric>(batch);
      OPTIINFRA_CHECK(done(session.insert(store::tokened_insert(kTable, "bare"), block)));
      for (int i = 0; i < 5; ++i)
        OPTIINFRA_CHECK(
            done(session.insert(store::tokened_insert(kTable, "other" + std::to_string(i)), block)));
      return done(session.insert(store::tokened_insert(kTable, "bare"), block));
    });
    EXPECT_TRUE(inserted) << inserted.error().message;
    return std::stoull(ask("SELECT toString(count()) FROM " + std::string(kTable)));
  }
};

TEST_F(ForgottenToken, BehindTheWindowOfTheEngineStillCountsOnce) {
  for (const std::string table : {kTable, kRollup})
    run("ALTER TABLE " + table + " MODIFY SETTING non_replicated_deduplication_window = 2");
  ASSERT_EQ(rows_after_bare_retry(), 700u) << "the window is not that small: the test proves nothing";
  Writer writer = open_writer();
  ASSERT_TRUE(write(writer, 1, "agent:1").wait(kLong));
  for (std::uint64_t i = 0; i < 5; ++i) ASSERT_TRUE(write(writer, 2 + i).wait(kLong));
  const auto again = write(writer, 1, "agent:1").wait(kLong);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(reconciled_rows(), 700u + 600u);
}

TEST_F(ForgottenToken, LostWithTheLogOfTokensStillCountsOnce) {
  {
    Writer writer = open_writer();
    ASSERT_TRUE(write(writer, 1, "agent:1").wait(kLong));
  }
  client_.reset();
  int logs = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "store" / "engine")) {
    if (entry.path().filename() != "deduplication_logs") continue;
    for (const auto& log : fs::directory_iterator(entry)) logs += fs::remove(log) ? 1 : 0;
  }
  EXPECT_GT(logs, 0);
  open_store();
  Writer writer = open_writer();
  const auto again = write(writer, 1, "agent:1").wait(kLong);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(reconciled_rows(), 100u);
}

}  // namespace
}  // namespace optiinfra
