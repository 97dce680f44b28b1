#include "rejected_file.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

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

  static std::string ours(int row) { return "{\"row\":" + std::to_string(row) + ",\"reason\":\"\"}\n"; }
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
  for (const char* old : {"", "{\"row\":1,\"reason\":\"old\"}\n", "{\"line\":12,\"row\":1,\"reason\":\"to"}) {
    write(old);
    RejectedFile file(imported_, {});
    EXPECT_TRUE(file.keep(0)) << old;
    EXPECT_FALSE(fs::exists(path_)) << old;
  }
}

TEST_F(RejectedFileTest, LeavesAloneWhatNoImportHasWritten) {
  for (const char* foreign : {"notes of a person\n", "{\"row\":1}\n", "{\"line\":1,\"reason\":\"a\"}\n"}) {
    write(foreign);
    for (const std::uint64_t lines : {0, 1}) {
      RejectedFile file(imported_, {});
      const auto kept = file.keep(lines);
      ASSERT_FALSE(kept) << foreign;
      EXPECT_EQ(kept.error().kind, ErrorKind::kStorage);
      EXPECT_NE(kept.error().message.find("was not written by an import"), std::string::npos);
    }
    EXPECT_EQ(text(), foreign);
  }
}

TEST_F(RejectedFileTest, FollowsNoLink) {
  write("");
  fs::rename(path_, folder_ / "elsewhere");
  fs::create_symlink(folder_ / "elsewhere", path_);
  RejectedFile file(imported_, {});
  EXPECT_FALSE(file.keep(0));
  EXPECT_TRUE(file.append("a"));
  EXPECT_FALSE(file.sync());
  EXPECT_EQ(fs::file_size(folder_ / "elsewhere"), 0u);
}

TEST_F(RejectedFileTest, TakesNoMoreLinesThanItsLimits) {
  const std::string line = R"({"row":1,"reason":"a"})";
  {
    RejectedFile file(imported_, {}, {.lines_max = 3});
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(file.append(line));
    EXPECT_TRUE(file.sync());
    EXPECT_EQ(file.line_count(), 3u);
    EXPECT_EQ(fs::file_size(path_), 3 * (line.size() + 1));
  }
  RejectedFile goes_on(imported_, {}, {.lines_max = 3});
  EXPECT_TRUE(goes_on.keep(5));
  EXPECT_TRUE(goes_on.append(line));
  EXPECT_EQ(goes_on.line_count(), 3u);
  RejectedFile other(folder_ / "other.csv", {}, {.bytes_max = 30});
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(other.append(line));
  EXPECT_EQ(other.line_count(), 2u);
}

TEST_F(RejectedFileTest, KeepsTheLinesOfFinishedBlocksAndDropsTheRestAndATornOne) {
  write(ours(1) + ours(2) + ours(3) + "{\"ro");
  RejectedFile file(imported_, {});
  EXPECT_TRUE(file.keep(2));
  EXPECT_EQ(file.line_count(), 2u);
  EXPECT_EQ(file.last_line() + "\n", ours(2));
  EXPECT_EQ(row_of_rejected_line(file.last_line()), 2u);
  EXPECT_TRUE(file.append("new"));
  EXPECT_TRUE(file.sync());
  EXPECT_EQ(text(), ours(1) + ours(2) + "new\n");
}

TEST_F(RejectedFileTest, GoesOnWhenSomebodyHasTakenTheLinesAway) {
  write(ours(1) + "hal");
  RejectedFile file(imported_, {});
  EXPECT_TRUE(file.keep(5));
  EXPECT_EQ(file.line_count(), 1u);
  EXPECT_EQ(text(), ours(1));
}

TEST_F(RejectedFileTest, SaysWhenTheDiskTakesNoMore) {
  struct rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto on_signal = std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &none), 0);
  RejectedFile file(imported_, {});
  EXPECT_TRUE(file.append("a"));
  const auto synced = file.sync();
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, on_signal);
  ASSERT_FALSE(synced);
  EXPECT_EQ(synced.error().kind, ErrorKind::kStorage);
  EXPECT_NE(synced.error().message.find("File too large"), std::string::npos) << synced.error().message;
}

TEST(RowDescriber, SurvivesADescriptionThatIsNone) {
  const RowDescriber describer{{}, {"a"}, {}, {}};
  for (const char* details :
       {"", "nonsense", "{}", "[]", "[1,2,3]", "[\"\",0,18446744073709551615,0,[],\"\"]"}) {
    EXPECT_EQ(row_of_rejected_line(describer.rejected_line(7, 5, details, {})), 5u) << details;
  }
}

TEST(RowDescriber, RepeatsARowThatIsNestedTooDeepOrTooLongAsItsFirstBytes) {
  const RowDescriber describer{{}, {"a"}, {}, {}};
  const auto raw_of = [&](const std::string& row) {
    const std::string details = R"(["is bad",0,0,0,[""],)" + nlohmann::json(row).dump() + "]";
    const auto line = nlohmann::json::parse(describer.rejected_line(1, 1, details, {}));
    return line["raw"];
  };
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(raw_of(nested(100)).is_array());
  EXPECT_EQ(raw_of(nested(101)), nested(101));
  EXPECT_EQ(raw_of(nested(1'000'000)).get<std::string>().size(), 4096u);
  EXPECT_TRUE(raw_of("\"" + nested(200) + "\\\"[\"").is_string());
  EXPECT_EQ(raw_of("{\"a\":\"" + std::string(2'000'000, 'x') + "\"}").get<std::string>().size(), 4096u);
  // And where the description itself is deep, as that of a typed file can be.
  EXPECT_EQ(row_of_rejected_line(describer.rejected_line(1, 7, nested(1'000'000), {})), 7u);
  EXPECT_EQ(row_of_rejected_line(nested(1'000'000)), 0u);
}

TEST(RowDescriber, RepeatsInvalidTextAsText) {
  const RowDescriber describer{{}, {"a"}, {"a"}, {}};
  const std::string line =
      describer.rejected_line(std::nullopt, 1, "[\"is bad\",0,0,0,[\"\xff\"],[\"\xff\"]]", {});
  EXPECT_EQ(row_of_rejected_line(line), 1u) << line;
}

}  // namespace
}  // namespace optiinfra
