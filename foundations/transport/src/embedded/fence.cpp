#include "embedded/fence.hpp"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>

#include "embedded/file.hpp"

namespace optiinfra::embedded {
namespace fs = std::filesystem;
namespace {

using Rights = std::uint64_t;

// The header of Debian 12 knows the first two versions of the interface.
constexpr Rights kTruncate = Rights{1} << 14;   // Since version 3.
constexpr Rights kConnectTcp = Rights{1} << 1;  // Since version 4.

constexpr Rights kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr Rights kWrite = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                          LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                          LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                          LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                          LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;
/// What a log that is rotated needs of its folder, and no more: no folders, no links.
constexpr Rights kLog =
    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | kTruncate;
/// Of those, what can be given for a file that is no folder.
constexpr Rights kOfFiles = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | kTruncate;

struct Attributes {
  Rights files = 0;
  Rights network = 0;
};

class Ruleset {
 public:
  explicit Ruleset(const Fence& fence) {
    const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1) return;
    if (version >= 2) write_ |= LANDLOCK_ACCESS_FS_REFER;
    if (version >= 3) write_ |= kTruncate;
    Attributes attributes{.files = kRead | write_ | LANDLOCK_ACCESS_FS_EXECUTE};
    if (version >= 4 && !fence.may_connect) attributes.network = kConnectTcp;
    // Older versions know only the first member.
    const std::size_t size = version >= 4 ? sizeof attributes : sizeof attributes.files;
    file_ = static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, size, 0));
  }
  Ruleset(const Ruleset&) = delete;
  Ruleset& operator=(const Ruleset&) = delete;
  ~Ruleset() {
    if (file_ >= 0) ::close(file_);
  }

  explicit operator bool() const noexcept { return file_ >= 0; }
  Rights write_rights() const noexcept { return write_; }

  Result<void> allow(const fs::path& path, Rights rights) {
    const int at = ::open(path.c_str(), O_PATH | O_CLOEXEC);
    if (at < 0) return {};
    struct stat status{};
    if (::fstat(at, &status) == 0 && !S_ISDIR(status.st_mode)) rights &= kOfFiles;
    landlock_path_beneath_attr rule{};
    rule.allowed_access = rights;
    rule.parent_fd = at;
    const long added = ::syscall(SYS_landlock_add_rule, file_, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    const int code = errno;
    // A rule holds for an inode, and /proc makes another one for the same path once nobody holds the first.
    // So that descriptor stays open as long as the process, like the fence.
    if (path.native().rfind("/proc/", 0) != 0) ::close(at);
    if (added == 0) return {};
    return storage_error(path, "cannot allow inside the server's fence", code);
  }

  Result<void> enforce() const {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::syscall(SYS_landlock_restrict_self, file_, 0) == 0)
      return {};
    return storage_error("/proc/self", "cannot raise the server's fence for", errno);
  }

 private:
  int file_ = -1;
  Rights write_ = kWrite;
};

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "a server needs to know how this processor's system calls are numbered"
#endif

/// Refuses connect() by every protocol, on every kernel: Landlock covers only TCP, from Linux 6.7 on, and a
/// name that is asked for by UDP says as much to its owner as a request does. Older calls of 32-bit programs
/// are refused as well. Fails only on a kernel that was built without filters: then Landlock is what there
/// is.
void refuse_connections() {
  constexpr std::uint32_t kRefuse = SECCOMP_RET_ERRNO | EACCES;
  sock_filter steps[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, kRefuse),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_connect, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, kRefuse),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{.len = std::size(steps), .filter = steps};
  (void)::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

}  // namespace

Result<bool> raise_fence(const Fence& fence) {
  if (!fence.may_connect && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) refuse_connections();
  Ruleset ruleset(fence);
  if (!ruleset) return false;
  for (const fs::path& path : fence.readable) OPTIINFRA_CHECK(ruleset.allow(path, kRead));
  for (const fs::path& path : fence.write_only)
    OPTIINFRA_CHECK(ruleset.allow(path, kLog & ruleset.write_rights()));
  for (const fs::path& path : fence.writable)
    OPTIINFRA_CHECK(ruleset.allow(path, kRead | ruleset.write_rights()));
  OPTIINFRA_CHECK(ruleset.enforce());
  return true;
}

std::vector<fs::path> files_of_the_system() {
  return {"/usr/share/zoneinfo", "/etc/localtime", "/etc/timezone", "/etc/hosts", "/etc/host.conf",
          "/etc/nsswitch.conf", "/etc/resolv.conf", "/etc/gai.conf", "/etc/services", "/lib", "/lib64",
          "/usr/lib",
          // Of /proc what says how much memory, processor and disk there is, and this process's threads,
          // whose counters the engine reads for each statement (without them it throws and catches: .4 ms).
          // Not the folders of other processes: they hold command lines and environments.
          "/proc/meminfo", "/proc/cpuinfo", "/proc/stat", "/proc/uptime", "/proc/loadavg", "/proc/vmstat",
          "/proc/filesystems", "/proc/self/fd", "/proc/self/stat", "/proc/self/statm", "/proc/self/status",
          "/proc/self/task", "/proc/self/limits", "/proc/self/cgroup", "/proc/self/mountinfo",
          "/proc/self/mounts", "/proc/sys/kernel", "/proc/sys/vm", "/proc/sys/fs", "/dev/null", "/dev/zero",
          "/dev/random", "/dev/urandom", "/sys/devices/system", "/sys/fs/cgroup"};
}

}  // namespace optiinfra::embedded
