#include "optiinfra/schema/reference.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace optiinfra {
namespace {

// After a change of the definitions: OPTIINFRA_UPDATE_DOCS=1 build/release/foundations/schema/schema_tests
// --gtest_filter='Reference*'
TEST(Reference, IsWhatTheDocumentationSays) {
  const std::string path = std::string(OPTIINFRA_SOURCE_DIR) + "/docs/tables.md";
  if (std::getenv("OPTIINFRA_UPDATE_DOCS") != nullptr) std::ofstream(path) << reference_markdown();
  std::ifstream file(path);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), reference_markdown())
      << path << " is out of date";
}

}  // namespace
}  // namespace optiinfra
