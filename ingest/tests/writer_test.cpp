#include "optiinfra/ingest/writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <thread>

#include "fake_store.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "samples.hpp"

namespace optiinfra {
namespace {

using namespace std::chrono_literals;
using ::testing::Each;
using ::testing::ElementsAre;
using testing::FakeStore;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

Error out_of_reach() { return {ErrorKind::kUnavailable, "connection refused", Applied::kNo, false}; }

PerformanceBatch batch_of(std::size_t rows, std::vector<std::string>* ids = nullptr) {
  PerformanceBatch batch;
  for (std::size_t i = 0; i < rows; ++i) {
    PerformanceMetric row;
    row.timestamp = now();
    row.customer_id = row.service_id = Uuid{1, 2};
    row.request_id = Uuid::random();
    row.service_type = "vllm";
    row.model_name = "m";
    row.latency_ms = 12.5f;
    batch.append(row);
    if (ids != nullptr) ids->push_back(row.request_id.to_string());
  }
  return batch;
}

class WriterTest : public ::testing::Test {
 protected:
  Writer open(WriterOptions options) {
    auto writer = Writer::open(client_, std::move(options));
    EXPECT_TRUE(writer) << (writer ? "" : writer.error().message);
    return std::move(writer).value();
  }

  Ticket write(Writer& writer, std::size_t rows, WriteOptions options = {}) {
    auto receipt = writer.write<PerformanceMetric>(batch_of(rows, &ids_), options);
    EXPECT_TRUE(receipt) << (receipt ? "" : receipt.error().message);
    return receipt->ticket;
  }

  void expect_each_row_once() const {
    EXPECT_EQ(store_->request_ids(), std::multiset<std::string>(ids_.begin(), ids_.end()));
  }

  const std::shared_ptr<FakeStore> store_ = std::make_shared<FakeStore>();
  Client client_ = std::move(Client::open(store_->connector())).value();
  std::vector<std::string> ids_;
};

TEST_F(WriterTest, StoresTheRowsOfManyThreadsOnceEach) {
  constexpr std::size_t kThreads = 4, kWrites = 50, kRows = 7;
  Writer writer = open({.insert_rows = 100, .insert_age = 5ms, .senders = 3});
  std::mutex mutex;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      std::vector<std::string> ids;
      for (std::size_t n = 0; n < kWrites; ++n)
        EXPECT_TRUE(writer.write<PerformanceMetric>(batch_of(kRows, &ids)));
      const std::lock_guard lock(mutex);
      ids_.insert(ids_.end(), ids.begin(), ids.end());
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(writer.flush(kLong));
  EXPECT_THAT(ids_, SizeIs(kThreads * kWrites * kRows));
  expect_each_row_once();
  const WriterMetrics metrics = writer.metrics();
  EXPECT_EQ(metrics.rows_stored, ids_.size());
  EXPECT_EQ(metrics.rows_queued, 0u);
  EXPECT_EQ(metrics.bytes_queued, 0u);
}

TEST_F(WriterTest, GathersWritesIntoInsertsOfTheSizeAskedFor) {
  Writer writer = open({.insert_rows = 40, .insert_age = 60'000ms});
  std::vector<Ticket> tickets;
  for (int i = 0; i < 12; ++i) tickets.push_back(write(writer, 10));
  for (const Ticket& ticket : tickets) ASSERT_TRUE(ticket.wait(kLong));
  EXPECT_THAT(store_->insert_sizes(), ElementsAre(40, 40, 40));
}

TEST_F(WriterTest, SendsFewRowsWhenTheyAreOldEnough) {
  Writer writer = open({.insert_rows = 1000, .insert_age = 30ms});
  const Ticket ticket = write(writer, 3);
  ASSERT_TRUE(ticket.wait(kLong));
  EXPECT_THAT(store_->insert_sizes(), ElementsAre(3));
}

TEST_F(WriterTest, TriesAgainUntilTheStoreIsInReach) {
  std::atomic<int> calls = 0;
  store_->on_insert = [&](const InsertStatement&, const Block&) -> std::optional<Error> {
    return ++calls <= 7 ? std::optional(out_of_reach()) : std::nullopt;
  };
  Writer writer = open({.insert_age = 1ms});
  const Ticket ticket = write(writer, 5);
  ASSERT_TRUE(ticket.wait(kLong));
  expect_each_row_once();
  EXPECT_EQ(calls, 8);
  EXPECT_GE(writer.metrics().retries, 1u);
  EXPECT_EQ(writer.metrics().last_error, "");
}

TEST_F(WriterTest, TellsTheLogOnceThatTheStoreIsOutOfReachAndOnceThatItIsBack) {
  std::atomic<int> calls = 0;
  store_->on_insert = [&](const InsertStatement&, const Block&) -> std::optional<Error> {
    return ++calls <= 7 ? std::optional(out_of_reach()) : std::nullopt;
  };
  std::mutex mutex;
  std::vector<std::string> told;
  const LogSink log = [&](LogLevel level, std::string_view message) {
    const std::lock_guard lock(mutex);
    told.push_back((level == LogLevel::kWarning ? "warning: " : "info: ") + std::string(message));
  };
  {
    Writer writer = open({.insert_age = 1ms, .log = log});
    ASSERT_TRUE(write(writer, 5).wait(kLong));
    ASSERT_TRUE(writer.close(kLong));
  }
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_THAT(told[0], HasSubstr("warning: the store does not take rows, which wait and are tried again: "));
  EXPECT_THAT(told[0], HasSubstr("connection refused"));
  EXPECT_EQ(told[1], "info: the store takes rows again");
}

TEST_F(WriterTest, AnInsertThatTheStoreRefusesDoesNotHoldUpOthers) {
  store_->on_insert = [](const InsertStatement& statement, const Block&) -> std::optional<Error> {
    if (!statement.deduplication_token.starts_with("bad")) return std::nullopt;
    return Error{ErrorKind::kRejected, "no such column", Applied::kNo, true, 16};
  };
  Writer writer = open({.insert_age = 1ms, .senders = 1});
  const Ticket bad = write(writer, 1, {.token = "bad"});
  ids_.clear();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(write(writer, 2).wait(kLong));
  expect_each_row_once();
  const auto waited = bad.wait(10ms);
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().kind, ErrorKind::kRejected);
  EXPECT_EQ(waited.error().server_code, 16);
  EXPECT_THAT(writer.close(50ms).error().message, HasSubstr("no such column"));
}

TEST_F(WriterTest, OpensTheStoreAnewWhenItKeepsRefusing) {
  std::atomic<int> calls = 0;
  store_->on_insert = [&](const InsertStatement&, const Block&) -> std::optional<Error> {
    if (store_->sessions > 1) return std::nullopt;
    ++calls;
    return Error{ErrorKind::kRejected, "the engine refuses until it is started again", Applied::kNo, true};
  };
  Writer writer = open({.insert_age = 1ms, .senders = 1});
  ASSERT_EQ(store_->sessions, 1);
  const Ticket ticket = write(writer, 3);
  EXPECT_FALSE(ticket.wait(kLong)) << "says so at once";
  const auto flushed = writer.flush(kLong);
  ASSERT_TRUE(flushed) << flushed.error().message;
  EXPECT_EQ(calls, 4);
  expect_each_row_once();
}

/// Holds every insert until it is opened.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

class FullWriterTest : public WriterTest {
 protected:
  FullWriterTest() {
    store_->on_insert = [this](const InsertStatement&, const Block&) -> std::optional<Error> {
      gate_.pass();
      return std::nullopt;
    };
  }
  ~FullWriterTest() override { gate_.open(); }

  /// Writes until the writer takes no more, and returns its error.
  Error fill(Writer& writer) {
    for (int i = 0; i < 1000; ++i) {
      std::vector<std::string> ids;
      auto receipt = writer.write<PerformanceMetric>(batch_of(500, &ids));
      if (!receipt) return receipt.error();
      ids_.insert(ids_.end(), ids.begin(), ids.end());
    }
    ADD_FAILURE() << "the writer is never full";
    return {};
  }

  Gate gate_;
};

TEST_F(FullWriterTest, SaysTryLaterAndHasTakenNothing) {
  Writer writer = open({.insert_rows = 500, .memory_bytes_max = 1 << 20, .when_full = WhenFull::kTryLater});
  const Error error = fill(writer);
  EXPECT_EQ(error.kind, ErrorKind::kUnavailable);
  EXPECT_EQ(error.applied, Applied::kNo);
  EXPECT_LE(writer.metrics().bytes_queued, 1u << 20);
  gate_.open();
  ASSERT_TRUE(writer.flush(kLong));
  expect_each_row_once();
  EXPECT_TRUE(write(writer, 500).wait(kLong));
}

TEST_F(FullWriterTest, WaitsForRoomUpToItsBudget) {
  Writer writer = open({.insert_rows = 500, .memory_bytes_max = 1 << 20, .write_timeout = 30ms});
  const Error error = fill(writer);
  EXPECT_EQ(error.kind, ErrorKind::kTimeout);
  EXPECT_EQ(error.applied, Applied::kNo);
  gate_.open();
  ASSERT_TRUE(writer.flush(kLong));
  expect_each_row_once();
}

TEST_F(FullWriterTest, GoesOnAsSoonAsThereIsRoom) {
  Writer writer = open({.insert_rows = 500, .memory_bytes_max = 1 << 20});
  std::thread producer([&] {
    for (int i = 0; i < 60; ++i) write(writer, 500);
  });
  std::this_thread::sleep_for(50ms);
  EXPECT_LT(writer.metrics().rows_accepted, 60u * 500);
  gate_.open();
  producer.join();
  ASSERT_TRUE(writer.close(kLong));
  expect_each_row_once();
}

TEST_F(FullWriterTest, ATicketSaysThatItsWriterEnded) {
  std::optional<Ticket> ticket;
  std::thread opener;
  {
    Writer writer = open({.insert_rows = 10, .insert_age = 60'000ms});
    ticket = write(writer, 3);
    gate_.open();
  }
  const auto waited = ticket->wait(kLong);
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(store_->insert_count(), 0u);
}

TEST_F(WriterTest, RefusesBadRowsAndTakesNothing) {
  Writer writer = open({});
  PerformanceBatch batch = batch_of(3);
  batch.gpu_utilization.set(1, 150);
  const auto refused = writer.write<PerformanceMetric>(batch);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(refused.error().message, HasSubstr("gpu_utilization"));
  EXPECT_EQ(writer.metrics().rows_queued, 0u);
  EXPECT_EQ(writer.metrics().rows_refused, 1u);

  const auto others =
      writer.write<PerformanceMetric>(batch, {.on_refused_rows = OnRefusedRows::kStoreOthers});
  ASSERT_TRUE(others);
  EXPECT_EQ(others->rows, 2u);
  EXPECT_THAT(others->refused_rows, ElementsAre(1));
  ASSERT_TRUE(writer.close(kLong));
  EXPECT_THAT(store_->request_ids(), SizeIs(2));
}

TEST_F(WriterTest, TakesRowsAsWellAsBatchesAndNothingForNoRows) {
  Writer writer = open({.insert_age = 1ms});
  const CostMetric row{.timestamp = now(),
                       .customer_id = Uuid{1, 2},
                       .cloud_provider = "aws",
                       .service_name = "ec2",
                       .cost_per_hour = 1};
  auto receipt = writer.write<CostMetric>(std::span(&row, 1));
  ASSERT_TRUE(receipt) << receipt.error().message;
  EXPECT_TRUE(receipt->ticket.wait(kLong));
  receipt = writer.write<CostMetric>(CostBatch{});
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->rows, 0u);
  EXPECT_TRUE(receipt->ticket.wait(0ms));
  EXPECT_THAT(store_->insert_sizes(), ElementsAre(1));
}

TEST_F(WriterTest, RefusesOptionsOutOfRangeAndNamesThem) {
  const auto refusal = [this](WriterOptions options) {
    const auto writer = Writer::open(client_, std::move(options));
    return writer ? std::string("taken") : writer.error().message;
  };
  EXPECT_THAT(refusal({.insert_rows = 0}), HasSubstr("insert_rows"));
  EXPECT_THAT(refusal({.insert_rows = kInsertRowsMax + 1}), HasSubstr("insert_rows"));
  EXPECT_THAT(refusal({.memory_bytes_max = 1}), HasSubstr("memory_bytes_max"));
  EXPECT_THAT(refusal({.senders = 0}), HasSubstr("senders"));
  EXPECT_THAT(refusal({.senders = kSendersMax + 1}), HasSubstr("senders"));
  EXPECT_THAT(refusal({.insert_age = 0ms}), HasSubstr("insert_age"));
  EXPECT_THAT(refusal({.spool_bytes_max = 1}), HasSubstr("spool_bytes_max"));
  Writer writer = open({});
  const auto spooled =
      writer.write<PerformanceMetric>(batch_of(1), {.acknowledgement = Acknowledgement::kSpooled});
  ASSERT_FALSE(spooled);
  EXPECT_THAT(spooled.error().message, HasSubstr("spool_folder"));
}

class SpooledWriterTest : public WriterTest {
 protected:
  WriterOptions spooled(std::chrono::milliseconds age = 1ms) const {
    return {.spool_folder = folder_ / "spool", .insert_age = age};
  }
  const testing::TemporaryFolder folder_;
};

TEST_F(SpooledWriterTest, WhatIsSpooledIsStoredByTheNextWriterOnce) {
  {
    Writer writer = open(spooled(60'000ms));
    for (int i = 0; i < 5; ++i)
      ASSERT_TRUE(write(writer, 3, {.acknowledgement = Acknowledgement::kSpooled}).wait(kLong));
  }
  EXPECT_EQ(store_->insert_count(), 0u);
  Writer next = open(spooled());
  write(next, 2);
  ASSERT_TRUE(next.flush(kLong));
  expect_each_row_once();
  EXPECT_EQ(next.metrics().rows_recovered, 15u);
  EXPECT_THAT(next.metrics().spool_problems, SizeIs(0));
  ASSERT_TRUE(next.close(kLong));
}

TEST_F(SpooledWriterTest, ARecoveredInsertHasTheTokenAndTheRowsThatItHadBefore) {
  std::mutex mutex;
  std::map<std::string, std::set<std::size_t>> sizes;
  std::atomic<bool> is_up = false;
  store_->on_insert = [&](const InsertStatement& statement, const Block& block) -> std::optional<Error> {
    const std::lock_guard lock(mutex);
    sizes[statement.deduplication_token].insert(block.row_count());
    return is_up ? std::nullopt : std::optional(out_of_reach());
  };
  {
    Writer writer = open(spooled(60'000ms));
    for (int i = 0; i < 3; ++i) write(writer, 3);
    write(writer, 4, {.token = "agent:1"});
    EXPECT_FALSE(writer.close(300ms));
  }
  EXPECT_EQ(store_->insert_count(), 0u);
  is_up = true;
  Writer next = open(spooled());
  ASSERT_TRUE(next.flush(kLong));
  expect_each_row_once();
  EXPECT_THAT(sizes, SizeIs(2));
  for (const auto& [token, rows] : sizes) EXPECT_THAT(rows, SizeIs(1)) << token;
}

TEST_F(SpooledWriterTest, RowsUnderATokenOfTheirProducerMakeARecoveredInsertOfTheirOwn) {
  store_->on_insert = [](const auto&, const auto&) { return std::optional(out_of_reach()); };
  {
    Writer writer = open(spooled(60'000ms));
    write(writer, 3);
    write(writer, 2, {.token = "agent:1"});
    write(writer, 4);
    EXPECT_FALSE(writer.close(50ms));
  }
  EXPECT_EQ(store_->insert_count(), 0u);
  store_->on_insert = nullptr;
  Writer next = open(spooled());
  ASSERT_TRUE(next.close(kLong));
  expect_each_row_once();
  EXPECT_THAT(store_->insert_sizes(), UnorderedElementsAre(2, 7)) << "3 and 4 were one insert";
}

TEST_F(SpooledWriterTest, RecoversWhatTakesMoreMemoryThanItHas) {
  {
    Writer writer = open(spooled(60'000ms));
    for (int i = 0; i < 4; ++i)
      ASSERT_TRUE(write(writer, 5'000, {.acknowledgement = Acknowledgement::kSpooled}).wait(kLong));
  }
  WriterOptions small = spooled();
  small.memory_bytes_max = kWriterMemoryBytesMin;
  Writer next = open(small);
  ASSERT_TRUE(next.close(kLong));
  expect_each_row_once();
}

TEST_F(SpooledWriterTest, IsHeldByOneWriterAtATime) {
  Writer writer = open(spooled());
  const auto second = Writer::open(client_, spooled());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kUnavailable);
}

TEST_F(SpooledWriterTest, LeavesNothingInTheSpoolWhenAllIsStored) {
  {
    Writer writer = open(spooled());
    write(writer, 100);
    ASSERT_TRUE(writer.close(kLong));
  }
  Writer next = open(spooled());
  ASSERT_TRUE(next.flush(kLong));
  EXPECT_EQ(next.metrics().rows_recovered, 0u);
  EXPECT_EQ(store_->insert_count(), 1u);
}

}  // namespace
}  // namespace optiinfra
