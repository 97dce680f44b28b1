#include "ledger.hpp"

#include <gtest/gtest.h>

namespace {

using namespace optiinfra;
using namespace optiinfra::spool;
using namespace optiinfra::spool;

Segment segment(std::uint64_t number, spool::Sequence first, std::size_t records, bool growing = false) {
  Segment segment;
  segment.name = {number, first};
  segment.growing = growing;
  for (std::size_t i = 0; i < records; ++i) segment.append(false);
  return segment;
}

TEST(Ledger, FindsARecordBesideSegmentsThatHoldNone) {
  Ledger ledger;
  ledger.add(segment(1, 10, 3));
  ledger.add(segment(2, 13, 0));
  ledger.add(segment(3, 13, 2));
  ledger.add(segment(4, 15, 0, true));
  EXPECT_EQ(ledger.find(9), nullptr);
  EXPECT_EQ(ledger.find(12)->name.number, 1u);
  EXPECT_EQ(ledger.find(13)->name.number, 3u);
  EXPECT_EQ(ledger.find(15), nullptr);
}

TEST(Ledger, CountsARecordAsDoneOnce) {
  Ledger ledger;
  ledger.add(segment(1, 10, 3));
  EXPECT_TRUE(ledger.acknowledge(11));
  EXPECT_FALSE(ledger.acknowledge(11));
  EXPECT_FALSE(ledger.acknowledge(99));
  EXPECT_EQ(ledger.records_open(), 2u);
}

TEST(Ledger, ASegmentIsFinishedWhenItsRecordsAreDoneAndItGrowsNoMore) {
  Ledger ledger;
  ledger.add(segment(1, 10, 1));
  ledger.add(segment(2, 11, 1, true));
  EXPECT_FALSE(ledger.has_finished());
  ledger.acknowledge(10);
  ledger.acknowledge(11);
  ASSERT_EQ(ledger.finished().size(), 1u);
  EXPECT_EQ(ledger.finished()[0].name.number, 1u);
}

TEST(Ledger, DescribesWhatIsNeededAndNoSegmentThatMayStillBeGivenUp) {
  Ledger ledger;
  ledger.add(segment(1, 10, 4));
  ledger.add(segment(2, 14, 1));
  ledger.add(segment(3, 15, 2, true));
  ledger.add(segment(4, 17, 0, true));
  for (const spool::Sequence done : {10, 11, 13, 14}) ledger.acknowledge(done);
  Checkpoint checkpoint;
  ledger.describe(checkpoint);
  ASSERT_EQ(checkpoint.segments.size(), 2u) << "the second is finished, the last holds nothing yet";
  EXPECT_EQ(checkpoint.segments[0].last, 13u);
  EXPECT_EQ(checkpoint.segments[1].last, kStillGrowing);
  ASSERT_EQ(checkpoint.acknowledged.size(), 2u);
  EXPECT_EQ(checkpoint.acknowledged[0].last, 11u);
  EXPECT_EQ(checkpoint.acknowledged[1].first, 13u);
}

}  // namespace
