#include "optiinfra/testing/temporary_folder.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "optiinfra/core/error.hpp"

namespace optiinfra::testing {
namespace fs = std::filesystem;

namespace {

constexpr std::uintmax_t kMemoryBytesMin = std::uintmax_t{2} << 30;

}  // namespace

TemporaryFolder::TemporaryFolder() : TemporaryFolder(fs::temp_directory_path()) {}

TemporaryFolder::TemporaryFolder(const fs::path& below) {
  std::string pattern = (below / "optiinfra-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    detail::broken_invariant("cannot create a folder like " + pattern);
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path memory_folder() {
  const fs::path memory = "/dev/shm";
  std::error_code code;
  const bool has_room = fs::space(memory, code).available >= kMemoryBytesMin && !code;
  return has_room && ::access(memory.c_str(), W_OK) == 0 ? memory : fs::temp_directory_path();
}

}  // namespace optiinfra::testing
