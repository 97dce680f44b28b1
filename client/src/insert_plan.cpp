#include "insert_plan.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>

#include "optiinfra/codec/large_pages.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra {
namespace {

constexpr std::uint32_t kSecondsOfDay = 86'400;
constexpr int kSecondBits = 17, kDayBits = 16, kRankBits = 64 - kSecondBits - kDayBits;

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

/// Numbers distinct values in the order in which they appear. A key column has few of them, so what is
/// looked up stays in the nearest cache.
class Numbering {
 public:
  std::uint32_t number_of(const Uuid& value) {
    for (std::size_t slot = slot_of(value);; slot = (slot + 1) & (table_.size() - 1)) {
      const std::uint32_t number = table_[slot];
      if (number == kFree) return add(value, slot);
      if (distinct_[number] == value) return number;
    }
  }

  const std::vector<Uuid>& distinct() const { return distinct_; }

 private:
  static constexpr std::uint32_t kFree = 0xFFFF'FFFF;

  std::size_t slot_of(const Uuid& value) const {
    const std::uint64_t mixed = (value.high ^ value.low * 0x9E3779B97F4A7C15) * 0xD1B54A32D192ED03;
    return (mixed >> 32) & (table_.size() - 1);
  }

  std::uint32_t add(const Uuid& value, std::size_t slot) {
    const auto number = static_cast<std::uint32_t>(distinct_.size());
    distinct_.push_back(value);
    table_[slot] = number;
    if (distinct_.size() * 2 > table_.size()) grow();
    return number;
  }

  void grow() {
    table_.assign(table_.size() * 4, kFree);
    for (std::uint32_t number = 0; number < distinct_.size(); ++number) {
      std::size_t slot = slot_of(distinct_[number]);
      while (table_[slot] != kFree) slot = (slot + 1) & (table_.size() - 1);
      table_[slot] = number;
    }
  }

  std::vector<Uuid> distinct_;
  std::vector<std::uint32_t> table_ = std::vector<std::uint32_t>(256, kFree);
};

Ranks rank(const std::vector<Uuid>& values) {
  Ranks result;
  result.rank.reserve(values.size());
  Numbering numbering;
  for (const Uuid& value : values) result.rank.push_back(numbering.number_of(value));
  const std::vector<Uuid>& distinct = numbering.distinct();
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
Ranks rank_keys(const Batch<Row>& batch) {
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

/// A row's place - day, then rank of its key, then second of the day - in as few bits as its batch needs.
struct PlaceBits {
  std::uint32_t first_day = 0;
  int day = 0, rank = 0;
  int second = 0;  ///< None where rows come by time: equal ranks then keep their order.

  int all() const { return day + rank + second; }

  std::uint64_t place(std::uint32_t time, std::uint32_t rank_of_row) const {
    const std::uint64_t day_of_row = time / kSecondsOfDay - first_day;
    const std::uint64_t upper = day_of_row << rank | rank_of_row;
    return second == 0 ? upper : upper << second | time % kSecondsOfDay;
  }
};

PlaceBits place_bits(const std::vector<std::uint32_t>& times, std::uint32_t distinct_ranks) {
  if (times.empty()) return {};
  const auto [first, last] = std::minmax_element(times.begin(), times.end());
  const std::uint32_t first_day = *first / kSecondsOfDay;
  return {.first_day = first_day,
          .day = static_cast<int>(std::bit_width(*last / kSecondsOfDay - first_day)),
          .rank = static_cast<int>(std::bit_width(distinct_ranks - 1)),
          .second = std::is_sorted(times.begin(), times.end()) ? 0 : kSecondBits};
}

/// Place and row in one number, for places of at most 32 bits: half the memory to move.
struct PackedPlace {
  static constexpr int kBitsMax = 32;
  PackedPlace() = default;
  PackedPlace(std::uint64_t place, std::uint32_t row) : bits(place << 32 | row) {}
  std::uint64_t place() const { return bits >> 32; }
  std::uint32_t row() const { return static_cast<std::uint32_t>(bits); }
  std::uint64_t bits;
};

struct WidePlace {
  WidePlace() = default;
  WidePlace(std::uint64_t place, std::uint32_t row) : place_(place), row_(row) {}
  std::uint64_t place() const { return place_; }
  std::uint32_t row() const { return row_; }
  std::uint64_t place_;
  std::uint32_t row_;
};

/// Sorts by place, keeping the order of equal ones: counting by eleven bits at a time, skipping those that
/// are the same in all places.
template <typename Place>
void radix_sort(std::vector<Place>& places) {
  constexpr int kDigitBits = 11;
  constexpr std::size_t kDigits = std::size_t{1} << kDigitBits;
  std::uint64_t varying = 0;
  for (const Place& place : places) varying |= place.place() ^ places.front().place();
  std::vector<Place> other;
  for (int shift = 0; shift < 64; shift += kDigitBits) {
    if ((varying >> shift & (kDigits - 1)) == 0) continue;
    if (other.empty()) {
      make_room(other, places.size());
      other.resize(places.size());
    }
    std::array<std::uint32_t, kDigits> next{};
    for (const Place& place : places) ++next[place.place() >> shift & (kDigits - 1)];
    std::exclusive_scan(next.begin(), next.end(), next.begin(), 0u);
    for (const Place& place : places) other[next[place.place() >> shift & (kDigits - 1)]++] = place;
    places.swap(other);
  }
}

template <typename Place>
InsertPlan plan_by_place(const std::vector<std::uint32_t>& times, const Ranks& ranks, const PlaceBits& bits,
                         std::span<const std::uint32_t> left_out) {
  std::vector<Place> places;
  make_room(places, times.size() - left_out.size());
  auto next_left_out = left_out.begin();
  for (std::uint32_t row = 0; row < times.size(); ++row) {
    if (next_left_out != left_out.end() && *next_left_out == row) {
      ++next_left_out;
      continue;
    }
    places.emplace_back(bits.place(times[row], ranks.rank[row]), row);
  }
  const auto by_place = [](const Place& a, const Place& b) { return a.place() < b.place(); };
  if (!std::is_sorted(places.begin(), places.end(), by_place)) radix_sort(places);

  InsertPlan plan;
  plan.rows.reserve(places.size());
  const int below_day = bits.rank + bits.second;
  for (const Place& place : places) {
    const bool is_new_day =
        !plan.rows.empty() && place.place() >> below_day != (&place - 1)->place() >> below_day;
    if (is_new_day) plan.block_ends.push_back(plan.rows.size());
    plan.rows.push_back(place.row());
  }
  if (!plan.rows.empty()) plan.block_ends.push_back(plan.rows.size());
  return plan;
}

/// Walks the values of some rows, so that a vector is made of them without being filled with zeros first.
template <typename T>
struct GatherIterator {
  using iterator_category = std::forward_iterator_tag;
  using value_type = T;
  using difference_type = std::ptrdiff_t;
  using pointer = const T*;
  using reference = const T&;

  const T* values;
  const std::uint32_t* row;

  reference operator*() const { return values[*row]; }
  GatherIterator& operator++() { return ++row, *this; }
  GatherIterator operator++(int) { return {values, row++}; }
  bool operator==(const GatherIterator& other) const { return row == other.row; }
};

template <typename T>
void assign(std::vector<T>& into, const std::vector<T>& values, std::span<const std::uint32_t> rows) {
  make_room(into, rows.size());
  into.insert(into.end(), GatherIterator<T>{values.data(), rows.data()},
              GatherIterator<T>{values.data(), rows.data() + rows.size()});
}

void assign(Strings& into, const Strings& values, std::span<const std::uint32_t> rows) {
  into.assign(values, rows);
}

void assign(Dictionary& into, const Dictionary& values, std::span<const std::uint32_t> rows) {
  into.assign(values, rows);
}

void assign(Nullable& into, const Nullable& values, std::span<const std::uint32_t> rows) {
  assign(into.null, values.null, rows);
  std::visit(
      [&](const auto& from) {
        using Values = std::decay_t<decltype(from)>;
        if constexpr (std::is_same_v<Values, std::unique_ptr<Nullable>>) {
          detail::broken_invariant("values that may be absent twice over");
        } else {
          if (!std::holds_alternative<Values>(into.values)) into.values = Values{};
          assign(std::get<Values>(into.values), from, rows);
        }
      },
      values.values);
}

using Counts = std::vector<std::uint32_t>;

/// nullptr where the block lacks the column.
Nullable* find_nullable(const Block& block, std::string_view name) {
  const Column* const column = block.find(name);
  return column == nullptr ? nullptr : std::get<std::unique_ptr<Nullable>>(column->data).get();
}

/// The tokens of a row that leaves their sum out are those of prompt and completion, where both are known.
/// The tables' default says the same where all rows leave it out, and for other writers.
void fill_total_tokens(Block& block) {
  Nullable* const total = find_nullable(block, "total_tokens");
  const Nullable *const prompt = find_nullable(block, "prompt_tokens"), *const completion = find_nullable(
                                                                            block, "completion_tokens");
  if (total == nullptr || prompt == nullptr || completion == nullptr) return;
  Counts& totals = std::get<Counts>(total->values);
  const Counts &prompts = std::get<Counts>(prompt->values),
               &completions = std::get<Counts>(completion->values);
  for (std::size_t row = 0; row < totals.size(); ++row) {
    const std::uint64_t sum = std::uint64_t{prompts[row]} + completions[row];
    const bool is_known = prompt->null[row] == 0 && completion->null[row] == 0 && sum <= 0xFFFF'FFFF;
    if (total->null[row] == 0 || !is_known) continue;
    total->null[row] = 0;
    totals[row] = static_cast<std::uint32_t>(sum);
  }
}

}  // namespace

// Named, because the instantiations below stand in an included list, where the compiler warns of a template
// that holds a type of an unnamed namespace.
namespace gathering {

/// Rows of columns one after the other, in the memory of a spare block's.
class BlockGatherer {
 public:
  BlockGatherer(std::span<const std::uint32_t> rows, Block spare)
      : rows_(rows), spares_(std::move(spare).columns()) {}

  template <typename Values>
  void add(std::string name, std::string type, const Values& values) {
    const std::size_t index = block_.columns().size();
    Values* const spare = index < spares_.size() ? std::get_if<Values>(&spares_[index].data) : nullptr;
    Values into = spare == nullptr ? Values{} : std::move(*spare);
    assign(into, values, rows_);
    block_.add({std::move(name), std::move(type), std::move(into)});
  }

  template <typename T>
  void add(std::string name, std::string type, const Optionals<T>& values) {
    std::unique_ptr<Nullable> into = spare_nullable();
    if (!std::holds_alternative<std::vector<T>>(into->values)) into->values = std::vector<T>{};
    assign(into->null, values.absent, rows_);
    assign(std::get<std::vector<T>>(into->values), values.values, rows_);
    block_.add({std::move(name), std::move(type), std::move(into)});
  }

  void add(std::string name, std::string type, const std::unique_ptr<Nullable>& values) {
    std::unique_ptr<Nullable> into = spare_nullable();
    assign(*into, *values, rows_);
    block_.add({std::move(name), std::move(type), std::move(into)});
  }

  Block take() { return std::move(block_); }

 private:
  std::unique_ptr<Nullable> spare_nullable() {
    const std::size_t index = block_.columns().size();
    auto* const spare =
        index < spares_.size() ? std::get_if<std::unique_ptr<Nullable>>(&spares_[index].data) : nullptr;
    return spare == nullptr || *spare == nullptr ? std::make_unique<Nullable>() : std::move(*spare);
  }

  std::span<const std::uint32_t> rows_;
  std::vector<Column> spares_;
  Block block_;
};

}  // namespace gathering

template <typename Row>
InsertPlan plan_insert(const Batch<Row>& batch, std::span<const std::uint32_t> left_out) {
  const Ranks ranks = rank_keys<Row>(batch);
  const PlaceBits bits = place_bits(batch.timestamp, ranks.distinct);
  return bits.all() <= PackedPlace::kBitsMax
             ? plan_by_place<PackedPlace>(batch.timestamp, ranks, bits, left_out)
             : plan_by_place<WidePlace>(batch.timestamp, ranks, bits, left_out);
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
Block gather_block(const Batch<Row>& batch, std::span<const std::uint32_t> rows, Block spare) {
  gathering::BlockGatherer gatherer(rows, std::move(spare));
  // The engine fills what all rows leave out with the columns' defaults.
  for_each_column<Row>([&](const auto& access) {
    if ((batch.*access.batch).size() == batch.size())
      gatherer.add(access.definition.name, access.definition.type, batch.*access.batch);
  });
  Block block = gatherer.take();
  if constexpr (std::is_same_v<Row, PerformanceMetric>) fill_total_tokens(block);
  return block;
}

Block gather_block(const Block& block, std::span<const std::uint32_t> rows, Block spare) {
  gathering::BlockGatherer gatherer(rows, std::move(spare));
  for (const Column& column : block.columns())
    std::visit([&](const auto& values) { gatherer.add(column.name, column.type, values); }, column.data);
  return gatherer.take();
}

#define BEGIN_FAMILY(Name, name)                                                               \
  template InsertPlan plan_insert(const Batch<Name##Metric>&, std::span<const std::uint32_t>); \
  template Block gather_block(const Batch<Name##Metric>&, std::span<const std::uint32_t>, Block);
#include "optiinfra/schema/families.def"

}  // namespace optiinfra
