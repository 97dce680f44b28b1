// What the tests of remote write share: requests as a sender writes them, from texts of metrics.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <map>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <vector>

#include "optiinfra/remote_write/decode.hpp"
#include "optiinfra/remote_write/gather.hpp"

namespace optiinfra::remote_write {

/// Prometheus' staleness marker.
inline const double kStaleMarker = std::bit_cast<double>(std::uint64_t{0x7ff0000000000002});

struct SentSeries {
  std::map<std::string, std::string> labels;
  std::vector<RemoteSample> samples = {};
};

inline std::string sample_text(const RemoteSample& sample) {
  std::string text;
  protozero::pbf_writer message(text);
  if (sample.value != 0) message.add_double(1, sample.value);
  message.add_int64(2, sample.timestamp_ms);
  if (sample.start_timestamp_ms) message.add_int64(3, *sample.start_timestamp_ms);
  return text;
}

/// prometheus.WriteRequest
inline std::string body_v1(const std::vector<SentSeries>& series) {
  std::string text;
  protozero::pbf_writer request(text);
  for (const SentSeries& each : series) {
    protozero::pbf_writer message(request, 1);
    for (const auto& [name, value] : each.labels) {
      protozero::pbf_writer label(message, 1);
      label.add_string(1, name);
      label.add_string(2, value);
    }
    for (const RemoteSample& sample : each.samples) message.add_message(2, sample_text(sample));
  }
  return text;
}

/// io.prometheus.write.v2.Request
inline std::string body_v2(const std::vector<SentSeries>& series) {
  std::vector<std::string> symbols{""};
  const auto reference = [&symbols](const std::string& text) {
    const auto at = std::find(symbols.begin(), symbols.end(), text);
    if (at != symbols.end()) return static_cast<std::uint32_t>(at - symbols.begin());
    symbols.push_back(text);
    return static_cast<std::uint32_t>(symbols.size() - 1);
  };
  std::vector<std::vector<std::uint32_t>> references;
  for (const SentSeries& each : series) {
    auto& own = references.emplace_back();
    for (const auto& [name, value] : each.labels) {
      own.push_back(reference(name));
      own.push_back(reference(value));
    }
  }
  std::string text;
  protozero::pbf_writer request(text);
  for (const std::string& each : symbols) request.add_string(4, each);
  for (std::size_t i = 0; i < series.size(); ++i) {
    protozero::pbf_writer message(request, 5);
    message.add_packed_uint32(1, references[i].begin(), references[i].end());
    for (const RemoteSample& sample : series[i].samples) message.add_message(2, sample_text(sample));
  }
  return text;
}

inline exposition::sys_milliseconds at_second(double seconds) {
  return exposition::sys_milliseconds(
      std::chrono::milliseconds(1'800'000'000'000 + static_cast<std::int64_t>(seconds * 1000)));
}

inline std::int64_t ms_at(double seconds) { return at_second(seconds).time_since_epoch().count(); }

/// The labels that Prometheus adds to all series of one target of a customer.
inline std::map<std::string, std::string> target(const std::string& instance = "10.0.0.1:8000") {
  return {{"customer", "acme"}, {"job", "vllm"}, {"instance", instance}};
}

/// What Prometheus sends of a text that it scraped at that second.
inline std::vector<SentSeries> scraped(std::string_view text, double second,
                                       const std::map<std::string, std::string>& labels = target()) {
  std::vector<SentSeries> sent;
  exposition::TextReader reader(text, exposition::TextFormat::kPrometheus);
  while (true) {
    const auto sample = reader.next();
    EXPECT_TRUE(sample) << (sample ? "" : sample.error().message);
    if (!sample || *sample == nullptr) return sent;
    SentSeries& series = sent.emplace_back(SentSeries{labels, {{(*sample)->value, ms_at(second), {}}}});
    series.labels["__name__"] = (*sample)->name;
    for (const exposition::MetricLabel& each : (*sample)->labels)
      series.labels[std::string(each.name)] = each.value;
  }
}

/// A gatherer with what a receiver does around it.
class Receiving {
 public:
  RemoteWriteAnswer send(const std::vector<SentSeries>& series, double second,
                         const RemoteWriteOrigin& origin = {}) {
    const std::string body = body_v1(series);
    const auto request = decode_remote_write(body, RemoteWriteProtocol::kV1);
    EXPECT_TRUE(request) << (request ? "" : request.error().message);
    return gatherer.add({++records, at_second(second), at_second(second)}, *request, origin);
  }

  /// The rows that are made by then.
  std::vector<GatheredRows> rows_at(double second) {
    gatherer.settle(at_second(second));
    return gatherer.take_rows();
  }

  /// The only row of serving that is made by then.
  ServingMetric serving_at(double second) {
    const auto rows = rows_at(second);
    EXPECT_EQ(rows.size(), 1u);
    if (rows.size() != 1 || rows[0].servings.size() != 1) {
      ADD_FAILURE() << "not one row";
      return {};
    }
    return rows[0].servings[0];
  }

  RemoteWriteGatherer gatherer{exposition::AliasTable::builtin()};
  std::uint64_t records = 0;
};

}  // namespace optiinfra::remote_write
