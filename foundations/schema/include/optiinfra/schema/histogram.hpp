/// @file optiinfra/schema/histogram.hpp
/// A histogram of times as a column holds it: a JSON object from upper bound to count,
/// `{"5000":3,"10000":0,"+Inf":1}`. Bounds are whole microseconds, ascending; "+Inf" is above all. A count is
/// that of its own bucket, not of all buckets below it, as Prometheus's cumulative `le` buckets are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace optiinfra {

/// The upper bound of the bucket that has none.
inline constexpr std::uint64_t kUnboundedUs = UINT64_MAX;
/// Larger bounds, 300 years, are written as "+Inf".
inline constexpr std::uint64_t kBoundUsMax = 9'999'999'999'999'999;
inline constexpr std::uint64_t kBucketCountMax = 999'999'999'999'999'999;
/// So that a histogram fits into kTextBytesMax.
inline constexpr std::size_t kHistogramBucketsMax = 100;

struct HistogramBucket {
  std::uint64_t upper_us = kUnboundedUs;
  std::uint64_t count = 0;
  friend bool operator==(const HistogramBucket&, const HistogramBucket&) = default;
};

/// By upper bound, ascending. Empty: not measured.
using Histogram = std::vector<HistogramBucket>;

/// The column's text. Leaves out the buckets of 0 after the last that counts something, and those before the
/// one in front of the first, whose bound says where the first begins. Where nothing was
/// counted, that is the first bucket with 0. Empty for a histogram without buckets. `histogram` has at most
/// kHistogramBucketsMax buckets, whose counts are at most kBucketCountMax.
std::string histogram_text(const Histogram& histogram);

/// nullopt when `text` is not a histogram's text; an empty text is none.
std::optional<Histogram> parse_histogram(std::string_view text);

}  // namespace optiinfra
