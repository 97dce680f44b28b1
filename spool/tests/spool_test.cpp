// A spool on this machine's own disk.
#include "optiinfra/spool/spool.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "optiinfra/testing/temporary_folder.hpp"
#include "spool_model.hpp"

namespace {

using namespace optiinfra;
using namespace optiinfra::spool;
using namespace optiinfra::testing;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

std::unique_ptr<spool::Spool> open(const fs::path& folder,
                                   const spool::SpoolOptions& options = small_spool()) {
  auto spool = spool::Spool::open(folder, options);
  if (!spool) ADD_FAILURE() << spool.error().message;
  return *std::move(spool);
}

spool::Sequence append_text(spool::Spool& spool, std::string_view text) {
  const auto sequence = append(spool, bytes_of(text));
  if (!sequence) ADD_FAILURE() << sequence.error().message;
  return sequence ? *sequence : 0;
}

std::vector<std::string> replay_texts(spool::Spool& spool) {
  std::vector<std::string> texts;
  const auto replayed = spool.replay([&texts](const spool::SpoolRecord& record) -> Result<void> {
    texts.emplace_back(reinterpret_cast<const char*>(record.payload.data()), record.payload.size());
    return {};
  });
  EXPECT_TRUE(replayed);
  return texts;
}

std::size_t segments_in(const fs::path& folder) {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(folder)) count += entry.path().extension() == ".segment";
  return count;
}

TEST(Spool, GivesBackAfterAReopenWhatWasSyncedAndNotAcknowledged) {
  const TemporaryFolder folder;
  Uuid identity;
  {
    const auto spool = open(folder / "spool");
    EXPECT_TRUE(spool->recovery().created);
    EXPECT_TRUE(replay_texts(*spool).empty());
    identity = spool->identity();
    const spool::Sequence first = append_text(*spool, "first");
    append_text(*spool, "");
    ASSERT_TRUE(spool->sync(append_text(*spool, "third")));
    ASSERT_TRUE(spool->acknowledge(first));
    append_text(*spool, "never synced");
  }
  const auto spool = open(folder / "spool");
  EXPECT_EQ(spool->identity(), identity);
  EXPECT_EQ(replay_texts(*spool), (std::vector<std::string>{"", "third"}));
  EXPECT_EQ(spool->recovery().records, 2u);
  EXPECT_EQ(spool->recovery().record_bytes, 5u);
  EXPECT_EQ(spool->recovery().records_acknowledged, 1u);
  EXPECT_FALSE(spool->recovery().closed_in_order);
  EXPECT_TRUE(spool->recovery().intact());
}

TEST(Spool, IsEmptyOnDiskWhenAllIsAcknowledgedAndItIsClosed) {
  const TemporaryFolder folder;
  {
    const auto spool = open(folder / "spool");
    for (int i = 0; i < 20; ++i) {
      const spool::Sequence sequence = append_text(*spool, std::string(300, 'x'));
      ASSERT_TRUE(spool->acknowledge(sequence));
    }
    ASSERT_TRUE(spool->close());
    EXPECT_EQ(segments_in(folder / "spool"), 0u);
    EXPECT_EQ(spool->append({}).error().kind, ErrorKind::kInvalidArgument);
    EXPECT_TRUE(spool->close());
  }
  const auto spool = open(folder / "spool");
  EXPECT_TRUE(spool->recovery().closed_in_order);
  EXPECT_EQ(spool->recovery().segments, 0u);
}

TEST(Spool, CloseKeepsWhatIsNotAcknowledged) {
  const TemporaryFolder folder;
  {
    const auto spool = open(folder / "spool");
    append_text(*spool, "not synced by its owner");
    ASSERT_TRUE(spool->close());
  }
  EXPECT_EQ(replay_texts(*open(folder / "spool")), std::vector<std::string>{"not synced by its owner"});
}

TEST(Spool, NeverGivesASequenceTwiceNotEvenOfARecordThatWasLost) {
  const TemporaryFolder folder;
  std::set<spool::Sequence> given;
  for (int opening = 0; opening < 5; ++opening) {
    const auto spool = open(folder / "spool");
    for (int i = 0; i < 3; ++i)
      EXPECT_TRUE(given.insert(append_text(*spool, "lost with the process")).second);
    EXPECT_EQ(*given.rbegin() >> 32, (*given.rbegin() - 2) >> 32);
  }
  EXPECT_EQ(given.size(), 15u);
}

TEST(Spool, DeletesSegmentsAsTheyAreDoneInAnyOrder) {
  const TemporaryFolder folder;
  const auto spool = open(folder / "spool");
  std::vector<spool::Sequence> sequences;
  for (int i = 0; i < 9; ++i) sequences.push_back(append_text(*spool, std::string(300, 'x')));
  ASSERT_TRUE(spool->sync(sequences.back()));
  const std::size_t before = segments_in(folder / "spool");
  ASSERT_GE(before, 4u);
  for (std::size_t i = 3; i < 6; ++i) ASSERT_TRUE(spool->acknowledge(sequences[i]));
  EXPECT_LT(segments_in(folder / "spool"), before) << "a segment in the middle was done";
  EXPECT_EQ(spool->usage().segments, segments_in(folder / "spool"));
  EXPECT_EQ(spool->usage().records, 6u);
  ASSERT_TRUE(spool->acknowledge(sequences[3])) << "again";
  EXPECT_EQ(spool->usage().records, 6u);
  const auto records = replay_texts(*spool);
  EXPECT_EQ(records.size(), 6u);
}

TEST(Spool, SaysWhenItIsFullAndTakesMoreWhenSomethingIsAcknowledged) {
  const TemporaryFolder folder;
  const auto spool = open(folder / "spool");
  std::vector<spool::Sequence> sequences;
  Result<spool::Sequence> taken = spool::Sequence{0};
  while ((taken = append(*spool, std::vector<std::byte>(400)))) sequences.push_back(*taken);
  EXPECT_EQ(taken.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(taken.error().message, HasSubstr("full"));
  ASSERT_TRUE(spool->sync(sequences.back()));
  EXPECT_LE(spool->usage().disk_bytes, small_spool().spool_bytes_max);
  EXPECT_GE(sequences.size(), 30u);
  EXPECT_FALSE(append(*spool, std::vector<std::byte>(400)));
  for (std::size_t i = 0; i < 2; ++i) ASSERT_TRUE(spool->acknowledge(sequences[i]));
  EXPECT_TRUE(append(*spool, std::vector<std::byte>(400)));
}

TEST(Spool, RefusesWhatIsOutOfItsBounds) {
  const TemporaryFolder folder;
  const auto spool = open(folder / "spool");
  EXPECT_EQ(append(*spool, std::vector<std::byte>(2'049)).error().kind, ErrorKind::kTooLarge);
  EXPECT_TRUE(append(*spool, std::vector<std::byte>(2'048))) << "larger than a segment, and allowed";
  const spool::Sequence last = append_text(*spool, "last");
  for (const spool::Sequence never : {spool::Sequence{0}, last + 1}) {
    EXPECT_EQ(spool->sync(never).error().kind, ErrorKind::kInvalidArgument);
    EXPECT_EQ(spool->acknowledge(never).error().kind, ErrorKind::kInvalidArgument);
  }
  spool::SpoolOptions options = small_spool();
  options.segment_bytes = 100;
  EXPECT_EQ(spool::Spool::open(folder / "other", options).error().kind, ErrorKind::kInvalidArgument);
  options = small_spool();
  options.spool_bytes_max = options.segment_bytes;
  EXPECT_THAT(spool::Spool::open(folder / "other", options).error().message, HasSubstr("spool_bytes_max"));
}

TEST(Spool, IsHeldByOneOwnerWhoIsNamed) {
  const TemporaryFolder folder;
  const auto spool = open(folder / "spool");
  const auto second = spool::Spool::open(folder / "spool", small_spool());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(second.error().message, HasSubstr("process " + std::to_string(::getpid())));
  ASSERT_TRUE(spool->close());
  EXPECT_TRUE(spool::Spool::open(folder / "spool", small_spool()));
}

TEST(Spool, IsForItsOwnerAlone) {
  const TemporaryFolder folder;
  const auto spool = open(folder / "spool");
  ASSERT_TRUE(spool->sync(append_text(*spool, "secret")));
  struct stat status{};
  ASSERT_EQ(::stat((folder / "spool").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  for (const auto& entry : fs::directory_iterator(folder / "spool")) {
    ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u) << entry.path();
  }
}

TEST(Spool, DoesNotTouchAFolderOfSomebodyElse) {
  const TemporaryFolder folder;
  std::ofstream(folder / "thesis.tex") << "years of work";
  const auto spool = spool::Spool::open(folder.path(), small_spool());
  ASSERT_FALSE(spool);
  EXPECT_EQ(spool.error().kind, ErrorKind::kIncompatible);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
  EXPECT_EQ(spool::Spool::open(folder / "no" / "parent", small_spool()).error().kind, ErrorKind::kStorage);
}

TEST(Spool, AWithdrawnRecordIsNotReplayed) {
  const TemporaryFolder folder;
  {
    const auto spool = open(folder / "spool");
    append_text(*spool, "before");
    ASSERT_TRUE(spool->acknowledge(append_text(*spool, "stored before it was spooled")));
    ASSERT_TRUE(spool->sync(append_text(*spool, "behind")));
  }
  EXPECT_EQ(replay_texts(*open(folder / "spool")), (std::vector<std::string>{"before", "behind"}));
}

TEST(Spool, ReplayStopsWhenItsReceiverSaysSo) {
  const TemporaryFolder folder;
  const auto spool = open(folder / "spool");
  append_text(*spool, "one");
  ASSERT_TRUE(spool->sync(append_text(*spool, "two")));
  int calls = 0;
  const auto replayed = spool->replay([&calls](const spool::SpoolRecord&) -> Result<void> {
    ++calls;
    return Error{ErrorKind::kTimeout, "not now"};
  });
  ASSERT_FALSE(replayed);
  EXPECT_EQ(replayed.error().kind, ErrorKind::kTimeout);
  EXPECT_EQ(calls, 1);
}

TEST(Spool, ReplayGoesOnWhileItsReceiverAcknowledges) {
  const TemporaryFolder folder;
  {
    const auto spool = open(folder / "spool");
    for (int i = 0; i < 20; ++i) append_text(*spool, std::string(400, 'x'));
    ASSERT_TRUE(spool->close());
  }
  const auto spool = open(folder / "spool");
  std::size_t count = 0;
  const auto replayed = spool->replay([&](const spool::SpoolRecord& record) -> Result<void> {
    ++count;
    return spool->acknowledge(record.sequence);
  });
  ASSERT_TRUE(replayed);
  EXPECT_EQ(count, 20u);
  EXPECT_EQ(segments_in(folder / "spool"), 0u);
}

}  // namespace
