// Requests that are handed over more than once, and count once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <thread>

#include "fake_store.hpp"
#include "optiinfra/ingest/writer.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "samples.hpp"

namespace optiinfra {
namespace {

using namespace std::chrono_literals;
using testing::FakeStore;
using ::testing::HasSubstr;
using ::testing::SizeIs;

spool::RequestKey key_with_content(std::uint64_t number, std::uint64_t content = 1) {
  return {{9, number}, content};
}

class WriterRequestTest : public ::testing::Test {
 protected:
  Writer open(std::chrono::milliseconds age = 1ms, std::size_t memory = std::size_t{512} << 20) {
    auto writer = Writer::open(client_, {.spool_folder = folder_ / "spool",
                                         .insert_age = age,
                                         .memory_bytes_max = memory,
                                         .when_full = WhenFull::kTryLater});
    EXPECT_TRUE(writer) << (writer ? "" : writer.error().message);
    return std::move(writer).value();
  }

  static Result<WriteReceipt> write(Writer& writer, const spool::RequestKey& key, std::size_t rows = 10,
                                    Acknowledgement level = Acknowledgement::kSpooled) {
    return writer.write<ResourceMetric>(samples(rows), {.acknowledgement = level, .request = key});
  }

  /// Hands a request over whose rows must be taken, or must not.
  static void write_well(Writer& writer, const spool::RequestKey& key, bool is_repeated,
                         Acknowledgement level = Acknowledgement::kSpooled) {
    const auto receipt = write(writer, key, 10, level);
    ASSERT_TRUE(receipt) << receipt.error().message;
    EXPECT_EQ(receipt->is_repeated, is_repeated);
    EXPECT_EQ(receipt->rows, is_repeated ? 0u : 10u);
    const auto reached = receipt->ticket.wait(kLong);
    EXPECT_TRUE(reached) << reached.error().message;
  }

  std::size_t rows_stored() const {
    const auto sizes = store_->insert_sizes();
    return std::accumulate(sizes.begin(), sizes.end(), std::size_t{0});
  }

  void take_store_away() {
    store_->on_insert = [](const InsertStatement&, const Block&) {
      return std::optional(Error{ErrorKind::kUnavailable, "connection refused", Applied::kNo, false});
    };
  }

  const testing::TemporaryFolder folder_;
  const std::shared_ptr<FakeStore> store_ = std::make_shared<FakeStore>();
  Client client_ = std::move(Client::open(store_->connector())).value();
};

TEST_F(WriterRequestTest, CountsOnceWhileItWaitsWhenItIsStoredAndAfterANewStart) {
  {
    Writer writer = open(60'000ms);
    write_well(writer, key_with_content(1), false);
    write_well(writer, key_with_content(1), true);
    ASSERT_TRUE(writer.flush(kLong));
    write_well(writer, key_with_content(1), true, Acknowledgement::kStored);
    ASSERT_TRUE(writer.close(kLong));
  }
  Writer next = open();
  write_well(next, key_with_content(1), true, Acknowledgement::kStored);
  write_well(next, key_with_content(2), false, Acknowledgement::kStored);
  EXPECT_EQ(next.metrics().rows_recovered, 0u) << "only the log knows the first one";
  ASSERT_TRUE(next.close(kLong));
  EXPECT_EQ(rows_stored(), 20u);
}

TEST_F(WriterRequestTest, ARepeatAfterACrashFollowsTheRecoveredRows) {
  {
    Writer writer = open(60'000ms);
    for (std::uint64_t i = 0; i < 5; ++i) write_well(writer, key_with_content(i), false);
  }
  EXPECT_EQ(rows_stored(), 0u);
  std::atomic<bool> is_up = false;
  store_->on_insert = [&](const InsertStatement&, const Block&) -> std::optional<Error> {
    if (is_up) return std::nullopt;
    return Error{ErrorKind::kUnavailable, "connection refused", Applied::kNo, false};
  };
  Writer next = open();
  write_well(next, key_with_content(3), true, Acknowledgement::kSpooled);
  const auto repeated = write(next, key_with_content(3), 10, Acknowledgement::kStored);
  ASSERT_TRUE(repeated);
  EXPECT_EQ(repeated->ticket.wait(50ms).error().kind, ErrorKind::kTimeout);
  is_up = true;
  ASSERT_TRUE(repeated->ticket.wait(kLong));
  EXPECT_EQ(rows_stored(), 50u);
  ASSERT_TRUE(next.close(kLong));
}

TEST_F(WriterRequestTest, ManyRequestsShareAnInsert) {
  Writer writer = open(60'000ms);
  for (std::uint64_t i = 0; i < 200; ++i) ASSERT_TRUE(write(writer, key_with_content(i)));
  ASSERT_TRUE(writer.close(kLong));
  EXPECT_THAT(store_->insert_sizes(), ::testing::ElementsAre(2'000));
}

TEST_F(WriterRequestTest, OtherContentUnderAKnownKeyIsAConflict) {
  Writer writer = open();
  write_well(writer, key_with_content(1), false);
  for (int again = 0; again < 2; ++again) {
    const auto other = write(writer, key_with_content(1, 2));
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().kind, ErrorKind::kConflict);
    ASSERT_TRUE(writer.flush(kLong));
  }
  EXPECT_EQ(rows_stored(), 10u);
}

TEST_F(WriterRequestTest, OfConcurrentWritesOneTakesRows) {
  constexpr std::uint64_t kEach = 300, kThreads = 6;
  std::atomic<int> taken = 0, repeated = 0;
  {
    Writer writer = open(1ms);
    std::vector<std::thread> threads;
    for (std::uint64_t thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        for (std::uint64_t i = 0; i < kEach; ++i) {
          const bool stored = (i + thread) % 7 == 0;
          const auto receipt = write(writer, key_with_content(i), 10,
                                     stored ? Acknowledgement::kStored : Acknowledgement::kSpooled);
          ASSERT_TRUE(receipt) << receipt.error().message;
          ++(receipt->is_repeated ? repeated : taken);
          ASSERT_TRUE(receipt->ticket.wait(kLong));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_TRUE(writer.close(kLong));
  }
  EXPECT_EQ(taken, static_cast<int>(kEach));
  EXPECT_EQ(repeated, static_cast<int>(kEach * (kThreads - 1)));
  EXPECT_EQ(rows_stored(), kEach * 10);
}

TEST_F(WriterRequestTest, AWriteThatFailsLeavesItsKeyUnknown) {
  take_store_away();
  Writer writer = open(60'000ms, kWriterMemoryBytesMin);
  ResourceBatch bad = samples(2);
  bad.customer_id[1] = {};
  EXPECT_FALSE(writer.write<ResourceMetric>(
      bad, {.acknowledgement = Acknowledgement::kSpooled, .request = key_with_content(1)}));
  write_well(writer, key_with_content(1), false);
  std::uint64_t number = 2;
  while (write(writer, key_with_content(number), 1'000)) ASSERT_LT(++number, 1'000u);
  EXPECT_EQ(write(writer, key_with_content(number), 1'000).error().kind, ErrorKind::kUnavailable);
  store_->on_insert = nullptr;
  ASSERT_TRUE(writer.flush(kLong));
  write_well(writer, key_with_content(number), false);
}

TEST_F(WriterRequestTest, NoRowsLeaveTheKeyUnknown) {
  Writer writer = open();
  const auto empty = write(writer, key_with_content(1), 0);
  ASSERT_TRUE(empty);
  EXPECT_FALSE(empty->is_repeated);
  write_well(writer, key_with_content(1), false);
}

TEST_F(WriterRequestTest, ARepeatIsNotLookedAt) {
  Writer writer = open();
  write_well(writer, key_with_content(1), false);
  ResourceBatch bad = samples(2);
  bad.customer_id[1] = {};
  const auto repeated = writer.write<ResourceMetric>(
      bad, {.acknowledgement = Acknowledgement::kSpooled, .request = key_with_content(1)});
  ASSERT_TRUE(repeated) << "rows that were taken once may be too old by now";
  EXPECT_TRUE(repeated->is_repeated);
}

TEST_F(WriterRequestTest, NeedsASpoolAndALevelThatSurvivesAndNoToken) {
  Writer without = std::move(Writer::open(client_)).value();
  EXPECT_EQ(write(without, key_with_content(1), 1, Acknowledgement::kStored).error().kind,
            ErrorKind::kInvalidArgument);
  Writer writer = open();
  EXPECT_EQ(write(writer, key_with_content(1), 1, Acknowledgement::kAccepted).error().kind,
            ErrorKind::kInvalidArgument);
  const auto named = writer.write<ResourceMetric>(
      samples(1),
      {.acknowledgement = Acknowledgement::kSpooled, .token = "a:1", .request = key_with_content(1)});
  EXPECT_EQ(named.error().kind, ErrorKind::kInvalidArgument);
}

TEST_F(WriterRequestTest, AKeyThatTheDiskDoesNotTakeKeepsItsRecordInTheSpool) {
  {
    Writer writer = open(5ms);
    // The first file of the log cannot be made.
    const auto obstacle = folder_ / "spool" / "requests-0000000000000001.log";
    std::filesystem::create_directory(obstacle);
    write_well(writer, key_with_content(1), false, Acknowledgement::kStored);
    write_well(writer, key_with_content(1), true, Acknowledgement::kStored);
    EXPECT_THAT(writer.metrics().last_error, HasSubstr("keys of stored requests"));
    std::filesystem::remove(obstacle);
  }
  // Ended before it could try again: the record is there, and stored again under its token.
  {
    Writer next = open(5ms);
    write_well(next, key_with_content(1), true, Acknowledgement::kStored);
    EXPECT_EQ(next.metrics().rows_recovered, 10u);
    ASSERT_TRUE(next.close(kLong));
  }
  Writer last = open();
  EXPECT_EQ(last.metrics().rows_recovered, 0u);
  write_well(last, key_with_content(1), true, Acknowledgement::kStored);
  EXPECT_EQ(rows_stored(), 10u);
}

TEST_F(WriterRequestTest, KeysAreTriedAgainUntilTheDiskTakesThem) {
  Writer writer = open(5ms);
  const auto obstacle = folder_ / "spool" / "requests-0000000000000001.log";
  std::filesystem::create_directory(obstacle);
  write_well(writer, key_with_content(1), false, Acknowledgement::kStored);
  std::filesystem::remove(obstacle);
  const auto deadline = std::chrono::steady_clock::now() + kLong;
  while (!std::filesystem::exists(obstacle) && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(5ms);
  while (!writer.metrics().last_error.empty() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(5ms);
  EXPECT_EQ(writer.metrics().last_error, "");
  EXPECT_EQ(store_->insert_count(), 1u);
}

}  // namespace
}  // namespace optiinfra
