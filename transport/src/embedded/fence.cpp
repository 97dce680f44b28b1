#include "embedded/fence.hpp"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
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
    // Older versions know the first member alone.
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
    ::close(at);
    if (added == 0) return {};
    return storage_error(path, "cannot put within the server's fence", code);
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

}  // namespace

Result<bool> raise_fence(const Fence& fence) {
  Ruleset ruleset(fence);
  if (!ruleset) return false;
  for (const fs::path& path : fence.readable) OPTIINFRA_CHECK(ruleset.allow(path, kRead));
  for (const fs::path& path : fence.write_only) OPTIINFRA_CHECK(ruleset.allow(path, ruleset.write_rights()));
  for (const fs::path& path : fence.writable)
    OPTIINFRA_CHECK(ruleset.allow(path, kRead | ruleset.write_rights()));
  OPTIINFRA_CHECK(ruleset.enforce());
  return true;
}

std::vector<fs::path> files_of_the_system() {
  return {"/usr/share/zoneinfo",
          "/etc/localtime",
          "/etc/timezone",
          "/etc/hosts",
          "/etc/host.conf",
          "/etc/nsswitch.conf",
          "/etc/resolv.conf",
          "/etc/gai.conf",
          "/etc/services",
          "/lib",
          "/lib64",
          "/usr/lib",
          "/proc",
          "/dev/null",
          "/dev/zero",
          "/dev/random",
          "/dev/urandom",
          "/sys/devices/system",
          "/sys/fs/cgroup"};
}

}  // namespace optiinfra::embedded
