#include "output/terminal.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace optiinfra::cli {
namespace {

Environment with(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  };
}

TEST(Terminal, HasColourOnlyForAPersonWhoDoesNotMind) {
  EXPECT_TRUE(describe_terminal(true, 80, with({})).colour);
  EXPECT_FALSE(describe_terminal(false, 80, with({})).colour);
  EXPECT_FALSE(describe_terminal(true, 80, with({{"NO_COLOR", "1"}})).colour);
  EXPECT_FALSE(describe_terminal(true, 80, with({{"TERM", "dumb"}})).colour);
}

TEST(Terminal, TakesItsLettersFromTheLocale) {
  EXPECT_TRUE(describe_terminal(false, 0, with({{"LANG", "en_US.UTF-8"}})).unicode);
  EXPECT_TRUE(describe_terminal(false, 0, with({{"LANG", "C"}, {"LC_CTYPE", "C.utf8"}})).unicode);
  EXPECT_FALSE(describe_terminal(false, 0, with({{"LC_ALL", "C"}, {"LANG", "en_US.UTF-8"}})).unicode);
  EXPECT_FALSE(describe_terminal(true, 80, with({})).unicode);
}

TEST(Terminal, KnowsItsWidthOrAssumesOne) {
  EXPECT_EQ(describe_terminal(true, 132, with({{"COLUMNS", "90"}})).width, 132);
  EXPECT_EQ(describe_terminal(false, 0, with({{"COLUMNS", "90"}})).width, 90);
  EXPECT_EQ(describe_terminal(false, 0, with({})).width, 80);
  EXPECT_EQ(describe_terminal(true, 3, with({})).width, 40);
}

}  // namespace
}  // namespace optiinfra::cli
