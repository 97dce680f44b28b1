#include "last_values.hpp"

#include <algorithm>
#include <unordered_set>

namespace optiinfra::remote_write {
namespace {

std::int64_t unix_milliseconds(exposition::sys_milliseconds time) { return time.time_since_epoch().count(); }

template <typename Series>
bool has_all(const std::vector<Series>& before, const std::vector<Series>& after) {
  return before.size() <= after.size() &&
         std::equal(before.begin(), before.end(), after.begin(),
                    [](const Series& a, const Series& b) { return a.key == b.key; });
}

/// Adds those of `before` that `after` lacks and that are not too old.
template <typename Series, typename TimeOf, typename Keep>
void add_missing(const std::vector<Series>& before, std::vector<Series>& after, const TimeOf& time_of,
                 const Keep& keep) {
  if (has_all(before, after)) return;
  std::unordered_set<exposition::SeriesKey, exposition::SeriesKeyHash> present;
  present.reserve(after.size());
  for (const Series& each : after) present.insert(each.key);
  for (const Series& each : before)
    if (!present.contains(each.key) && time_of(each.key)) keep(each);
}

}  // namespace

void LastValues::renew(exposition::MetricsReading after) {
  after.subjects.clear();
  after.gauges.clear();
  if (!reading_ || after.time - reading_->time > exposition::kStaleAfter) {
    older_.clear();
    reading_ = std::move(after);
    return;
  }
  std::unordered_map<exposition::SeriesKey, std::int64_t, exposition::SeriesKeyHash> older;
  const auto is_kept = [&](const exposition::SeriesKey& key) {
    const auto known = older_.find(key);
    const std::int64_t read_at = known == older_.end() ? unix_milliseconds(reading_->time) : known->second;
    if (unix_milliseconds(after.time) - read_at > std::chrono::milliseconds(exposition::kStaleAfter).count())
      return false;
    older.emplace(key, read_at);
    return true;
  };
  add_missing(reading_->counters, after.counters, is_kept,
              [&](const exposition::ReadValue& each) { after.counters.push_back(each); });
  add_missing(reading_->histograms, after.histograms, is_kept, [&](exposition::ReadHistogram each) {
    const auto begin = reading_->buckets.begin();
    const auto at = static_cast<std::uint32_t>(after.buckets.size());
    after.buckets.insert(after.buckets.end(), begin + each.begin, begin + each.end);
    each.end = at + (each.end - each.begin);
    each.begin = at;
    after.histograms.push_back(each);
  });
  older_ = std::move(older);
  reading_ = std::move(after);
}

}  // namespace optiinfra::remote_write
