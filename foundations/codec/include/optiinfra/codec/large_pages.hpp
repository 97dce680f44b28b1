/// @file optiinfra/codec/large_pages.hpp
/// Large columns in large pages.
#pragma once

#include <cstddef>

namespace optiinfra {

/// Asks for large pages for memory that was reserved and not touched yet. With small pages the system takes
/// longer to provide the memory of a large column than it takes to copy the values there. It is only a hint:
/// nothing depends on it, and small sizes are left alone.
void prefer_large_pages(void* data, std::size_t size_bytes) noexcept;

/// Empties `values` and makes room for `size`, in the memory that it has or in new memory in large pages.
template <typename Values>
void make_room(Values& values, std::size_t size) {
  values.clear();
  if (size <= values.capacity()) return;
  values.reserve(size);
  prefer_large_pages(values.data(), size * sizeof(*values.data()));
}

}  // namespace optiinfra
