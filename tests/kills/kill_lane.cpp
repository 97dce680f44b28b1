#include "kill_lane.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <new>
#include <thread>

#include "optiinfra/core/error.hpp"

namespace optiinfra::testing {
namespace fs = std::filesystem;
namespace {

constexpr std::chrono::milliseconds kPoll{2};

/// "lost 0 doubled 0 partial 0 hours_differing 0", the last line of what the script prints.
bool read_tally(const std::string& output, KilledPoint& point) {
  const auto begin = output.rfind("lost ");
  return begin != std::string::npos &&
         std::sscanf(output.c_str() + begin, "lost %d doubled %d partial %d hours_differing %d", &point.lost,
                     &point.doubled, &point.partial, &point.hours_differing) == 4;
}

}  // namespace

MappedKillReport::MappedKillReport(const fs::path& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const bool made = file >= 0 && ::ftruncate(file, sizeof(KillReport)) == 0;
  void* const memory =
      !made ? MAP_FAILED : ::mmap(nullptr, sizeof(KillReport), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (memory == MAP_FAILED) detail::broken_invariant("cannot make the report of kills");
  ::close(file);
  report_ = new (memory) KillReport{};
}

MappedKillReport::~MappedKillReport() { ::munmap(report_, sizeof(KillReport)); }

void MappedKillReport::reset() const { new (report_) KillReport{}; }

namespace {

fs::path made_folder(fs::path folder) {
  fs::create_directories(folder);
  return folder;
}

}  // namespace

KillLane::KillLane(KillForm form, fs::path folder, fs::path store, std::string time)
    : form_(form),
      folder_(made_folder(std::move(folder))),
      store_template_(std::move(store)),
      time_(std::move(time)),
      report_(folder_ / "report") {
  if (!form_.kills_server) return;
  begin_again();
  server_.emplace(OPTIINFRA_PROGRAM, folder_ / "store");  // Finds the ports that it keeps.
  server_->stop();
}

void KillLane::begin_again() {
  for (const char* name : {"store", "spool", "journal"}) fs::remove_all(folder_ / name);
  fs::copy(store_template_, folder_ / "store", fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  report_.reset();
  failure_.clear();
}

std::vector<std::string> KillLane::command(const char* word) const {
  std::vector<std::string> words{
      OPTIINFRA_INGEST_SCRIPT,
      word,
      form_.kills_server ? server_->native_url() : "embedded:" + (folder_ / "store").string(),
      form_.has_spool ? (folder_ / "spool").string() : "-",
      time_,
      (folder_ / "journal").string()};
  if (form_.has_requests) words.push_back("requests");
  return words;
}

ProgramResult KillLane::script(const char* word, std::vector<std::string> environment) {
  return run_program(command(word), {.environment = std::move(environment)});
}

void KillLane::expect_through(const ProgramResult& result) {
  if (result.exit_code != 0 || result.timed_out)
    failure_ += "the script did not get through: " + result.output + result.error_output;
}

void KillLane::run_script(const std::vector<std::string>& environment) {
  const ProgramResult result = script("run", environment);
  const bool was_killed = result.signal == SIGKILL && !result.timed_out;
  if (!is_killed() || !was_killed) expect_through(result);
}

void KillLane::run_against_server(const std::vector<std::string>& environment) {
  const auto start_again = [this] {
    server_->wait();
    server_->set_environment({});
    if (!server_->start()) failure_ += "the killed server does not start again: " + server_->failure();
  };
  server_->set_environment(environment);
  if (!server_->start()) {
    if (!is_killed()) failure_ += server_->failure();
    start_again();
  }
  const bool killed_at_start = is_killed();
  Program script(command("run"));
  bool started_again = killed_at_start;
  while (!script.has_ended()) {
    if (is_killed() && !started_again) {
      start_again();
      started_again = true;
    }
    std::this_thread::sleep_for(kPoll);
  }
  expect_through(script.wait());
  if (started_again) return;
  // The server's own end has points, too.
  if (!is_killed()) server_->send_signal(SIGTERM);
  start_again();
}

long KillLane::count_calls() {
  const std::vector<std::string> counted{"LD_PRELOAD=" OPTIINFRA_KILL_AT_CALL,
                                         "OPTIINFRA_KILL_REPORT=" + (folder_ / "report").string()};
  begin_again();
  form_.kills_server ? run_against_server(counted) : run_script(counted);
  const long calls = report_->calls;
  if (server_) server_->stop();
  return failure_.empty() ? calls : 0;
}

KilledPoint KillLane::try_point(long at) {
  const std::vector<std::string> killed{"LD_PRELOAD=" OPTIINFRA_KILL_AT_CALL,
                                        "OPTIINFRA_KILL_REPORT=" + (folder_ / "report").string(),
                                        "OPTIINFRA_KILL_AT=" + std::to_string(at)};
  begin_again();
  form_.kills_server ? run_against_server(killed) : run_script(killed);
  KilledPoint point;
  if (is_killed()) point.kind = static_cast<CallKind>(report_->killed - 1);
  compare(script("finish"), point);
  if (server_) server_->stop();
  return point;
}

void KillLane::compare(const ProgramResult& finished, KilledPoint& point) {
  expect_through(finished);
  if (!read_tally(finished.output, point)) failure_ += "nothing was compared";
  if (point.lost + point.doubled + point.partial + point.hours_differing != 0) failure_ += finished.output;
  point.failure = failure_;
}

KilledPoint KillLane::try_failed_sync(long at) {
  begin_again();
  KilledPoint point;
  compare(script("finish", {"LD_PRELOAD=" OPTIINFRA_KILL_AT_CALL,
                            "OPTIINFRA_KILL_REPORT=" + (folder_ / "report").string(),
                            "OPTIINFRA_FAIL_SYNC_AT=" + std::to_string(at),
                            "OPTIINFRA_FAIL_PATH=" + (folder_ / "store" / "engine").string() + "/"}),
          point);
  if (report_->syncs >= at) point.kind = CallKind::kSync;
  return point;
}

}  // namespace optiinfra::testing
