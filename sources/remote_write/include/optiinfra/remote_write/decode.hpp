/// @file optiinfra/remote_write/decode.hpp
/// Reads the requests of Prometheus remote write: prometheus.WriteRequest of version 1.0 and
/// io.prometheus.write.v2.Request of version 2.0, after they are decompressed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/exposition/text.hpp"

namespace optiinfra::remote_write {

enum class RemoteWriteProtocol : std::uint8_t { kV1 = 1, kV2 = 2 };

/// Of one request, after it is decompressed.
inline constexpr std::size_t kRemoteWriteBytesMax = std::size_t{64} << 20;
inline constexpr std::size_t kRemoteWriteSeriesMax = 1'000'000;
inline constexpr std::size_t kRemoteWriteSamplesMax = 2'000'000;
inline constexpr std::size_t kRemoteWriteLabelsMax = 4'000'000;

struct RemoteSample {
  double value = 0;
  std::int64_t timestamp_ms = 0;  ///< Since 1970.
  /// When a counter began to count, in version 2.0: of the sample, or of its series as older senders have it.
  std::optional<std::int64_t> start_timestamp_ms = {};
};

/// A part of RemoteWriteRequest::labels and ::samples.
struct RemoteSeries {
  std::uint32_t labels_begin = 0, labels_end = 0;
  std::uint32_t samples_begin = 0, samples_end = 0;
  std::uint32_t native_histograms = 0;  ///< Counted, not read.
};

/// A whole request. The texts of its labels lie in the body that it was read from.
struct RemoteWriteRequest {
  std::vector<exposition::MetricLabel> labels;
  std::vector<RemoteSample> samples;
  std::vector<RemoteSeries> series;
  std::uint64_t native_histograms = 0;
  std::uint64_t exemplars = 0;

  std::span<const exposition::MetricLabel> labels_of(const RemoteSeries& each) const {
    return std::span(labels).subspan(each.labels_begin, each.labels_end - each.labels_begin);
  }
  std::span<const RemoteSample> samples_of(const RemoteSeries& each) const {
    return std::span(samples).subspan(each.samples_begin, each.samples_end - each.samples_begin);
  }
};

/// `body` must outlive the result. Errors: kInvalidArgument for bytes that are no such request; kTooLarge
/// beyond the bounds above.
Result<RemoteWriteRequest> decode_remote_write(std::string_view body, RemoteWriteProtocol protocol);

}  // namespace optiinfra::remote_write
