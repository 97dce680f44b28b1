#include "optiinfra/c_interface/arrow.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "optiinfra/c_interface/questions.hpp"
#include "record_batch.hpp"

namespace optiinfra::c_interface {
namespace {

constexpr std::int64_t kTime = 1'790'000'000;
constexpr const char* kId = "550e8400-e29b-41d4-a716-446655440000";

RecordBatch requests(std::size_t rows) {
  RecordBatch batch(rows);
  batch.add("timestamp", "tss:UTC", std::vector<std::int64_t>(rows, kTime))
      .add_texts("customer_id", std::vector<std::string>(rows, kId))
      .add_texts("service_id", std::vector<std::string>(rows, kId));
  return batch;
}

std::optional<Failure> read(RecordBatch& batch, PerformanceBatch& into) {
  AnyBatch any = PerformanceBatch{};
  auto failure =
      append_arrow(any, batch.schema(), batch.array(), 0, static_cast<std::size_t>(batch.array().length));
  into = std::get<PerformanceBatch>(std::move(any));
  return failure;
}

/// "row 1, column batch_size" or the whole message.
std::string refusal(RecordBatch batch) {
  PerformanceBatch into;
  const auto failure = read(batch, into);
  if (!failure) return "taken";
  if (!failure->at) return failure->error.message;
  return "row " + std::to_string(failure->at->row) + ", column " + failure->at->column + ": " +
         failure->at->rule;
}

template <typename T>
std::string taken_as_number(const char* format, std::vector<T> values) {
  RecordBatch batch = requests(values.size());
  batch.add("latency_ms", "g", std::vector<double>(values.size(), 1.0)).add("batch_size", format, values);
  PerformanceBatch into;
  if (const auto failure = read(batch, into)) return failure->error.message;
  std::string text;
  for (std::size_t row = 0; row < into.size(); ++row)
    text += (row == 0 ? "" : " ") + (into.batch_size[row] ? std::to_string(*into.batch_size[row]) : "-");
  return text;
}

TEST(ArrowIn, NumbersOfEveryWidthAreTaken) {
  EXPECT_EQ(taken_as_number<std::int8_t>("c", {1, 127}), "1 127");
  EXPECT_EQ(taken_as_number<std::uint8_t>("C", {0, 255}), "0 255");
  EXPECT_EQ(taken_as_number<std::int16_t>("s", {1, 2}), "1 2");
  EXPECT_EQ(taken_as_number<std::uint16_t>("S", {1, 65535}), "1 65535");
  EXPECT_EQ(taken_as_number<std::int32_t>("i", {3, 4}), "3 4");
  EXPECT_EQ(taken_as_number<std::uint32_t>("I", {3, 0xFFFF'FFFFu}), "3 4294967295");
  EXPECT_EQ(taken_as_number<std::int64_t>("l", {3, 4}), "3 4");
  EXPECT_EQ(taken_as_number<std::uint64_t>("L", {3, 4}), "3 4");
  EXPECT_EQ(taken_as_number<float>("f", {3, std::nanf("")}), "3 -");
  EXPECT_EQ(taken_as_number<double>("g", {std::nan(""), 4}), "- 4");
}

TEST(ArrowIn, ANumberThatDoesNotFitIsNamedAndNeverWrapped) {
  const std::string rule = "a whole number from 0 to 4294967295";
  EXPECT_EQ(taken_as_number<std::int8_t>("c", {1, -1}), "row 1, column batch_size: -1 must be " + rule);
  EXPECT_EQ(taken_as_number<std::int64_t>("l", {1, 1LL << 32}),
            "row 1, column batch_size: 4294967296 must be " + rule);
  EXPECT_EQ(taken_as_number<std::uint64_t>("L", {~0ULL}),
            "row 0, column batch_size: 18446744073709551615 must be " + rule);
  EXPECT_EQ(taken_as_number<double>("g", {2.5}), "row 0, column batch_size: 2.500000 must be " + rule);
  EXPECT_EQ(taken_as_number<double>("g", {1e300}).substr(0, 24), "row 0, column batch_size");
  EXPECT_EQ(taken_as_number<double>("g", {std::numeric_limits<double>::infinity()}).substr(0, 5), "row 0");
}

TEST(ArrowIn, TimesOfEveryUnitAreCutToTheSecondBefore) {
  for (const auto& [format, per_second] : std::vector<std::pair<const char*, std::int64_t>>{
           {"tss:", 1}, {"tsm:UTC", 1000}, {"tsu:", 1'000'000}, {"tsn:Europe/Berlin", 1'000'000'000}}) {
    RecordBatch batch(1);
    batch.add("timestamp", format, std::vector<std::int64_t>{kTime * per_second + per_second - 1})
        .add_texts("customer_id", {kId})
        .add_texts("service_id", {kId})
        .add("latency_ms", "f", std::vector<float>{1});
    PerformanceBatch into;
    ASSERT_FALSE(read(batch, into)) << format;
    EXPECT_EQ(into.timestamp[0], kTime) << format;
  }
}

TEST(ArrowIn, ATimeOutsideOfTheColumnIsNamed) {
  for (const std::int64_t time :
       {std::int64_t{-1}, std::int64_t{1} << 32, std::numeric_limits<std::int64_t>::min()}) {
    RecordBatch batch(2);
    batch.add("timestamp", "tss:", std::vector<std::int64_t>{kTime, time})
        .add_texts("customer_id", {kId, kId})
        .add_texts("service_id", {kId, kId})
        .add("latency_ms", "f", std::vector<float>{1, 1});
    EXPECT_EQ(refusal(std::move(batch)), "row 1, column timestamp: a time from 1970 to 2106");
  }
}

TEST(ArrowIn, IdentifiersAreBytesOrText) {
  std::vector<std::uint8_t> bytes;
  for (std::uint8_t i = 0; i < 16; ++i) bytes.push_back(i);
  RecordBatch batch(1);
  batch.add("timestamp", "tss:", std::vector<std::int64_t>{kTime})
      .add("customer_id", "w:16", bytes)
      .add_dictionary("service_id", {1}, {"", kId})
      .add("latency_ms", "f", std::vector<float>{1});
  PerformanceBatch into;
  ASSERT_FALSE(read(batch, into));
  EXPECT_EQ(into.customer_id[0].to_string(), "00010203-0405-0607-0809-0a0b0c0d0e0f");
  EXPECT_EQ(into.service_id[0].to_string(), kId);
}

TEST(ArrowIn, ABadIdentifierIsNamed) {
  RecordBatch batch(2);
  batch.add("timestamp", "tss:", std::vector<std::int64_t>{kTime, kTime})
      .add_texts("customer_id", {kId, "who"})
      .add_texts("service_id", {kId, kId})
      .add("latency_ms", "f", std::vector<float>{1, 1});
  EXPECT_EQ(refusal(std::move(batch)), "row 1, column customer_id: a UUID");
}

TEST(ArrowIn, ANullIsAbsentWhereARowMayLeaveItOut) {
  RecordBatch batch = requests(3);
  batch.add("latency_ms", "f", std::vector<float>{1, 2, 3})
      .add("queue_ms", "g", std::vector<double>{1, 2, 3}, {true, false, true})
      .add_texts("model_name", {"a", "b", "c"}, {false, true, true});
  PerformanceBatch into;
  ASSERT_FALSE(read(batch, into));
  EXPECT_EQ(into.queue_ms[0], 1.0F);
  EXPECT_EQ(into.queue_ms[1], std::nullopt);
  EXPECT_EQ(into.model_name[0], "");
  EXPECT_EQ(into.model_name[2], "c");
  EXPECT_TRUE(into.prompt_tokens.empty());
}

TEST(ArrowIn, ANullIsNamedWhereARowMustHaveAValue) {
  RecordBatch batch = requests(2);
  batch.add("latency_ms", "f", std::vector<float>{1, 2}, {true, false});
  EXPECT_EQ(refusal(std::move(batch)), "row 1, column latency_ms: given");
}

TEST(ArrowIn, AMissingColumnIsNamedWhereARowMustHaveIt) {
  EXPECT_EQ(refusal(requests(2)), "row 0, column latency_ms: given: the rows lack this column");
}

TEST(ArrowIn, AnUnknownColumnIsNamedWithTheNearest) {
  RecordBatch batch = requests(1);
  batch.add("latency_msec", "f", std::vector<float>{1});
  EXPECT_EQ(refusal(std::move(batch)),
            "'latency_msec' is not a column of performance; did you mean latency_ms?");
}

TEST(ArrowIn, AWrongTypeIsNamedWithWhatTheColumnTakes) {
  RecordBatch batch = requests(1);
  batch.add_texts("latency_ms", {"fast"});
  EXPECT_EQ(refusal(std::move(batch)),
            "column latency_ms takes an integer or floating type, not the Arrow type with format 'u'");
  RecordBatch text = requests(1);
  text.add("latency_ms", "f", std::vector<float>{1}).add("model_name", "l", std::vector<std::int64_t>{1});
  EXPECT_EQ(
      refusal(std::move(text)),
      "column model_name takes utf8, large_utf8 or utf8_view, dictionary-encoded or not, not the Arrow type "
      "with format 'l'");
}

TEST(ArrowIn, RowsBeforeTheOffsetAreNotRead) {
  RecordBatch batch = requests(3);
  batch.add("latency_ms", "f", std::vector<float>{1, 2, 3})
      .add_dictionary("model_name", {0, 1, 0}, {"a", "b"});
  batch.skip(1);
  PerformanceBatch into;
  ASSERT_FALSE(read(batch, into));
  ASSERT_EQ(into.size(), 2u);
  EXPECT_EQ(into.latency_ms, (std::vector<float>{2, 3}));
  EXPECT_EQ(into.model_name[0], "b");
  EXPECT_EQ(into.model_name[1], "a");
}

TEST(ArrowIn, AnIndexOutsideOfTheDictionaryIsNamed) {
  for (const std::int8_t index : {std::int8_t{2}, std::int8_t{-1}}) {
    RecordBatch batch = requests(1);
    batch.add("latency_ms", "f", std::vector<float>{1}).add_dictionary("model_name", {index}, {"a", "b"});
    EXPECT_EQ(refusal(std::move(batch)), "row 0, column model_name: an index into the column's dictionary");
  }
}

TEST(ArrowOut, AnAnswerIsOneBatchWithUnitsAndNulls) {
  Answer answer{.window = {sys_seconds{std::chrono::seconds{100}}, sys_seconds{std::chrono::seconds{200}}},
                .columns = {{"model_name", "model", "", CellKind::kText},
                            {"p95_latency_ms", "p95 latency", "ms", CellKind::kNumber}},
                .rows = {{std::string("llama"), 1.5}, {std::string("gemma"), std::monostate{}}},
                .coverage = {{Family::kPerformance, 7}}};
  ArrowArrayStream stream{};
  make_stream(std::move(answer), stream);
  ArrowSchema schema{};
  ArrowArray batch{}, end{};
  ASSERT_EQ(stream.get_schema(&stream, &schema), 0);
  ASSERT_EQ(stream.get_next(&stream, &batch), 0);
  ASSERT_EQ(stream.get_next(&stream, &end), 0);
  EXPECT_EQ(end.release, nullptr);
  stream.release(&stream);
  ASSERT_EQ(schema.n_children, 2);
  EXPECT_STREQ(schema.children[1]->name, "p95_latency_ms");
  EXPECT_EQ(std::string_view(schema.children[1]->metadata, 18).substr(12), std::string_view("\2\0\0\0ms", 6));
  EXPECT_EQ(batch.length, 2);
  EXPECT_EQ(batch.children[1]->null_count, 1);
  EXPECT_EQ(*static_cast<const std::uint8_t*>(batch.children[1]->buffers[0]), 1);
  EXPECT_EQ(static_cast<const double*>(batch.children[1]->buffers[1])[0], 1.5);
  schema.release(&schema);
  batch.release(&batch);
}

TEST(Catalogue, NamesFamiliesMeasuresDimensionsAndQuestions) {
  for (const char* name :
       {"\"latency_ms\"", "\"p95_latency\"", "\"customer\"", "\"cost-hourly\"", "a percentage"})
    EXPECT_NE(catalogue_json().find(name), std::string::npos) << name;
}

}  // namespace
}  // namespace optiinfra::c_interface
