#include "optiinfra/exposition/reading.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include "text_number.hpp"

namespace optiinfra::exposition {
namespace {

/// Adds a name and a value to a key so that their order does not count.
void add_to(SeriesKey& key, std::string_view name, std::string_view value) {
  const XXH64_hash_t seed = XXH3_64bits(name.data(), name.size());
  const XXH128_hash_t hash = XXH3_128bits_withSeed(value.data(), value.size(), seed);
  key.high += hash.high64;
  key.low += hash.low64;
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string_view first_of(std::span<const MetricLabel> labels, const std::vector<std::string>& names) {
  for (const std::string& each : names)
    if (const std::string_view value = label_value(labels, each); !value.empty()) return value;
  return {};
}

}  // namespace

class ReadingBuilder::State {
 public:
  State(const AliasTable& aliases, sys_milliseconds time) : aliases_(aliases) { reading_.time = time; }

  Result<void> take(std::string_view name, std::span<const MetricLabel> labels, const SeriesSample& sample) {
    ++reading_.samples;
    if (name == "process_start_time_seconds") reading_.process_start_ms = milliseconds_of(sample.value);
    if (name != last_name_) {
      last_name_ = name;
      last_uses_ = aliases_.find(name);
    }
    bool is_used = false, is_absent_here = false;
    for (const AliasUse& use : last_uses_) {
      const Alias& alias = aliases_.aliases()[use.alias];
      if (!fits(alias, labels)) continue;
      if (use.part == SamplePart::kCreated) {
        take_start(sample, labels, use.alias);
        continue;
      }
      is_used = true;
      if (is_stale(sample)) {
        is_absent_here = true;
        continue;
      }
      OPTIINFRA_TRY(const bool is_taken, take_part(sample, labels, use));
      is_absent_here = is_absent_here || !is_taken;
    }
    reading_.understood += is_used ? 1 : 0;
    reading_.absent += is_used && is_absent_here ? 1 : 0;
    return {};
  }

  MetricsReading finish() {
    finish_histograms();
    set_starts();
    return std::move(reading_);
  }

 private:
  bool is_stale(const SeriesSample& sample) const {
    if (!sample.timestamp_ms) return false;
    const auto age = reading_.time.time_since_epoch().count() - *sample.timestamp_ms;
    return age > std::chrono::milliseconds(kStaleAfter).count();
  }

  /// Whether the sample has a value that means something.
  Result<bool> take_part(const SeriesSample& sample, std::span<const MetricLabel> labels, AliasUse use) {
    const Alias& alias = aliases_.aliases()[use.alias];
    const AliasSource& source = aliases_.sources()[alias.source];
    const QuantityKind kind = definition_of(alias.quantity).kind;
    if (kind != QuantityKind::kInfo && is_absent(source, alias, sample.value)) return false;
    if (kind != QuantityKind::kGauge && sample.value < 0) return false;
    ReadSeries series = identify(labels, use.alias, kind == QuantityKind::kHistogram);
    if (kind != QuantityKind::kHistogram && !seen_.insert(series.key).second) {
      ++reading_.duplicates;
      return true;
    }
    OPTIINFRA_TRY(series.subject, subject_of(labels, alias));
    switch (kind) {
      case QuantityKind::kInfo:
        break;
      case QuantityKind::kGauge:
        reading_.gauges.push_back({{series}, sample.value * alias.scale});
        break;
      case QuantityKind::kCounter:
        reading_.counters.push_back(
            {{series}, sample.value * alias.scale, sample.start_timestamp_ms, sample.is_delta});
        break;
      case QuantityKind::kHistogram:
        return take_histogram(sample, labels, use.part, series);
    }
    return true;
  }

  ReadSeries identify(std::span<const MetricLabel> labels, std::uint16_t alias, bool is_histogram) const {
    const auto& copies = aliases_.sources()[aliases_.aliases()[alias].source].copies;
    ReadSeries series{.key = {alias, alias}, .group = {alias, alias}, .alias = alias};
    for (const MetricLabel& each : labels) {
      if (is_histogram && each.name == "le") continue;
      add_to(series.key, each.name, each.value);
      if (!copies.empty() && !contains(copies, each.name)) add_to(series.group, each.name, each.value);
    }
    if (copies.empty()) series.group = series.key;
    return series;
  }

  bool take_histogram(const SeriesSample& sample, std::span<const MetricLabel> labels, SamplePart part,
                      const ReadSeries& series) {
    const auto [at, is_new] = histograms_.try_emplace(series.key, reading_.histograms.size());
    if (is_new) {
      reading_.histograms.push_back({{series}});
      buckets_.emplace_back();
    }
    ReadHistogram& histogram = reading_.histograms[at->second];
    if (sample.start_timestamp_ms) histogram.start_ms = sample.start_timestamp_ms;
    histogram.is_delta = histogram.is_delta || sample.is_delta;
    const double scale = aliases_.aliases()[series.alias].scale;
    if (part == SamplePart::kBucket) {
      const auto upper = parse_value(label_value(labels, "le"));
      if (!upper || std::isnan(*upper)) return false;
      buckets_[at->second].push_back({*upper * scale, sample.value});
      return true;
    }
    auto& target = part == SamplePart::kSum ? histogram.sum : histogram.count;
    if (target) ++reading_.duplicates;
    if (!target) target = part == SamplePart::kSum ? sample.value * scale : sample.value;
    return true;
  }

  void take_start(const SeriesSample& sample, std::span<const MetricLabel> labels, std::uint16_t alias) {
    const bool is_histogram =
        definition_of(aliases_.aliases()[alias].quantity).kind == QuantityKind::kHistogram;
    if (const auto start = milliseconds_of(sample.value))
      starts_.emplace(identify(labels, alias, is_histogram).key, *start);
  }

  /// One row for each model of a source; for each GPU, known by its UUID or else its index, and its slice;
  /// for the host.
  Result<std::uint32_t> subject_of(std::span<const MetricLabel> labels, const Alias& alias) {
    const AliasSource& source = aliases_.sources()[alias.source];
    const QuantitySubject kind = definition_of(alias.quantity).subject;
    ReadSubject subject{.kind = kind, .source = alias.source};
    subject.instance = first_of(labels, source.instance);
    std::string key = std::to_string(static_cast<int>(kind));
    if (kind == QuantitySubject::kEngine) {
      subject.model = first_of(labels, source.model);
      key += std::to_string(alias.source) + '\n' + subject.model;
    } else if (kind == QuantitySubject::kGpu) {
      subject.gpu_index = first_of(labels, source.gpu_index);
      subject.gpu_uuid = first_of(labels, source.gpu_uuid);
      subject.gpu_name = first_of(labels, source.gpu_name);
      subject.mig_profile = first_of(labels, source.mig_profile);
      subject.mig_id = first_of(labels, source.mig_id);
      key += (subject.gpu_uuid.empty() ? subject.gpu_index : subject.gpu_uuid) + '\n' + subject.mig_id;
    }
    const auto [at, is_new] = subjects_.try_emplace(std::move(key), reading_.subjects.size());
    if (!is_new) {
      complete(reading_.subjects[at->second], subject);
    } else if (reading_.subjects.size() == kSubjectsMax) {
      return Error{ErrorKind::kTooLarge, "the text is about more than " + std::to_string(kSubjectsMax) +
                                             " GPUs, engines and models"};
    } else {
      reading_.subjects.push_back(std::move(subject));
    }
    return static_cast<std::uint32_t>(at->second);
  }

  static void complete(ReadSubject& known, ReadSubject& more) {
    for (auto member :
         {&ReadSubject::instance, &ReadSubject::gpu_index, &ReadSubject::gpu_name, &ReadSubject::mig_profile})
      if ((known.*member).empty()) known.*member = std::move(more.*member);
  }

  void finish_histograms() {
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      auto& own = buckets_[i];
      std::stable_sort(own.begin(), own.end(),
                       [](const ReadBucket& a, const ReadBucket& b) { return a.upper < b.upper; });
      const auto last = std::unique(own.begin(), own.end(), [](const ReadBucket& a, const ReadBucket& b) {
        return a.upper == b.upper;
      });
      reading_.duplicates += static_cast<std::uint64_t>(own.end() - last);
      reading_.histograms[i].begin = static_cast<std::uint32_t>(reading_.buckets.size());
      reading_.buckets.insert(reading_.buckets.end(), own.begin(), last);
      reading_.histograms[i].end = static_cast<std::uint32_t>(reading_.buckets.size());
    }
  }

  void set_starts() {
    if (starts_.empty()) return;
    for (ReadValue& each : reading_.counters)
      if (const auto start = starts_.find(each.key); start != starts_.end()) each.start_ms = start->second;
    for (ReadHistogram& each : reading_.histograms)
      if (const auto start = starts_.find(each.key); start != starts_.end()) each.start_ms = start->second;
  }

  const AliasTable& aliases_;
  MetricsReading reading_;
  std::string last_name_;
  std::span<const AliasUse> last_uses_;
  std::unordered_set<SeriesKey, SeriesKeyHash> seen_;
  std::unordered_map<SeriesKey, std::int64_t, SeriesKeyHash> starts_;
  std::unordered_map<SeriesKey, std::size_t, SeriesKeyHash> histograms_;
  std::vector<std::vector<ReadBucket>> buckets_;
  std::unordered_map<std::string, std::size_t> subjects_;
};

ReadingBuilder::ReadingBuilder(const AliasTable& aliases, sys_milliseconds time)
    : state_(std::make_unique<State>(aliases, time)) {}
ReadingBuilder::~ReadingBuilder() = default;
ReadingBuilder::ReadingBuilder(ReadingBuilder&&) noexcept = default;
ReadingBuilder& ReadingBuilder::operator=(ReadingBuilder&&) noexcept = default;

Result<void> ReadingBuilder::add(std::string_view name, std::span<const MetricLabel> labels,
                                 const SeriesSample& sample) {
  return state_->take(name, labels, sample);
}

MetricsReading ReadingBuilder::finish() && { return state_->finish(); }

namespace {

/// Adds a sample as `edit` leaves it.
Result<void> add_edited(ReadingBuilder& builder, const TextSample& text, const SeriesSample& sample,
                        const SampleEditor& edit, std::vector<MetricLabel>& labels) {
  labels.assign(1, {"__name__", text.name});
  labels.insert(labels.end(), text.labels.begin(), text.labels.end());
  const bool stays = edit(labels);
  const auto name = std::find_if(labels.begin(), labels.end(),
                                 [](const MetricLabel& each) { return each.name == "__name__"; });
  if (!stays || name == labels.end()) return builder.add({}, {}, sample);
  const std::string_view edited_name = name->value;
  labels.erase(name);
  return builder.add(edited_name, labels, sample);
}

}  // namespace

Result<MetricsReading> read_metrics(std::string_view text, const AliasTable& aliases, sys_milliseconds time,
                                    const ReadOptions& options) {
  ReadingBuilder builder(aliases, time);
  TextReader reader(text, options.format, options.limits);
  std::vector<MetricLabel> edited;
  while (true) {
    OPTIINFRA_TRY(const TextSample* const read, reader.next());
    if (read == nullptr) return std::move(builder).finish();
    const SeriesSample sample{read->value, read->timestamp_ms, read->start_timestamp_ms};
    OPTIINFRA_CHECK(options.edit ? add_edited(builder, *read, sample, options.edit, edited)
                                 : builder.add(read->name, read->labels, sample));
  }
}

}  // namespace optiinfra::exposition
