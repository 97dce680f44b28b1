#include "text_form.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <string>

#include "inputs.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "unit_check.hpp"
#include "utf16.hpp"

namespace optiinfra {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(CsvDelimiter, IsTheOneOfTheHeader) {
  EXPECT_EQ(csv_delimiter("a,b,c\n1,2,3\n"), ',');
  EXPECT_EQ(csv_delimiter("a;b;c\n1,5;2,5;3\n"), ';');
  EXPECT_EQ(csv_delimiter("a\tb\n1\t2"), '\t');
  EXPECT_EQ(csv_delimiter("a;latency, ms;c\n1;1,5;3\n"), ';') << "the most fields";
  EXPECT_EQ(csv_delimiter("\"a;b;c\",d\n1,2\n"), ',') << "a quoted one is none";
  EXPECT_EQ(csv_delimiter("a;b;c,d\n1,2\n"), ',') << "the line below has others";
  EXPECT_EQ(csv_delimiter("Invoice;7\n\na;b;c;d;e\n1;2;3;4;5\n"), ';') << "lines above the header";
  EXPECT_EQ(csv_delimiter("a;b;c\n"), ';') << "nothing but a header";
  EXPECT_EQ(csv_delimiter("a;b;c;d;e;f\n1,5;1,5;1,5;1,5;1,5;1,5\n1,5;1,5;1,5;1,5;1,5;1,5\n"), ';')
      << "rows have more commas than the header has semicolons";
  for (const char* text : {"", "a", "a\n1\n", "a,b\n1,2,3\n"}) EXPECT_EQ(csv_delimiter(text), ',') << text;
}

TEST(EndingOfContent, IsKnownByTheFirstBytes) {
  EXPECT_EQ(*ending_of_content(std::string("PAR1\x15\0", 6)), "parquet");
  EXPECT_EQ(*ending_of_content("ORCID,latency_ms\n1,2\n"), "csv") << "a text may begin as ORC does";
  EXPECT_EQ(*ending_of_content("\xEF\xBB\xBF {\"a\":1}"), "jsonl");
  EXPECT_EQ(*ending_of_content("[\n{}]"), "jsonl");
  EXPECT_EQ(*ending_of_content("a\tb\n1,2"), "tsv");
  EXPECT_EQ(*ending_of_content("a;b\n1\t2"), "csv");
  EXPECT_EQ(*ending_of_content(std::string("\xFF\xFE"
                                           "a\0,\0",
                                           6)),
            "csv");
  EXPECT_THAT(ending_of_content("\x1F\x8B\x08").error().message, HasSubstr("--format csv.gz"));
  EXPECT_THAT(ending_of_content("PK\x03\x04").error().message, HasSubstr("unzip -p"));
  EXPECT_THAT(ending_of_content(std::string("ab\0c", 4)).error().message, HasSubstr("say it with --format"));
}

TEST(Windows1252, BecomesUtf8) {
  const std::array<std::uint8_t, 5> bytes = {'a', 0x80, 0x9F, 0xA0, 0xFF};
  std::string text;
  append_windows_1252(bytes, text);
  EXPECT_EQ(text, "a\xE2\x82\xAC\xC5\xB8\xC2\xA0\xC3\xBF");
}

TEST(SourceFile, ThatWasLetGoIsTheSameOrAnError) {
  const testing::TemporaryFolder folder;
  const auto path = folder / "rows.csv";
  std::ofstream(path) << "one";
  auto file = SourceFile::open(path);
  ASSERT_TRUE(file);
  file->let_go();
  EXPECT_TRUE(file->is_let_go());
  const auto again = file->again();
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_FALSE(again->is_let_go());
  std::ofstream(folder / "other.csv") << "two";
  std::filesystem::rename(folder / "other.csv", path);
  const auto other = file->again();
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, ErrorKind::kConflict);
}

TEST(UnitCheck, RemarksSecondsAndShares) {
  Batch<PerformanceMetric> batch;
  for (int i = 0; i < 10; ++i) {
    PerformanceMetric row;
    row.latency_ms = 0.5F + static_cast<float>(i);
    if (i > 0) row.gpu_utilization = 0.1F;
    row.kv_cache_utilization = 0.0F;
    batch.append(row);
  }
  UnitCheck units;
  units.add<PerformanceMetric>(batch);
  EXPECT_THAT(units.remarks(), ElementsAre(HasSubstr("latency_ms: all 10 values are below 60")))
      << "nine shares are too few to say, and zeros are zeros in any unit";
  units.add<PerformanceMetric>(batch);
  EXPECT_THAT(units.remarks(), ElementsAre(HasSubstr("gpu_utilization: all 18 values are at most 1"),
                                           HasSubstr("latency_ms: all 20")));
  PerformanceMetric row;
  row.latency_ms = 61;
  row.gpu_utilization = 2.0F;
  Batch<PerformanceMetric> more;
  more.append(row);
  units.add<PerformanceMetric>(more);
  EXPECT_THAT(units.remarks(), IsEmpty());
}

}  // namespace
}  // namespace optiinfra
