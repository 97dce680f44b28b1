/// @file optiinfra/codec/large_pages.hpp
/// Large columns in large pages.
#pragma once

#include <cstddef>

namespace optiinfra {

/// To be called on memory that was reserved and not touched yet. The column of a large block is new memory
/// each time, and in small pages the system takes longer to hand that out than the values take to be copied
/// there. Only a wish: nothing depends on it, and small sizes are left alone.
void prefer_large_pages(void* data, std::size_t size_bytes) noexcept;

}  // namespace optiinfra
