// Bytes: protobuf and JSON of one request say the same; what is cut, damaged or too much is refused.
#include <protozero/pbf_writer.hpp>

#include "otlp_testing.hpp"
#include "record.hpp"

namespace optiinfra::otlp {
namespace {

using namespace testing;
using protozero::pbf_writer;
using ::testing::HasSubstr;

/// protobuf's form of what `attributes(of)` is in JSON.
void add_attributes(pbf_writer& into, protozero::pbf_tag_type field, const Json& of) {
  for (const auto& [name, value] : of.items()) {
    pbf_writer attribute(into, field);
    attribute.add_string(1, name);
    pbf_writer any(attribute, 2);
    if (value.is_string()) any.add_string(1, value.get<std::string>());
    if (value.is_boolean()) any.add_bool(2, value.get<bool>());
    if (value.is_number_integer()) any.add_int64(3, value.get<std::int64_t>());
    if (value.is_number_float()) any.add_double(4, value.get<double>());
    if (!value.is_array()) continue;
    pbf_writer array(any, 5);
    for (const Json& each : value) {
      pbf_writer element(array, 1);
      element.add_string(1, each.get<std::string>());
    }
  }
}

const Json kOfSpan = {{"gen_ai.response.model", "llama"},
                      {"gen_ai.usage.input_tokens", 100},
                      {"gen_ai.usage.output_tokens", 21},
                      {"gen_ai.latency.time_to_first_token", 0.5},
                      {"gen_ai.response.finish_reasons", {"stop", "length"}},
                      {"stream", true}};

std::string traces_in_protobuf() {
  std::string body;
  pbf_writer request(body);
  {
    pbf_writer of_resource(request, 1);
    {
      // The scopes stand before the resource: protobuf has no order.
      pbf_writer of_scope(of_resource, 2);
      {
        pbf_writer message(of_scope, 2);
        message.add_string(1, "\x5b\x8e\xff\xf7\x98\x03\x81\x03\xd2\x69\xb6\x33\x81\x3f\xc6\x0c");
        message.add_string(2, "\xee\xe1\x9b\x7e\xc3\xc1\xb1\x74");
        message.add_string(5, "chat llama");
        message.add_fixed64(7, kStart);
        message.add_fixed64(8, kStart + 2'500'000'000);
        add_attributes(message, 9, kOfSpan);
        message.add_string(77, "a field of a later version");
      }
    }
    pbf_writer resource(of_resource, 1);
    add_attributes(resource, 1, {{"service.name", "chat"}});
  }
  return body;
}

TEST(OtlpWire, ProtobufAndJsonSayTheSame) {
  const auto from_protobuf = decode_traces(traces_in_protobuf(), OtlpEncoding::kProtobuf, kIdentities);
  const auto from_json = decode_traces(traces({span(kOfSpan)}), OtlpEncoding::kJson, kIdentities);
  ASSERT_TRUE(from_protobuf) << from_protobuf.error().message;
  ASSERT_TRUE(from_json) << from_json.error().message;
  ASSERT_EQ(from_protobuf->batch.size(), 1u);
  for_each_column<PerformanceMetric>([&](const auto& access) {
    const auto &one = from_protobuf->batch.*access.batch, &other = from_json->batch.*access.batch;
    ASSERT_EQ(one.size(), other.size()) << access.definition.name;
    if (one.size() != 0) {
      EXPECT_TRUE(one[0] == other[0]) << access.definition.name;
    }
  });
}

TEST(OtlpWire, EveryCutIsRefusedOrShorter) {
  const std::string body = traces_in_protobuf();
  std::size_t refused = 0;
  for (std::size_t size = 0; size < body.size(); ++size) {
    const auto rows = decode_traces(body.substr(0, size), OtlpEncoding::kProtobuf, kIdentities);
    if (!rows) {
      ++refused;
      EXPECT_EQ(rows.error().kind, ErrorKind::kInvalidArgument);
    } else {
      EXPECT_EQ(rows->batch.size(), 0u) << size;
    }
  }
  EXPECT_EQ(refused, body.size() - 1) << "all but the empty request";
}

TEST(OtlpWire, AFieldOfAnotherWireTypeIsRefused) {
  // Field 1, which is a message, as a number; and a span's start, which is 64 bits wide, as a number.
  std::string spans, scopes, resources, body;
  pbf_writer(spans).add_uint64(7, 3);
  pbf_writer(scopes).add_message(2, spans);
  pbf_writer(resources).add_message(2, scopes);
  pbf_writer(body).add_message(1, resources);
  for (const std::string& wrong : {std::string("\x08\x00", 2), body}) {
    const auto rows = decode_traces(wrong, OtlpEncoding::kProtobuf, kIdentities);
    ASSERT_FALSE(rows);
    EXPECT_EQ(rows.error().kind, ErrorKind::kInvalidArgument);
    EXPECT_THAT(rows.error().message, HasSubstr("wire type"));
    EXPECT_FALSE(decode_logs(std::string("\x08\x00", 2), OtlpEncoding::kProtobuf, kIdentities));
  }
}

TEST(OtlpWire, AnEmptyRequestIsASuccess) {
  EXPECT_TRUE(decode_traces("", OtlpEncoding::kProtobuf, kIdentities));
  EXPECT_TRUE(decode_traces("{}", OtlpEncoding::kJson, kIdentities));
  EXPECT_TRUE(decode_logs("", OtlpEncoding::kProtobuf, kIdentities));
}

TEST(OtlpWire, JsonThatIsNoneIsRefused) {
  for (const char* body : {"", "[]", "{", "null", "\"a\""}) {
    const auto rows = decode_traces(body, OtlpEncoding::kJson, kIdentities);
    ASSERT_FALSE(rows) << body;
    EXPECT_THAT(rows.error().message, HasSubstr("OTLP"));
  }
  // Fields of another type than they have are as good as absent.
  for (const char* body :
       {R"({"resourceSpans": 3})", R"({"resourceSpans": [3, {"scopeSpans": [{"spans": [4, {}]}]}]})"})
    EXPECT_TRUE(decode_traces(body, OtlpEncoding::kJson, kIdentities)) << body;
}

TEST(OtlpWire, TooMuchIsRefusedBeforeItIsKept) {
  Json many = Json::object();
  for (std::size_t i = 0; i <= kOtlpAttributesMax; ++i) many["a" + std::to_string(i)] = 1;
  const auto attributes = decode_traces(traces({span(many)}), OtlpEncoding::kJson, kIdentities);
  ASSERT_FALSE(attributes);
  EXPECT_EQ(attributes.error().kind, ErrorKind::kTooLarge);
  const auto large = decode_traces(std::string(kOtlpJsonBytesMax + 1, ' '), OtlpEncoding::kJson, kIdentities);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().kind, ErrorKind::kTooLarge);
  // A million empty spans of two bytes each, and one more.
  std::string spans;
  for (std::size_t i = 0; i <= kOtlpRecordsMax; ++i) spans += std::string("\x12\x00", 2);
  std::string scopes, body;
  pbf_writer(scopes).add_message(2, spans);
  pbf_writer(body).add_message(1, scopes);
  const auto records = decode_traces(body, OtlpEncoding::kProtobuf, kIdentities);
  ASSERT_FALSE(records);
  EXPECT_EQ(records.error().kind, ErrorKind::kTooLarge);
}

TEST(OtlpWire, ResponsesAreThoseOfTheProtocol) {
  EXPECT_EQ(otlp_response(OtlpSignal::kTraces, OtlpEncoding::kJson, 0, ""), "{}");
  EXPECT_EQ(otlp_response(OtlpSignal::kLogs, OtlpEncoding::kJson, 2, "why"),
            R"({"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"why"}})");
  EXPECT_EQ(otlp_response(OtlpSignal::kTraces, OtlpEncoding::kProtobuf, 0, ""), "");
  EXPECT_EQ(otlp_response(OtlpSignal::kTraces, OtlpEncoding::kProtobuf, 2, "why"),
            std::string("\x0a\x07\x08\x02\x12\x03why"));
  EXPECT_EQ(otlp_status(OtlpEncoding::kProtobuf, 3, "why"), std::string("\x08\x03\x12\x03why"));
  EXPECT_EQ(otlp_status(OtlpEncoding::kJson, 3, "why"), R"({"code":3,"message":"why"})");
}

}  // namespace
}  // namespace optiinfra::otlp
