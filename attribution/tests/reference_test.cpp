#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "optiinfra/store/attribution_tables.hpp"

namespace optiinfra::attribution {
namespace {

// After a change of the tables: OPTIINFRA_UPDATE_DOCS=1 build/release/attribution/attribution_tests
// --gtest_filter='AttributedTables*'
TEST(AttributedTables, AreWhatTheDocumentationSays) {
  const std::string path = std::string(OPTIINFRA_SOURCE_DIR) + "/docs/attributed-tables.md";
  if (std::getenv("OPTIINFRA_UPDATE_DOCS") != nullptr) std::ofstream(path) << store::attribution_markdown();
  std::ifstream file(path);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), store::attribution_markdown())
      << path << " is out of date";
}

}  // namespace
}  // namespace optiinfra::attribution
