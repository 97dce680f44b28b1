/// Blocks whose rows are stored, kept for the next of their table: the system hands out and clears new memory
/// page by page, which takes about as long as putting the rows there (docs/performance.md).
#pragma once

#include <cstddef>
#include <mutex>
#include <string_view>
#include <vector>

#include "optiinfra/codec/block.hpp"

namespace optiinfra {

/// Threads: any.
class SpareBlocks {
 public:
  /// What is kept at most, in all: two blocks of a million requests.
  static constexpr std::size_t kSpareBytesMax = std::size_t{256} << 20;

  /// A spare block of `table`, or an empty one. What it holds means nothing.
  Block take(std::string_view table);

  /// Keeps `block` for the next of `table`, in place of those kept longest where they are too many.
  void give_back(std::string_view table, Block block);

 private:
  struct Spare {
    std::string_view table;
    Block block;
    std::size_t bytes;
  };

  std::mutex mutex_;
  std::vector<Spare> spares_;  ///< The one kept longest first.
  std::size_t bytes_ = 0;
};

}  // namespace optiinfra
