// What counters and histograms of one target said last.
#pragma once

#include <optional>
#include <unordered_map>

#include "optiinfra/exposition/reading.hpp"

namespace optiinfra::remote_write {

/// The reading that the next one is compared with. A series that a reading lacks, because its sample came too
/// late or was a staleness marker, keeps its value for kStaleAfter: what it counts meanwhile belongs to the
/// reading that it is back in.
class LastValues {
 public:
  /// nullptr before the first reading.
  const exposition::MetricsReading* reading() const { return reading_ ? &*reading_ : nullptr; }

  void renew(exposition::MetricsReading after);

  std::size_t series() const {
    return reading_ ? reading_->counters.size() + reading_->histograms.size() + reading_->buckets.size() : 0;
  }
  bool has_older() const { return !older_.empty(); }

 private:
  std::optional<exposition::MetricsReading> reading_;
  /// When those series were read that the latest reading lacked, in milliseconds since 1970.
  std::unordered_map<exposition::SeriesKey, std::int64_t, exposition::SeriesKeyHash> older_;
};

}  // namespace optiinfra::remote_write
