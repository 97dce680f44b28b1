// The wire format of remote write, versions 1.0 and 2.0.
#include "optiinfra/remote_write/decode.hpp"

#include <gmock/gmock.h>

#include "optiinfra/remote_write/record.hpp"
#include "remote_write_testing.hpp"

namespace optiinfra::remote_write {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;

RemoteWriteRequest read(const std::string& body, RemoteWriteProtocol protocol) {
  auto request = decode_remote_write(body, protocol);
  EXPECT_TRUE(request) << (request ? "" : request.error().message);
  return request ? *std::move(request) : RemoteWriteRequest{};
}

std::string refusal(const std::string& body, RemoteWriteProtocol protocol = RemoteWriteProtocol::kV2) {
  const auto request = decode_remote_write(body, protocol);
  return request ? "" : request.error().message;
}

TEST(RemoteWriteV1, IsReadByteByByte) {
  // One series up{job="a"} with 1 at 2000 ms, as protoc encodes it.
  const std::string body =
      "\x0a\x28"s                            // timeseries, 40 bytes
      "\x0a\x0e\x0a\x08__name__\x12\x02up"s  // label
      "\x0a\x08\x0a\x03job\x12\x01"s +
      "a"s +                                                        // label
      "\x12\x0c\x09\x00\x00\x00\x00\x00\x00\xf0\x3f\x10\xd0\x0f"s;  // sample
  const RemoteWriteRequest request = read(body, RemoteWriteProtocol::kV1);
  ASSERT_EQ(request.series.size(), 1u);
  const auto labels = request.labels_of(request.series[0]);
  ASSERT_EQ(labels.size(), 2u);
  EXPECT_EQ(labels[0].name, "__name__");
  EXPECT_EQ(labels[0].value, "up");
  EXPECT_EQ(labels[1].name, "job");
  EXPECT_EQ(labels[1].value, "a");
  const auto samples = request.samples_of(request.series[0]);
  ASSERT_EQ(samples.size(), 1u);
  EXPECT_EQ(samples[0].value, 1);
  EXPECT_EQ(samples[0].timestamp_ms, 2000);
}

TEST(RemoteWriteV1, MetadataAloneIsAnEmptyRequest) {
  std::string body;
  protozero::pbf_writer request(body);
  {
    protozero::pbf_writer metadata(request, 3);
    metadata.add_enum(1, 1);
    metadata.add_string(2, "vllm:prompt_tokens");
    metadata.add_string(4, "Tokens.");
  }
  EXPECT_TRUE(read(body, RemoteWriteProtocol::kV1).series.empty());
  EXPECT_TRUE(read("", RemoteWriteProtocol::kV1).series.empty());
}

TEST(RemoteWriteV1, NativeHistogramsAndExemplarsAreCounted) {
  std::string body;
  protozero::pbf_writer request(body);
  {
    protozero::pbf_writer series(request, 1);
    series.add_message(3, ""s);
    series.add_message(4, "\x08\x03"s);
    series.add_message(4, "\x08\x04"s);
  }
  const RemoteWriteRequest read_request = read(body, RemoteWriteProtocol::kV1);
  EXPECT_EQ(read_request.exemplars, 1u);
  EXPECT_EQ(read_request.native_histograms, 2u);
  EXPECT_EQ(read_request.series[0].native_histograms, 2u);
}

TEST(RemoteWriteV2, SaysTheSameAsV1) {
  const std::vector<SentSeries> sent = scraped("a{b=\"c\",d=\"\"} 1.5\nb -2\nc{b=\"c\"} NaN\n", 3);
  const std::string text_v1 = body_v1(sent), text_v2 = body_v2(sent);
  const RemoteWriteRequest v1 = read(text_v1, RemoteWriteProtocol::kV1);
  const RemoteWriteRequest v2 = read(text_v2, RemoteWriteProtocol::kV2);
  ASSERT_EQ(v1.series.size(), v2.series.size());
  for (std::size_t i = 0; i < v1.series.size(); ++i) {
    const auto a = v1.labels_of(v1.series[i]), b = v2.labels_of(v2.series[i]);
    EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
      return x.name == y.name && x.value == y.value;
    }));
    EXPECT_EQ(std::bit_cast<std::uint64_t>(v1.samples_of(v1.series[i])[0].value),
              std::bit_cast<std::uint64_t>(v2.samples_of(v2.series[i])[0].value));
  }
}

/// A series with one sample of value 5 at 2000 ms.
std::string v2_series(const std::vector<std::uint32_t>& references, std::int64_t sample_start,
                      std::int64_t series_start, bool is_packed = true) {
  std::string body;
  protozero::pbf_writer request(body);
  for (const char* const each : {"", "__name__", "up"}) request.add_string(4, each);
  protozero::pbf_writer series(request, 5);
  if (is_packed) {
    series.add_packed_uint32(1, references.begin(), references.end());
  } else {
    for (const std::uint32_t each : references) series.add_uint32(1, each);
  }
  {
    protozero::pbf_writer sample(series, 2);
    sample.add_double(1, 5);
    sample.add_int64(2, 2000);
    if (sample_start != 0) sample.add_int64(3, sample_start);
  }
  if (series_start != 0) series.add_int64(6, series_start);
  return body;
}

TEST(RemoteWriteV2, ReadsBothPlacesOfAStartTime) {
  using Start = std::optional<std::int64_t>;
  const auto start = [](const std::string& body) {
    return read(body, RemoteWriteProtocol::kV2).samples.at(0).start_timestamp_ms;
  };
  EXPECT_EQ(start(v2_series({1, 2}, 0, 0)), std::nullopt);
  EXPECT_EQ(start(v2_series({1, 2}, 1500, 0)), Start(1500));
  EXPECT_EQ(start(v2_series({1, 2}, 0, 1400)), Start(1400));
  EXPECT_EQ(start(v2_series({1, 2}, 1500, 1400)), Start(1500));
}

TEST(RemoteWriteV2, ReferencesMayStandOneByOne) {
  const std::string body = v2_series({1, 2}, 0, 0, false);
  const RemoteWriteRequest request = read(body, RemoteWriteProtocol::kV2);
  EXPECT_EQ(request.labels.at(0).value, "up");
}

TEST(RemoteWriteV2, RefusesReferencesThatLeadNowhere) {
  EXPECT_THAT(refusal(v2_series({1, 3}, 0, 0)), HasSubstr("a symbol that is not there"));
  EXPECT_THAT(refusal(v2_series({1}, 0, 0)), HasSubstr("a label without a value"));
  std::string body;
  protozero::pbf_writer(body).add_string(4, "x");
  EXPECT_THAT(refusal(body), HasSubstr("the first symbol must be the empty text"));
}

TEST(RemoteWrite, EveryCutIsRefusedOrShorter) {
  const std::vector<SentSeries> sent = scraped("a{b=\"c\"} 1\nb{b=\"c\"} 2\n", 3);
  for (const auto protocol : {RemoteWriteProtocol::kV1, RemoteWriteProtocol::kV2}) {
    const std::string body = protocol == RemoteWriteProtocol::kV1 ? body_v1(sent) : body_v2(sent);
    for (std::size_t size = 0; size < body.size(); ++size) {
      const std::string cut(body.data(), size);
      const auto request = decode_remote_write(cut, protocol);
      if (request) {
        EXPECT_LT(request->series.size(), sent.size()) << size;
      }
    }
  }
}

TEST(RemoteWrite, AFieldOfAnotherWireTypeIsRefused) {
  std::string sample, series, body;
  protozero::pbf_writer(sample).add_double(2, 1);  // A time, which is a number of another width.
  protozero::pbf_writer(series).add_message(2, sample);
  protozero::pbf_writer(body).add_message(1, series);
  EXPECT_THAT(refusal(body, RemoteWriteProtocol::kV1), HasSubstr("wire type"));
  EXPECT_THAT(refusal("\x08\x00"s, RemoteWriteProtocol::kV1), HasSubstr("wire type"));
  EXPECT_THAT(refusal("\x28\x00"s), HasSubstr("wire type"));
}

TEST(RemoteWriteRecord, IsReadAsItWasWritten) {
  const std::string body = "bytes\0more"s;
  const RemoteWriteRecord record{
      .time = at_second(7),
      .clock = at_second(9),
      .protocol = RemoteWriteProtocol::kV2,
      .encoding = "snappy",
      .origin = {.customers = {{1, 2}, {3, 4}}, .customer = "acme", .service = "chat"},
      .body = body};
  const std::string text = remote_write_record_text(record);
  const auto read_record = parse_remote_write_record(text);
  ASSERT_TRUE(read_record);
  EXPECT_EQ(read_record->time, record.time);
  EXPECT_EQ(read_record->clock, record.clock);
  EXPECT_EQ(read_record->protocol, record.protocol);
  EXPECT_EQ(read_record->encoding, "snappy");
  EXPECT_EQ(read_record->origin.customers, record.origin.customers);
  EXPECT_EQ(read_record->origin.customer, "acme");
  EXPECT_EQ(read_record->origin.service, "chat");
  EXPECT_EQ(read_record->body, body);
  EXPECT_FALSE(parse_remote_write_record(text.substr(0, text.size() - 1)));
}

}  // namespace
}  // namespace optiinfra::remote_write
