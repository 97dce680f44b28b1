/// What kill_at_call.cpp has seen, in a file that the test reads afterwards: it outlives the killed process.
#pragma once

#include <atomic>

namespace optiinfra::testing {

enum class CallKind { kWrite, kSync, kRename, kUnlink, kTruncate, kCreate, kMakeFolder, kLink, kNetwork };
inline constexpr int kCallKinds = 9;
inline constexpr const char* kCallKindNames[kCallKinds] = {"write",  "sync",  "rename", "unlink", "truncate",
                                                           "create", "mkdir", "link",   "network"};

/// As it lies in the file. Each process that is counted adds to it.
struct KillReport {
  std::atomic<long> calls;  ///< That count towards OPTIINFRA_KILL_AT, the one that was not made included.
  std::atomic<int> killed;  ///< The kind of the call before which the process ended, plus 1; 0: none.
  std::atomic<long> of_kind[kCallKinds];
  std::atomic<long> syncs;  ///< That count towards OPTIINFRA_FAIL_SYNC_AT, the failed one included.
};

}  // namespace optiinfra::testing
