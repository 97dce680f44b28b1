// The kill matrix can only kill where it sees a call. Here strace counts what really reaches the system,
// together with kill_at_call.cpp in the same run of the script: both must have seen the same, kind by kind,
// and there must be no other way in which the disk is changed.
#include <gtest/gtest.h>

#include <array>
#include <fstream>

#include "kill_lane.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra {
namespace {

using testing::CallKind;
using testing::kCallKindNames;
using testing::kCallKinds;

/// What strace calls the calls of a kind.
struct TracedCall {
  const char* name;
  CallKind kind;
};
constexpr TracedCall kCounted[] = {{"write", CallKind::kWrite},        {"pwrite64", CallKind::kWrite},
                                   {"writev", CallKind::kWrite},       {"pwritev", CallKind::kWrite},
                                   {"pwritev2", CallKind::kWrite},     {"fsync", CallKind::kSync},
                                   {"fdatasync", CallKind::kSync},     {"rename", CallKind::kRename},
                                   {"renameat", CallKind::kRename},    {"renameat2", CallKind::kRename},
                                   {"unlink", CallKind::kUnlink},      {"unlinkat", CallKind::kUnlink},
                                   {"rmdir", CallKind::kUnlink},       {"truncate", CallKind::kTruncate},
                                   {"ftruncate", CallKind::kTruncate}, {"fallocate", CallKind::kTruncate},
                                   {"open", CallKind::kCreate},        {"openat", CallKind::kCreate},
                                   {"mkdir", CallKind::kMakeFolder},   {"mkdirat", CallKind::kMakeFolder},
                                   {"link", CallKind::kLink},          {"linkat", CallKind::kLink},
                                   {"symlink", CallKind::kLink}};
/// Would change the disk unseen.
constexpr const char* kUnseen =
    "creat,openat2,sync,syncfs,sync_file_range,symlinkat,copy_file_range,sendfile,splice,io_submit,"
    "io_uring_enter,msync,mknod,mknodat";

std::string traced_calls() {
  std::string names = std::string("trace=mmap,") + kUnseen;
  for (const TracedCall& call : kCounted) names += std::string(",") + call.name;
  return names;
}

class CallCount : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string out = (folder_ / "out").string();
    if (testing::run_program({"strace", "-o", out, "true"}).exit_code != 0)
      GTEST_SKIP() << "strace is absent or may not trace here";
    const auto made = testing::run_program({OPTIINFRA_INGEST_SCRIPT, "init", url_, time_});
    ASSERT_EQ(made.exit_code, 0) << made.error_output;
  }

  /// A line of strace: "123 write(5</folder/file>, ...".
  void count(const std::string& line) {
    const std::size_t name_at = line.find_first_not_of("0123456789 "), open = line.find('(');
    if (name_at == std::string::npos || open == std::string::npos || line[name_at] == '<') return;
    const std::string name = line.substr(name_at, open - name_at);
    if (name == "mmap") {
      const bool writes_file = line.find("PROT_WRITE") != std::string::npos &&
                               line.find("MAP_SHARED") != std::string::npos &&
                               line.find(folder_.path()) != std::string::npos;
      if (writes_file && line.find("report") == std::string::npos) unseen_.push_back(line);
      return;
    }
    for (const TracedCall& call : kCounted) {
      if (name != call.name) continue;
      const bool is_of_file = line.find(folder_.path()) != std::string::npos;
      if (call.kind == CallKind::kWrite && !is_of_file) return;
      if (call.kind == CallKind::kCreate && line.find("O_CREAT") == std::string::npos) return;
      ++traced_[static_cast<std::size_t>(call.kind)];
      return;
    }
    if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789") == std::string::npos)
      unseen_.push_back(line);
  }

  const testing::TemporaryFolder folder_{testing::memory_folder()};
  const std::string url_ = "embedded:" + (folder_ / "store").string();
  const std::string time_ =
      std::to_string((floor_hour(now()) - std::chrono::hours{1}).time_since_epoch().count());
  std::array<long, kCallKinds> traced_{};
  std::vector<std::string> unseen_;
};

TEST_F(CallCount, OfTheKillMatrixIsThatOfTheSystem) {
  const testing::MappedKillReport report(folder_ / "report");
  const auto traced = testing::run_program(
      {"strace", "--seccomp-bpf", "-f", "-y", "-e", traced_calls(), "-o", (folder_ / "trace").string(), "-E",
       "LD_PRELOAD=" OPTIINFRA_KILL_AT_CALL, "-E", "OPTIINFRA_KILL_REPORT=" + (folder_ / "report").string(),
       OPTIINFRA_INGEST_SCRIPT, "run", url_, (folder_ / "spool").string(), time_,
       (folder_ / "journal").string()});
  ASSERT_EQ(traced.exit_code, 0) << traced.error_output;
  std::ifstream lines(folder_ / "trace");
  for (std::string line; std::getline(lines, line);) count(line);
  for (int kind = 0; kind < kCallKinds; ++kind) {
    EXPECT_EQ(report->of_kind[kind], traced_[static_cast<std::size_t>(kind)]) << kCallKindNames[kind];
    std::cout << kCallKindNames[kind] << " " << traced_[static_cast<std::size_t>(kind)] << "  ";
  }
  std::cout << "\n";
  EXPECT_GT(report->calls, 500);
  for (const std::string& line : unseen_) ADD_FAILURE() << "changes the disk unseen: " << line;
}

}  // namespace
}  // namespace optiinfra
