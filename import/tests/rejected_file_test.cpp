#include "rejected_file.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "row_describer.hpp"

namespace optiinfra {
namespace {

namespace fs = std::filesystem;

class RejectedFileTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              ("rejected-" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(folder_);
    fs::create_directory(folder_);
    imported_ = folder_ / "data.csv";
    path_ = folder_ / "data.csv.rejected.jsonl";
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& text) const { std::ofstream(path_, std::ios::binary) << text; }
  std::string text() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  fs::path folder_, imported_, path_;
};

TEST_F(RejectedFileTest, IsNotThereUntilALineIs) {
  RejectedFile file(imported_, {});
  EXPECT_EQ(file.path(), path_);
  EXPECT_TRUE(file.keep(0));
  EXPECT_TRUE(file.sync());
  EXPECT_FALSE(fs::exists(path_));
  EXPECT_TRUE(file.append("a"));
  EXPECT_TRUE(file.sync());
  EXPECT_EQ(text(), "a\n");
}

TEST_F(RejectedFileTest, ForgetsAnotherImportsLines) {
  write("old\n");
  RejectedFile file(imported_, {});
  EXPECT_TRUE(file.keep(0));
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(RejectedFileTest, KeepsTheLinesOfFinishedBlocksAndDropsTheRestAndATornOne) {
  write("{\"row\":1}\n{\"row\":2}\n{\"row\":3}\n{\"ro");
  RejectedFile file(imported_, {});
  EXPECT_TRUE(file.keep(2));
  EXPECT_EQ(file.line_count(), 2u);
  EXPECT_EQ(file.last_line(), "{\"row\":2}");
  EXPECT_EQ(row_of_rejected_line(file.last_line()), 2u);
  EXPECT_TRUE(file.append("new"));
  EXPECT_TRUE(file.sync());
  EXPECT_EQ(text(), "{\"row\":1}\n{\"row\":2}\nnew\n");
}

TEST_F(RejectedFileTest, GoesOnWhenSomebodyHasTakenTheLinesAway) {
  write("only\nhal");
  RejectedFile file(imported_, {});
  EXPECT_TRUE(file.keep(5));
  EXPECT_EQ(file.line_count(), 1u);
  EXPECT_EQ(text(), "only\n");
}

TEST_F(RejectedFileTest, SaysWhenTheDiskIsFull) {
  fs::create_symlink("/dev/full", path_);
  RejectedFile file(imported_, {});
  EXPECT_TRUE(file.append("a"));
  const auto synced = file.sync();
  ASSERT_FALSE(synced);
  EXPECT_EQ(synced.error().kind, ErrorKind::kStorage);
  EXPECT_NE(synced.error().message.find("No space left"), std::string::npos) << synced.error().message;
}

TEST(RowDescriber, SurvivesADescriptionThatIsNone) {
  const RowDescriber describer{{}, {"a"}, {}, {}};
  for (const char* details :
       {"", "nonsense", "{}", "[]", "[1,2,3]", "[\"\",0,18446744073709551615,0,[],\"\"]"}) {
    EXPECT_EQ(row_of_rejected_line(describer.rejected_line(7, 5, details, {})), 5u) << details;
  }
}

TEST(RowDescriber, RepeatsInvalidTextAsText) {
  const RowDescriber describer{{}, {"a"}, {"a"}, {}};
  const std::string line =
      describer.rejected_line(std::nullopt, 1, "[\"is bad\",0,0,0,[\"\xff\"],[\"\xff\"]]", {});
  EXPECT_EQ(row_of_rejected_line(line), 1u) << line;
}

}  // namespace
}  // namespace optiinfra
