/// One place where points of the kill matrix are tried, one after the other.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "kill_report.hpp"
#include "optiinfra/testing/server.hpp"

namespace optiinfra::testing {

/// The report of a killed process, in a file that is made here and mapped.
class MappedKillReport {
 public:
  explicit MappedKillReport(const std::filesystem::path& path);
  MappedKillReport(const MappedKillReport&) = delete;
  MappedKillReport& operator=(const MappedKillReport&) = delete;
  ~MappedKillReport();

  const KillReport* operator->() const noexcept { return report_; }
  void reset() const;

 private:
  KillReport* report_;
};

/// What is killed, and how the script writes.
struct KillForm {
  const char* name;
  bool has_spool;
  bool has_requests;  ///< The writes are named by keys of requests and repeated; else by tokens.
  bool kills_server;  ///< The script's process lives on, and talks to the server over TCP. Else it is killed.
};

/// What became of one point.
struct KilledPoint {
  std::optional<CallKind> kind;  ///< Of the call before which the process was killed; empty: it was not.
  int lost = 0, doubled = 0, partial = 0, hours_differing = 0;
  std::string failure;  ///< Empty: all is as promised.
};

/// Threads: one at a time; several lanes may work side by side.
class KillLane {
 public:
  /// Makes `folder`. `store` is the store that every point begins with, `time` the time of the rows in
  /// seconds.
  KillLane(KillForm form, std::filesystem::path folder, std::filesystem::path store, std::string time);

  /// Runs the script with nobody killed. The calls that could have been the point. 0: it failed, see
  /// failure().
  long count_calls();

  /// Runs the script, killed before call `at`; again until it is through; and compares.
  KilledPoint try_point(long at);

  /// Runs the script, whose `at`-th sync of the store fails with EIO, to its end; and compares. Its `kind` is
  /// kSync where there were so many.
  KilledPoint try_failed_sync(long at);

  const std::string& failure() const noexcept { return failure_; }

 private:
  void begin_again();
  ProgramResult script(const char* word, std::vector<std::string> environment = {});
  std::vector<std::string> command(const char* word) const;
  void run_script(const std::vector<std::string>& environment);
  void run_against_server(const std::vector<std::string>& environment);
  void expect_through(const ProgramResult& result);
  void compare(const ProgramResult& finished, KilledPoint& point);
  bool is_killed() const { return report_->killed != 0; }

  const KillForm form_;
  const std::filesystem::path folder_, store_template_;
  const std::string time_;
  const MappedKillReport report_;
  std::optional<ServerProcess> server_;
  std::string failure_;
};

}  // namespace optiinfra::testing
