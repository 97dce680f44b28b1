// What the counters and histograms of one target gained from one reading to the next.
#pragma once

#include <optional>
#include <vector>

#include "optiinfra/exposition/reading.hpp"

namespace optiinfra::exposition {

struct HistogramIncrease {
  std::vector<ReadBucket> buckets;  ///< Those of each bucket alone, not cumulative. Empty: not known.
  std::optional<double> sum, count;
};

struct IncreaseCounts {
  std::uint64_t resets = 0;           ///< Series that started again.
  std::uint64_t first_sights = 0;     ///< Series that had no value before.
  std::uint64_t changed_buckets = 0;  ///< Histograms whose bounds are others than before.
};

/// Increases since `before`, which is nullptr for the first reading and where too much time has passed.
class Increases {
 public:
  Increases(const MetricsReading* before, const MetricsReading& after);

  /// Of the counter at that place of after.counters. Absent at first sight. Ask in ascending order.
  std::optional<double> of_counter(std::size_t index);
  std::optional<HistogramIncrease> of_histogram(std::size_t index);

  const IncreaseCounts& counts() const { return counts_; }

 private:
  /// Finds a series of the reading before. Texts keep their order, so it mostly is the next one.
  template <typename Series>
  class Finder {
   public:
    explicit Finder(const std::vector<Series>* before) : before_(before) {}
    const Series* find(const SeriesKey& key);

   private:
    const std::vector<Series>* before_;
    std::size_t next_ = 0;
    std::vector<std::uint32_t> by_key_;  ///< Made when the order was found to differ.
  };

  bool has_restarted(const ReadSeries& after, std::optional<std::int64_t> start_before,
                     std::optional<std::int64_t> start_after) const;
  bool began_since(std::optional<std::int64_t> start) const;

  const MetricsReading* before_;
  const MetricsReading& after_;
  bool process_restarted_ = false;
  Finder<ReadValue> counters_;
  Finder<ReadHistogram> histograms_;
  IncreaseCounts counts_;
};

}  // namespace optiinfra::exposition
