#include "requests.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lying_disk.hpp"
#include "record.hpp"

namespace optiinfra {
namespace {

using ::testing::HasSubstr;
using testing::LyingDisk;

spool::RequestKey request_key(std::uint64_t number) { return {{1, number}, number}; }

class RequestsTest : public ::testing::Test {
 protected:
  void SetUp() override { spool_ = std::move(spool::Spool::open("/spool", {}, disk_)).value(); }

  std::unique_ptr<Requests> open(std::size_t remembered = kRequestsRemembered) {
    return std::move(Requests::open("/spool", *spool_, disk_, {remembered, 10})).value();
  }

  /// Rows of the requests were stored.
  Result<void> store(Requests& requests, std::uint64_t first, std::uint64_t count) {
    const auto group = std::make_shared<InsertGroup>(Family::kCost);
    for (std::uint64_t i = first; i < first + count; ++i) {
      group->requests.push_back(request_key(i));
      const auto lock = requests.lock();
      requests.add(request_key(i), group);
    }
    return requests.remember(group);
  }

  static bool knows(const Requests& requests, std::uint64_t number) {
    const auto lock = requests.lock();
    return requests.find(request_key(number))->has_value();
  }

  spool::Sequence spool_record(const RecordHead& head) {
    Block rows;
    rows.add({"number", "UInt64", std::vector<std::uint64_t>{1}});
    const auto bytes = encode_rows_record(head, rows);
    const std::span<const std::byte> part(bytes);
    const spool::Sequence record = *spool_->append(std::span(&part, 1));
    EXPECT_TRUE(spool_->sync(record));
    return record;
  }

  LyingDisk disk_;
  std::unique_ptr<spool::Spool> spool_;
};

TEST_F(RequestsTest, FollowsARequestFromItsGroupToTheLogAndThroughANewOpening) {
  auto requests = open();
  const auto group = std::make_shared<InsertGroup>(Family::kCost);
  group->requests.push_back(request_key(1));
  group->last_record = 77;
  {
    const auto lock = requests->lock();
    EXPECT_FALSE(requests->find(request_key(1))->has_value());
    requests->add(request_key(1), group);
    const auto first = *requests->find(request_key(1));
    EXPECT_EQ(first->group, group);
    EXPECT_EQ(first->record, 77u);
  }
  ASSERT_TRUE(requests->remember(group));
  const auto lock = requests->lock();
  EXPECT_EQ((*requests->find(request_key(1)))->group, nullptr);
  EXPECT_TRUE(knows(*open(), 1));
}

TEST_F(RequestsTest, AKeyWithAnotherContentIsAConflict) {
  auto requests = open();
  ASSERT_TRUE(store(*requests, 5, 1));
  const auto lock = requests->lock();
  const auto found = requests->find({request_key(5).identity, 6});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::kConflict);
  EXPECT_THAT(found.error().message, HasSubstr("other content"));
}

TEST_F(RequestsTest, ForgetsTheOldestAndNeverFewerThanAreToBeRemembered) {
  auto requests = open(25);
  for (std::uint64_t i = 0; i < 100; i += 4) {
    ASSERT_TRUE(store(*requests, i, 4));
    const std::uint64_t next = i + 4;
    for (std::uint64_t known = next > 25 ? next - 25 : 0; known < next; ++known)
      EXPECT_TRUE(knows(*requests, known)) << known << " of " << next;
    EXPECT_LE(requests->size(), 25u + 10u);
  }
  EXPECT_FALSE(knows(*requests, 0));
  const auto next = open(25);
  EXPECT_EQ(next->size(), requests->size());
  EXPECT_TRUE(knows(*next, 99));
  EXPECT_LE(disk_.names("/spool").size(), 2u + 5u) << "lock, checkpoint and the log";
}

TEST_F(RequestsTest, ARequestThatIsLoggedTwiceCountsOnceTowardsTheBound) {
  auto requests = open(25);
  ASSERT_TRUE(store(*requests, 0, 20));
  for (int again = 0; again < 10; ++again) ASSERT_TRUE(store(*requests, 15, 5));
  for (std::uint64_t i = 0; i < 20; ++i) EXPECT_TRUE(knows(*requests, i)) << i;
}

TEST_F(RequestsTest, KnowsTheRequestsOfTheSpoolsRecordsAndTheirGroups) {
  const spool::Sequence first = spool_record({Family::kQuality, RecordExtent::kPart, "a:1", request_key(1)});
  spool_record({Family::kQuality, RecordExtent::kPart, "a:1", {}});
  spool_record({Family::kQuality, RecordExtent::kPart, "a:1", request_key(2)});
  const spool::Sequence done = spool_record({Family::kQuality, RecordExtent::kPart, "a:2", request_key(3)});
  ASSERT_TRUE(spool_->acknowledge(done));
  const auto requests = open();
  EXPECT_TRUE(knows(*requests, 1));
  EXPECT_TRUE(knows(*requests, 2));
  EXPECT_FALSE(knows(*requests, 3));
  const auto group = requests->take_recovered("a:1");
  ASSERT_NE(group, nullptr);
  EXPECT_EQ(group->family, Family::kQuality);
  EXPECT_GE(group->last_record, first);
  EXPECT_EQ(requests->take_recovered("a:1"), nullptr);
}

TEST_F(RequestsTest, AFullDiskKeepsTheKeysWithTheirGroup) {
  auto requests = open();
  ASSERT_TRUE(store(*requests, 0, 3));
  const auto group = std::make_shared<InsertGroup>(Family::kCost);
  {
    const auto lock = requests->lock();
    for (std::uint64_t i = 3; i < 20; ++i)
      group->requests.push_back(request_key(i)), requests->add(request_key(i), group);
  }
  disk_.set_room(1);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(requests->remember(group).error().kind, ErrorKind::kStorage);
  {
    const auto lock = requests->lock();
    EXPECT_EQ((*requests->find(request_key(19)))->group, group);
  }
  disk_.set_room(0);
  ASSERT_TRUE(requests->remember(group));
  const auto next = open();
  for (std::uint64_t i = 0; i < 20; ++i) EXPECT_TRUE(knows(*next, i)) << i;
}

TEST(RowsRecord, ARecordWithoutARequestHasTheBytesThatOlderProgramsRead) {
  Block rows;
  rows.add({"number", "UInt64", std::vector<std::uint64_t>{1}});
  const auto old = encode_rows_record({Family::kCost, RecordExtent::kWhole, "t", {}}, rows);
  EXPECT_EQ(old.at(0), std::byte{1});
  EXPECT_FALSE(decode_rows_record(old)->head.request);
  const auto keyed = encode_rows_record({Family::kCost, RecordExtent::kPart, "t", request_key(9)}, rows);
  EXPECT_EQ(keyed.at(0), std::byte{2});
  EXPECT_EQ(keyed.size(), old.size() + 24);
  const auto decoded = decode_rows_record(keyed);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->head.request, request_key(9));
  EXPECT_EQ(decoded->head.group_token, "t");
  EXPECT_EQ(decoded->rows.row_count(), 1u);
  for (std::size_t size = 0; size < 5 + 1 + 24; ++size)
    EXPECT_FALSE(decode_record_head(std::span(keyed).first(size))) << size;
}

}  // namespace
}  // namespace optiinfra
