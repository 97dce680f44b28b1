// Made-up folders of the engine: what is broken in them, and what recover_folder() makes of it.
#include "embedded/recovery.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "embedded/definitions.hpp"
#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra::embedded {
namespace {

namespace fs = std::filesystem;

const std::string kDatabase = "ddd00000-0000-0000-0000-000000000001";
const std::string kTable = "aaa00000-0000-0000-0000-000000000002";
const std::string kTableText =
    "ATTACH TABLE _ UUID '" + kTable +
    "'\n(\n    `a` String DEFAULT 'x (',\n    `generation` UInt32 MATERIALIZED 0\n)\nENGINE = "
    "MergeTree\nORDER BY (a)\nTTL b + toIntervalDay(30)\nSETTINGS index_granularity = 8192\n";
const std::string kDatabaseText = "ATTACH DATABASE _ UUID '" + kDatabase + "'\nENGINE = Atomic\n";

class Recovery : public ::testing::Test {
 protected:
  Recovery() {
    write(database_file_, kDatabaseText);
    write(table_file_, kTableText);
    write(table_folder_ / "format_version.txt", "1");
    fs::create_directories(engine_ / table_folder_ / "all_1_1_0");
  }

  void write(const fs::path& path, const std::string& text) const {
    fs::create_directories((engine_ / path).parent_path());
    std::ofstream(engine_ / path, std::ios::binary) << text;
  }

  std::string content(const fs::path& path) const {
    std::ifstream file(engine_ / path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  /// What recovery has to say, in lines.
  std::string recovered(FolderRepair repair = FolderRepair::kRepair) const {
    const auto faults = recover_folder(engine_, repair);
    if (!faults) return "error: " + faults.error().message;
    std::string text;
    for (const FolderFault& each : *faults) text += each.place + ": " + each.what + "\n";
    return text;
  }

  const testing::TemporaryFolder folder_;
  const fs::path engine_ = folder_ / "engine";
  const fs::path database_file_ = "metadata/optiinfra.sql";
  const fs::path table_file_ = fs::path("store/ddd") / kDatabase / "t.sql";
  const fs::path table_folder_ = fs::path("store/aaa") / kTable;
};

TEST_F(Recovery, ChangesNothingInAStoreThatIsWhole) {
  ASSERT_TRUE(keep_definitions_copy(engine_));
  EXPECT_EQ(recovered(), "");
  EXPECT_EQ(content(table_file_), kTableText);
}

TEST_F(Recovery, RestoresADefinitionThatIsCutAnywhere) {
  ASSERT_TRUE(keep_definitions_copy(engine_));
  for (std::size_t size = 0; size < kTableText.size(); ++size)
    ASSERT_NE(definition_fault(kTableText.substr(0, size), kTableText), "") << size;
  // Each repair waits for the disk some times.
  for (std::size_t size = 0; size < kTableText.size(); size += 29) {
    write(table_file_, kTableText.substr(0, size));
    ASSERT_NE(recovered(), "") << size;
    ASSERT_EQ(content(table_file_), kTableText) << size;
  }
  for (std::size_t size = 0; size < kDatabaseText.size(); size += 13) {
    write(database_file_, kDatabaseText.substr(0, size));
    ASSERT_NE(recovered(), "") << size;
    ASSERT_EQ(content(database_file_), kDatabaseText) << size;
  }
}

TEST_F(Recovery, RestoresADefinitionOfZeroBytesAsAPowerLossLeavesIt) {
  ASSERT_TRUE(keep_definitions_copy(engine_));
  write(table_file_, std::string(kTableText.size(), '\0'));
  EXPECT_NE(recovered(), "");
  EXPECT_EQ(content(table_file_), kTableText);
}

TEST_F(Recovery, RestoresADefinitionThatIsGoneWhileItsTableIsThere) {
  ASSERT_TRUE(keep_definitions_copy(engine_));
  fs::remove(engine_ / table_file_);
  EXPECT_NE(recovered(), "");
  EXPECT_EQ(content(table_file_), kTableText);
}

TEST_F(Recovery, LeavesATableDroppedThatWasDroppedOrRenamed) {
  ASSERT_TRUE(keep_definitions_copy(engine_));
  fs::create_directories(engine_ / "metadata_dropped");
  fs::rename(engine_ / table_file_, engine_ / "metadata_dropped" / ("optiinfra.t." + kTable + ".sql"));
  EXPECT_EQ(recovered(), "");
  fs::rename(engine_ / "metadata_dropped" / ("optiinfra.t." + kTable + ".sql"),
             (engine_ / table_file_).parent_path() / "u.sql");
  EXPECT_EQ(recovered(), "");
  EXPECT_FALSE(fs::exists(engine_ / table_file_));
}

TEST_F(Recovery, WritesTheDatabaseOfTheTablesAgainWithoutACopy) {
  for (const bool is_empty : {true, false}) {
    fs::remove(engine_ / database_file_);
    if (is_empty) write(database_file_, "");
    EXPECT_NE(recovered(), "");
    EXPECT_EQ(content(database_file_), kDatabaseText);
  }
}

TEST_F(Recovery, SetsABrokenDefinitionWithoutACopyAsideAndKeepsIt) {
  write(table_file_, kTableText.substr(0, 90));
  EXPECT_NE(recovered().find("no copy"), std::string::npos);
  EXPECT_FALSE(fs::exists(engine_ / table_file_));
  EXPECT_TRUE(fs::exists(folder_ / "set-aside" / (kDatabase + ".t.sql")));
  EXPECT_TRUE(fs::exists(engine_ / table_folder_ / "all_1_1_0"));
}

TEST_F(Recovery, SetsACutMutationAside) {
  const std::string whole =
      "format version: 1\ncreate time: 2026-11-28 17:12:08\ncommands: (DELETE WHERE a = \\'x\\')\n";
  write(table_folder_ / "mutation_7.txt", whole);
  EXPECT_EQ(recovered(), "");
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    write(table_folder_ / "mutation_7.txt", whole.substr(0, size));
    ASSERT_NE(recovered(), "") << size;
    ASSERT_FALSE(fs::exists(engine_ / table_folder_ / "mutation_7.txt")) << size;
  }
  EXPECT_TRUE(fs::exists(folder_ / "set-aside" / (kTable + ".mutation_7.txt.2")));
}

TEST_F(Recovery, NamesFaultsAndChangesNothingUnlessAsked) {
  ASSERT_TRUE(keep_definitions_copy(engine_));
  write(table_file_, "");
  write(table_folder_ / "mutation_7.txt", "");
  write(table_folder_ / "format_version.txt", "");
  const std::string found = recovered(FolderRepair::kNone);
  EXPECT_EQ(std::count(found.begin(), found.end(), '\n'), 3) << found;
  EXPECT_EQ(content(table_file_), "");
  EXPECT_TRUE(fs::exists(engine_ / table_folder_ / "mutation_7.txt"));
  EXPECT_EQ(recovered(), found);
  EXPECT_EQ(recovered(), "");
}

TEST_F(Recovery, KeepsTheLastWholeTextOfABrokenDefinitionInTheCopy) {
  ASSERT_TRUE(keep_definitions_copy(engine_));
  write(table_file_, "");
  ASSERT_TRUE(keep_definitions_copy(engine_));
  fs::remove(engine_ / table_file_);
  ASSERT_TRUE(keep_definitions_copy(engine_));
  EXPECT_NE(recovered(), "");
  EXPECT_EQ(content(table_file_), kTableText);
}

TEST_F(Recovery, TakesTheDefinitionOfTodayFromTheCopy) {
  ASSERT_TRUE(keep_definitions_copy(engine_));
  std::string changed = kTableText;
  changed.replace(changed.find("MATERIALIZED 0"), 14, "MATERIALIZED 9");
  write(table_file_, changed);
  ASSERT_TRUE(keep_definitions_copy(engine_));
  write(table_file_, "");
  EXPECT_NE(recovered(), "");
  EXPECT_EQ(content(table_file_), changed);
}

TEST_F(Recovery, TrustsNoCopyThatIsCut) {
  ASSERT_TRUE(keep_definitions_copy(engine_));
  const fs::path copy = folder_ / "definitions";
  const auto size = fs::file_size(copy);
  ASSERT_EQ(read_definitions_copy(engine_).size(), 2u);
  for (std::uintmax_t cut = size; cut-- > 0;) {
    fs::resize_file(copy, cut);
    ASSERT_TRUE(read_definitions_copy(engine_).empty()) << cut;
  }
}

}  // namespace
}  // namespace optiinfra::embedded
