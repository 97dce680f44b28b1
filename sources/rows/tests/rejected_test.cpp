// What a body can make us hold: described rows, rows, messages.
#include <ctime>

#include "decoding.hpp"
#include "optiinfra/core/utf8.hpp"

namespace optiinfra::rows {
namespace {

std::string repeated(const std::string& text, std::size_t times) {
  std::string all;
  all.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

TEST(RejectedRows, AreAllCountedAndThousandDescribed) {
  for (const char* line :
       {"{\"latncy_ms\":1}\n", "{}\n", "5\n", "{\"timestamp\":\"x\"}\n", "{\n", "\xFF\n"}) {
    constexpr std::size_t kMany = 50'000;
    const auto rows = decoded(repeated(line, kMany), RowFormat::kJsonLines);
    EXPECT_EQ(rows.rejected_count, kMany);
    ASSERT_EQ(rows.rejected.size(), kRejectedDescribedMax);
    EXPECT_EQ(rows.rejected.back().index, kRejectedDescribedMax - 1);
    EXPECT_LT(rows.rejected.capacity(), 2 * kRejectedDescribedMax);
  }
}

/// CPU seconds to reject `rows` rows whose key is worst to find the nearest name of.
double seconds_to_reject(std::size_t rows) {
  const std::string body = repeated("{\"" + std::string(48, 't') + "\":1}\n", rows);
  const std::clock_t begin = std::clock();
  EXPECT_EQ(decoded(body, RowFormat::kJsonLines).rejected_count, rows);
  return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

TEST(RejectedRows, AreNotSearchedForTheNearestNameWhenTheyAreNotDescribed) {
  const double described = seconds_to_reject(kRejectedDescribedMax);
  EXPECT_LT(seconds_to_reject(10 * kRejectedDescribedMax), 5 * described);
}

TEST(RejectedRows, AreDescribedShortlyAndPrintably) {
  std::string hostile;
  for (int byte = 0; byte < 256; ++byte)
    if (byte != '"' && byte != '\\' && byte != '\n') hostile += static_cast<char>(std::max(byte, 0x20));
  hostile = repeated(hostile, 1'000);
  const std::string lines =
      "{\"" + hostile + "\":1}\n" + performance_row(",\"model_name\":\"" + hostile + "\"") + "\n" +
      performance_row(",\"request_id\":\"" + hostile + "\"") + "\n" +
      performance_row(",\"queue_ms\":" + std::string(100'000, '9')) + "\n" + hostile + "\n";
  const auto rows = decoded(lines, RowFormat::kJsonLines);
  ASSERT_EQ(rows.rejected.size(), 5u);
  for (const RejectedRow& row : rows.rejected) {
    EXPECT_LT(row.column.size() + row.reason.size(), 400u);
    for (const std::string& text : {row.column, row.reason}) {
      EXPECT_TRUE(is_utf8(text));
      EXPECT_EQ(text.find_first_of("\n\r\x7F"), std::string::npos);
    }
  }
}

TEST(TooManyRows, AreRefusedAsAWhole) {
  const std::string many = repeated("0,", kDecodedRowsMax);
  EXPECT_EQ(decoded("[" + many.substr(0, many.size() - 1) + "]", RowFormat::kJson).rejected_count,
            kDecodedRowsMax);
  const auto array = decode_rows<PerformanceMetric>("[" + many + "0]", RowFormat::kJson);
  ASSERT_FALSE(array);
  EXPECT_EQ(array.error().kind, ErrorKind::kTooLarge);
  EXPECT_EQ(array.error().message, "the body has more than 1000000 rows; send it in parts");
  const auto lines = decode_rows<CostMetric>(repeated("0\n", kDecodedRowsMax + 1), RowFormat::kJsonLines);
  ASSERT_FALSE(lines);
  EXPECT_EQ(lines.error().kind, ErrorKind::kTooLarge);
  const auto csv = decode_rows<CostMetric>(
      "timestamp,customer_id,cloud_provider,cost_per_hour\n" + repeated("0\n", kDecodedRowsMax + 1),
      RowFormat::kCsv);
  ASSERT_FALSE(csv);
  EXPECT_EQ(csv.error().kind, ErrorKind::kTooLarge);
}

}  // namespace
}  // namespace optiinfra::rows
