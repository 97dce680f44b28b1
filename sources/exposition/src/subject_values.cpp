#include "subject_values.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

namespace optiinfra::exposition {
namespace {

/// What one series says, with all that decides which others it is brought together with.
template <typename Value>
struct Said {
  std::uint32_t subject;
  Quantity quantity;
  std::uint16_t rank;
  SeriesKey group;
  Across across;
  std::optional<Value> value;
};

template <typename Value>
Said<Value> said(const ReadSeries& series, const AliasTable& aliases, std::optional<Value> value) {
  const Alias& alias = aliases.aliases()[series.alias];
  return {series.subject, alias.quantity, alias.rank, series.group, alias.across, std::move(value)};
}

template <typename Value>
void sort(std::vector<Said<Value>>& all) {
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return std::tie(a.subject, a.quantity, a.rank, a.group) <
           std::tie(b.subject, b.quantity, b.rank, b.group);
  });
}

/// Calls `take(first, last)` for the series of each subject and quantity that count: those under the name
/// with the lowest rank.
template <typename Value, typename Take>
void for_each_quantity(std::vector<Said<Value>>& all, Take take) {
  sort(all);
  for (auto first = all.begin(); first != all.end();) {
    auto last = first, end = first;
    while (end != all.end() && end->subject == first->subject && end->quantity == first->quantity) ++end;
    while (last != end && last->rank == first->rank) ++last;
    take(first, last);
    first = end;
  }
}

template <typename Iterator>
Iterator end_of_group(Iterator at, Iterator last) {
  const SeriesKey group = at->group;
  while (at != last && at->group == group) ++at;
  return at;
}

template <typename Iterator>
std::optional<double> bring_together(Iterator first, Iterator last) {
  std::optional<double> sum, largest;
  double count = 0;
  for (auto at = first; at != last;) {
    const auto end = end_of_group(at, last);
    std::optional<double> value;  // Of all copies the largest.
    for (; at != end; ++at) value = std::max(value, at->value);
    if (!value) continue;
    sum = sum.value_or(0) + *value;
    largest = std::max(largest, value);
    ++count;
  }
  if (!sum || first->across == Across::kSum) return sum;
  return first->across == Across::kMax ? *largest : *sum / count;
}

void add_to(HistogramIncrease& total, const HistogramIncrease& more) {
  const auto add = [](std::optional<double>& to, std::optional<double> value) {
    if (value) to = to.value_or(0) + *value;
  };
  add(total.sum, more.sum);
  add(total.count, more.count);
  std::map<double, double> counts;
  for (const std::vector<ReadBucket>* each : {&std::as_const(total.buckets), &more.buckets})
    for (const ReadBucket& bucket : *each) counts[bucket.upper] += bucket.cumulative;
  total.buckets.clear();
  for (const auto& [upper, count] : counts) total.buckets.push_back({upper, count});
}

template <typename Iterator>
std::optional<HistogramIncrease> bring_histograms_together(Iterator first, Iterator last) {
  std::optional<HistogramIncrease> total;
  for (auto at = first; at != last;) {
    const auto end = end_of_group(at, last);
    const HistogramIncrease* largest = nullptr;  // Of the copies.
    for (; at != end; ++at)
      if (at->value && (largest == nullptr || largest->count < at->value->count)) largest = &*at->value;
    if (largest == nullptr) continue;
    if (total) {
      add_to(*total, *largest);
    } else {
      total = *largest;
    }
  }
  return total;
}

}  // namespace

const HistogramIncrease* SubjectValues::histogram(Quantity quantity) const {
  for (const auto& [each, increase] : histograms)
    if (each == quantity) return &increase;
  return nullptr;
}

bool SubjectValues::is_empty() const {
  return histograms.empty() &&
         std::none_of(values.begin(), values.end(), [](const auto& value) { return value.has_value(); });
}

static_assert(static_cast<std::size_t>(Quantity::kLatency) < kQuantities,
              "SubjectValues has no place for it");

std::vector<SubjectValues> subject_values(const MetricsReading& after, const AliasTable& aliases,
                                          Increases& increases) {
  std::vector<SubjectValues> result(after.subjects.size());
  std::vector<Said<double>> values;
  values.reserve(after.gauges.size() + after.counters.size());
  for (const ReadValue& each : after.gauges) values.push_back(said<double>(each, aliases, each.value));
  for (std::size_t i = 0; i < after.counters.size(); ++i)
    values.push_back(said<double>(after.counters[i], aliases, increases.of_counter(i)));
  for_each_quantity(values, [&](auto first, auto last) {
    result[first->subject].values[static_cast<std::size_t>(first->quantity)] = bring_together(first, last);
  });
  std::vector<Said<HistogramIncrease>> histograms;
  histograms.reserve(after.histograms.size());
  for (std::size_t i = 0; i < after.histograms.size(); ++i)
    histograms.push_back(said<HistogramIncrease>(after.histograms[i], aliases, increases.of_histogram(i)));
  for_each_quantity(histograms, [&](auto first, auto last) {
    if (auto total = bring_histograms_together(first, last))
      result[first->subject].histograms.emplace_back(first->quantity, *std::move(total));
  });
  return result;
}

}  // namespace optiinfra::exposition
