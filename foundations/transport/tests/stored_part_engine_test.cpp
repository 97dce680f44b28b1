// The engine compresses its parts on disk in the frames of the protocol: they must be read, and their
// checksums agree.
#include <cstring>
#include <fstream>

#include "optiinfra/codec/compression.hpp"
#include "session.hpp"

namespace optiinfra {
namespace {

using Bytes = std::vector<std::byte>;

class StoredPart : public testing::SessionTest {
 protected:
  /// All that the frames of the file hold.
  static Result<Bytes> content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return Error{ErrorKind::kStorage, "cannot open " + path};
    FrameReader reader([&file](std::span<std::byte> into) -> Result<std::size_t> {
      file.read(reinterpret_cast<char*>(into.data()), static_cast<std::streamsize>(into.size()));
      return static_cast<std::size_t>(file.gcount());
    });
    Bytes result, piece(100'000);
    while (true) {
      OPTIINFRA_TRY(const std::size_t given, reader.read(piece));
      if (given == 0) return result;
      result.insert(result.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(given));
    }
  }
};

TEST_F(StoredPart, IsReadInEachMethod) {
  run("CREATE TABLE t (none UInt64 CODEC(NONE), lz4 UInt64 CODEC(LZ4), zstd UInt64 CODEC(ZSTD(1))) "
      "ENGINE = MergeTree ORDER BY tuple() SETTINGS min_bytes_for_wide_part = 0");
  run("INSERT INTO t SELECT number * number % 1000 + 1 AS n, n, n FROM numbers(500000)");
  std::vector<std::uint64_t> numbers(500'000);
  for (std::uint64_t i = 0; i < numbers.size(); ++i) numbers[i] = i * i % 1000 + 1;
  const auto expected = std::as_bytes(std::span(numbers));

  std::string path = ask("SELECT path FROM system.parts WHERE table = 't' AND active");
  ASSERT_EQ(std::count(path.begin(), path.end(), '\n'), 1) << path;
  path.pop_back();
  for (const char* column : {"none", "lz4", "zstd"}) {
    const auto bytes = content(path + column + ".bin");
    ASSERT_TRUE(bytes) << bytes.error().message;
    EXPECT_TRUE(std::equal(bytes->begin(), bytes->end(), expected.begin(), expected.end())) << column;
  }
}

}  // namespace
}  // namespace optiinfra
