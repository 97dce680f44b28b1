#include "open_files.hpp"

#include <sys/resource.h>

namespace optiinfra::cli {

void allow_many_open_files() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  // Where it fails the usual limit stays, and what cannot be opened is said.
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace optiinfra::cli
