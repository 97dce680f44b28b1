// The checksum of frames against values that another program wrote.
#include "city_hash.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <sstream>

#include "samples.hpp"

namespace optiinfra {
namespace {

using testing::Bytes;

/// Header and payload of a stored frame, as the golden file says.
Bytes stored_frame(std::size_t payload_bytes) {
  Bytes bytes(9 + payload_bytes);
  const std::uint32_t sizes[] = {static_cast<std::uint32_t>(bytes.size()),
                                 static_cast<std::uint32_t>(payload_bytes)};
  bytes[0] = std::byte{2};
  std::memcpy(bytes.data() + 1, sizes, sizeof sizes);
  for (std::size_t k = 0; k < payload_bytes; ++k)
    bytes[9 + k] = static_cast<std::byte>(k * k * 31 + k * 7 + (k >> 8) + payload_bytes);
  return bytes;
}

std::string in_hex(const std::array<std::uint64_t, 2>& hash) {
  std::string text =
      testing::to_hex({std::as_bytes(std::span(hash)).begin(), std::as_bytes(std::span(hash)).end()});
  std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
  return text;
}

TEST(CityHash128, IsThatOfTheEngineForEveryLengthAroundItsBranches) {
  std::ifstream file(OPTIINFRA_SOURCE_DIR "/foundations/codec/tests/golden/city_hash_128.txt");
  int lengths = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream words(line);
    std::size_t payload_bytes = 0;
    std::string expected;
    ASSERT_TRUE(words >> payload_bytes >> expected) << line;
    EXPECT_EQ(in_hex(city_hash_128(stored_frame(payload_bytes))), expected) << payload_bytes << " bytes";
    ++lengths;
  }
  EXPECT_GE(lengths, 300);
}

TEST(CityHash128, ChangesWithEveryByte) {
  for (const std::size_t size : {1, 7, 8, 15, 16, 31, 32, 143, 144, 300}) {
    Bytes bytes = stored_frame(size);
    const auto hash = city_hash_128(bytes);
    for (auto& byte : bytes) {
      byte ^= std::byte{0x10};
      EXPECT_NE(city_hash_128(bytes), hash) << "of " << size;
      byte ^= std::byte{0x10};
    }
  }
}

}  // namespace
}  // namespace optiinfra
