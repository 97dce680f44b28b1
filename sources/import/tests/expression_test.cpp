#include "expression.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace optiinfra {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<void> contained(std::string text) { return expect_contained({"column x", std::move(text)}); }

TEST(ExpectContained, TakesExpressionsOfOneRow) {
  for (const char* text :
       {"a", "(finish - launch) * 1000", "`lineItem/UsageStartDate`", "\"a b\" || 'it''s; -- no comment'",
        "if(a[1] > 0, a.b, 'x\\'y')", "a BETWEEN 1 AND 2", "a - -1", "'{}$@#'", "'\xC3\xBC'"}) {
    const auto result = contained(text);
    EXPECT_TRUE(result) << text << ": " << result.error().message;
  }
}

TEST(ExpectContained, RefusesWhatReachesBeyondTheParenthesesAroundIt) {
  for (const char* text :
       {"1) FROM file('/etc/passwd') WHERE (1", ")", "(", "[(])", "1; DROP TABLE t", "1 -- ", "1 /* ", "1 # ",
        "1 // ", "{p:String}", "'open", "`open", "\"open", "'ends in a backslash\\", "$$'$$", "@@x", "a\\G",
        "\xE2\x80\x98x\xE2\x80\x99", "a ? {b} : c"}) {
    EXPECT_FALSE(contained(text)) << text;
  }
  EXPECT_FALSE(contained(std::string("a\0b", 3)));
  EXPECT_FALSE(contained(std::string(kExpressionBytesMax + 1, '1')));
}

TEST(ExpectContained, SaysWhereAndWhat) {
  const auto result = contained("a; b");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "column x: a semicolon in \"a; b\"");
}

constexpr const char* kTop =
    "SelectWithUnionQuery (children 1)\n ExpressionList (children 1)\n  SelectQuery (children 1)\n   "
    "ExpressionList (children 1)\n";

TEST(ReadSyntaxTree, ListsColumnsAndFunctions) {
  const auto names =
      read_syntax_tree({}, std::string(kTop) +
                               "    Function multiply (children 1)\n     ExpressionList (children 2)\n      "
                               "Identifier a (b)\n      Literal UInt64_1000\n");
  ASSERT_TRUE(names) << names.error().message;
  EXPECT_THAT(names->columns, ElementsAre("a (b)"));
  EXPECT_THAT(names->functions, ElementsAre("multiply"));
}

TEST(ReadSyntaxTree, TakesParametersOfLambdasForNoColumns) {
  const auto names = read_syntax_tree(
      {},
      std::string(kTop) +
          "    Function arrayMap (children 1)\n     ExpressionList (children 2)\n      Function lambda "
          "(children "
          "1)\n       ExpressionList (children 2)\n        Function tuple (children 1)\n         "
          "ExpressionList "
          "(children 1)\n          Identifier x\n        Function plus (children 1)\n         ExpressionList "
          "(children 2)\n          Identifier x\n          Identifier a\n      Identifier b\n");
  ASSERT_TRUE(names) << names.error().message;
  EXPECT_THAT(names->columns, ElementsAre("a", "b"));
  EXPECT_THAT(names->functions, ElementsAre("arrayMap", "tuple", "plus"));
}

TEST(ReadSyntaxTree, RefusesAParameterThatIsAColumnToo) {
  const auto names = read_syntax_tree(
      {},
      std::string(kTop) +
          "    Function arrayMap (children 1)\n     ExpressionList (children 2)\n      Function lambda "
          "(children 1)\n       ExpressionList (children 2)\n        Function tuple (children 1)\n         "
          "ExpressionList (children 1)\n          Identifier x\n        Identifier x\n      Identifier x\n");
  ASSERT_FALSE(names);
  EXPECT_NE(names.error().message.find("give the parameter another name"), std::string::npos);
}

TEST(ReadSyntaxTree, RefusesEverythingThatIsNoFunctionColumnOrLiteral) {
  for (const char* node :
       {"Subquery (children 1)", "Asterisk", "ColumnsRegexpMatcher", "QueryParameter p:String",
        "WindowDefinition", "TablesInSelectQuery (children 1)", ""}) {
    const auto names =
        read_syntax_tree({}, std::string(kTop) + "    Function f (children 1)\n     " + node + "\n");
    EXPECT_FALSE(names) << node;
  }
}

TEST(ReadSyntaxTree, RefusesATreeOfMoreThanOneExpression) {
  std::string tree = kTop;
  tree.replace(tree.rfind("children 1"), 10, "children 2");
  EXPECT_FALSE(read_syntax_tree({}, tree + "    Identifier a\n    Identifier b\n"));
  EXPECT_FALSE(read_syntax_tree({}, kTop));
  EXPECT_FALSE(read_syntax_tree({}, ""));
}

}  // namespace
}  // namespace optiinfra
