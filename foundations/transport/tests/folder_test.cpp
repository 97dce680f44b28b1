// The folder of an embedded store, without the engine: what is taken for a store and what is not.
#include "embedded/folder.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra::embedded {
namespace {

namespace fs = std::filesystem;
using optiinfra::testing::TemporaryFolder;

void write(const fs::path& path, std::string_view text) { std::ofstream(path) << text; }

void expect_error(const Result<Folder>& folder, ErrorKind kind, std::string_view says) {
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().kind, kind);
  EXPECT_NE(folder.error().message.find(says), std::string::npos) << folder.error().message;
}

TEST(StoreFolder, IsCreatedForItsOwnerAlone) {
  const TemporaryFolder parent;
  const fs::path path = parent / "new/store";
  ASSERT_TRUE(Folder::open(path, IfAbsent::kCreate));
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  EXPECT_TRUE(fs::is_directory(path / "engine"));
  EXPECT_TRUE(fs::exists(path / "OPTIINFRA"));
}

TEST(StoreFolder, ThatWasThereForAllKeepsTheEngineToItsOwner) {
  const TemporaryFolder parent;
  const fs::path path = parent / "store";
  fs::create_directory(path);
  fs::permissions(path, fs::perms{0755});
  ASSERT_TRUE(Folder::open(path, IfAbsent::kCreate));
  EXPECT_EQ(fs::status(path / "engine").permissions(), fs::perms::owner_all);
}

TEST(StoreFolder, ThatIsAbsentSaysHowToCreateItAndStaysAbsent) {
  const TemporaryFolder parent;
  const fs::path path = parent / "absent";
  expect_error(Folder::open(path, IfAbsent::kFail), ErrorKind::kStorage,
               "optiinfra init --url embedded:" + path.string());
  EXPECT_FALSE(fs::exists(path));
  expect_error(Folder::open(parent.path(), IfAbsent::kFail), ErrorKind::kStorage, "optiinfra init");
  EXPECT_TRUE(fs::is_empty(parent.path()));
}

TEST(StoreFolder, FollowsNoLinkInPlaceOfItsFiles) {
  const TemporaryFolder folder;
  write(folder / "notes.txt", "mine");
  fs::create_directory(folder / "store");
  for (const char* name : {"lock", "OPTIINFRA.new"}) {
    fs::create_symlink(folder / "notes.txt", folder / "store" / name);
    EXPECT_FALSE(Folder::open(folder / "store", IfAbsent::kCreate)) << name;
    std::ifstream file(folder / "notes.txt");
    std::string text;
    std::getline(file, text);
    EXPECT_EQ(text, "mine") << name;
    fs::remove(folder / "store" / name);
  }
}

TEST(StoreFolder, OfAnotherProgramIsLeftAlone) {
  const TemporaryFolder folder;
  write(folder / "notes.txt", "mine");
  for (const IfAbsent if_absent : {IfAbsent::kFail, IfAbsent::kCreate}) {
    expect_error(Folder::open(folder.path(), if_absent), ErrorKind::kIncompatible, "another program");
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
}

TEST(StoreFolder, ThatIsAFileIsRefused) {
  const TemporaryFolder folder;
  write(folder / "file", "text");
  expect_error(Folder::open(folder / "file", IfAbsent::kCreate), ErrorKind::kIncompatible, "is not a folder");
}

TEST(StoreFolder, OfAnotherLayoutIsRefused) {
  const TemporaryFolder folder;
  ASSERT_TRUE(Folder::open(folder / "store", IfAbsent::kCreate));
  write(folder / "store/OPTIINFRA", "optiinfra store, layout 2\n");
  expect_error(Folder::open(folder / "store", IfAbsent::kFail), ErrorKind::kIncompatible,
               "'optiinfra store, layout 2'");
  write(folder / "store/OPTIINFRA", "");
  expect_error(Folder::open(folder / "store", IfAbsent::kFail), ErrorKind::kIncompatible,
               "does not hold an optiinfra store's mark");
}

TEST(StoreFolder, WhoseCreationWasKilledIsCreatedAgain) {
  const TemporaryFolder folder;
  write(folder / "lock", "optiinfra (process 1)");
  write(folder / "OPTIINFRA.new", "optiin");
  EXPECT_TRUE(Folder::open(folder.path(), IfAbsent::kCreate));
}

TEST(StoreFolder, KnowsWhetherItWasClosedInOrder) {
  const TemporaryFolder parent;
  {
    auto folder = Folder::open(parent / "store", IfAbsent::kCreate);
    ASSERT_TRUE(folder);
    EXPECT_FALSE(folder->was_unclean());
    folder->mark_clean();
  }
  EXPECT_FALSE(Folder::open(parent / "store", IfAbsent::kFail).value().was_unclean());  // Not marked clean.
  EXPECT_TRUE(Folder::open(parent / "store", IfAbsent::kFail).value().was_unclean());
}

TEST(StoreFolder, HeldTwiceNamesTheHolder) {
  const TemporaryFolder parent;
  const auto first = Folder::open(parent / "store", IfAbsent::kCreate);
  ASSERT_TRUE(first);
  expect_error(Folder::open(parent / "store", IfAbsent::kFail), ErrorKind::kUnavailable,
               "(process " + std::to_string(::getpid()) + ")");
}

}  // namespace
}  // namespace optiinfra::embedded
