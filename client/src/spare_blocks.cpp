#include "spare_blocks.hpp"

#include <algorithm>

namespace optiinfra {

Block SpareBlocks::take(std::string_view table) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(spares_.rbegin(), spares_.rend(),
                                  [&](const Spare& spare) { return spare.table == table; });
  if (found == spares_.rend()) return {};
  Block block = std::move(found->block);
  bytes_ -= found->bytes;
  spares_.erase(std::next(found).base());
  return block;
}

void SpareBlocks::give_back(std::string_view table, Block block) {
  const std::size_t bytes = block.capacity_bytes();
  if (bytes > kSpareBytesMax) return;
  const std::lock_guard lock(mutex_);
  while (bytes_ + bytes > kSpareBytesMax) {
    bytes_ -= spares_.front().bytes;
    spares_.erase(spares_.begin());
  }
  bytes_ += bytes;
  spares_.push_back({table, std::move(block), bytes});
}

}  // namespace optiinfra
