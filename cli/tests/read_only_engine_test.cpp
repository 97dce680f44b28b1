// A store that must not be written to: a snapshot, a backup, another account's folder.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

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

/// A full disk may have cut what the next command would restore, and then the disk is only read.
TEST_P(ReadOnlyStore, WithDamagedDefinitionsIsAskedAndNotChanged) {
  namespace fs = std::filesystem;
  fs::path emptied, removed;
  for (const auto& entry : fs::recursive_directory_iterator(store() / "engine" / "store")) {
    if (entry.path().filename() == "cost_metrics_ts.sql") emptied = entry.path();
    if (entry.path().filename() == "performance_metrics_ts.sql") removed = entry.path();
  }
  fs::resize_file(emptied, 0);
  ASSERT_TRUE(fs::remove(removed));
  fs::remove(store() / "engine" / "metadata" / "optiinfra.sql");
  ASSERT_TRUE(disk->set_read_only(true));
  expect_answers_and_no_change();
  const auto answer = run({"query", "metrics", "--measures", "total_cost", "--hours", "9000"});
  EXPECT_EQ(answer.exit_code, 0) << answer.error_output;
  for (const char* warning : {"cost_metrics_ts is empty", "performance_metrics_ts is missing",
                              "definition of optiinfra is missing"})
    EXPECT_THAT(answer.error_output, HasSubstr(warning));
}

/// A change of rows that a failing disk cut: the engine reads it where it lies.
TEST_P(ReadOnlyStore, WithACutChangeOfRowsSaysHowToReadIt) {
  namespace fs = std::filesystem;
  for (const auto& entry : fs::recursive_directory_iterator(store() / "engine" / "store")) {
    if (entry.path().filename() != "format_version.txt") continue;
    std::ofstream(entry.path().parent_path() / "mutation_99.txt") << "format ver";
    break;
  }
  ASSERT_TRUE(disk->set_read_only(true));
  const auto refused = run({"customers"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.error_output, HasSubstr("mutation_99.txt is empty or cut"));
  EXPECT_THAT(refused.error_output, HasSubstr("use the copy"));
  ASSERT_TRUE(disk->set_read_only(false));
  const auto answer = run({"customers"});
  EXPECT_EQ(answer.exit_code, 0) << answer.error_output;
}

/// What a killed reader left in the temporary folder goes with the next one; a living one's stays.
TEST_P(ReadOnlyStore, LeavesNoFolderOfAKilledReader) {
  namespace fs = std::filesystem;
  const auto folders = [&] {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(home / "scratch"))
      if (entry.path().filename().string().starts_with("optiinfra-reading-")) found.push_back(entry.path());
    return found;
  };
  ASSERT_TRUE(disk->set_read_only(true));
  auto words = Home::command({"sql", "SELECT sleepEachRow(0.00004) FROM numbers(10000000)"});
  words.insert(words.end(), {"--url", "embedded:" + store().string()});
  testing::Program reader(words, home.options("TMPDIR=" + (home / "scratch").string()));
  for (int i = 0; i < 6'000 && folders().empty(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  EXPECT_EQ(run({"ping"}).exit_code, 0);
  EXPECT_EQ(folders().size(), 1U) << "a living reader keeps its folder";
  reader.send_signal(SIGKILL);
  reader.wait();
  EXPECT_EQ(folders().size(), 1U) << "a killed reader removes nothing";
  EXPECT_EQ(run({"ping"}).exit_code, 0);
  EXPECT_EQ(folders().size(), 0U);
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
