#include "format.hpp"

#include <charconv>
#include <cstring>

#include "crc32c.hpp"

namespace optiinfra::spool {
namespace {

constexpr std::string_view kSegmentMagic = "OISPOOLS";
constexpr std::size_t kHexDigits = 16;

std::string hex(std::uint64_t value) {
  char digits[kHexDigits];
  const auto end = std::to_chars(digits, digits + sizeof digits, value, 16).ptr;
  const auto size = static_cast<std::size_t>(end - digits);
  return std::string(kHexDigits - size, '0') + std::string(digits, size);
}

std::optional<std::uint64_t> parse_hex(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (code != std::errc{} || end != text.data() + text.size() || hex(value) != text) return {};
  return value;
}

std::uint32_t header_checksum(Bytes fields, std::uint32_t seed, std::uint64_t offset) {
  std::array<std::byte, 8> place;
  FieldWriter(place).u64(offset);
  return crc32c(fields, crc32c(place, seed));
}

}  // namespace

void FieldWriter::text(std::string_view value) {
  std::memcpy(into_.data() + written_, value.data(), value.size());
  written_ += value.size();
}

void FieldWriter::integer(std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i, value >>= 8) into_[written_++] = static_cast<std::byte>(value);
}

void FieldWriter::uuid(const Uuid& value) {
  for (const std::uint64_t half : {value.high, value.low}) {
    for (int shift = 56; shift >= 0; shift -= 8) into_[written_++] = static_cast<std::byte>(half >> shift);
  }
}

bool FieldReader::text(std::string_view expected) {
  const bool same = std::memcmp(from_.data(), expected.data(), expected.size()) == 0;
  from_ = from_.subspan(expected.size());
  return same;
}

std::uint64_t FieldReader::integer(std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<std::uint64_t>(from_[i]);
  from_ = from_.subspan(size);
  return value;
}

Uuid FieldReader::uuid() {
  Uuid value;
  for (std::uint64_t* half : {&value.high, &value.low}) {
    for (std::size_t i = 0; i < 8; ++i) *half = *half << 8 | static_cast<std::uint64_t>(from_[i]);
    from_ = from_.subspan(8);
  }
  return value;
}

std::array<std::byte, kSegmentHeaderBytes> encode(const SegmentHeader& header) {
  std::array<std::byte, kSegmentHeaderBytes> bytes{};
  FieldWriter fields(bytes);
  fields.text(kSegmentMagic);
  fields.u32(header.version);
  fields.u32(0);
  fields.uuid(header.identity);
  fields.u64(header.number);
  fields.u64(header.first_sequence);
  fields.u64(header.previous_segment);
  fields.u64(header.previous_sequence);
  fields.u64(header.created);
  fields.u32(crc32c(Bytes(bytes).first(fields.written())));
  return bytes;
}

std::optional<SegmentHeader> decode_segment_header(Bytes bytes) {
  if (bytes.size() < kSegmentHeaderBytes) return {};
  FieldReader fields(bytes);
  SegmentHeader header;
  if (!fields.text(kSegmentMagic)) return {};
  header.version = fields.u32();
  (void)fields.u32();
  header.identity = fields.uuid();
  header.number = fields.u64();
  header.first_sequence = fields.u64();
  header.previous_segment = fields.u64();
  header.previous_sequence = fields.u64();
  header.created = fields.u64();
  if (fields.u32() != crc32c(bytes.first(kSegmentHeaderBytes - 8)) || fields.u32() != 0) return {};
  return header;
}

std::uint32_t record_seed(const Uuid& identity, std::uint64_t segment) {
  std::array<std::byte, 24> bytes;
  FieldWriter fields(bytes);
  fields.uuid(identity);
  fields.u64(segment);
  return crc32c(bytes);
}

std::array<std::byte, kRecordHeaderBytes> encode(const RecordHeader& header, std::uint32_t seed,
                                                 std::uint64_t offset) {
  std::array<std::byte, kRecordHeaderBytes> bytes;
  FieldWriter fields(bytes);
  fields.u32(static_cast<std::uint32_t>(header.kind));
  fields.u32(header.length);
  fields.u64(header.sequence);
  fields.u64(header.durable);
  fields.u32(header.payload_checksum);
  fields.u32(header_checksum(Bytes(bytes).first(fields.written()), seed, offset));
  return bytes;
}

std::optional<RecordHeader> decode_record_header(Bytes bytes, std::uint32_t seed, std::uint64_t offset) {
  if (bytes.size() < kRecordHeaderBytes) return {};
  FieldReader fields(bytes);
  RecordHeader header;
  header.kind = static_cast<RecordKind>(fields.u32());
  if (header.kind != RecordKind::kData && header.kind != RecordKind::kVoid) return {};
  header.length = fields.u32();
  header.sequence = fields.u64();
  header.durable = fields.u64();
  header.payload_checksum = fields.u32();
  if (fields.u32() != header_checksum(bytes.first(kRecordHeaderBytes - 4), seed, offset)) return {};
  if (header.durable >= header.sequence) return {};
  if (header.kind == RecordKind::kVoid && header.length != 0) return {};
  return header;
}

std::string to_string(const SegmentName& name) {
  return hex(name.number) + "-" + hex(name.first_sequence) + std::string(kSegmentSuffix);
}

std::optional<SegmentName> parse_segment_name(std::string_view text) {
  if (text.size() != 2 * kHexDigits + 1 + kSegmentSuffix.size() || text[kHexDigits] != '-' ||
      !text.ends_with(kSegmentSuffix))
    return {};
  const auto number = parse_hex(text.substr(0, kHexDigits));
  const auto first = parse_hex(text.substr(kHexDigits + 1, kHexDigits));
  if (!number || !first || *number == 0 || *first == 0 || *number > kNumberMax || *first > kNumberMax)
    return {};
  return SegmentName{*number, *first};
}

}  // namespace optiinfra::spool
