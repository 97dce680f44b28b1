/// CRC32C (Castagnoli, reflected polynomial 0x82F63B78), as iSCSI and ext4 use it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace optiinfra::spool {

/// The checksum of what `crc` is the checksum of, followed by `bytes`; begin with 0.
/// Takes the processor's instruction where there is one (8 GB/s), else tables.
std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t crc = 0) noexcept;

/// The same, computed only with tables.
std::uint32_t crc32c_by_tables(std::span<const std::byte> bytes, std::uint32_t crc = 0) noexcept;

}  // namespace optiinfra::spool
