#include "crc32c.hpp"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

namespace optiinfra::spool {
namespace {

constexpr std::uint32_t kPolynomial = 0x82F6'3B78;
using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

// Eight bytes a step: table k holds the effect of a byte that k more bytes follow.
constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (std::size_t byte = 0; byte < 256; ++byte) {
    for (std::size_t k = 1; k < 8; ++k) {
      const std::uint32_t before = tables[k - 1][byte];
      tables[k][byte] = (before >> 8) ^ tables[0][before & 0xFF];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

std::uint32_t step(std::uint32_t crc, std::byte byte) noexcept {
  return (crc >> 8) ^ kTables[0][(crc ^ static_cast<std::uint32_t>(byte)) & 0xFF];
}

#if defined(__x86_64__)
#define OPTIINFRA_CRC32C_TARGET __attribute__((target("sse4.2")))
bool has_instruction() noexcept { return __builtin_cpu_supports("sse4.2") != 0; }
OPTIINFRA_CRC32C_TARGET std::uint32_t step_8(std::uint32_t crc, std::uint64_t word) noexcept {
  return static_cast<std::uint32_t>(_mm_crc32_u64(crc, word));
}
#elif defined(__aarch64__)
#define OPTIINFRA_CRC32C_TARGET
bool has_instruction() noexcept {
  constexpr unsigned long kHwcapCrc32 = 1UL << 7;
  return (::getauxval(AT_HWCAP) & kHwcapCrc32) != 0;
}
// Assembly, because the intrinsics exist only where all of the file is compiled for that processor.
std::uint32_t step_8(std::uint32_t crc, std::uint64_t word) noexcept {
  __asm__(".arch_extension crc\n\tcrc32cx %w0, %w0, %x1" : "+r"(crc) : "r"(word));
  return crc;
}
#else
#define OPTIINFRA_CRC32C_TARGET
bool has_instruction() noexcept { return false; }
std::uint32_t step_8(std::uint32_t crc, std::uint64_t) noexcept { return crc; }
#endif

OPTIINFRA_CRC32C_TARGET std::uint32_t by_instruction(std::span<const std::byte> bytes,
                                                     std::uint32_t crc) noexcept {
  crc = ~crc;
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data(), 8);
    crc = step_8(crc, word);
  }
  for (const std::byte byte : bytes) crc = step(crc, byte);
  return ~crc;
}

}  // namespace

std::uint32_t crc32c_by_tables(std::span<const std::byte> bytes, std::uint32_t crc) noexcept {
  crc = ~crc;
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
    std::uint32_t next = 0;
    for (std::size_t i = 0; i < 8; ++i) {
      const std::uint32_t mixed = static_cast<std::uint32_t>(bytes[i]) ^ (i < 4 ? crc >> (8 * i) : 0);
      next ^= kTables[7 - i][mixed & 0xFF];
    }
    crc = next;
  }
  for (const std::byte byte : bytes) crc = step(crc, byte);
  return ~crc;
}

std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t crc) noexcept {
  static const bool instruction = has_instruction();
  return instruction ? by_instruction(bytes, crc) : crc32c_by_tables(bytes, crc);
}

}  // namespace optiinfra::spool
