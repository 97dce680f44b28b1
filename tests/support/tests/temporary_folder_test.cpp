#include "optiinfra/testing/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace optiinfra::testing {
namespace {

TEST(TemporaryFolder, IsEmptyAndGoesWithItsContent) {
  std::filesystem::path path;
  {
    const TemporaryFolder folder;
    path = folder.path();
    EXPECT_TRUE(std::filesystem::is_empty(path));
    std::filesystem::create_directories(folder / "a/b");
    std::ofstream(folder / "a/b/file") << "text";
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(TemporaryFolder, TwoAreDifferent) {
  const TemporaryFolder one, other;
  EXPECT_NE(one.path(), other.path());
}

}  // namespace
}  // namespace optiinfra::testing
