// What a disk that refuses one call does to a command, for each kind of call that the command makes, on each
// kind of file, with each error.
//
// A scenario is a store and a command. The command runs once without a fault, and every call of it that
// changes the disk is written down. Then, for each different call and file, it runs with that call failing,
// the first time or every time. Afterwards:
// - what the command called done is there once, in the raw table and in the rollup;
// - the store opens;
// - the same command, run again, succeeds, and leaves what a run without faults leaves.
//
// Several faults follow each other on one store, as they do for a user who repeats a command on a failing
// disk: that takes half the time. When one of such a row goes wrong, each is tried alone on a fresh store.
//
// In ./check a sample of each scenario is tried. All of them, or those whose text holds some words, each with
// its outcome (all take about three hours of one core):
//   OPTIINFRA_DISK=all build/release/bin/disk_matrix
//   OPTIINFRA_DISK='write ENOSPC' build/release/bin/disk_matrix --gtest_filter='*.Import'
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <utility>

#include "optiinfra/testing/program.hpp"
#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra {
namespace {

namespace fs = std::filesystem;
using testing::ProgramResult;

constexpr int kRowsBefore = 300, kRowsOfCommand = 300, kDays = 3;
constexpr std::size_t kSampleInCheck = 4, kFaultsInARow = 12;

/// One call that may fail: what strikes, and where.
struct Target {
  std::string call, pattern;
  bool operator<(const Target& other) const {
    return std::tie(call, pattern) < std::tie(other.call, other.pattern);
  }
};

struct Fault {
  Target target;
  std::string error;
  bool is_lasting;  ///< Every such call fails; otherwise only the first.
  std::string text() const {
    return target.call + " " + error + " " + target.pattern + " 1 " + (is_lasting ? "0" : "1");
  }
};

/// What went wrong over a scenario's faults, for the table in docs/reliability.md.
struct Tally {
  int tried = 0, fired = 0, said_done = 0, lost = 0, doubled = 0, unopened = 0, unhealed = 0;
};

/// Of the raw table, as `verify --json` says.
std::uint64_t rows_in(const std::string& verified) {
  const auto answer = nlohmann::json::parse(verified, nullptr, false);
  if (answer.is_discarded()) return 0;
  for (const auto& object : answer["data"]["objects"]) {
    if (object["name"] == "performance_metrics_ts") return object["rows"];
  }
  return 0;
}

/// Name of a file with what differs from run to run as '*': numbers of parts and, where tables are alike,
/// their identities.
std::string pattern_of(const std::string& path, const std::string& root, bool tables_are_alike) {
  static const std::regex identity("[0-9a-f]{3}/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
  const std::string known = tables_are_alike ? std::regex_replace(path, identity, "*") : path;
  std::string pattern;
  for (std::size_t at = 0; at < known.size(); ++at) {
    const char letter = known[at];
    const bool varies = at >= root.size() && std::isdigit(static_cast<unsigned char>(letter)) != 0;
    if (!varies) {
      pattern += letter;
    } else if (pattern.empty() || pattern.back() != '*') {
      pattern += '*';
    }
  }
  return pattern;
}

class Scenario {
 public:
  Scenario(std::string name, std::vector<std::string> command, std::uint64_t rows_after)
      : name_(std::move(name)), command_(std::move(command)), rows_after_(rows_after) {}

  const fs::path& folder() const { return folder_.path(); }
  std::string store() const { return (folder_ / "store").string(); }

  ProgramResult run(const std::vector<std::string>& command,
                    std::vector<std::string> environment = {}) const {
    std::vector<std::string> words{OPTIINFRA_PROGRAM, "--quiet", "--url", "embedded:" + store()};
    words.insert(words.end(), command.begin(), command.end());
    environment.push_back("HOME=" + folder().string());
    return testing::run_program(words, {.environment = std::move(environment)});
  }

  /// The command does the same with each table, so one fault for each kind of file stands for all of them.
  void treat_tables_alike() { tables_are_alike_ = true; }

  /// What a run without faults leaves is what every run has to leave.
  void learn_rows() {
    begin_again();
    const auto made = run(command_);
    ASSERT_EQ(made.exit_code, 0) << made.error_output;
    rows_after_ = rows_in(run({"verify", "--json"}).output);
    ASSERT_GT(rows_after_, 0U);
    fs::remove_all(store());
  }

  /// The present store is what every fault begins with.
  void keep_store() const {
    if (fs::exists(store())) fs::rename(store(), folder_ / "template");
  }

  /// Tries all faults, or a sample of them.
  Tally try_all() {
    const std::vector<Fault> all = faults();
    EXPECT_GT(all.size(), kSampleInCheck) << "the command made hardly any call";
    const char* const wanted = std::getenv("OPTIINFRA_DISK");
    const std::size_t step = wanted != nullptr ? 1 : std::max<std::size_t>(1, all.size() / kSampleInCheck);
    std::vector<Fault> row;
    for (std::size_t i = 0; i < all.size(); i += step) {
      if (wanted != nullptr && std::string(wanted) != "all" &&
          all[i].text().find(wanted) == std::string::npos)
        continue;
      row.push_back(all[i]);
      if (row.size() == kFaultsInARow) try_row(std::exchange(row, {}));
    }
    try_row(row);
    std::cout << name_ << ": " << all.size() << " faults known, " << tally_.tried << " tried, "
              << tally_.fired << " fired, " << tally_.said_done << " of them unseen by the command, "
              << tally_.lost << " lost, " << tally_.doubled << " doubled, " << tally_.unopened
              << " stores that do not open, " << tally_.unhealed << " not healed\n";
    return tally_;
  }

 private:
  void begin_again() const {
    fs::remove_all(store());
    if (fs::exists(folder_ / "template"))
      fs::copy(folder_ / "template", store(), fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  }

  /// Every kind of call of a run without faults, with the errors that it can meet.
  std::vector<Fault> faults() const {
    begin_again();
    const fs::path calls = folder_ / "calls";
    // A store that the command makes itself has other identities each time.
    const bool are_alike = tables_are_alike_ || !fs::exists(folder_ / "template");
    const auto result =
        run(command_, {"LD_PRELOAD=" OPTIINFRA_FAIL_CALL, "OPTIINFRA_FAULT_CALLS=" + calls.string()});
    EXPECT_EQ(result.exit_code, 0) << result.error_output;
    std::ifstream input(calls);
    std::set<Target> targets;
    for (std::string call, path; input >> call && std::getline(input >> std::ws, path);) {
      if (path.starts_with(store())) targets.insert({call, pattern_of(path, store(), are_alike)});
    }
    std::vector<Fault> all;
    for (const Target& target : targets) {
      for (const char* error : {"ENOSPC", "EIO"}) {
        for (const bool is_lasting : {false, true}) all.push_back({target, error, is_lasting});
      }
      all.push_back({target, "EDQUOT", false});
      if (target.call == "write") all.push_back({target, "SHORT", false});
    }
    return all;
  }

  struct Outcome {
    ProgramResult command;
    bool has_fired;
  };

  Outcome harm(const Fault& fault) const {
    const fs::path fired = folder_ / "fired";
    fs::remove(fired);
    auto command = run(command_, {"LD_PRELOAD=" OPTIINFRA_FAIL_CALL, "OPTIINFRA_FAULT=" + fault.text(),
                                  "OPTIINFRA_FAULT_FIRED=" + fired.string()});
    return {std::move(command), fs::exists(fired)};
  }

  void count(const Fault& fault, const Outcome& outcome) {
    ++tally_.tried;
    tally_.fired += outcome.has_fired ? 1 : 0;
    tally_.said_done += outcome.has_fired && outcome.command.exit_code == 0 ? 1 : 0;
    if (std::getenv("OPTIINFRA_DISK") == nullptr) return;
    const auto name = fault.target.pattern.substr(fault.target.pattern.rfind("/engine/") + 1);
    std::cout << name_ << ": " << fault.target.call << " " << fault.error
              << (fault.is_lasting ? " every " : " once ") << name << ": "
              << (outcome.has_fired ? "exit " + std::to_string(outcome.command.exit_code) : "did not fire")
              << std::endl;
  }

  /// Tries faults one after another on one store, which begins again when the command has succeeded.
  void try_row(const std::vector<Fault>& row) {
    std::vector<Fault> to_try_alone;
    begin_again();
    bool is_fresh = true, is_right = true;
    for (const Fault& fault : row) {
      const Outcome outcome = harm(fault);
      // An earlier fault may have left nothing to do for the call.
      if (!outcome.has_fired && !is_fresh) {
        to_try_alone.push_back(fault);
      } else {
        count(fault, outcome);
      }
      const bool is_done = outcome.command.exit_code == 0;
      if (is_done) {
        if (outcome.has_fired || !is_fresh) is_right = is_right && has_all();
        begin_again();
      }
      is_fresh = is_done;
    }
    if (!is_fresh) is_right = is_right && run(command_).exit_code == 0 && has_all();
    for (const Fault& fault : to_try_alone) try_alone(fault, true);
    if (is_right) return;
    ADD_FAILURE() << name_ << ": one of the faults from " << row.front().text() << " to " << row.back().text()
                  << " went wrong; each is tried alone now";
    for (const Fault& fault : row) try_alone(fault, false);
  }

  bool has_all() const {
    const auto verified = run({"verify", "--json"});
    return verified.exit_code == 0 && rows_in(verified.output) == rows_after_;
  }

  void try_alone(const Fault& fault, bool is_counted) {
    begin_again();
    const Outcome outcome = harm(fault);
    const ProgramResult& harmed = outcome.command;
    if (is_counted) count(fault, outcome);
    if (!outcome.has_fired) return;
    if (harmed.exit_code == 0) compare(fault, harmed, "the command said that all is done");
    const auto again = run(command_);
    if (again.exit_code == 0) return compare(fault, harmed, "after the same command again");
    complain(fault, harmed, "run again it fails: " + again.error_output, tally_.unhealed);
    if (fs::exists(fs::path(store()) / "OPTIINFRA") && run({"init"}).exit_code != 0)
      complain(fault, harmed, "the store does not open: " + run({"init"}).error_output, tally_.unopened);
  }

  void compare(const Fault& fault, const ProgramResult& harmed, const std::string& when) {
    const auto verified = run({"verify", "--json"});
    if (verified.exit_code != 0)
      complain(fault, harmed, when + ", verify: " + verified.output + verified.error_output, tally_.unhealed);
    const std::uint64_t rows = rows_in(verified.output);
    if (rows == rows_after_) return;
    complain(fault, harmed, when + ", " + std::to_string(rows) + " rows, not " + std::to_string(rows_after_),
             rows < rows_after_ ? tally_.lost : tally_.doubled);
  }

  void complain(const Fault& fault, const ProgramResult& harmed, const std::string& what, int& count) {
    ++count;
    ADD_FAILURE() << name_ << ", " << fault.text() << "\n  " << what << "\n  the harmed command ended with "
                  << harmed.exit_code << ": " << harmed.error_output;
  }

  const std::string name_;
  const std::vector<std::string> command_;
  std::uint64_t rows_after_;
  bool tables_are_alike_ = false;
  const testing::TemporaryFolder folder_;
  Tally tally_;
};

/// Rows of a few services over the last days, `first` their first number.
fs::path write_rows(const Scenario& scenario, int first, int count, int customer = 1) {
  const fs::path path = scenario.folder() / ("rows" + std::to_string(first) + ".csv");
  std::ofstream file(path);
  file << "timestamp,customer_id,service_id,service_type,model_name,request_id,latency_ms\n";
  const std::time_t now = std::time(nullptr);
  for (int i = first; i < first + count; ++i) {
    const std::time_t time = now - 86'400 - 3'600 * (i % (24 * kDays));
    char line[200], text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&time));
    std::snprintf(line, sizeof line,
                  "%s,00000000-0000-0000-0000-00000000000%d,00000000-0000-0000-0000-00000000000%d,vllm,llama,"
                  "00000000-0000-0000-0000-%012d,%d\n",
                  text, customer, i % 5 + 1, i, i % 900 + 1);
    file << line;
  }
  return path;
}

void expect_nothing_wrong(const Tally& tally) {
  EXPECT_GT(tally.fired, 0);
  EXPECT_EQ(tally.lost + tally.doubled + tally.unopened + tally.unhealed, 0);
}

TEST(DiskMatrix, Init) {
  Scenario scenario("init", {"init"}, 0);
  expect_nothing_wrong(scenario.try_all());
}

TEST(DiskMatrix, Import) {
  const fs::path rows = "rows300.csv";
  const testing::TemporaryFolder folder;
  Scenario scenario("import", {"import", "performance", (folder / rows).string()},
                    kRowsBefore + kRowsOfCommand);
  fs::copy(write_rows(scenario, kRowsBefore, kRowsOfCommand), folder / rows);
  ASSERT_EQ(scenario.run({"init"}).exit_code, 0);
  const auto imported =
      scenario.run({"import", "performance", write_rows(scenario, 0, kRowsBefore).string()});
  ASSERT_EQ(imported.exit_code, 0) << imported.error_output;
  scenario.keep_store();
  expect_nothing_wrong(scenario.try_all());
}

/// A store with several parts a day.
void fill(Scenario& scenario) {
  ASSERT_EQ(scenario.run({"init"}).exit_code, 0);
  for (int i = 0; i < 3; ++i) {
    const auto imported =
        scenario.run({"import", "performance", write_rows(scenario, i * kRowsBefore, kRowsBefore).string()});
    ASSERT_EQ(imported.exit_code, 0) << imported.error_output;
  }
}

TEST(DiskMatrix, Merge) {
  Scenario scenario("merge", {"sql", "--write", "OPTIMIZE TABLE optiinfra.performance_metrics_ts FINAL"},
                    3 * kRowsBefore);
  fill(scenario);
  scenario.keep_store();
  expect_nothing_wrong(scenario.try_all());
}

/// Else the kernel would tell nobody that it could not write the part, and its sources would be deleted.
TEST(DiskMatrix, AMergedPartIsSyncedBeforeItGetsItsName) {
  Scenario scenario("merge", {}, 0);
  fill(scenario);
  const fs::path calls = scenario.folder() / "calls";
  const auto merged =
      scenario.run({"sql", "--write", "OPTIMIZE TABLE optiinfra.performance_metrics_ts FINAL"},
                   {"LD_PRELOAD=" OPTIINFRA_FAIL_CALL, "OPTIINFRA_FAULT_CALLS=" + calls.string()});
  ASSERT_EQ(merged.exit_code, 0) << merged.error_output;
  std::ifstream input(calls);
  int syncs = 0, renames = 0;
  for (std::string call, path; input >> call && std::getline(input >> std::ws, path);) {
    if (path.find("/tmp_merge_") == std::string::npos) continue;
    syncs += call == "sync" && path.ends_with("/data.bin") ? 1 : 0;
    renames += call == "rename" ? 1 : 0;
  }
  EXPECT_GT(renames, 0);
  EXPECT_EQ(syncs, renames);
}

TEST(DiskMatrix, MergeOfARollup) {
  Scenario scenario("merge of a rollup",
                    {"sql", "--write", "OPTIMIZE TABLE optiinfra.performance_metrics_hourly FINAL"},
                    3 * kRowsBefore);
  fill(scenario);
  scenario.keep_store();
  expect_nothing_wrong(scenario.try_all());
}

TEST(DiskMatrix, Repair) {
  Scenario scenario("repair", {"verify", "--repair"}, 3 * kRowsBefore);
  fill(scenario);
  const auto damaged = scenario.run(
      {"sql", "--write",
       "ALTER TABLE optiinfra.performance_metrics_hourly DELETE WHERE service_id = "
       "'00000000-0000-0000-0000-000000000001' AND toDate(hour) = (SELECT max(toDate(hour)) FROM "
       "optiinfra.performance_metrics_hourly) SETTINGS mutations_sync = 2"});
  ASSERT_EQ(damaged.exit_code, 0) << damaged.error_output;
  scenario.keep_store();
  scenario.treat_tables_alike();
  expect_nothing_wrong(scenario.try_all());
}

TEST(DiskMatrix, Retention) {
  Scenario scenario("retention", {"retention", "set", "performance", "raw", "20d", "--yes", "--yes"},
                    3 * kRowsBefore);
  fill(scenario);
  scenario.keep_store();
  scenario.treat_tables_alike();
  expect_nothing_wrong(scenario.try_all());
}

TEST(DiskMatrix, Generate) {
  const auto end = std::to_string(std::time(nullptr) / 3'600 * 3'600);
  Scenario scenario("generate", {"generate", "--days", "1", "--rows", "1000", "--end", end}, 0);
  ASSERT_EQ(scenario.run({"init"}).exit_code, 0);  // The faults of making a store are those of Init.
  scenario.keep_store();
  scenario.treat_tables_alike();
  scenario.learn_rows();
  expect_nothing_wrong(scenario.try_all());
}

TEST(DiskMatrix, Forget) {
  Scenario scenario("forget", {"forget", "--customer", "00000000-0000-0000-0000-000000000002", "--yes"},
                    3 * kRowsBefore);
  fill(scenario);
  const auto imported =
      scenario.run({"import", "performance", write_rows(scenario, 3 * kRowsBefore, kRowsBefore, 2).string()});
  ASSERT_EQ(imported.exit_code, 0) << imported.error_output;
  scenario.keep_store();
  scenario.treat_tables_alike();
  expect_nothing_wrong(scenario.try_all());
}

}  // namespace
}  // namespace optiinfra
