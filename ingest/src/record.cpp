#include "record.hpp"

#include <algorithm>
#include <cstring>

#include "optiinfra/codec/native.hpp"

namespace optiinfra {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHeadBytes = 5;  // Version, family, extent, token length in 16 bits.

Error corrupt(const char* what) {
  return {ErrorKind::kCorrupt, std::string("a record of the spool ") + what};
}

}  // namespace

std::vector<std::byte> encode_rows_record(Family family, RecordExtent extent, std::string_view group_token,
                                          const Block& rows) {
  std::vector<std::byte> bytes;
  bytes.reserve(kHeadBytes + group_token.size() + rows.size_bytes() + rows.size_bytes() / 8 + 1024);
  bytes.push_back(std::byte{kVersion});
  bytes.push_back(static_cast<std::byte>(family));
  bytes.push_back(static_cast<std::byte>(extent));
  bytes.push_back(static_cast<std::byte>(group_token.size() & 0xFF));
  bytes.push_back(static_cast<std::byte>(group_token.size() >> 8));
  const auto append = [&bytes](std::span<const std::byte> piece) -> Result<void> {
    bytes.insert(bytes.end(), piece.begin(), piece.end());
    return {};
  };
  (void)append(std::as_bytes(std::span(group_token)));
  (void)write_native(rows, append);  // Fails only where `append` does.
  return bytes;
}

Result<RowsRecord> decode_rows_record(std::span<const std::byte> bytes) {
  if (bytes.size() < kHeadBytes) return corrupt("is too short");
  if (bytes[0] != std::byte{kVersion})
    return Error{ErrorKind::kIncompatible, "a record of the spool has version " +
                                               std::to_string(static_cast<int>(bytes[0])) +
                                               "; open it with the program that wrote it"};
  const auto family = static_cast<std::size_t>(bytes[1]);
  if (family >= std::size(kFamilies)) return corrupt("names no family of metrics");
  if (bytes[2] > std::byte{1}) return corrupt("is of an unknown extent");
  const std::size_t token_bytes = static_cast<std::size_t>(bytes[3]) | static_cast<std::size_t>(bytes[4])
                                                                           << 8;
  if (token_bytes > kGroupTokenBytesMax || token_bytes > bytes.size() - kHeadBytes)
    return corrupt("has a token that is longer than itself");
  RowsRecord record{
      kFamilies[family], static_cast<RecordExtent>(bytes[2]), std::string(token_bytes, '\0'), {}};
  std::memcpy(record.group_token.data(), bytes.data() + kHeadBytes, token_bytes);
  std::span<const std::byte> rest = bytes.subspan(kHeadBytes + token_bytes);
  NativeReader reader([&rest](std::span<std::byte> buffer) -> Result<std::size_t> {
    const std::size_t taken = std::min(buffer.size(), rest.size());
    std::copy_n(rest.begin(), taken, buffer.begin());
    rest = rest.subspan(taken);
    return taken;
  });
  OPTIINFRA_TRY(const bool has_block, reader.next(record.rows));
  if (!has_block) return corrupt("holds no rows");
  return record;
}

}  // namespace optiinfra
