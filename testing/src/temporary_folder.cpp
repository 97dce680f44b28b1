#include "optiinfra/testing/temporary_folder.hpp"

#include <stdlib.h>

#include <string>

#include "optiinfra/core/error.hpp"

namespace optiinfra::testing {
namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (fs::temp_directory_path() / "optiinfra-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    detail::broken_invariant("cannot create a folder like " + pattern);
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace optiinfra::testing
