// From what an exporter sends to rows, with increases that are computed by hand.
#include <cmath>
#include <map>
#include <protozero/pbf_writer.hpp>

#include "metric_series.hpp"
#include "optiinfra/exposition/aliases.hpp"
#include "optiinfra/remote_write/gather.hpp"
#include "otlp_testing.hpp"

namespace optiinfra::otlp {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr int kDelta = 1, kCumulative = 2;

Json point(const Json& of, std::uint64_t start_ns, std::uint64_t time_ns, const Json& more) {
  Json object = {{"attributes", attributes(of)}, {"timeUnixNano", std::to_string(time_ns)}};
  if (start_ns != 0) object["startTimeUnixNano"] = std::to_string(start_ns);
  object.update(more);
  return object;
}

Json metric(const std::string& name, const std::string& kind, const std::vector<Json>& points,
            int temporality = 0, const std::string& unit = "") {
  Json data = {{"dataPoints", points}};
  if (temporality != 0) data["aggregationTemporality"] = temporality;
  if (kind == "sum") data["isMonotonic"] = true;
  return {{"name", name}, {"unit", unit}, {kind, data}};
}

const Json kResource = {{"service.name", "chat"}, {"host.name", "gpu-1"}, {"tenant.id", "acme"}};

std::string request(const std::vector<Json>& metrics, const Json& resource = kResource) {
  return Json{
      {"resourceMetrics",
       {{{"resource", {{"attributes", attributes(resource)}}}, {"scopeMetrics", {{{"metrics", metrics}}}}}}}}
      .dump();
}

/// What a service does with the requests of one exporter, each some seconds after the one before.
class Receiver {
 public:
  OtlpMetrics send(const std::string& body, OtlpEncoding encoding = OtlpEncoding::kJson) {
    auto metrics = decode_metrics(body, encoding, kIdentities);
    EXPECT_TRUE(metrics) << metrics.error().message;
    if (!metrics) return {};
    const auto series =
        remote_write::decode_remote_write(metrics->body, remote_write::RemoteWriteProtocol::kV2);
    EXPECT_TRUE(series) << series.error().message;
    const exposition::sys_milliseconds time{std::chrono::milliseconds(++requests_)};
    refused_ += gatherer_.add({requests_, time, clock_}, *series, {}).refused;
    return *std::move(metrics);
  }

  /// The rows of all requests so far, in their order.
  std::vector<ServingMetric> servings() {
    settle();
    return servings_;
  }
  std::vector<ResourceMetric> resources() {
    settle();
    return resources_;
  }
  std::uint64_t refused() const { return refused_; }

 private:
  void settle() {
    gatherer_.settle(exposition::sys_milliseconds(std::chrono::hours(1)));
    for (const remote_write::GatheredRows& rows : gatherer_.take_rows()) {
      servings_.insert(servings_.end(), rows.servings.begin(), rows.servings.end());
      resources_.insert(resources_.end(), rows.resources.begin(), rows.resources.end());
    }
  }

  const exposition::sys_milliseconds clock_{std::chrono::milliseconds(kStart / 1'000'000 + 3'600'000)};
  remote_write::RemoteWriteGatherer gatherer_{exposition::AliasTable::builtin()};
  std::uint64_t requests_ = 0, refused_ = 0;
  std::vector<ServingMetric> servings_;
  std::vector<ResourceMetric> resources_;
};

Json tokens(int temporality, std::uint64_t start_ns, std::uint64_t time_ns, const Json& value) {
  return metric("gen_ai.client.inference.usage.output_tokens", "sum",
                {point({{"gen_ai.response.model", "llama"}}, start_ns, time_ns, {{"asInt", value}})},
                temporality, "{token}");
}

std::uint64_t completion_tokens(const std::vector<ServingMetric>& rows) {
  std::uint64_t sum = 0;
  for (const ServingMetric& row : rows) sum += row.completion_tokens.value_or(0);
  return sum;
}

TEST(MetricsOfOtlp, DeltasAddUpFromTheFirstOneOn) {
  Receiver receiver;
  receiver.send(request({tokens(kDelta, kStart, kStart + 10 * kSecond, "7")}));
  receiver.send(request({tokens(kDelta, kStart + 10 * kSecond, kStart + 20 * kSecond, "5")}));
  // Nothing happened for a while, so the exporter sent nothing.
  receiver.send(request({tokens(kDelta, kStart + 900 * kSecond, kStart + 910 * kSecond, "30")}));
  const auto rows = receiver.servings();
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(completion_tokens(rows), 42U);
  EXPECT_EQ(rows[0].completion_tokens, 7U);
  EXPECT_EQ(rows[0].model_name, "llama");
  EXPECT_EQ(rows[0].instance_id, "gpu-1");
  EXPECT_EQ(rows[0].customer_id, identity_of("customer", "acme"));
  EXPECT_EQ(rows[0].service_id, identity_of("service", "chat"));
  EXPECT_NEAR(rows[0].interval_seconds, 10, 0.01);
  EXPECT_NEAR(rows[2].interval_seconds, 10, 0.01);
}

TEST(MetricsOfOtlp, ACumulativeSumCountsFromTheStartOfItsProcessAndAfterARestart) {
  Receiver receiver;
  receiver.send(request({tokens(kCumulative, kStart, kStart + 10 * kSecond, "7")}));
  receiver.send(request({tokens(kCumulative, kStart, kStart + 20 * kSecond, "12")}));
  receiver.send(request({tokens(kCumulative, kStart + 25 * kSecond, kStart + 30 * kSecond, "100")}));
  EXPECT_EQ(completion_tokens(receiver.servings()), 112U);
}

TEST(MetricsOfOtlp, ACounterThatBeganLongAgoHasNoFirstIncrease) {
  Receiver receiver;
  const std::uint64_t began_ns = kStart - 86'400 * kSecond;
  receiver.send(request({tokens(kCumulative, began_ns, kStart, "1000000")}));
  receiver.send(request({tokens(kCumulative, began_ns, kStart + 10 * kSecond, "1000003")}));
  EXPECT_EQ(completion_tokens(receiver.servings()), 3U);
}

TEST(MetricsOfOtlp, ADeltaOfMoreThanFiveMinutesCounts) {
  Receiver receiver;
  receiver.send(request({tokens(kDelta, kStart, kStart + 900 * kSecond, "7")}));
  receiver.send(request({tokens(kDelta, kStart + 900 * kSecond, kStart + 1'800 * kSecond, "5")}));
  EXPECT_EQ(completion_tokens(receiver.servings()), 12U);
}

TEST(MetricsOfOtlp, ProcessesOfOneHostCountApart) {
  Receiver receiver;
  for (const int temporality : {kDelta, kCumulative}) {
    for (std::uint64_t i = 1; i <= 3; ++i) {
      for (const char* const process : {"a", "b"}) {
        Json resource = kResource;
        resource["service.instance.id"] = std::string(process) + std::to_string(temporality);
        // Process b began, and reports, five seconds later.
        const std::uint64_t began_ns = kStart + (*process == 'b' ? 5 * kSecond : 0);
        const std::uint64_t time_ns = began_ns + 10 * i * kSecond;
        receiver.send(request({tokens(temporality, temporality == kDelta ? time_ns - 10 * kSecond : began_ns,
                                      time_ns, std::to_string(temporality == kDelta ? 10 : 10 * i))},
                              resource));
      }
    }
  }
  EXPECT_EQ(completion_tokens(receiver.servings()), 2U * 2 * 30);
}

/// A collector that scrapes knows no start of a counter: after a restart it says that of its own first look.
TEST(MetricsOfOtlp, ACollectorThatRestartsAddsNothing) {
  Receiver receiver;
  const std::uint64_t again_ns = kStart + 40 * kSecond;
  receiver.send(request({tokens(kCumulative, kStart, kStart, "1000")}));
  receiver.send(request({tokens(kCumulative, kStart, kStart + 10 * kSecond, "1004")}));
  receiver.send(request({tokens(kCumulative, again_ns, again_ns, "1007")}));
  receiver.send(request({tokens(kCumulative, again_ns, again_ns + 10 * kSecond, "1009")}));
  EXPECT_EQ(completion_tokens(receiver.servings()), 9U);
}

TEST(MetricsOfOtlp, APointOfAnotherCustomerIsThatCustomers) {
  Receiver receiver;
  receiver.send(
      request({metric("gen_ai.client.inference.usage.output_tokens", "sum",
                      {point({{"customer.id", "globex"}}, kStart, kStart + kSecond, {{"asInt", "3"}}),
                       point(Json::object(), kStart, kStart + kSecond, {{"asInt", "4"}})},
                      kDelta)}));
  const auto rows = receiver.servings();
  ASSERT_EQ(rows.size(), 2U);
  for (const ServingMetric& row : rows)
    EXPECT_EQ(row.completion_tokens, row.customer_id == identity_of("customer", "globex") ? 3U : 4U);
}

TEST(MetricsOfOtlp, AHistogramIsItsIncreaseInMillisecondsWhateverItsUnit) {
  for (const bool is_in_ms : {false, true}) {
    Receiver receiver;
    const double unit = is_in_ms ? 1'000 : 1;
    const auto histogram = [&](std::uint64_t time_ns, double sum, const Json& counts, std::uint64_t count) {
      return metric("gen_ai.server.time_to_first_token", "histogram",
                    {point(Json::object(), kStart, time_ns,
                           {{"count", std::to_string(count)},
                            {"sum", sum * unit},
                            {"bucketCounts", counts},
                            {"explicitBounds", {0.1 * unit, 0.5 * unit, 1.0 * unit}}})},
                    kCumulative, is_in_ms ? "ms" : "s");
    };
    receiver.send(request({histogram(kStart + 10 * kSecond, 0.3, {"1", "1", "0", "0"}, 2)}));
    receiver.send(request({histogram(kStart + 20 * kSecond, 3.5, {"1", "3", "1", "1"}, 6)}));
    const auto rows = receiver.servings();
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].time_to_first_token_histogram, R"({"100000":1,"500000":1})");
    EXPECT_EQ(rows[1].time_to_first_token_histogram, R"({"100000":0,"500000":2,"1000000":1,"+Inf":1})");
  }
}

/// One exponential histogram at a scale, of values as OpenTelemetry's SDKs put them into buckets.
Json exponential(std::uint64_t time_ns, const std::vector<double>& values, int scale) {
  std::map<int, std::uint64_t> counts;
  double sum = 0;
  std::uint64_t zero = 0;
  for (const double value : values) {
    sum += value;
    if (value == 0)
      ++zero;
    else
      ++counts[static_cast<int>(std::ceil(std::log2(value) * std::exp2(scale))) - 1];
  }
  Json texts = Json::array();
  const int offset = counts.empty() ? 0 : counts.begin()->first;
  if (!counts.empty())
    for (int i = offset; i <= counts.rbegin()->first; ++i)
      texts.push_back(std::to_string(counts.contains(i) ? counts[i] : 0));
  return metric("gen_ai.server.request.duration", "exponentialHistogram",
                {point(Json::object(), kStart, time_ns,
                       {{"count", std::to_string(values.size())},
                        {"sum", sum},
                        {"scale", scale},
                        {"zeroCount", std::to_string(zero)},
                        {"positive", {{"offset", offset}, {"bucketCounts", texts}}}})},
                kCumulative, "s");
}

TEST(MetricsOfOtlp, AnExponentialHistogramKeepsItsDistributionWhenItsRangeAndScaleChange) {
  std::vector<double> values{0, 0.021, 0.5, 0.7};
  Receiver receiver;
  receiver.send(request({exponential(kStart + 10 * kSecond, values, 6)}));
  values.insert(values.end(), {0.26, 0.26, 0.26, 40});
  receiver.send(request({exponential(kStart + 20 * kSecond, values, 3)}));
  const auto rows = receiver.servings();
  ASSERT_EQ(rows.size(), 2U);
  // The bounds above 0.26 and 40 s are powers of 2^(1/4): 0.297 and 45.3 s.
  std::map<std::string, int> filled;
  const Json histogram = Json::parse(rows[1].latency_histogram);
  for (const auto& [bound, count] : histogram.items())
    if (count != 0) filled[bound] = count;
  EXPECT_THAT(filled, ElementsAre(std::pair("297302", 3), std::pair("45254834", 1)));
}

TEST(MetricsOfOtlp, AnExponentialHistogramInMillisecondsHasTheSameBounds) {
  Receiver receiver;
  Json metric = exponential(kStart + 10 * kSecond, {40'000, 300}, 2);
  metric["unit"] = "ms";
  receiver.send(request({metric}));
  const auto rows = receiver.servings();
  ASSERT_EQ(rows.size(), 1U);
  const Json histogram = Json::parse(rows[0].latency_histogram);
  EXPECT_EQ(histogram.size() > 10 && !histogram.contains("+Inf"), true) << histogram;
}

TEST(MetricsOfOtlp, TimesOfOneCollectionAreOneRow) {
  Receiver receiver;
  // Go's SDK asks the clock for each instrument.
  receiver.send(
      request({metric("hw.gpu.utilization", "gauge",
                      {point({{"hw.id", "GPU-1"}}, 0, kStart + 10 * kSecond, {{"asDouble", 0.5}})}),
               metric("hw.gpu.temperature", "gauge",
                      {point({{"hw.id", "GPU-1"}}, 0, kStart + 10 * kSecond + 3'000'000, {{"asInt", "61"}})}),
               metric("hw.gpu.memory.usage", "gauge",
                      {point({{"hw.id", "GPU-1"}}, 0, kStart + 10 * kSecond + 4'000'000,
                             {{"asInt", std::to_string(3)}})},
                      0, "GiBy")}));
  const auto rows = receiver.resources();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].gpu_uuid, "GPU-1");
  EXPECT_FLOAT_EQ(rows[0].gpu_utilization.value(), 50);
  EXPECT_FLOAT_EQ(rows[0].gpu_temperature.value(), 61);
  EXPECT_FLOAT_EQ(rows[0].gpu_memory_used_mb.value(), 3'072);
}

TEST(MetricsOfOtlp, APointWithoutAValueIsAbsent) {
  Receiver receiver;
  receiver.send(request(
      {metric("hw.gpu.utilization", "gauge", {point({{"hw.id", "GPU-1"}}, 0, kStart, {{"flags", 1}})}),
       metric("hw.gpu.temperature", "gauge", {point({{"hw.id", "GPU-1"}}, 0, kStart, {{"asInt", "61"}})})}));
  const auto rows = receiver.resources();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_FALSE(rows[0].gpu_utilization.has_value());
}

TEST(MetricsOfOtlp, WhatCannotBeTakenIsCountedWithTheFirstReason) {
  const auto decoded = [](const std::string& body) {
    auto metrics = decode_metrics(body, OtlpEncoding::kJson, kIdentities);
    EXPECT_TRUE(metrics);
    return metrics ? *std::move(metrics) : OtlpMetrics{};
  };
  const Json good = tokens(kDelta, kStart, kStart + kSecond, "1");
  OtlpMetrics metrics = decoded(request({good, tokens(kDelta, 0, kStart, "1")}));
  EXPECT_EQ(metrics.points, 1U);
  EXPECT_EQ(metrics.rejected, 1U);
  EXPECT_EQ(metrics.reason, "gen_ai.client.inference.usage.output_tokens: a delta has no start time");

  metrics = decoded(request({good, good}, {{"service.name", "chat"}}));
  EXPECT_EQ(metrics.rejected, 2U);
  EXPECT_THAT(metrics.reason, HasSubstr("names no instance; give host.id"));
  EXPECT_EQ(metrics.body, "");

  metrics = decoded(request({good}, {{"host.name", "a"}, {"customer.id", "forbidden"}}));
  EXPECT_EQ(metrics.rejected, 1U);
  EXPECT_THAT(metrics.reason, HasSubstr("not for this token"));

  metrics = decoded(request(
      {metric("a", "histogram",
              {point(Json::object(), kStart, kStart + 1,
                     {{"count", "1"}, {"bucketCounts", {"1"}}, {"explicitBounds", {1.0}}})},
              kDelta),
       metric("b", "histogram",
              {point(Json::object(), kStart, kStart + 1,
                     {{"count", "1"}, {"bucketCounts", {"1", "0", "0"}}, {"explicitBounds", {2.0, 1.0}}})},
              kDelta),
       metric("c", "exponentialHistogram",
              {point(Json::object(), kStart, kStart + 1, {{"count", "1"}, {"scale", 30}})}, kDelta)}));
  EXPECT_EQ(metrics.rejected, 3U);
  EXPECT_EQ(decoded("{}").points, 0U);
}

TEST(MetricsOfOtlp, ARequestOfTooManySeriesIsRefused) {
  std::string body;
  protozero::pbf_writer request(body);
  protozero::pbf_writer of_resource(request, 1);
  {
    protozero::pbf_writer resource(of_resource, 1);
    protozero::pbf_writer attribute(resource, 1);
    attribute.add_string(1, "host.name");
    protozero::pbf_writer value(attribute, 2);
    value.add_string(1, "gpu-1");
  }
  {
    protozero::pbf_writer of_scope(of_resource, 2);
    protozero::pbf_writer message(of_scope, 2);
    message.add_string(1, "a");
    protozero::pbf_writer histogram(message, 10);
    for (int i = 0; i < 12'000; ++i) {
      protozero::pbf_writer each(histogram, 1);
      each.add_fixed64(2, kStart);
      each.add_fixed64(3, kStart + 1);
      each.add_fixed64(4, 1);
      each.add_sint32(6, kGridScale);
    }
    histogram.add_enum(2, kDelta);
  }
  of_resource.commit();
  const auto metrics = decode_metrics(body, OtlpEncoding::kProtobuf, kIdentities);
  ASSERT_FALSE(metrics);
  EXPECT_EQ(metrics.error().kind, ErrorKind::kTooLarge);
}

/// A histogram and a sum of doubles in protobuf: packed counts, temporality behind the points.
TEST(MetricsOfOtlp, ProtobufSaysTheSameAsJson) {
  std::string body;
  {
    protozero::pbf_writer request(body);
    protozero::pbf_writer of_resource(request, 1);
    {
      protozero::pbf_writer resource(of_resource, 1);
      for (const auto& [name, text] : kResource.items()) {
        protozero::pbf_writer attribute(resource, 1);
        attribute.add_string(1, name);
        protozero::pbf_writer value(attribute, 2);
        value.add_string(1, text.get<std::string>());
      }
    }
    protozero::pbf_writer of_scope(of_resource, 2);
    {
      protozero::pbf_writer message(of_scope, 2);
      message.add_string(1, "gen_ai.server.time_to_first_token");
      message.add_string(3, "s");
      protozero::pbf_writer histogram(message, 9);
      {
        protozero::pbf_writer each(histogram, 1);
        each.add_fixed64(2, kStart);
        each.add_fixed64(3, kStart + kSecond);
        each.add_fixed64(4, 3);
        each.add_double(5, 0.75);
        const std::uint64_t counts[] = {1, 2};
        each.add_packed_fixed64(6, std::begin(counts), std::end(counts));
        const double bounds[] = {0.25};
        each.add_packed_double(7, std::begin(bounds), std::end(bounds));
      }
      histogram.add_enum(2, kDelta);
    }
    {
      protozero::pbf_writer message(of_scope, 2);
      message.add_string(1, "gen_ai.client.inference.usage.output_tokens");
      protozero::pbf_writer sum(message, 7);
      {
        protozero::pbf_writer each(sum, 1);
        each.add_fixed64(2, kStart);
        each.add_fixed64(3, kStart + kSecond);
        each.add_sfixed64(6, 21);
      }
      sum.add_enum(2, kDelta);
      sum.add_bool(3, true);
    }
  }
  const std::string json = request(
      {metric(
           "gen_ai.server.time_to_first_token", "histogram",
           {point(Json::object(), kStart, kStart + kSecond,
                  {{"count", "3"}, {"sum", 0.75}, {"bucketCounts", {"1", "2"}}, {"explicitBounds", {0.25}}})},
           kDelta, "s"),
       metric("gen_ai.client.inference.usage.output_tokens", "sum",
              {point(Json::object(), kStart, kStart + kSecond, {{"asInt", 21}})}, kDelta)});
  const auto of_protobuf = decode_metrics(body, OtlpEncoding::kProtobuf, kIdentities);
  const auto of_json = decode_metrics(json, OtlpEncoding::kJson, kIdentities);
  ASSERT_TRUE(of_protobuf && of_json);
  EXPECT_EQ(of_protobuf->points, 2U);
  EXPECT_EQ(of_protobuf->body, of_json->body);

  Receiver receiver;
  receiver.send(body, OtlpEncoding::kProtobuf);
  const auto rows = receiver.servings();
  ASSERT_FALSE(rows.empty());
  EXPECT_EQ(completion_tokens(rows), 21U);
  for (std::size_t length = 0; length < body.size(); ++length)
    static_cast<void>(
        decode_metrics(std::string_view(body).substr(0, length), OtlpEncoding::kProtobuf, kIdentities));
}

}  // namespace
}  // namespace optiinfra::otlp
