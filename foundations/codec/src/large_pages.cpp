#include "optiinfra/codec/large_pages.hpp"

#include <sys/mman.h>

#include <cstdint>

namespace optiinfra {

void prefer_large_pages(void* data, std::size_t size_bytes) noexcept {
  constexpr std::size_t kWorthwhileBytes = std::size_t{1} << 20;
  constexpr std::uintptr_t kPageBytes = 4096;
  if (size_bytes < kWorthwhileBytes) return;
  // Outwards to whole pages: the allocator's own bytes stand before the first value, and without them the
  // first large page would not be one.
  const auto address = reinterpret_cast<std::uintptr_t>(data);
  const std::uintptr_t begin = address / kPageBytes * kPageBytes,
                       end = (address + size_bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
  (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}

}  // namespace optiinfra
