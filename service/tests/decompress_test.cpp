#include "decompress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

namespace optiinfra::service {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kMax = 1 << 20;

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string bytes(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  deflate(&stream, Z_FINISH);
  bytes.resize(stream.total_out);
  deflateEnd(&stream);
  return bytes;
}

std::string zstd(const std::string& text) {
  std::string bytes(ZSTD_compressBound(text.size()), '\0');
  bytes.resize(ZSTD_compress(bytes.data(), bytes.size(), text.data(), text.size(), 3));
  return bytes;
}

std::string compressed(const std::string& text, const std::string& encoding) {
  return encoding == "gzip" ? gzip(text) : zstd(text);
}

/// The text, or the error.
std::string read(const std::string& body, const std::string& encoding) {
  auto text = decompressed(body, encoding, kMax);
  return text ? *text : "error: " + text.error().message;
}

class Encodings : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Each, Encodings, ::testing::Values("gzip", "zstd"));

TEST_P(Encodings, GiveBackWhatWasCompressed) {
  std::string long_text;
  for (int i = 0; i < 60'000; ++i) long_text += std::to_string(i * 7919) + ",";
  for (const std::string& text : {std::string(), std::string("a"), std::string(kMax, 'x'), long_text})
    EXPECT_EQ(read(compressed(text, GetParam()), GetParam()), text);
}

TEST_P(Encodings, MayComeInSeveralMembers) {
  EXPECT_EQ(read(compressed("ab", GetParam()) + compressed("cd", GetParam()), GetParam()), "abcd");
}

TEST_P(Encodings, ThatAreCutAnywhereAreRefused) {
  const std::string bytes = compressed(std::string(5'000, 'a') + "tail", GetParam());
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_THAT(read(bytes.substr(0, size), GetParam()), HasSubstr("error: the body is not whole")) << size;
}

TEST_P(Encodings, ThatWouldGrowBeyondTheLimitAreRefused) {
  EXPECT_THAT(read(compressed(std::string(kMax + 1, '\0'), GetParam()), GetParam()),
              HasSubstr("longer than"));
  EXPECT_THAT(read(compressed(std::string(std::size_t{256} << 20, '\0'), GetParam()), GetParam()),
              HasSubstr("longer than"));
}

TEST_P(Encodings, ThatAreDamagedAreRefused) {
  std::string bytes = compressed(std::string(5'000, 'a'), GetParam());
  bytes[1] = static_cast<char>(bytes[1] ^ 0x55);
  EXPECT_THAT(read(bytes, GetParam()), HasSubstr("error"));
  EXPECT_THAT(read(compressed("a", GetParam()) + "rest", GetParam()), HasSubstr("error"));
}

TEST(Identity, IsLeftAsItIs) {
  EXPECT_EQ(read("abc", ""), "abc");
  EXPECT_EQ(read("abc", "identity"), "abc");
  EXPECT_THAT(read("abc", "br"), HasSubstr("gzip, zstd, snappy or identity"));
}

}  // namespace
}  // namespace optiinfra::service
