#include "csv_quotes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace optiinfra {
namespace {

using testing::HasSubstr;

/// What is wrong with lines numbered from 2, like those after a header.
std::string fault(const std::vector<std::string>& lines, bool* spans_lines = nullptr) {
  CsvQuotes quotes;
  std::uint64_t number = 1;
  for (const std::string& line : lines) {
    if (auto wrong = quotes.take(++number, line)) return "line " + std::to_string(number) + ": " + *wrong;
  }
  if (spans_lines != nullptr) *spans_lines = quotes.spans_lines();
  return quotes.finish().value_or("");
}

TEST(CsvQuotes, PairUp) {
  for (const char* line :
       {"", "a,b", "\"a\",\"b\"", "\"a,b\",c", "\"say \"\"so\"\"\",c", "\"\"", "\"\",\"\"",
        " \"a\" ,\t\"b\"\t", "5\" disk,7\" disk", "a\"b\"c", "\"a\"\r", "a\r", "a,\r", "a\rb,c", "\r\"a\""}) {
    bool spans_lines = true;
    EXPECT_EQ(fault({line}, &spans_lines), "") << line;
    EXPECT_FALSE(spans_lines) << line;
  }
}

TEST(CsvQuotes, PairUpOverLines) {
  bool spans_lines = false;
  EXPECT_EQ(fault({"a,\"one", "two \"\"2\"\"", "three\",b", "c,d"}, &spans_lines), "");
  EXPECT_TRUE(spans_lines);
}

TEST(CsvQuotes, NameTheLineThatIsWrong) {
  EXPECT_THAT(fault({"a,b", "\"a\"b,c"}), HasSubstr("line 3: a quote closes a field, and text follows"));
  EXPECT_THAT(fault({"a,\"b", "c", "d,\"e\""}), HasSubstr("line 4: a quote closes a field"));
  EXPECT_THAT(fault({"a,b", "a,\"b", "c,d", "e,f"}), HasSubstr("line 3: a quote opens a field"));
}

TEST(CsvQuotes, SeeTheBlanksThatATextEndsIn) {
  for (const char* line : {"\"a \"", "b,\" \"", "\"a\"\" \",b", "\"\t\"", "\"a\" ,\"b \" "}) {
    CsvQuotes quotes;
    EXPECT_FALSE(quotes.take(2, line));
    EXPECT_TRUE(quotes.quotes_last_blanks()) << line;
  }
  for (const char* line : {"\"\"", " \"a\" ,b ", "\" a\"", "\"a \"\"\"", "a \"b \" "}) {
    CsvQuotes quotes;
    EXPECT_FALSE(quotes.take(2, line));
    EXPECT_FALSE(quotes.quotes_last_blanks()) << line;
  }
  CsvQuotes over_lines;
  EXPECT_FALSE(over_lines.take(2, "\"a"));
  EXPECT_FALSE(over_lines.take(3, "b \",c"));
  EXPECT_TRUE(over_lines.quotes_last_blanks());
}

TEST(CsvQuotes, EndFieldsAtTheDelimiterOfTheFile) {
  CsvQuotes semicolons(';');
  EXPECT_FALSE(semicolons.take(2, "\"a;b\" ;1,\"5"));
  EXPECT_TRUE(semicolons.take(3, "\"a\",b"));
  CsvQuotes tabs('\t');
  EXPECT_FALSE(tabs.take(2, "\"a\"\t\"b\""));
  EXPECT_TRUE(tabs.take(3, "\"a\" b\t1"));
}

}  // namespace
}  // namespace optiinfra
