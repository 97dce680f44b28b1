// The checksum of the engine's compressed frames.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace optiinfra {

/// CityHash128 as in CityHash 1.0.2, low half first. Later versions of CityHash give other values.
std::array<std::uint64_t, 2> city_hash_128(std::span<const std::byte> bytes) noexcept;

}  // namespace optiinfra
