#include "insert_plan.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <unordered_map>

#include "optiinfra/schema/tables.hpp"

namespace optiinfra {
namespace {

constexpr std::uint32_t kSecondsOfDay = 86'400;
constexpr int kSecondBits = 17, kDayBits = 16, kRankBits = 64 - kSecondBits - kDayBits;

/// A row's place: day, then rank of its key, then second of the day, in one number.
struct Place {
  std::uint64_t key;
  std::uint32_t row;
};

/// For each row the rank of its value among the distinct values, in the engine's order.
struct Ranks {
  std::vector<std::uint32_t> rank;
  std::uint32_t distinct = 1;
};

/// From the position of each distinct value in order of appearance to its rank.
template <typename Less>
std::vector<std::uint32_t> ranks_of(std::size_t distinct, Less less) {
  std::vector<std::uint32_t> order(distinct), rank(distinct);
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), less);
  for (std::uint32_t i = 0; i < order.size(); ++i) rank[order[i]] = i;
  return rank;
}

Ranks rank(const std::vector<Uuid>& values) {
  Ranks result;
  result.rank.resize(values.size());
  std::unordered_map<Uuid, std::uint32_t> seen;
  std::vector<Uuid> distinct;
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (row > 0 && values[row] == values[row - 1]) {
      result.rank[row] = result.rank[row - 1];
      continue;
    }
    const auto [entry, is_new] = seen.try_emplace(values[row], static_cast<std::uint32_t>(distinct.size()));
    if (is_new) distinct.push_back(values[row]);
    result.rank[row] = entry->second;
  }
  // The engine compares the second half of a UUID first.
  const auto rank = ranks_of(distinct.size(), [&](std::uint32_t a, std::uint32_t b) {
    return std::pair(distinct[a].low, distinct[a].high) < std::pair(distinct[b].low, distinct[b].high);
  });
  for (std::uint32_t& value : result.rank) value = rank[value];
  result.distinct = static_cast<std::uint32_t>(std::max<std::size_t>(distinct.size(), 1));
  return result;
}

Ranks rank(const Dictionary& values) {
  const auto rank = ranks_of(values.key_count(),
                             [&](std::uint32_t a, std::uint32_t b) { return values.key(a) < values.key(b); });
  Ranks result;
  result.rank.reserve(values.size());
  for (const std::uint32_t index : values.indexes()) result.rank.push_back(rank[index]);
  result.distinct = static_cast<std::uint32_t>(values.key_count());
  return result;
}

/// The key columns before the time, combined into one rank per row.
template <typename Row>
Ranks rank_keys(const typename MetricTraits<Row>::BatchType& batch) {
  Ranks combined{std::vector<std::uint32_t>(batch.size()), 1};
  for (const std::string_view name : table_of(MetricTraits<Row>::kFamily).raw_key) {
    if (name == "timestamp") break;
    for_each_column<Row>([&](const auto& access) {
      if (name != access.definition.name) return;
      if constexpr (requires { rank(batch.*access.batch); }) {
        const Ranks next = rank(batch.*access.batch);
        const std::uint64_t product = std::uint64_t{combined.distinct} * next.distinct;
        // Rows that no longer fit are sent less sorted, which costs the engine time and nothing else.
        if (product >= std::uint64_t{1} << kRankBits) return;
        for (std::size_t row = 0; row < batch.size(); ++row)
          combined.rank[row] = combined.rank[row] * next.distinct + next.rank[row];
        combined.distinct = static_cast<std::uint32_t>(product);
      }
    });
  }
  return combined;
}

/// Sorts by key, keeping the order of equal ones: counting by eleven bits at a time, skipping those that
/// are the same in all keys.
void radix_sort(std::vector<Place>& places) {
  constexpr int kDigitBits = 11;
  constexpr std::size_t kDigits = std::size_t{1} << kDigitBits;
  std::uint64_t varying = 0;
  for (const Place& place : places) varying |= place.key ^ places.front().key;
  std::vector<Place> other(places.size());
  for (int shift = 0; shift < 64; shift += kDigitBits) {
    if ((varying >> shift & (kDigits - 1)) == 0) continue;
    std::array<std::uint32_t, kDigits> next{};
    for (const Place& place : places) ++next[place.key >> shift & (kDigits - 1)];
    std::exclusive_scan(next.begin(), next.end(), next.begin(), 0u);
    for (const Place& place : places) other[next[place.key >> shift & (kDigits - 1)]++] = place;
    places.swap(other);
  }
}

template <typename Row>
std::vector<Place> places_of(const typename MetricTraits<Row>::BatchType& batch,
                             std::span<const std::uint32_t> left_out) {
  const Ranks ranks = rank_keys<Row>(batch);
  std::vector<Place> places;
  places.reserve(batch.size() - left_out.size());
  auto next_left_out = left_out.begin();
  for (std::uint32_t row = 0; row < batch.size(); ++row) {
    if (next_left_out != left_out.end() && *next_left_out == row) {
      ++next_left_out;
      continue;
    }
    const std::uint64_t day = batch.timestamp[row] / kSecondsOfDay,
                        second = batch.timestamp[row] % kSecondsOfDay;
    places.push_back({day << (64 - kDayBits) | std::uint64_t{ranks.rank[row]} << kSecondBits | second, row});
  }
  return places;
}

template <typename T>
ColumnData gather(const std::vector<T>& values, std::span<const std::uint32_t> rows) {
  std::vector<T> result(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) result[i] = values[rows[i]];
  return result;
}

ColumnData gather(const Strings& values, std::span<const std::uint32_t> rows) {
  Strings result;
  result.reserve(rows.size(), values.size() == 0 ? 0 : values.size_bytes() * rows.size() / values.size());
  for (const std::uint32_t row : rows) result.append(values[row]);
  return result;
}

ColumnData gather(const Dictionary& values, std::span<const std::uint32_t> rows) {
  return values.gather(rows);
}

}  // namespace

template <typename Row>
InsertPlan plan_insert(const typename MetricTraits<Row>::BatchType& batch,
                       std::span<const std::uint32_t> left_out) {
  std::vector<Place> places = places_of<Row>(batch, left_out);
  const auto by_key = [](const Place& a, const Place& b) { return a.key < b.key; };
  if (!std::is_sorted(places.begin(), places.end(), by_key)) radix_sort(places);
  InsertPlan plan;
  plan.rows.reserve(places.size());
  for (const Place& place : places) {
    const bool new_day = !plan.rows.empty() && batch.timestamp[place.row] / kSecondsOfDay !=
                                                   batch.timestamp[plan.rows.back()] / kSecondsOfDay;
    if (new_day) plan.block_ends.push_back(plan.rows.size());
    plan.rows.push_back(place.row);
  }
  if (!plan.rows.empty()) plan.block_ends.push_back(plan.rows.size());
  return plan;
}

std::vector<InsertPlan> split_by_shard(const InsertPlan& plan, std::span<const std::uint32_t> shard_of_row,
                                       std::size_t shard_count) {
  std::vector<InsertPlan> parts(shard_count);
  std::size_t at = 0;
  for (const std::size_t end : plan.block_ends) {
    for (; at < end; ++at) parts[shard_of_row[plan.rows[at]]].rows.push_back(plan.rows[at]);
    for (InsertPlan& part : parts) {
      const std::size_t begin = part.block_ends.empty() ? 0 : part.block_ends.back();
      if (part.rows.size() > begin) part.block_ends.push_back(part.rows.size());
    }
  }
  return parts;
}

template <typename Row>
Block gather_block(const typename MetricTraits<Row>::BatchType& batch, std::span<const std::uint32_t> rows) {
  Block block;
  for_each_column<Row>([&](const auto& access) {
    block.add({access.definition.name, access.definition.type, gather(batch.*access.batch, rows)});
  });
  return block;
}

Block gather_block(const Block& block, std::span<const std::uint32_t> rows) {
  Block result;
  for (const Column& column : block.columns()) {
    result.add({column.name, column.type,
                std::visit(
                    [&](const auto& values) -> ColumnData {
                      if constexpr (requires { gather(values, rows); }) return gather(values, rows);
                      detail::broken_invariant("a block to be placed has values that may be absent");
                    },
                    column.data)});
  }
  return result;
}

template InsertPlan plan_insert<CostMetric>(const CostBatch&, std::span<const std::uint32_t>);
template InsertPlan plan_insert<PerformanceMetric>(const PerformanceBatch&, std::span<const std::uint32_t>);
template InsertPlan plan_insert<ResourceMetric>(const ResourceBatch&, std::span<const std::uint32_t>);
template InsertPlan plan_insert<QualityMetric>(const QualityBatch&, std::span<const std::uint32_t>);
template Block gather_block<CostMetric>(const CostBatch&, std::span<const std::uint32_t>);
template Block gather_block<PerformanceMetric>(const PerformanceBatch&, std::span<const std::uint32_t>);
template Block gather_block<ResourceMetric>(const ResourceBatch&, std::span<const std::uint32_t>);
template Block gather_block<QualityMetric>(const QualityBatch&, std::span<const std::uint32_t>);

}  // namespace optiinfra
