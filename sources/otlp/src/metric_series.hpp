/// Data points of metrics as series of Prometheus' remote write.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "metric_point.hpp"
#include "optiinfra/otlp/decode.hpp"

namespace optiinfra::otlp {

/// Exporters that ask each instrument for its own time do it within this span. Points of one resource that
/// are no further apart are of one collection.
inline constexpr std::uint64_t kCollectionNs = 50'000'000;

/// Buckets of an exponential histogram are cast into bounds that do not depend on its values, because counts
/// can only be compared between equal bounds: four in each doubling (2^(1/4)), from 2^-10 to 2^12. A scale
/// below 2 has fewer.
inline constexpr int kGridScale = 2, kGridLowest = -10, kGridHighest = 12;

/// Series of one request. A histogram is one for each bucket.
inline constexpr std::size_t kSeriesOfRequestMax = 1'000'000;
/// Names and values of labels of one resource's series, and bytes of all series.
inline constexpr std::size_t kReferencesMax = 8'000'000, kSeriesBytesMax = std::size_t{60} << 20;

/// The points of one request, resource by resource.
class MetricSeries {
 public:
  explicit MetricSeries(const IdentityOf& identity_of) : identity_of_(identity_of) {}

  void add(const Resource& resource, const MetricInfo& metric, const MetricPoint& point);

  /// Errors: kTooLarge beyond the bounds.
  Result<OtlpMetrics> take();

 private:
  using Label = std::pair<std::string, std::string>;
  struct Sample {
    std::uint32_t labels_begin = 0, labels_end = 0;  ///< In references_.
    double value = 0;
    std::uint64_t time_ns = 0, start_ns = 0;
  };

  /// Beyond what the receiver of remote write takes.
  bool is_too_large() const {
    return references_.size() > kReferencesMax || series_.size() > kSeriesBytesMax;
  }
  void begin_resource(const Resource& resource);
  Result<void> set_resource_labels(const Attributes& told);
  void end_resource();
  void reject(const MetricInfo& metric, std::string reason);
  Result<void> set_labels(const MetricPoint& point);
  void add_sample(const std::string& name, const MetricPoint& point, double value,
                  std::string_view bound = {});
  void add_buckets(const MetricInfo& metric, const MetricPoint& point, double scale);
  void add_exponential(const MetricInfo& metric, const MetricPoint& point, double scale);
  std::uint32_t symbol(std::string_view text);

  std::size_t resource_ = 0;  ///< Its number; 0 for none.
  const IdentityOf& identity_of_;
  Result<void> owner_;  ///< Why the resource's points are rejected.
  std::string customer_;
  std::vector<Label> resource_labels_, labels_;
  std::vector<Sample> samples_;  ///< Of the resource.
  std::vector<std::uint32_t> references_;
  std::unordered_map<std::string_view, std::uint32_t> symbols_;
  std::deque<std::string> texts_;  ///< What symbols_ refers to, in order.
  std::string series_;             ///< Encoded, of the resources that ended.
  std::size_t series_count_ = 0;
  bool is_delta_ = false;  ///< The metric whose points are added.
  OtlpMetrics result_;
};

}  // namespace optiinfra::otlp
