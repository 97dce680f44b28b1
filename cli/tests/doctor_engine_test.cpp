// Stores with damaged files, as a user meets them: which commands open them, and what they say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "program_under_test.hpp"

namespace optiinfra::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

/// A store with an import in it, which tests damage.
class Doctor : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ofstream file(csv_);
    file << "timestamp,customer_id,cloud_provider,cost_per_hour\n";
    for (int hour = 10; hour < 20; ++hour)
      file << "2026-01-01 " << hour << ":00:00," << kSomeUuid << ",aws,1.5\n";
    file.close();
    ASSERT_EQ(home_.run({"init"}).exit_code, 0);
    ASSERT_EQ(import().exit_code, 0);
  }

  testing::ProgramResult import() const { return home_.run({"import", "cost", csv_.string(), "--quiet"}); }
  fs::path engine() const { return home_.store_folder() / "engine"; }

  /// The files below `folder` of which `wanted` holds.
  template <typename Wanted>
  std::vector<fs::path> files(Wanted wanted) const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::recursive_directory_iterator(engine())) {
      if (entry.is_regular_file() && !entry.is_symlink() && wanted(entry.path()))
        found.push_back(entry.path());
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  fs::path definition(const std::string& name) const {
    return files([&](const fs::path& path) { return path.filename() == name + ".sql"; }).at(0);
  }
  fs::path file_of_raw_part(const std::string& name) const {
    return files([&](const fs::path& path) {
             return path.filename() == name &&
                    path.parent_path().filename().string().starts_with("20260101_");
           })
        .at(0);
  }

  static void empty(const fs::path& file) { std::ofstream(file, std::ios::trunc).close(); }
  std::string rows() const {
    return home_.run({"sql", "SELECT count() AS n FROM optiinfra.cost_metrics_ts", "--output", "csv"}).output;
  }

  const Home home_;
  const fs::path csv_ = home_ / "cost.csv";
};

TEST_F(Doctor, IsNotNeededForAnyDefinitionThatIsEmpty) {
  const auto definitions = files([](const fs::path& path) { return path.extension() == ".sql"; });
  ASSERT_GT(definitions.size(), 19u);
  for (const fs::path& file : definitions) {
    empty(file);
    const auto result = import();
    EXPECT_EQ(result.exit_code, 0) << file << result.error_output;
    EXPECT_THAT(result.error_output, HasSubstr("is empty; it was restored")) << file;
  }
  EXPECT_EQ(rows(), "n\n10\n");
  EXPECT_EQ(home_.run({"verify"}).exit_code, 0);
}

TEST_F(Doctor, SaysWhatIsWrongAndRepairsIt) {
  ASSERT_EQ(home_.run({"doctor"}).exit_code, 0);
  empty(definition("cost_metrics_ts"));
  const auto told = home_.run({"doctor"});
  EXPECT_EQ(told.exit_code, 4);
  EXPECT_THAT(told.output, HasSubstr("the definition of cost_metrics_ts is empty"));
  EXPECT_EQ(fs::file_size(definition("cost_metrics_ts")), 0u);
  const auto repaired = home_.run({"doctor", "--repair"});
  EXPECT_EQ(repaired.exit_code, 0) << repaired.output << repaired.error_output;
  EXPECT_EQ(home_.run({"doctor"}).exit_code, 0);
  EXPECT_EQ(rows(), "n\n10\n");
}

TEST_F(Doctor, FindsTheTablesOfAnOtherwiseEmptyStoreAgain) {
  fs::remove(home_.store_folder() / "definitions");
  for (const fs::path& file : files([](const fs::path& path) { return path.extension() == ".sql"; })) {
    if (file.filename() == "cost_hourly.sql" || file.filename() == "cost_metrics_hourly_mv.sql") empty(file);
  }
  ASSERT_EQ(home_.run({"init"}).exit_code, 0);
  EXPECT_EQ(home_.run({"verify"}).exit_code, 0);
}

TEST_F(Doctor, PutsAPartBackThatOneFailedReadHasSetAside) {
  const fs::path part = file_of_raw_part("count.txt").parent_path();
  const fs::path whole = home_ / "whole";
  fs::copy(part, whole);
  fs::remove(part / "count.txt");
  const auto verified = home_.run({"verify"});
  EXPECT_EQ(verified.exit_code, 4);
  EXPECT_THAT(verified.error_output, HasSubstr("1 part of cost_metrics_ts was set aside"));
  EXPECT_THAT(verified.output, HasSubstr("2026-01-01"));
  EXPECT_THAT(import().error_output, HasSubstr("optiinfra doctor"))
      << "an import that finds its rows stored before";
  EXPECT_EQ(home_.run({"verify", "--repair"}).exit_code, 4);
  EXPECT_EQ(home_.run({"doctor", "--repair"}).exit_code, 4) << "the part is damaged";
  // The file can be read again.
  for (const auto& entry : fs::recursive_directory_iterator(engine())) {
    if (entry.is_directory() && entry.path().filename().string().starts_with("broken"))
      fs::copy_file(whole / "count.txt", entry.path() / "count.txt", fs::copy_options::overwrite_existing);
  }
  const auto repaired = home_.run({"doctor", "--repair"});
  EXPECT_EQ(repaired.exit_code, 0) << repaired.output << repaired.error_output;
  EXPECT_THAT(repaired.output, HasSubstr("10 rows are back"));
  EXPECT_EQ(rows(), "n\n10\n");
  const auto healthy = home_.run({"verify"});
  EXPECT_EQ(healthy.exit_code, 0) << healthy.output;
  EXPECT_EQ(healthy.error_output, "");
}

TEST_F(Doctor, LetsTheStoreCountAsWholeOnceALossIsAccepted) {
  empty(file_of_raw_part("data.bin"));
  ASSERT_EQ(home_.run({"verify"}).exit_code, 4);
  ASSERT_EQ(home_.run({"doctor", "--repair", "--accept-loss"}).exit_code, 0);
  EXPECT_EQ(home_.run({"verify", "--repair"}).exit_code, 0);
  EXPECT_EQ(home_.run({"verify"}).exit_code, 0);
}

TEST_F(Doctor, LooksIntoASpool) {
  EXPECT_EQ(home_.run({"doctor", "--spool", (home_ / "absent").string()}).exit_code, 4);
}

TEST_F(Doctor, OfObjectsIsInitToo) {
  ASSERT_EQ(home_.run({"sql", "--write", "DROP VIEW optiinfra.cost_hourly SYNC"}).exit_code, 0);
  const auto verified = home_.run({"verify"});
  EXPECT_EQ(verified.exit_code, 4);
  EXPECT_THAT(verified.output, HasSubstr("cost_hourly is missing"));
  const auto init = home_.json({"init"})["data"];
  EXPECT_EQ(init["store"]["state"], "restored");
  EXPECT_EQ(init["restored"].size(), 1u);
  EXPECT_EQ(home_.run({"verify"}).exit_code, 0);
}

}  // namespace
}  // namespace optiinfra::cli
