/// The engine's names for the parts of a table, such as all_1_4_2 or 202603_7_7_0_9.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace optiinfra::embedded {

/// partition_firstblock_lastblock_level[_mutation].
struct PartName {
  std::string partition;
  std::uint64_t first_block = 0, last_block = 0;
  std::uint64_t level = 0;
  std::uint64_t mutation = 0;

  /// Nothing for any other text, such as tmp_insert_all_1_1_0.
  static std::optional<PartName> parse(std::string_view text);

  /// Whether this part holds the rows of `other`: it is that part, or was merged or mutated from it.
  bool covers(const PartName& other) const;
};

}  // namespace optiinfra::embedded
