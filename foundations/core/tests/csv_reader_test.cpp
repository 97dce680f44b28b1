#include "optiinfra/core/csv_reader.hpp"

#include <gtest/gtest.h>

namespace optiinfra {
namespace {

using Record = std::vector<std::string>;

TEST(CsvReader, ReadsQuotesLineEndsAndTheByteOrderMark) {
  CsvReader reader(
      "\xEF\xBB\xBF"
      "a,\"b, \"\"c\"\"\"\r\n\n,\"two\nlines\"\nlast,");
  EXPECT_EQ(*reader.record(), (Record{"a", "b, \"c\""}));
  EXPECT_EQ(*reader.record(), (Record{""}));
  EXPECT_EQ(*reader.record(), (Record{"", "two\nlines"}));
  EXPECT_EQ(reader.line(), 3U);
  EXPECT_EQ(*reader.record(), (Record{"last", ""}));
  EXPECT_EQ(reader.line(), 5U);
  EXPECT_TRUE(reader.at_end());
}

TEST(CsvReader, NamesTheLineOfQuotesThatDoNotClose) {
  CsvReader reader("a\n\"b\nc");
  ASSERT_TRUE(reader.record());
  const auto open = reader.record();
  ASSERT_FALSE(open);
  EXPECT_EQ(open.error().message, "line 2 ends inside of quotes");
  CsvReader stray("\"a\"b\n");
  EXPECT_EQ(stray.record().error().message, "line 1 has characters after a closing quote");
}

}  // namespace
}  // namespace optiinfra
