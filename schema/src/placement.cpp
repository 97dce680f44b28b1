#include "optiinfra/schema/placement.hpp"

#include <algorithm>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace optiinfra {
namespace {

constexpr std::size_t kUuidTextBytes = 36;
constexpr std::uint64_t kSeed = 0;

void append_uuid(std::string& text, const Uuid& id) {
  static constexpr char kDigits[] = "0123456789abcdef";
  char out[kUuidTextBytes];
  char* at = out;
  for (const std::uint64_t half : {id.high, id.low}) {
    for (int shift = 60; shift >= 0; shift -= 4) {
      const auto written = at - out;
      if (written == 8 || written == 13 || written == 18 || written == 23) *at++ = '-';
      *at++ = kDigits[half >> shift & 0xF];
    }
  }
  text.append(out, kUuidTextBytes);
}

void append_text(std::string& text, const Uuid& id) { append_uuid(text, id); }
void append_text(std::string& text, std::string_view name) { text.append(name); }

std::uint64_t hash_of(const std::string& key) { return XXH64(key.data(), key.size(), kSeed); }

const Dictionary& placing_values(const CostBatch& batch) { return batch.service_name; }
const std::vector<Uuid>& placing_values(const PerformanceBatch& batch) { return batch.service_id; }
const Dictionary& placing_values(const ResourceBatch& batch) { return batch.instance_id; }
const std::vector<Uuid>& placing_values(const QualityBatch& batch) { return batch.service_id; }

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
    append_uuid(key, customers[row]);
    key += '/';
    append_text(key, values[row]);
    shards[row] = static_cast<std::uint32_t>(placement.shard_of(hash_of(key)));
  }
  return shards;
}

}  // namespace

const char* placement_column(Family family) {
  switch (family) {
    case Family::kCost:
      return "service_name";
    case Family::kPerformance:
    case Family::kQuality:
      return "service_id";
    case Family::kResource:
      break;
  }
  return "instance_id";
}

std::string placement_expression(Family family) {
  const bool is_uuid = family == Family::kPerformance || family == Family::kQuality;
  const std::string column = placement_column(family);
  return "xxHash64(concat(toString(customer_id), '/', " + (is_uuid ? "toString(" + column + ")" : column) +
         "))";
}

std::uint64_t placement_hash(const Uuid& customer_id, std::string_view text) {
  std::string key;
  append_uuid(key, customer_id);
  key += '/';
  key += text;
  return hash_of(key);
}

Result<Placement> Placement::of_weights(std::span<const std::uint32_t> weights) {
  std::vector<std::uint64_t> ends;
  std::uint64_t end = 0;
  for (const std::uint32_t weight : weights) ends.push_back(end += weight);
  if (end == 0) return Error{ErrorKind::kInvalidArgument, "a cluster needs a shard whose weight is not 0"};
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
std::vector<std::uint32_t> shards_of(const typename MetricTraits<Row>::BatchType& batch,
                                     const Placement& placement) {
  return place(batch.customer_id, placing_values(batch), placement);
}

template std::vector<std::uint32_t> shards_of<CostMetric>(const CostBatch&, const Placement&);
template std::vector<std::uint32_t> shards_of<PerformanceMetric>(const PerformanceBatch&, const Placement&);
template std::vector<std::uint32_t> shards_of<ResourceMetric>(const ResourceBatch&, const Placement&);
template std::vector<std::uint32_t> shards_of<QualityMetric>(const QualityBatch&, const Placement&);

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
  return Error{ErrorKind::kInvalidArgument, std::string("a block without customer_id or ") +
                                                placement_column(family) + " has no place in a cluster"};
}

}  // namespace optiinfra
