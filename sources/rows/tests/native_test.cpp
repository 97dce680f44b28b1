#include "optiinfra/codec/native.hpp"

#include "decoding.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/schema/batch_columns.hpp"
#include "row_text.hpp"

namespace optiinfra::rows {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string native(const Block& block) {
  std::string bytes;
  const auto written = write_native(block, [&](std::span<const std::byte> more) -> Result<void> {
    bytes.append(reinterpret_cast<const char*>(more.data()), more.size());
    return {};
  });
  EXPECT_TRUE(written);
  return bytes;
}

PerformanceBatch three_rows() {
  PerformanceBatch batch;
  for (int i = 0; i < 3; ++i)
    batch.append({.timestamp = parse_time("2026-03-01T12:30:05Z").value() + std::chrono::seconds{i},
                  .customer_id = Uuid{1, 2},
                  .service_id = Uuid{3, 4},
                  .model_name = i == 1 ? "" : "llama",
                  .latency_ms = 10.0F + static_cast<float>(i),
                  .prompt_tokens = i == 2 ? std::nullopt : std::optional<std::uint32_t>(7),
                  .session_id = "s" + std::to_string(i)});
  return batch;
}

/// The three rows with a column in place of the one of its name.
std::string with_column(Column column) {
  Block block;
  std::vector<Column> columns = block_of<PerformanceMetric>(three_rows()).columns();
  bool is_there = false;
  for (Column& each : columns) {
    if (each.name == column.name) each = std::move(column), is_there = true;
    block.add(std::move(each));
  }
  if (!is_there) block.add(std::move(column));
  return native(block);
}

ColumnData nullable(std::vector<std::uint8_t> null, ColumnData values) {
  return std::make_unique<Nullable>(Nullable{std::move(null), std::move(values)});
}

TEST(NativeRows, AreTheBlocksOneAfterTheOther) {
  const std::string block = native(block_of<PerformanceMetric>(three_rows()));
  const auto rows = decoded(block + block, RowFormat::kNative);
  PerformanceBatch expected = three_rows();
  append_batch<PerformanceMetric>(expected, three_rows());
  EXPECT_TRUE(have_same_rows<PerformanceMetric>(rows.batch, expected));
  EXPECT_THAT(rows.indexes, ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_EQ(decoded("", RowFormat::kNative).batch.size(), 0u);
}

TEST(NativeRows, MayTravelInTheOtherFormsOfTheirTypes) {
  Strings models;
  for (const char* model : {"llama", "", "llama"}) models.append(model);
  Dictionary sessions;
  for (const char* session : {"s0", "s1", "s2"}) sessions.append(session);
  const auto same = [&](Column column) {
    const auto rows = decoded(with_column(std::move(column)), RowFormat::kNative);
    return have_same_rows<PerformanceMetric>(rows.batch, three_rows());
  };
  EXPECT_TRUE(same({"model_name", "String", models}));
  EXPECT_TRUE(same({"model_name", "Nullable(String)", nullable({0, 1, 0}, models)}));
  EXPECT_TRUE(same({"session_id", "LowCardinality(String)", sessions}));
  EXPECT_TRUE(same({"latency_ms", "Nullable(Float32)", nullable({0, 0, 0}, std::vector<float>{10, 11, 12})}));
  EXPECT_TRUE(same({"timestamp", "DateTime('Asia/Kolkata')", three_rows().timestamp}));
}

TEST(NativeRows, AreRejectedOneByOne) {
  Strings models;
  for (const char* model : {"llama", "\xFF", "llama"}) models.append(model);
  auto rows = decoded(with_column({"model_name", "String", models}), RowFormat::kNative);
  EXPECT_THAT(rows.indexes, ElementsAre(0, 2));
  ASSERT_EQ(rows.rejected.size(), 1u);
  EXPECT_EQ(rows.rejected[0].index, 1u);
  EXPECT_EQ(rows.rejected[0].column, "model_name");
  EXPECT_EQ(rows.rejected[0].reason, "must be text in UTF-8");
  rows = decoded(
      with_column({"latency_ms", "Nullable(Float32)", nullable({1, 0, 1}, std::vector<float>{0, 11, 0})}),
      RowFormat::kNative);
  EXPECT_THAT(rows.indexes, ElementsAre(1));
  EXPECT_EQ(rows.rejected_count, 2u);
  EXPECT_EQ(rows.rejected[0].reason, "null in a column that every row must have");
}

TEST(NativeRows, OfAnUnreadableBodySayWhatIsWrong) {
  EXPECT_THAT(error_of(with_column({"latncy_ms", "Float32", std::vector<float>(3)}), RowFormat::kNative),
              HasSubstr("unknown column 'latncy_ms'; did you mean 'latency_ms'?"));
  EXPECT_THAT(
      error_of(with_column({"prompt_tokens", "UInt64", std::vector<std::uint64_t>(3)}), RowFormat::kNative),
      HasSubstr("column 'prompt_tokens' has the type UInt64; send it as Nullable(UInt32)"));
  Block no_latency;
  no_latency.add({"timestamp", "DateTime", three_rows().timestamp});
  EXPECT_THAT(error_of(native(no_latency), RowFormat::kNative),
              HasSubstr("a block without the column 'customer_id'"));
  const std::string whole = native(block_of<PerformanceMetric>(three_rows()));
  for (std::size_t size = 1; size < whole.size(); ++size)
    EXPECT_NE(error_of(whole.substr(0, size), RowFormat::kNative), "no error") << size;
}

TEST(NativeRows, OfABodyAreAMillionAtMost) {
  // A block that claims more: refused before its columns are read.
  const std::string claims("\x01\xC1\x84\x3D\x01v\x05UInt8", 13);
  const auto rows = decode_rows<PerformanceMetric>(claims, RowFormat::kNative);
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().kind, ErrorKind::kTooLarge);
}

}  // namespace
}  // namespace optiinfra::rows
