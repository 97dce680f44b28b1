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

/// The rows with a column in place of the one of its name.
std::string with_column(Column column, PerformanceBatch rows = three_rows()) {
  Block block;
  std::vector<Column> columns = block_of<PerformanceMetric>(std::move(rows)).columns();
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
  // A block of one row, cut in a column whose name is no text.
  const std::string bytes("\x01\x01\x04\n\xFF\x01z\x04UUID", 12);
  EXPECT_THAT(error_of(bytes, RowFormat::kNative), HasSubstr("column '???z'"));
}

TEST(NativeRows, OfATypeThatTheCodecDoesNotKnowSayWhatToSend) {
  Strings texts;
  for (const char* text : {"1", "2", "3"}) texts.append(text);
  const auto error_with_type = [&](const std::string& column, const std::string& type) {
    return error_of(with_column({column, type, texts}), RowFormat::kNative);
  };
  EXPECT_THAT(error_with_type("prompt_tokens", "Decimal(9, 2)"),
              HasSubstr("column 'prompt_tokens' has the type Decimal(9, 2); send it as Nullable(UInt32)"));
  EXPECT_THAT(error_with_type("model_name", "LowCardinality(Nullable(String))"),
              HasSubstr("send it as LowCardinality(String)"));
  EXPECT_THAT(error_with_type("latncy_ms", "Decimal(9, 2)"), HasSubstr("did you mean 'latency_ms'?"));
}

TEST(NativeRows, AreNoText) {
  for (const std::string& body : {performance_row() + "\n", "[" + performance_row() + "]",
                                  std::string("timestamp,customer_id,service_id\n1,2,3\n")})
    EXPECT_THAT(error_of(body, RowFormat::kNative), HasSubstr("the body is text and no block"));
}

/// A body may name a long text once and a row's place in it in one byte.
TEST(NativeRows, TakeMemoryInProportionToTheirBody) {
  constexpr std::size_t kRows = 20'000;
  PerformanceBatch batch;
  for (std::size_t row = 0; row < kRows; ++row)
    batch.append({.timestamp = parse_time("2026-03-01T12:30:05Z").value(),
                  .customer_id = Uuid{1, 2},
                  .service_id = Uuid{3, 4},
                  .latency_ms = 10});
  const auto body_with = [&](std::size_t key_size, std::size_t rows_with_key) {
    Dictionary sessions;
    for (std::size_t row = 0; row < kRows; ++row)
      sessions.append(row < rows_with_key ? std::string(key_size, 'x') : "s");
    return with_column({"session_id", "LowCardinality(String)", std::move(sessions)}, batch);
  };
  const auto too_long = decoded(body_with(100'000, kRows - 1), RowFormat::kNative);
  EXPECT_EQ(too_long.batch.size(), 1u);
  EXPECT_EQ(too_long.rejected_count, kRows - 1);
  EXPECT_EQ(too_long.rejected.at(0).column, "session_id");
  EXPECT_EQ(too_long.rejected.at(0).reason, "must be a text of at most 4096 bytes");
  const auto too_much = decode_rows<PerformanceMetric>(body_with(4'096, kRows), RowFormat::kNative);
  ASSERT_FALSE(too_much);
  EXPECT_EQ(too_much.error().kind, ErrorKind::kTooLarge);
  EXPECT_THAT(too_much.error().message, HasSubstr("column 'session_id'"));
  EXPECT_EQ(decoded(body_with(36, kRows), RowFormat::kNative).batch.size(), kRows);
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
