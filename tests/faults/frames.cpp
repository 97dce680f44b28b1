#include "frames.hpp"

#include <algorithm>
#include <cstring>
#include <span>
#include <vector>

#include "optiinfra/codec/compression.hpp"

namespace optiinfra::testing {
namespace {

/// The bytes of the frame that begins with `bytes`; 0 when there is none.
std::size_t frame_bytes(std::string_view bytes) {
  constexpr std::size_t kHeaderBytes = 25, kSizeAt = 17, kChecksumBytes = 16;
  if (bytes.size() < kHeaderBytes) return 0;
  std::uint32_t size = 0;
  std::memcpy(&size, bytes.data() + kSizeAt, sizeof size);
  if (size > bytes.size() - kChecksumBytes) return 0;
  const std::size_t whole = size + kChecksumBytes;
  std::size_t given = 0;
  FrameReader reader([&](std::span<std::byte> into) -> Result<std::size_t> {
    const std::size_t count = std::min(into.size(), whole - given);
    std::memcpy(into.data(), bytes.data() + given, count);
    given += count;
    return count;
  });
  std::vector<std::byte> content(64 << 10);
  const auto read = reader.read(content);
  return read && given == whole ? whole : 0;
}

}  // namespace

bool lies_in_frame(std::string delivered, const Fault& fault) {
  if (fault.at_byte >= delivered.size()) return false;
  delivered[fault.at_byte] = static_cast<char>(delivered[fault.at_byte] ^ (1 << fault.bit));
  for (std::size_t at = 0; at <= fault.at_byte; ++at) {
    const std::size_t size = frame_bytes(std::string_view(delivered).substr(at));
    if (size == 0) continue;
    if (fault.at_byte < at + size) return true;
    at += size - 1;
  }
  return false;
}

}  // namespace optiinfra::testing
