// A store that must not be written to: a snapshot, a backup, another account's folder.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include "store_on_disk.hpp"

namespace optiinfra::cli {
namespace {

using ::testing::HasSubstr;

class ReadOnlyStore : public StoreOnDisk {
 protected:
  void expect_answers_and_no_change(const std::vector<std::string>& before = {}) {
    const auto tree = tree_of(store());
    for (const auto& question : kQuestions) {
      const auto answer = run(question, before);
      EXPECT_EQ(answer.exit_code, 0) << question.front() << ": " << answer.error_output;
    }
    for (const std::vector<std::string>& change : std::vector<std::vector<std::string>>{
             {"import", "cost", write_cost_file("cost.csv", 10)},
             {"retention", "set", "cost", "raw", "30d"},
             {"sql", "--write", "CREATE TABLE optiinfra.more (a Int8) ENGINE = Memory"}}) {
      const auto refused = run(change, before);
      EXPECT_EQ(refused.exit_code, 1) << change.front();
      EXPECT_THAT(refused.error_output, HasSubstr("cannot write to")) << change.front();
    }
    EXPECT_EQ(tree_of(store()), tree);
  }
};

INSTANTIATE_TEST_SUITE_P(, ReadOnlyStore, ::testing::Values(testing::DiskKind::kExt4), name_of);

TEST_P(ReadOnlyStore, OnAReadOnlyMountIsAskedAndNotChanged) {
  ASSERT_TRUE(disk->set_read_only(true));
  expect_answers_and_no_change();
}

TEST_P(ReadOnlyStore, BoundForReadingAloneIsAskedAndNotChanged) {
  const auto path = store();
  ASSERT_EQ(::mount(path.c_str(), path.c_str(), nullptr, MS_BIND, nullptr), 0);
  ASSERT_EQ(::mount(nullptr, path.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr), 0);
  expect_answers_and_no_change();
  ::umount2(path.c_str(), MNT_DETACH);
}

/// The parts of a killed process are whole, and only inserts use its log of tokens.
TEST_P(ReadOnlyStore, ThatWasKilledIsAskedAndNotChanged) {
  std::ofstream(store() / "unclean");
  ASSERT_TRUE(disk->set_read_only(true));
  expect_answers_and_no_change();
}

TEST_P(ReadOnlyStore, OfAnotherAccountIsAskedAndNotChanged) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another account";
  namespace fs = std::filesystem;
  // What lies between the root and the store, and where the program writes for a while.
  for (fs::path folder = store(); folder != folder.root_path(); folder = folder.parent_path())
    if (fs::status(folder).permissions() == fs::perms::owner_all)
      fs::permissions(folder, fs::perms::others_exec | fs::perms::others_read, fs::perm_options::add);
  for (fs::path folder = home / "scratch"; folder != folder.root_path(); folder = folder.parent_path())
    if (fs::status(folder).permissions() == fs::perms::owner_all)
      fs::permissions(folder, fs::perms::others_exec | fs::perms::others_read, fs::perm_options::add);
  fs::permissions(home / "scratch", fs::perms::all);
  for (const auto& entry : fs::recursive_directory_iterator(store()))
    if (!entry.is_symlink())
      fs::permissions(
          entry.path(),
          fs::perms::others_read | (entry.is_directory() ? fs::perms::others_exec : fs::perms::none),
          fs::perm_options::add);
  const std::vector<std::string> as_nobody = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};
  if (run({"version"}, as_nobody).exit_code != 0)
    GTEST_SKIP() << "the program cannot be run by another account here";
  expect_answers_and_no_change(as_nobody);
}

}  // namespace
}  // namespace optiinfra::cli
