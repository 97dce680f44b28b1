// Rows as JSON and JSON lines: which are taken, which are rejected, and what ends the whole body.
#include "decoding.hpp"

namespace optiinfra::rows {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(JsonRows, AnArrayOneObjectAndLinesHoldTheSameRow) {
  const std::string row = performance_row(R"(,"model_name":"llama","prompt_tokens":"7","status":null)");
  for (const auto& [body, format] : {std::pair{"[" + row + "]", RowFormat::kJson},
                                     {row, RowFormat::kJson},
                                     {" \n[ " + row + " ]\n", RowFormat::kJson},
                                     {row, RowFormat::kJsonLines},
                                     {"\xEF\xBB\xBF\r\n" + row + "\r\n\n", RowFormat::kJsonLines}}) {
    const auto rows = decoded(body, format);
    ASSERT_EQ(rows.batch.size(), 1u) << body;
    EXPECT_EQ(rows.rejected_count, 0u);
    EXPECT_EQ(format_time(sys_seconds{std::chrono::seconds{rows.batch.timestamp[0]}}),
              "2026-03-01T12:30:05Z");
    EXPECT_EQ(rows.batch.service_id[0].to_string(), "550e8400-e29b-41d4-a716-446655440001");
    EXPECT_EQ(rows.batch.latency_ms[0], 12.5f);
    EXPECT_EQ(rows.batch.model_name[0], "llama");
    EXPECT_EQ(rows.batch.prompt_tokens[0], 7u);
  }
}

TEST(JsonRows, NothingIsNoRow) {
  EXPECT_EQ(decoded("[]", RowFormat::kJson).batch.size(), 0u);
  EXPECT_EQ(decoded("", RowFormat::kJsonLines).batch.size(), 0u);
  EXPECT_EQ(decoded("\n \r\n\t\n", RowFormat::kJsonLines).batch.size(), 0u);
  EXPECT_THAT(error_of("", RowFormat::kJson), HasSubstr("byte 0"));
}

TEST(JsonRows, ColumnsThatAllRowsLeaveOutStayEmptyAndOthersAreFilled) {
  const auto rows =
      decoded(performance_row() + "\n" + performance_row(R"(,"queue_ms":3,"session_id":"s","source":"a")") +
                  "\n" + performance_row(R"(,"status":"ok","queue_ms":null)"),
              RowFormat::kJsonLines);
  ASSERT_EQ(rows.batch.size(), 3u);
  EXPECT_TRUE(rows.batch.is_rectangular());
  EXPECT_EQ(rows.batch.prompt_tokens.size(), 0u);
  EXPECT_EQ(rows.batch.model_name.size(), 0u);
  EXPECT_THAT(rows.batch.queue_ms.absent, ElementsAre(1, 0, 1));
  EXPECT_EQ(rows.batch.session_id[0], "");
  EXPECT_EQ(rows.batch.session_id[1], "s");
  EXPECT_EQ(rows.batch.status[0], "");
  EXPECT_EQ(rows.batch.status[2], "ok");
  EXPECT_EQ(rows.batch.source[1], "a");
}

TEST(JsonRows, KeysMayComeInAnyOrderAndWithEscapes) {
  std::string body;
  for (int i = 0; i < 4; ++i)
    body +=
        performance_row(i % 2 == 0 ? R"(,"decode_ms":1,"queue_ms":2)" : R"(,"queue_ms":2,"decode_ms":1)") +
        "\n";
  body += performance_row(R"(,"queue\u005fms" : 2,"\u0064ecode_ms":1)");
  const auto rows = decoded(body, RowFormat::kJsonLines);
  ASSERT_EQ(rows.batch.size(), 5u);
  for (std::size_t row = 0; row < 5; ++row) {
    EXPECT_EQ(rows.batch.decode_ms[row], 1.0f);
    EXPECT_EQ(rows.batch.queue_ms[row], 2.0f);
  }
}

TEST(JsonRows, TextsKeepTheirEscapes) {
  const auto rows =
      decoded(performance_row(
                  R"(,"model_name":"a\"\\\/\b\f\n\r\t\u0000\u00e9\u20AC\ud83d\ude00é","session_id":"x\ny")"),
              RowFormat::kJsonLines);
  ASSERT_EQ(rows.batch.size(), 1u);
  EXPECT_EQ(rows.batch.model_name[0],
            std::string_view("a\"\\/\b\f\n\r\t\0\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xC3\xA9", 21));
  EXPECT_EQ(rows.batch.session_id[0], "x\ny");
}

TEST(JsonRows, ABadRowCostsOnlyItself) {
  const std::string good = performance_row();
  const std::string bad[] = {performance_row(R"(,"queue_ms":[1,{"a":["]",{}]}])"),
                             performance_row(R"(,"prompt_tokens":-1)"),
                             "5",
                             "[]",
                             "null",
                             "{}"};
  std::string lines = good + "\n", array = "[" + good;
  for (const std::string& row : bad) {
    lines += row + "\n" + good + "\n";
    array += "," + row + "," + good;
  }
  for (const auto& rows : {decoded(lines, RowFormat::kJsonLines), decoded(array + "]", RowFormat::kJson)}) {
    EXPECT_EQ(rows.batch.size(), 7u);
    EXPECT_THAT(rows.indexes, ElementsAre(0, 2, 4, 6, 8, 10, 12));
    EXPECT_EQ(rows.rejected_count, 6u);
    std::string described;
    for (const RejectedRow& row : rows.rejected)
      described += std::to_string(row.index) + " " + row.column + ": " + row.reason + "\n";
    EXPECT_EQ(described,
              "1 queue_ms: an array or object must be a number\n"
              "3 prompt_tokens: -1 must be a whole number, 0 to 4294967295\n"
              "5 : 5 must be an object, which is a row\n"
              "7 : an array must be an object, which is a row\n"
              "9 : null must be an object, which is a row\n"
              "11 timestamp: missing; every row must have it\n");
  }
}

TEST(JsonRows, AnUnknownKeyNamesTheNearestColumn) {
  EXPECT_EQ(refusal_of(performance_row(R"(,"latncy_ms":1)")),
            "latncy_ms: unknown column 'latncy_ms'; did you mean 'latency_ms'?");
  EXPECT_EQ(refusal_of(performance_row(R"(,"colour":{"a":[1]})")), "colour: unknown column 'colour'");
}

TEST(JsonRows, AKeyThatIsThereTwiceOrMissingRejectsTheRow) {
  EXPECT_EQ(refusal_of(performance_row(R"(,"queue_ms":1,"queue_ms":1)")), "queue_ms: is there twice");
  EXPECT_EQ(refusal_of(performance_row(R"(,"queue_ms":null,"queue_ms":1)")), "queue_ms: is there twice");
  EXPECT_EQ(refusal_of<QualityMetric>(R"({"timestamp":1772368205})"),
            "customer_id: missing; every row must have it");
  EXPECT_EQ(refusal_of(R"({"timestamp":null})"), "timestamp: null in a column that every row must have");
}

TEST(JsonRows, InvalidUtf8RejectsTheRow) {
  EXPECT_EQ(refusal_of(performance_row(",\"model_name\":\"caf\xE9\"")),
            "model_name: 'caf?' must be text in UTF-8");
  EXPECT_EQ(refusal_of(performance_row(",\"caf\xE9\":1")), "caf?: unknown column 'caf?'");
  EXPECT_THAT(refusal_of(performance_row(R"(,"model_name":"\ud83d")")),
              HasSubstr("an escape that JSON does not have"));
  EXPECT_THAT(refusal_of(performance_row(R"(,"model_name":"\ud83d\u0041")")), HasSubstr("an escape"));
  EXPECT_THAT(refusal_of(performance_row(R"(,"model_name":"\udc00")")), HasSubstr("an escape"));
}

TEST(JsonLines, ABadLineRejectsThatLine) {
  const std::string good = performance_row();
  const auto rows =
      decoded(good + "\n" + good.substr(0, 40) + "\n\n" + good + good + "\n" + good, RowFormat::kJsonLines);
  EXPECT_THAT(rows.indexes, ElementsAre(0, 3));
  ASSERT_EQ(rows.rejected.size(), 2u);
  EXPECT_EQ(rows.rejected[0].reason, "no JSON at byte 36 of its line: a text whose closing quote is missing");
  EXPECT_EQ(rows.rejected[1].reason,
            "no JSON at byte " + std::to_string(good.size()) + " of its line: more after the end of the row");
}

TEST(JsonArray, AMistakeInTheSyntaxNamesByteAndRow) {
  const std::string good = performance_row();
  EXPECT_EQ(error_of("[" + good + " " + good + "]", RowFormat::kJson),
            "JSON, byte " + std::to_string(good.size() + 2) + ", in row 1: expected ',' or ']' after a row");
  EXPECT_EQ(error_of("[{\"timestamp\" 1}]", RowFormat::kJson),
            "JSON, byte 14, in row 0: expected ':' after a key");
  EXPECT_THAT(error_of("[" + good, RowFormat::kJson), HasSubstr("expected ',' or ']'"));
  EXPECT_THAT(error_of("[" + good + ",]", RowFormat::kJson), HasSubstr("expected a value"));
  EXPECT_THAT(error_of("[{\"timestamp\":NaN}]", RowFormat::kJson),
              HasSubstr("byte 14, in row 0: expected a value"));
  EXPECT_THAT(error_of("[{\"model_name\":\"a\nb\"}]", RowFormat::kJson), HasSubstr("control character"));
  EXPECT_THAT(error_of("[{\"model_name\":\"a", RowFormat::kJson), HasSubstr("closing quote is missing"));
  EXPECT_THAT(error_of("[{\"model_name\":\"a\\", RowFormat::kJson), HasSubstr("closing quote is missing"));
  EXPECT_THAT(error_of("5", RowFormat::kJson), HasSubstr("expected an array of rows, or one row"));
  EXPECT_THAT(error_of(good + "\n" + good, RowFormat::kJson), HasSubstr("JSON lines"));
}

TEST(JsonArray, DeepNestingEndsWithoutRecursion) {
  const std::string opened(1'000'000, '['), closed(1'000'000, ']');
  EXPECT_THAT(error_of(opened + closed, RowFormat::kJson), HasSubstr("nested deeper than 64 levels"));
  EXPECT_THAT(refusal_of("{\"colour\":" + opened + closed + "}"), HasSubstr("unknown column"));
  EXPECT_THAT(error_of("[{\"a\":" + std::string(65, '[') + std::string(65, ']') + "}]", RowFormat::kJson),
              HasSubstr("nested deeper than 64 levels"));
  EXPECT_THAT(refusal_of("[{\"a\":" + std::string(64, '[') + std::string(64, ']') + "}]", RowFormat::kJson),
              HasSubstr("unknown column"));
}

TEST(JsonRows, FlagsMoneyAndBigNumbersMayBeText) {
  const auto rows = decoded<CostMetric>(
      R"([{"timestamp":1772368205,"customer_id":"550e8400-e29b-41d4-a716-446655440000","cloud_provider":"aws","cost_per_hour":"12.345678901234567",)"
      R"("is_spot":true,"is_reserved":0,"hours_covered":"0.5"}])",
      RowFormat::kJson);
  ASSERT_EQ(rows.batch.size(), 1u);
  EXPECT_EQ(rows.batch.cost_per_hour[0], 12.345678901234567);
  EXPECT_EQ(rows.batch.is_spot[0], 1);
  EXPECT_EQ(rows.batch.is_reserved[0], 0);
  EXPECT_EQ(rows.batch.hours_covered[0], 0.5);
}

}  // namespace
}  // namespace optiinfra::rows
