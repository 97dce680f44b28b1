#include "statement_text.hpp"

#include <gtest/gtest.h>

#include "optiinfra/transport/sql.hpp"

namespace optiinfra {
namespace {

std::string single(std::string_view sql) {
  const auto statement = single_statement(sql);
  return statement ? std::string(*statement) : "refused: " + statement.error().message;
}

TEST(SingleStatement, IsGivenWithoutWhatSurroundsIt) {
  EXPECT_EQ(single("SELECT 1"), "SELECT 1");
  EXPECT_EQ(single("  SELECT 1 ;\n; -- done"), "SELECT 1");
  EXPECT_EQ(single("-- first\nSELECT 1 /* ; */ # end"), "SELECT 1");
  EXPECT_EQ(single(";SELECT 1"), "SELECT 1");
}

TEST(SingleStatement, KeepsSemicolonsInsideQuotesAndComments) {
  for (const char* sql :
       {"SELECT ';'", R"(SELECT '\';')", "SELECT 'it''s; so'", "SELECT 1 AS `a;b`", "SELECT 1 AS \"a;b\"",
        "SELECT /* a; /* b; */ c; */ 1", "SELECT 1 -- ; \n + 1", "SELECT 1 // ; \n + 1", "SELECT $$;$$",
        "SELECT $tag$ ; $$ ; $tag$", "SELECT \u2018a;b\u2019", "SELECT 1 AS \u201ca;b\u201d"}) {
    EXPECT_EQ(single(sql), sql);
  }
}

TEST(SingleStatement, RefusesASecondOne) {
  for (const char* sql :
       {"SELECT 1; DROP TABLE t", "SELECT ';'; SELECT 2", "SELECT 1;;SELECT 2", "SELECT $1; SELECT $2",
        "SELECT 1 // ' \n; DROP TABLE t // '", "SELECT \u2018 ' \u2019; DROP TABLE t -- '",
        "SELECT 1 /* /* */ ' */; DROP TABLE t -- '", "SELECT '\\\\'; DROP TABLE t -- '"}) {
    EXPECT_NE(single(sql).find("one call takes one statement"), std::string::npos) << sql;
  }
}

TEST(SingleStatement, RefusesNone) {
  for (const char* sql : {"", "  ", ";", "-- only a comment", "/* open"}) {
    EXPECT_NE(single(sql).find("is empty"), std::string::npos) << sql;
  }
}

TEST(SqlText, QuotesLiteralsAndIdentifiers) {
  EXPECT_EQ(sql_literal(R"(it's \)"), R"('it\'s \\')");
  EXPECT_EQ(sql_identifier("a`b"), "`a\\`b`");
  EXPECT_EQ(settings_clause({}), "");
  EXPECT_EQ(settings_clause({{"a", "1"}, {"b", "x'y"}}), "\nSETTINGS a = '1', b = 'x\\'y'");
}

}  // namespace
}  // namespace optiinfra
