/// @file optiinfra/codec/large_pages.hpp
/// Large columns in large pages.
#pragma once

#include <cstddef>

namespace optiinfra {

/// To be called on memory that was reserved and not touched yet: in small pages the system takes longer to
/// hand out a large column's than the values take to be copied there. Only a wish: nothing depends on it, and
/// small sizes are left alone.
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
