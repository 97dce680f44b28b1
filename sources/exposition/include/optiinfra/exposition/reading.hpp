/// @file optiinfra/exposition/reading.hpp
/// What one text of metrics says, reduced to the quantities that rows are made of: one scrape of one target.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/exposition/aliases.hpp"
#include "optiinfra/exposition/text.hpp"

namespace optiinfra::exposition {

using sys_milliseconds = std::chrono::sys_time<std::chrono::milliseconds>;

/// Names a series within a target by a hash of 128 bits, whatever the order of its labels.
struct SeriesKey {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend auto operator<=>(const SeriesKey&, const SeriesKey&) = default;
};

struct SeriesKeyHash {
  std::size_t operator()(const SeriesKey& key) const noexcept { return static_cast<std::size_t>(key.low); }
};

/// What the rows of a reading are about.
struct ReadSubject {
  QuantitySubject kind{};
  std::uint16_t source = 0;   ///< In AliasTable::sources().
  std::string instance = {};  ///< Said by the metrics themselves; empty when they do not.
  std::string model = {};
  std::string gpu_index = {}, gpu_uuid = {}, gpu_name = {}, mig_profile = {}, mig_id = {};
};

struct ReadSeries {
  SeriesKey key;
  /// The same for all series that repeat one value (AliasSource::copies).
  SeriesKey group;
  std::uint32_t subject = 0;
  std::uint16_t alias = 0;
};

struct ReadValue : ReadSeries {
  double value = 0;  ///< Scaled to the quantity's unit.
  /// When a counter began to count, where the text says so: milliseconds since 1970.
  std::optional<std::int64_t> start_ms = {};
  bool is_delta = false;  ///< A counter that holds what came since its start alone.
};

struct ReadBucket {
  double upper = 0;       ///< Scaled; infinite for the last one.
  double cumulative = 0;  ///< Observations up to and with it.
};

struct ReadHistogram : ReadSeries {
  std::uint32_t begin = 0, end = 0;  ///< Its buckets in MetricsReading::buckets, by ascending bound.
  std::optional<double> sum = {}, count = {};
  std::optional<std::int64_t> start_ms = {};
  bool is_delta = false;  ///< As of a ReadValue.
};

struct MetricsReading {
  sys_milliseconds time{};
  std::vector<ReadSubject> subjects;
  std::vector<ReadValue> gauges;
  std::vector<ReadValue> counters;
  std::vector<ReadHistogram> histograms;
  std::vector<ReadBucket> buckets;
  std::optional<std::int64_t> process_start_ms;  ///< process_start_time_seconds

  std::uint64_t samples = 0;     ///< Of the text.
  std::uint64_t understood = 0;  ///< Of these, those that a row is made of.
  std::uint64_t absent = 0;      ///< Of the understood, those whose value says that nothing was measured.
  std::uint64_t duplicates = 0;  ///< Series that stood twice; the first counts.
};

/// One value of a series, whatever carried it.
struct SeriesSample {
  double value = 0;
  std::optional<std::int64_t> timestamp_ms = {};  ///< Its own, where it differs from the reading's.
  std::optional<std::int64_t> start_timestamp_ms = {};
  bool is_delta = false;  ///< Of a counter: what came since the start, not all since it began.
};

/// Brings the samples of one target at one time together.
///
/// Threads: one call at a time. The table must outlive the builder.
class ReadingBuilder {
 public:
  ReadingBuilder(const AliasTable& aliases, sys_milliseconds time);
  ~ReadingBuilder();
  ReadingBuilder(ReadingBuilder&&) noexcept;
  ReadingBuilder& operator=(ReadingBuilder&&) noexcept;

  /// `labels` without "__name__". A sample of which no row is made is counted and dropped. Errors: kTooLarge
  /// for more than kSubjectsMax subjects; the sample is then left out.
  Result<void> add(std::string_view name, std::span<const MetricLabel> labels, const SeriesSample& sample);

  MetricsReading finish() &&;

 private:
  class State;
  std::unique_ptr<State> state_;
};

/// May change the labels of a sample, "__name__" among them; false drops the sample.
using SampleEditor = std::function<bool(std::vector<MetricLabel>& labels)>;

struct ReadOptions {
  TextFormat format = TextFormat::kPrometheus;
  TextLimits limits = {};
  SampleEditor edit = {};  ///< Empty: samples stay as they are.
};

/// Rows of one text are about at most so many hosts, GPUs and engines.
inline constexpr std::size_t kSubjectsMax = 10'000;
/// Series of one text that rows are made of.
inline constexpr std::size_t kSeriesMax = 1'000'000;
/// A sample with a time of its own that lies so far before the reading's was not measured now.
inline constexpr std::chrono::minutes kStaleAfter{5};

/// Reads `text`, which was answered at `time`. Errors: those of TextReader; kTooLarge for more than
/// kSubjectsMax subjects. A text that holds nothing we know is read and has no subjects.
Result<MetricsReading> read_metrics(std::string_view text, const AliasTable& aliases, sys_milliseconds time,
                                    const ReadOptions& options = {});

}  // namespace optiinfra::exposition
