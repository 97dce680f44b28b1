/// @file optiinfra/exposition/aliases.hpp
/// The table of names: which metric of which exporter or engine is which quantity. It is data: the files of
/// sources/exposition/aliases, which lie in the library, and those that users add. docs/sources.md explains
/// their keys.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/exposition/quantity.hpp"
#include "optiinfra/exposition/text.hpp"

namespace optiinfra::exposition {

/// How the series of one row become one value, after copies were counted once. Increases are always added.
enum class Across : std::uint8_t { kSum, kMax, kMean };

/// A label that must have, or must not have, a value that one of the patterns matches. A label that a series
/// lacks has the empty value.
struct LabelCondition {
  std::string label;
  std::vector<std::string> patterns;
  bool excludes = false;
};

/// From `low` to `high`, both included.
struct ValueRange {
  double low = 0;
  double high = 0;
};

/// One file: an exporter or an engine.
struct AliasSource {
  std::string name;   ///< "vllm"; of its rows the column `engine`, and part of `source`.
  std::string title;  ///< For people.
  /// Labels that say what a row is about; the first that a series has counts.
  std::vector<std::string> model, gpu_index, gpu_uuid, gpu_name, mig_profile, mig_id, instance;
  /// Labels under which the same value is repeated, as by the ranks of a tensor-parallel group: of series
  /// that differ in nothing else the largest counts.
  std::vector<std::string> copies;
  std::vector<ValueRange> absent;  ///< Values that mean "not measured".
};

struct Alias {
  std::string metric;  ///< Of a histogram without _bucket, _sum, _count.
  Quantity quantity{};
  double scale = 1;  ///< What a value is multiplied with.
  Across across = Across::kSum;
  std::vector<LabelCondition> conditions;
  std::vector<ValueRange> absent;  ///< In addition to the source's.
  std::string since, until;        ///< Versions of the source, the last one included; empty when not known.
  /// Where several names stand for one quantity, the one with the lowest rank that a text has counts.
  std::uint16_t rank = 0;
  std::uint16_t source = 0;  ///< In AliasTable::sources().
};

/// A metric that is known and has no place in a table.
struct KnownMetric {
  std::string pattern;
  std::string why;
  std::uint16_t source = 0;
};

/// Which part of its metric a sample is.
enum class SamplePart : std::uint8_t { kValue, kBucket, kSum, kCount, kCreated };

struct AliasUse {
  std::uint16_t alias = 0;  ///< In AliasTable::aliases().
  SamplePart part = SamplePart::kValue;
};

inline constexpr std::size_t kAliasesMax = 10'000;
inline constexpr std::size_t kAliasFileBytesMax = std::size_t{1} << 20;

/// Threads: any, while nothing is added.
class AliasTable {
 public:
  /// Those of the library.
  static const AliasTable& builtin();

  /// Adds the aliases of a file named `name` (without folder and ".toml"). They come first: what the file
  /// says of a metric replaces all that was known of it. Errors: kInvalidArgument that names file, line and
  /// key; the table is then as it was.
  Result<void> add(std::string_view name, std::string_view toml);

  std::span<const AliasSource> sources() const noexcept { return sources_; }
  std::span<const Alias> aliases() const noexcept { return aliases_; }
  std::span<const KnownMetric> known() const noexcept { return known_; }

  /// What a sample of that name may be. The conditions on labels are not looked at.
  std::span<const AliasUse> find(std::string_view sample_name) const noexcept;

  /// Why a metric has no place, or nullptr when nothing is known of it.
  const KnownMetric* find_known(std::string_view sample_name) const noexcept;

 private:
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const noexcept {
      return std::hash<std::string_view>{}(name);
    }
  };

  std::vector<AliasSource> sources_;
  std::vector<Alias> aliases_;
  std::vector<KnownMetric> known_;
  std::unordered_map<std::string, std::vector<AliasUse>, NameHash, std::equal_to<>> by_name_;
};

/// The value of a label, where a dot and an underscore are the same letter of a name; empty when there is
/// none.
std::string_view label_value(std::span<const MetricLabel> labels, std::string_view name) noexcept;

/// Whether `labels` fulfil the conditions of `alias`.
bool fits(const Alias& alias, std::span<const MetricLabel> labels) noexcept;

/// Whether `value`, before it is scaled, says that nothing was measured: not a number, infinite, or a value
/// that the source writes for it.
bool is_absent(const AliasSource& source, const Alias& alias, double value) noexcept;

}  // namespace optiinfra::exposition
