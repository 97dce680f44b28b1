// Compressed frames: any bytes, and the same bytes with a right checksum in front, as no mutation would
// find one. What decodes is compressed again and must come back.
#include "city_hash.hpp"
#include "optiinfra/codec/compression.hpp"
#include "rewriting.hpp"

namespace {

using optiinfra::Compression;
using optiinfra::fuzz::Bytes;

/// All that the frames hold, or what they held before an error.
Bytes content(std::span<const std::byte> frames) {
  optiinfra::FrameReader reader(optiinfra::fuzz::source_of(frames));
  Bytes result, piece(1 << 16);
  while (true) {
    const auto given = reader.read(piece);
    if (!given || *given == 0) return result;
    result.insert(result.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(*given));
  }
}

/// `bytes` as header and payload of one frame, with the size that they have.
Bytes with_checksum(std::span<const std::byte> bytes) {
  Bytes frame(16 + std::max<std::size_t>(bytes.size(), 9));
  std::copy(bytes.begin(), bytes.end(), frame.begin() + 16);
  const auto size = static_cast<std::uint32_t>(frame.size() - 16);
  std::memcpy(frame.data() + 17, &size, sizeof size);
  const auto checksum = optiinfra::city_hash_128(std::span(frame).subspan(16));
  std::memcpy(frame.data(), checksum.data(), sizeof checksum);
  return frame;
}

void expect_same_after_rewriting(const Bytes& raw, Compression compression) {
  Bytes frames;
  optiinfra::FrameWriter writer(compression, optiinfra::fuzz::sink_to(frames));
  if (!writer.write(raw) || !writer.flush() || content(frames) != raw) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  content(bytes);
  const Bytes raw = content(with_checksum(bytes));
  for (const auto compression : {Compression::kNone, Compression::kLz4, Compression::kZstd})
    expect_same_after_rewriting(raw, compression);
  return 0;
}
