#include "optiinfra/schema/placement.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "optiinfra/schema/tables.hpp"

namespace optiinfra {
namespace {

constexpr std::uint64_t kSeed = 0;
constexpr std::size_t kUuidTextBytes = 36;

/// Two hexadecimal digits for each byte, one pair after the other.
constexpr auto kHexadecimal = [] {
  std::array<char, 512> digits{};
  for (std::size_t i = 0; i < digits.size(); ++i)
    digits[i] = "0123456789abcdef"[i % 2 == 0 ? i / 2 / 16 : i / 2 % 16];
  return digits;
}();

void append_text(std::string& text, const Uuid& id) {
  constexpr std::size_t kPlaces[] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
  char out[kUuidTextBytes];
  std::memset(out, '-', sizeof out);
  for (std::size_t byte = 0; byte < std::size(kPlaces); ++byte) {
    const std::uint64_t half = byte < 8 ? id.high : id.low;
    std::memcpy(out + kPlaces[byte], kHexadecimal.data() + (half >> (56 - 8 * (byte % 8)) & 0xFF) * 2, 2);
  }
  text.append(out, sizeof out);
}
void append_text(std::string& text, std::string_view name) { text.append(name); }

std::uint64_t hash_of(const std::string& key) { return XXH64(key.data(), key.size(), kSeed); }

/// Rows of one key follow each other in most batches, so the last answer is kept.
template <typename Values>
std::vector<std::uint32_t> place(const std::vector<Uuid>& customers, const Values& values,
                                 const Placement& placement) {
  std::vector<std::uint32_t> shards(customers.size());
  std::string key;
  for (std::size_t row = 0; row < shards.size(); ++row) {
    if (row > 0 && customers[row] == customers[row - 1] && values[row] == values[row - 1]) {
      shards[row] = shards[row - 1];
      continue;
    }
    key.clear();
    append_text(key, customers[row]);
    key += '/';
    append_text(key, values[row]);
    shards[row] = static_cast<std::uint32_t>(placement.shard_of(hash_of(key)));
  }
  return shards;
}

}  // namespace

const char* placement_column(Family family) { return table_of(family).placement_column; }

std::string placement_expression(Family family) {
  const std::string column = placement_column(family);
  const auto columns = table_of(family).columns();
  const bool is_text = std::any_of(columns.begin(), columns.end(), [&](const ColumnDefinition& each) {
    return column == each.name && std::string_view(each.contract_type) == "String";
  });
  return "xxHash64(concat(toString(customer_id), '/', " + (is_text ? column : "toString(" + column + ")") +
         "))";
}

std::uint64_t placement_hash(const Uuid& customer_id, std::string_view text) {
  std::string key;
  append_text(key, customer_id);
  key += '/';
  key += text;
  return hash_of(key);
}

Result<Placement> Placement::of_weights(std::span<const std::uint32_t> weights) {
  std::vector<std::uint64_t> ends;
  std::uint64_t end = 0;
  for (const std::uint32_t weight : weights) ends.push_back(end += weight);
  if (end == 0) return invalid_argument("a cluster needs a shard whose weight is not 0");
  return Placement(std::move(ends));
}

SlotRange Placement::slots_of(std::size_t shard) const noexcept {
  return {shard == 0 ? 0 : ends_[shard - 1], ends_[shard]};
}

std::size_t Placement::shard_of(std::uint64_t hash) const noexcept {
  const auto found = std::upper_bound(ends_.begin(), ends_.end(), hash % slot_count());
  return static_cast<std::size_t>(found - ends_.begin());
}

template <typename Row>
std::vector<std::uint32_t> shards_of(const Batch<Row>& batch, const Placement& placement) {
  const std::string_view column = placement_column(MetricTraits<Row>::kFamily);
  std::vector<std::uint32_t> shards;
  for_each_column<Row>([&](const auto& access) {
    const auto& values = batch.*access.batch;
    if constexpr (requires(std::string& key) { append_text(key, values[0]); }) {
      if (column == access.definition.name) shards = place(batch.customer_id, values, placement);
    }
  });
  return shards;
}

#define BEGIN_FAMILY(Name, name) \
  template std::vector<std::uint32_t> shards_of(const Batch<Name##Metric>& batch, const Placement& placement);
#include "optiinfra/schema/families.def"

Result<std::vector<std::uint32_t>> shards_of(const Block& block, Family family, const Placement& placement) {
  const Column* customers = block.find("customer_id");
  const Column* values = block.find(placement_column(family));
  const auto* ids = customers == nullptr ? nullptr : std::get_if<std::vector<Uuid>>(&customers->data);
  if (ids != nullptr && values != nullptr) {
    if (const auto* uuids = std::get_if<std::vector<Uuid>>(&values->data))
      return place(*ids, *uuids, placement);
    if (const auto* names = std::get_if<Dictionary>(&values->data)) return place(*ids, *names, placement);
    if (const auto* names = std::get_if<Strings>(&values->data)) return place(*ids, *names, placement);
  }
  return invalid_argument(std::string("a block without customer_id or ") + placement_column(family) +
                          " has no place in a cluster");
}

}  // namespace optiinfra
