// Rows as CSV by RFC 4180.
#include "decoding.hpp"

namespace optiinfra::rows {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kHeader = "timestamp,customer_id,service_id,latency_ms,model_name,prompt_tokens\n";
constexpr const char* kFixed =
    "2026-03-01 12:30:05,550e8400-e29b-41d4-a716-446655440000,550e8400-e29b-41d4-a716-446655440001,12.5,";

std::string row(const std::string& rest) { return kFixed + rest; }

TEST(CsvRows, ReadsFieldsWithAndWithoutQuotes) {
  const auto rows =
      decoded("\xEF\xBB\xBF" + std::string(kHeader) + row("llama,7\r\n") +
                  row("\"a \"\"b\"\", c\r\nd\",\"8\"\r\n") + "\r\n" + row("\"\"\"\",\n") + row("\"\",9"),
              RowFormat::kCsv);
  EXPECT_EQ(rows.rejected_count, 0u);
  ASSERT_EQ(rows.batch.size(), 4u);
  EXPECT_EQ(rows.batch.model_name[0], "llama");
  EXPECT_EQ(rows.batch.model_name[1], "a \"b\", c\r\nd");
  EXPECT_EQ(rows.batch.model_name[2], "\"");
  EXPECT_EQ(rows.batch.model_name[3], "");
  EXPECT_THAT(rows.batch.prompt_tokens.absent, ElementsAre(0, 0, 1, 0));
  EXPECT_EQ(rows.batch.prompt_tokens[3], 9u);
  EXPECT_EQ(rows.batch.status.size(), 0u);
}

TEST(CsvRows, ABadRowCostsOnlyItself) {
  const auto rows =
      decoded(kHeader + row("llama,7\n") + row("llama\n") + row("llama,7,8,\"9\n\"\n") + row("ll\"ama,7\n") +
                  row("\"a\"b,7\n") + row("llama,-7\n") + row("caf\xE9,7\n") + ",,,,,\n" + row("llama,8\n"),
              RowFormat::kCsv);
  EXPECT_THAT(rows.indexes, ElementsAre(0, 8));
  std::string described;
  for (const RejectedRow& each : rows.rejected) described += each.column + ": " + each.reason + "\n";
  EXPECT_EQ(described,
            ": the number of its fields is 5, the header's 6\n"
            ": the number of its fields is 8, the header's 6\n"
            ": a quote in the middle of field 5; put the field in quotes and double those inside\n"
            ": a quote in the middle of field 5; put the field in quotes and double those inside\n"
            "prompt_tokens: '-7' must be a whole number, 0 to 4294967295\n"
            "model_name: 'caf?' must be text in UTF-8\n"
            "timestamp: null in a column that every row must have\n");
}

TEST(CsvRows, FlagsAndUnixSecondsAreText) {
  const auto rows = decoded<CostMetric>(
      "timestamp,customer_id,cloud_provider,cost_per_hour,is_spot,is_reserved\n"
      "1772368205,550e8400-e29b-41d4-a716-446655440000,aws,0.1,true,0\n",
      RowFormat::kCsv);
  ASSERT_EQ(rows.batch.size(), 1u);
  EXPECT_EQ(rows.batch.timestamp[0], 1772368205u);
  EXPECT_EQ(rows.batch.cost_per_hour[0], 0.1);
  EXPECT_EQ(rows.batch.is_spot[0], 1);
  EXPECT_EQ(rows.batch.is_reserved[0], 0);
}

TEST(CsvHeader, MustNameTheColumnsOfARow) {
  EXPECT_EQ(error_of("", RowFormat::kCsv),
            "CSV, line 1: there is no header; name the columns in the first line");
  EXPECT_EQ(error_of("timestamp,latncy_ms\n", RowFormat::kCsv),
            "CSV, line 1: unknown column 'latncy_ms'; did you mean 'latency_ms'?");
  EXPECT_EQ(error_of("timestamp,timestamp\n", RowFormat::kCsv),
            "CSV, line 1: the header names timestamp twice");
  EXPECT_EQ(error_of("\n\ntimestamp,customer_id,service_id\n", RowFormat::kCsv),
            "CSV, line 3: the header lacks latency_ms, which every row must have");
  EXPECT_THAT(error_of("time\"stamp\n", RowFormat::kCsv), HasSubstr("whose quotes do not fit"));
  EXPECT_THAT(error_of("\"timestamp", RowFormat::kCsv), HasSubstr("whose quotes do not fit"));
  EXPECT_EQ(decoded(kHeader, RowFormat::kCsv).batch.size(), 0u);
}

TEST(CsvRows, AQuoteThatIsNeverClosedNamesItsLine) {
  EXPECT_EQ(error_of(kHeader + row("llama,7\n") + row("\"llama,7\n") + row("llama,7\n"), RowFormat::kCsv),
            "CSV, line 3: the quote that opens here is never closed");
}

}  // namespace
}  // namespace optiinfra::rows
