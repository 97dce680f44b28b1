// Made-up logs and part folders: which lines survive a repair.
#include "embedded/deduplication_log.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "embedded/part_name.hpp"
#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra::embedded {
namespace {

namespace fs = std::filesystem;

class DeduplicationLog : public ::testing::Test {
 protected:
  DeduplicationLog() {
    fs::create_directories(logs_);
    fs::create_directories(table_ / "detached");
  }

  void part(const std::string& name) const { fs::create_directories(table_ / name); }
  void log(const std::string& text, int number = 1) const {
    std::ofstream(path(number), std::ios::binary) << text;
  }
  fs::path path(int number = 1) const {
    return logs_ / ("deduplication_log_" + std::to_string(number) + ".txt");
  }

  static std::string content(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string repaired(int number = 1) const {
    const auto status = repair_deduplication_logs(engine_);
    return status ? content(path(number)) : "error: " + status.error().message;
  }

  const testing::TemporaryFolder folder_;
  const fs::path engine_ = folder_ / "engine";
  const fs::path table_ = engine_ / "store/abc/abc00000-0000-0000-0000-000000000000";
  const fs::path logs_ = table_ / "deduplication_logs";
};

TEST_F(DeduplicationLog, LosesALineWhosePartWasNeverMade) {
  part("all_1_1_0");
  part("tmp_insert_all_2_2_0");
  log("1\tall_1_1_0\tone\n1\tall_2_2_0\ttwo\n");
  EXPECT_EQ(repaired(), "1\tall_1_1_0\tone\n");
}

TEST_F(DeduplicationLog, IsEmptyWhenItsOnlyPartWasNeverMade) {
  log("1\tall_1_1_0\tone\n");
  EXPECT_EQ(repaired(), "");
  EXPECT_TRUE(fs::exists(path()));
}

TEST_F(DeduplicationLog, KeepsALineWhosePartWasMergedOrMutated) {
  part("all_1_5_2");
  part("all_6_6_0_9");
  const std::string text = "1\tall_1_1_0\ta\n1\tall_5_5_0\tb\n1\tall_6_6_0\tc\n";
  log(text);
  EXPECT_EQ(repaired(), text);
}

TEST_F(DeduplicationLog, LosesALineThatNoPartCovers) {
  part("all_1_5_2");
  part("202603_6_9_1");
  log("1\tall_5_6_0\twider\n1\tall_6_6_0\tother partition\n1\tall_2_2_3\thigher level\n1\tall_2_2_0_4\tlater "
      "mutation\n"
      "1\tall_2_2_0\tcovered\n");
  EXPECT_EQ(repaired(), "1\tall_2_2_0\tcovered\n");
}

TEST_F(DeduplicationLog, LosesATornLastLineEvenIfItsPartExists) {
  part("all_1_1_0");
  part("all_2_2_0");
  for (const char* tail : {"1", "1\t", "1\tall_2_2", "1\tall_2_2_0", "1\tall_2_2_0\ttw", "\0\0\0"}) {
    log(std::string("1\tall_1_1_0\tone\n") +
        std::string(tail, tail[0] == '\0' ? 3 : std::char_traits<char>::length(tail)));
    EXPECT_EQ(repaired(), "1\tall_1_1_0\tone\n");
  }
}

TEST_F(DeduplicationLog, KeepsDropsAndWhatTheyDropped) {
  part("all_3_3_0");
  const std::string text = "1\tall_1_1_0\tone\n2\tall_1_1_0\tone\n2\tall_2_2_0\ttwo\n1\tall_3_3_0\tone\n";
  log(text);
  EXPECT_EQ(repaired(), text);
}

TEST_F(DeduplicationLog, FindsADropInALaterLog) {
  log("1\tall_1_1_0\tone\n1\tall_2_2_0\ttwo\n", 1);
  log("2\tall_1_1_0\tone\n", 2);
  EXPECT_EQ(repaired(1), "1\tall_1_1_0\tone\n");
  EXPECT_EQ(content(path(2)), "2\tall_1_1_0\tone\n");
}

TEST_F(DeduplicationLog, IsNotWrittenWhenItIsRight) {
  part("all_1_1_0");
  log("1\tall_1_1_0\tone\n");
  const auto long_ago = fs::file_time_type::clock::now() - std::chrono::hours(1);
  fs::last_write_time(path(), long_ago);
  EXPECT_EQ(repaired(), "1\tall_1_1_0\tone\n");
  EXPECT_EQ(fs::last_write_time(path()), long_ago);
}

TEST_F(DeduplicationLog, LeavesNoFileOfItsOwnBehind) {
  log("1\tall_1_1_0\tone\n");
  EXPECT_EQ(repaired(), "");
  EXPECT_EQ(std::distance(fs::directory_iterator(logs_), fs::directory_iterator()), 1);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()), 1);
}

TEST_F(DeduplicationLog, OfContentNobodyKnowsIsLeftAloneAndReported) {
  for (const char* line : {"hello", "3\tall_1_1_0\tone", "1\tall_1_1_0", "1\tall_1_1_0\t", "1\tall_1\tone",
                           "1\tall_1_1_0\tone\tmore", "", "1\tall_2_1_0\tone", "1\tall_1_1_x\tone"}) {
    const std::string text = "1\tall_9_9_0\tnine\n" + std::string(line) + "\n1\tall_8_8_0\teight\n";
    log(text);
    const auto status = repair_deduplication_logs(engine_);
    ASSERT_FALSE(status) << line;
    EXPECT_EQ(status.error().kind, ErrorKind::kCorrupt);
    EXPECT_NE(status.error().message.find("line 2 of " + path().string()), std::string::npos)
        << status.error().message;
    EXPECT_EQ(content(path()), text);
  }
}

TEST_F(DeduplicationLog, OfOtherTablesIsRepairedAllTheSame) {
  log("hello\n");
  const fs::path other = engine_ / "store/fff/fff00000-0000-0000-0000-000000000000/deduplication_logs";
  fs::create_directories(other);
  std::ofstream(other / "deduplication_log_1.txt") << "1\tall_1_1_0\tone\n";
  EXPECT_FALSE(repair_deduplication_logs(engine_));
  EXPECT_EQ(content(other / "deduplication_log_1.txt"), "");
}

TEST_F(DeduplicationLog, MayBeAbsent) {
  fs::remove_all(engine_);
  EXPECT_TRUE(repair_deduplication_logs(engine_));
  fs::create_directories(engine_ / "store/abc/abc00000-0000-0000-0000-000000000000");
  EXPECT_TRUE(repair_deduplication_logs(engine_));
}

TEST(PartName, IsReadFromTheRight) {
  const auto part = PartName::parse("202603_7_12_3_40");
  ASSERT_TRUE(part);
  EXPECT_EQ(part->partition, "202603");
  EXPECT_EQ(part->first_block, 7u);
  EXPECT_EQ(part->last_block, 12u);
  EXPECT_EQ(part->level, 3u);
  EXPECT_EQ(part->mutation, 40u);
  for (const char* text : {"", "all", "all_1_1", "all_1_1_0_1_1", "tmp_insert_all_1_1_0", "detached",
                           "_1_1_0", "all_1_1_0 ", "all_99999999999999999999_1_0", "all_-1_1_0"}) {
    EXPECT_FALSE(PartName::parse(text)) << text;
  }
}

}  // namespace
}  // namespace optiinfra::embedded
