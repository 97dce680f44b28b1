#include "zstd_frames.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace optiinfra {
namespace {

Result<void> walk(const std::string& bytes) {
  return expect_whole_zstd(
      bytes.size(), [&bytes](std::uint64_t offset, std::span<unsigned char> into) -> Result<std::size_t> {
        const std::size_t size =
            offset >= bytes.size() ? 0 : std::min<std::size_t>(into.size(), bytes.size() - offset);
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), size, into.begin());
        return size;
      });
}

std::string bytes(std::initializer_list<int> values) { return {values.begin(), values.end()}; }

/// "hello" in one raw block, with its size in the header and a checksum at the end.
const std::string kHello =
    bytes({0x28, 0xB5, 0x2F, 0xFD, 0x24, 0x05, 0x29, 0x00, 0x00, 'h', 'e', 'l', 'l', 'o', 1, 2, 3, 4});
/// A window descriptor, a repeated byte in a first block, and an empty last one.
const std::string kRepeated =
    bytes({0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x58, 0x52, 0x00, 0x00, 'x', 0x01, 0x00, 0x00});
const std::string kSkippable = bytes({0x5A, 0x2A, 0x4D, 0x18, 0x02, 0x00, 0x00, 0x00, 'a', 'b'});

TEST(ZstdFrames, TakesWholeFramesInARow) {
  for (const std::string& file : {kHello, kRepeated, kHello + kRepeated, kSkippable + kHello + kSkippable}) {
    const auto whole = walk(file);
    EXPECT_TRUE(whole) << whole.error().message;
  }
}

TEST(ZstdFrames, RefusesEveryProperPrefixOfAFrame) {
  for (const std::string& file : {kHello, kRepeated, kSkippable}) {
    for (std::size_t size = 0; size < file.size(); ++size) EXPECT_FALSE(walk(file.substr(0, size))) << size;
  }
}

TEST(ZstdFrames, RefusesWhatIsNoFrame) {
  EXPECT_FALSE(walk("plain text"));
  EXPECT_FALSE(walk(kHello + "tail"));
  std::string reserved = kHello;
  reserved[6] = 0x2F;
  EXPECT_FALSE(walk(reserved));
}

}  // namespace
}  // namespace optiinfra
