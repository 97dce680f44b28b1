#include "zstd_frames.hpp"

#include <array>

namespace optiinfra {
namespace {

constexpr std::uint64_t kMagic = 0xFD2FB528, kSkippableMagic = 0x184D2A50, kSkippableMask = 0xFFFFFFF0;

class FrameWalker {
 public:
  FrameWalker(std::uint64_t size_bytes, const ReadAt& read_at) : size_(size_bytes), read_at_(read_at) {}

  Result<void> walk() {
    do {
      OPTIINFRA_TRY(const std::uint64_t magic, number(4));
      if ((magic & kSkippableMask) == kSkippableMagic) {
        OPTIINFRA_TRY(const std::uint64_t length, number(4));
        offset_ += length;
      } else if (magic == kMagic) {
        OPTIINFRA_CHECK(walk_frame());
      } else {
        return invalid_argument("no zstd frame begins at byte " + std::to_string(offset_ - 4));
      }
    } while (offset_ < size_);
    return offset_ == size_ ? Result<void>{} : cut_off();
  }

 private:
  Result<void> walk_frame() {
    OPTIINFRA_TRY(const std::uint64_t descriptor, number(1));
    constexpr std::array<std::uint64_t, 4> kDictionaryBytes = {0, 1, 2, 4}, kContentSizeBytes = {0, 2, 4, 8};
    const bool is_single_segment = (descriptor >> 5 & 1) != 0, has_checksum = (descriptor >> 2 & 1) != 0;
    const std::uint64_t content_size_flag = descriptor >> 6;
    offset_ += (is_single_segment ? 0 : 1) + kDictionaryBytes[descriptor & 3] +
               (content_size_flag == 0 && is_single_segment ? 1 : kContentSizeBytes[content_size_flag]);
    for (bool is_last = false; !is_last;) {
      OPTIINFRA_TRY(const std::uint64_t header, number(3));
      constexpr std::uint64_t kRepeatedByte = 1, kReserved = 3;
      const std::uint64_t type = header >> 1 & 3;
      if (type == kReserved) {
        return invalid_argument("a zstd block of no known type at byte " + std::to_string(offset_ - 3));
      }
      offset_ += type == kRepeatedByte ? 1 : header >> 3;
      is_last = (header & 1) != 0;
    }
    offset_ += has_checksum ? 4 : 0;
    return {};
  }

  /// `bytes` bytes as a little-endian number.
  Result<std::uint64_t> number(std::size_t bytes) {
    std::array<unsigned char, 8> buffer{};
    if (offset_ + bytes > size_) return cut_off();
    OPTIINFRA_TRY(const std::size_t got, read_at_(offset_, std::span(buffer).first(bytes)));
    if (got < bytes) return cut_off();
    offset_ += bytes;
    std::uint64_t value = 0;
    for (std::size_t i = bytes; i > 0; --i) value = value << 8 | buffer[i - 1];
    return value;
  }

  static Error cut_off() { return invalid_argument("the file ends inside a zstd frame"); }

  std::uint64_t size_;
  const ReadAt& read_at_;
  std::uint64_t offset_ = 0;
};

}  // namespace

Result<void> expect_whole_zstd(std::uint64_t size_bytes, const ReadAt& read_at) {
  return FrameWalker(size_bytes, read_at).walk();
}

}  // namespace optiinfra
