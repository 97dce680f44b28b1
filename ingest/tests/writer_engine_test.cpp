// The writer on the real engine, over a connection that breaks after the engine has done its work: what is
// stored then is found, and nothing counts twice.
#include <gtest/gtest.h>

#include <atomic>

#include "optiinfra/ingest/writer.hpp"
#include "optiinfra/schema/batch_columns.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/spool/spool.hpp"
#include "optiinfra/store/verify.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "optiinfra/transport/connector.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "record.hpp"
#include "samples.hpp"
#include "wrapped_connector.hpp"

namespace optiinfra {
namespace {

using namespace std::chrono_literals;

/// How many of the next inserts end with an unknown outcome, whether they are done, and whether the store is
/// gone for every call after the first of them.
struct Trouble {
  std::atomic<int> inserts{0};
  std::atomic<bool> is_applied{false};
  std::atomic<bool> store_goes{false}, store_is_gone{false};
};

class TroubledSession final : public WrappedSession {
 public:
  TroubledSession(std::unique_ptr<Session> session, std::shared_ptr<Trouble> trouble)
      : WrappedSession(std::move(session)), trouble_(std::move(trouble)) {}

  Result<QuerySummary> query(const Statement& statement, const BlockSink& on_block) override {
    if (trouble_->store_is_gone) return lost();
    return WrappedSession::query(statement, on_block);
  }
  Result<QuerySummary> query_text(const Statement& statement, std::string_view format,
                                  const TextSink& on_text) override {
    if (trouble_->store_is_gone) return lost();
    return WrappedSession::query_text(statement, format, on_text);
  }
  Result<void> execute(const Statement& statement) override {
    if (trouble_->store_is_gone) return lost();
    return WrappedSession::execute(statement);
  }

  Result<InsertSummary> insert(const InsertStatement& statement, const Block& block) override {
    if (trouble_->store_is_gone) return lost();
    if (trouble_->inserts.fetch_sub(1) <= 0) return WrappedSession::insert(statement, block);
    if (trouble_->is_applied) {
      EXPECT_TRUE(WrappedSession::insert(statement, block));
    }
    trouble_->store_is_gone = trouble_->store_goes.load();
    return lost();
  }

 private:
  static Error lost() {
    return {ErrorKind::kUnavailable, "the connection was lost", Applied::kUnknown, false};
  }

  std::shared_ptr<Trouble> trouble_;
};

class WriterOnEngine : public ::testing::Test {
 protected:
  void SetUp() override {
    auto connector = make_connector("embedded:" + (folder_ / "store").string(), IfAbsent::kCreate);
    ASSERT_TRUE(connector);
    auto client = Client::open(
        std::make_shared<WrappedConnector<TroubledSession, Trouble>>(*connector, trouble_), {.create = true});
    ASSERT_TRUE(client) << client.error().message;
    client_ = std::make_unique<Client>(std::move(client).value());
  }

  /// Raw rows, and whether the rollup says the same.
  std::uint64_t reconciled_rows() {
    std::uint64_t rows = 0;
    const auto asked = client_->with_session([&](Session& session) -> Result<void> {
      OPTIINFRA_TRY(
          rows,
          query_number(session, {.sql = "SELECT toUInt64(count()) FROM optiinfra.resource_metrics_ts"}));
      OPTIINFRA_TRY(const store::VerifyReport report, store::verify(session));
      EXPECT_TRUE(report.ok());
      return {};
    });
    EXPECT_TRUE(asked) << (asked ? "" : asked.error().message);
    return rows;
  }

  /// What the next writer of the spool finds there and stores.
  std::uint64_t rows_recovered() {
    auto writer = Writer::open(*client_, {.spool_folder = folder_ / "spool"});
    EXPECT_TRUE(writer) << (writer ? "" : writer.error().message);
    if (!writer) return 0;
    EXPECT_TRUE(writer->close(kLong));
    return writer->metrics().rows_recovered;
  }

  const testing::TemporaryFolder folder_;
  const std::shared_ptr<Trouble> trouble_ = std::make_shared<Trouble>();
  std::unique_ptr<Client> client_;
};

TEST_F(WriterOnEngine, StoresOnceWhatBrokeBeforeOrAfterTheEngineHadIt) {
  auto writer = Writer::open(*client_, {.insert_age = 2ms});
  ASSERT_TRUE(writer) << writer.error().message;
  std::uint64_t expected = 0;
  for (const bool is_applied : {false, true, true, false}) {
    trouble_->is_applied = is_applied;
    trouble_->inserts = 2;
    auto receipt = writer->write<ResourceMetric>(samples(100));
    ASSERT_TRUE(receipt) << receipt.error().message;
    const auto stored = receipt->ticket.wait(kLong);
    ASSERT_TRUE(stored) << stored.error().message;
    EXPECT_LE(trouble_->inserts, 1) << "the connection did not break";
    expected += 100;
  }
  ASSERT_TRUE(writer->close(kLong));
  EXPECT_EQ(reconciled_rows(), expected);
}

TEST_F(WriterOnEngine, CountsRowsUnderAProducersTokenOnceWhoeverHandsThemOverAgain) {
  const ResourceBatch batch = samples(50);
  for (int i = 0; i < 3; ++i) {
    auto writer = Writer::open(*client_, {.insert_age = 2ms});
    ASSERT_TRUE(writer);
    auto receipt = writer->write<ResourceMetric>(batch, {.token = "agent-7:41"});
    ASSERT_TRUE(receipt);
    ASSERT_TRUE(receipt->ticket.wait(kLong));
  }
  EXPECT_EQ(reconciled_rows(), 50u);
}

TEST_F(WriterOnEngine, StoresASpoolOnceThoughTheStoreHadItWhenTheWriterDied) {
  const WriterOptions options{.spool_folder = folder_ / "spool", .insert_age = 2ms};
  {
    trouble_->is_applied = true;
    trouble_->store_goes = true;
    trouble_->inserts = 1;
    auto writer = Writer::open(*client_, options);
    ASSERT_TRUE(writer) << writer.error().message;
    ASSERT_TRUE(writer->write<ResourceMetric>(samples(70)));
    EXPECT_FALSE(writer->flush(300ms));
  }
  EXPECT_TRUE(trouble_->store_is_gone) << "nothing was sent";
  trouble_->store_is_gone = false;
  EXPECT_EQ(rows_recovered(), 70u);
  EXPECT_EQ(reconciled_rows(), 70u);
}

TEST_F(WriterOnEngine, StoresOnceWhatAProducerHandedToASpoolTwice) {
  const WriterOptions options{.spool_folder = folder_ / "spool", .insert_age = 60'000ms};
  {
    trouble_->store_is_gone = true;
    auto writer = Writer::open(*client_, options);
    ASSERT_TRUE(writer) << writer.error().message;
    const ResourceBatch batch = samples(30);
    for (int i = 0; i < 2; ++i) {
      auto receipt = writer->write<ResourceMetric>(
          batch, {.acknowledgement = Acknowledgement::kSpooled, .token = "agent-7:42"});
      ASSERT_TRUE(receipt);
      ASSERT_TRUE(receipt->ticket.wait(kLong));
    }
  }
  trouble_->store_is_gone = false;
  EXPECT_EQ(rows_recovered(), 60u);
  EXPECT_EQ(reconciled_rows(), 30u);
}

/// A spool may forget the records of a group one by one, once all of it is stored.
TEST_F(WriterOnEngine, TakesAGroupForStoredOfWhichTheSpoolHasForgottenAPart) {
  const sys_seconds yesterday = floor_hour(now()) - std::chrono::hours{25};
  ResourceBatch other_day = samples(20);
  for (std::uint32_t& time : other_day.timestamp) time = to_column_time(yesterday);
  const std::string group = "b6f0f4b2-2e8a-4bb4-9f0c-5f5e4b3a2f10-0";
  ResourceBatch whole = samples(50);
  append_batch<ResourceMetric>(whole, other_day);
  ASSERT_TRUE(client_->insert<ResourceMetric>(whole, {.token = group}));
  {
    auto spool = spool::Spool::open(folder_ / "spool", {});
    ASSERT_TRUE(spool) << spool.error().message;
    for (const ResourceBatch& left : {samples(30), other_day}) {
      const auto bytes = encode_rows_record({.family = Family::kResource, .group_token = group},
                                            block_of<ResourceMetric>(left));
      const std::span<const std::byte> part(bytes);
      const auto sequence = (*spool)->append(std::span(&part, 1));
      ASSERT_TRUE(sequence);
      ASSERT_TRUE((*spool)->sync(*sequence));
    }
    ASSERT_TRUE((*spool)->close());
  }
  EXPECT_EQ(rows_recovered(), 50u);
  EXPECT_EQ(reconciled_rows(), 70u);
}

}  // namespace
}  // namespace optiinfra
