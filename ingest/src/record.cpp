#include "record.hpp"

#include <algorithm>

#include "optiinfra/codec/native.hpp"

namespace optiinfra {
namespace {

/// Of records without a request, which older programs read, and with one.
constexpr std::uint8_t kVersion = 1, kVersionWithRequest = 2;
constexpr std::size_t kFixedBytes = 5;     // Version, family, extent, token length in 16 bits.
constexpr std::size_t kRequestBytes = 24;  // Identity, content.

void append_integer(std::vector<std::byte>& bytes, std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i, value >>= 8) bytes.push_back(static_cast<std::byte>(value));
}

std::uint64_t read_integer(std::span<const std::byte> bytes, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<std::uint64_t>(bytes[i]);
  return value;
}

Error corrupt(const char* what) {
  return {ErrorKind::kCorrupt, std::string("a record of the spool ") + what};
}

/// Reads the head off the front of `bytes`.
Result<RecordHead> take_head(std::span<const std::byte>& bytes) {
  if (bytes.size() < kFixedBytes) return corrupt("is too short");
  const auto version = static_cast<std::uint8_t>(bytes[0]);
  if (version != kVersion && version != kVersionWithRequest)
    return Error{ErrorKind::kIncompatible, "a record of the spool has version " + std::to_string(version) +
                                               "; open it with the program that wrote it"};
  const auto family = static_cast<std::size_t>(bytes[1]);
  if (family >= std::size(kFamilies)) return corrupt("names no family of metrics");
  if (bytes[2] > std::byte{1}) return corrupt("has an unknown extent");
  const auto token_bytes = static_cast<std::size_t>(read_integer(bytes.subspan(3), 2));
  const std::size_t request_bytes = version == kVersionWithRequest ? kRequestBytes : 0;
  if (token_bytes > kGroupTokenBytesMax || token_bytes + request_bytes > bytes.size() - kFixedBytes)
    return corrupt("has a token that is longer than the record");
  RecordHead head{.family = kFamilies[family], .extent = static_cast<RecordExtent>(bytes[2])};
  bytes = bytes.subspan(kFixedBytes);
  head.group_token.assign(reinterpret_cast<const char*>(bytes.data()), token_bytes);
  bytes = bytes.subspan(token_bytes);
  if (request_bytes > 0) {
    head.request = spool::RequestKey{{read_integer(bytes, 8), read_integer(bytes.subspan(8), 8)},
                                     read_integer(bytes.subspan(16), 8)};
    bytes = bytes.subspan(request_bytes);
  }
  return head;
}

}  // namespace

std::vector<std::byte> encode_rows_record(const RecordHead& head, const Block& rows) {
  std::vector<std::byte> bytes;
  bytes.reserve(kFixedBytes + kRequestBytes + head.group_token.size() + rows.size_bytes() +
                rows.size_bytes() / 8 + 1024);
  append_integer(bytes, head.request ? kVersionWithRequest : kVersion, 1);
  append_integer(bytes, static_cast<std::uint64_t>(head.family), 1);
  append_integer(bytes, static_cast<std::uint64_t>(head.extent), 1);
  append_integer(bytes, head.group_token.size(), 2);
  const auto append = [&bytes](std::span<const std::byte> piece) -> Result<void> {
    bytes.insert(bytes.end(), piece.begin(), piece.end());
    return {};
  };
  (void)append(std::as_bytes(std::span(head.group_token)));
  if (head.request) {
    append_integer(bytes, head.request->identity.high, 8);
    append_integer(bytes, head.request->identity.low, 8);
    append_integer(bytes, head.request->content, 8);
  }
  (void)write_native(rows, append);  // Fails only where `append` does.
  return bytes;
}

Result<RecordHead> decode_record_head(std::span<const std::byte> bytes) { return take_head(bytes); }

Result<RowsRecord> decode_rows_record(std::span<const std::byte> bytes) {
  OPTIINFRA_TRY(RecordHead head, take_head(bytes));
  RowsRecord record{std::move(head), {}};
  NativeReader reader([&bytes](std::span<std::byte> buffer) -> Result<std::size_t> {
    const std::size_t taken = std::min(buffer.size(), bytes.size());
    std::copy_n(bytes.begin(), taken, buffer.begin());
    bytes = bytes.subspan(taken);
    return taken;
  });
  OPTIINFRA_TRY(const bool has_block, reader.next(record.rows));
  if (!has_block) return corrupt("holds no rows");
  return record;
}

}  // namespace optiinfra
