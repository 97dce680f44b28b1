/// The bytes of a segment, as docs/formats/spool.md has them. Little-endian throughout.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "optiinfra/spool/spool.hpp"

namespace optiinfra::spool {

using Bytes = std::span<const std::byte>;

inline constexpr std::uint32_t kFormatVersion = 1;
inline constexpr std::size_t kSegmentHeaderBytes = 80;
inline constexpr std::size_t kRecordHeaderBytes = 32;

/// Appends integers to fixed room.
class FieldWriter {
 public:
  explicit FieldWriter(std::span<std::byte> into) : into_(into) {}
  void text(std::string_view value);
  void u32(std::uint32_t value) { integer(value, 4); }
  void u64(std::uint64_t value) { integer(value, 8); }
  /// In the order of its text.
  void uuid(const Uuid& value);
  std::size_t written() const noexcept { return written_; }

 private:
  void integer(std::uint64_t value, std::size_t size);
  std::span<std::byte> into_;
  std::size_t written_ = 0;
};

/// Reads them again; the caller knows that there are enough bytes.
class FieldReader {
 public:
  explicit FieldReader(Bytes from) : from_(from) {}
  bool text(std::string_view expected);
  std::uint32_t u32() { return static_cast<std::uint32_t>(integer(4)); }
  std::uint64_t u64() { return integer(8); }
  Uuid uuid();

 private:
  std::uint64_t integer(std::size_t size);
  Bytes from_;
};

struct SegmentHeader {
  std::uint32_t version = kFormatVersion;
  Uuid identity = {};
  std::uint64_t number = 0;
  Sequence first_sequence = 0;
  std::uint64_t previous_segment = 0;  ///< 0: none.
  Sequence previous_sequence = 0;      ///< Last record promised before this segment was begun; 0: none.
  std::uint64_t created = 0;           ///< Seconds since 1970.
};

std::array<std::byte, kSegmentHeaderBytes> encode(const SegmentHeader& header);

/// Nothing when the bytes are not a header with the right checksum.
std::optional<SegmentHeader> decode_segment_header(Bytes bytes);

enum class RecordKind : std::uint32_t {
  kData = 0x3144'534F,  ///< "OSD1"
  kVoid = 0x3156'534F,  ///< "OSV1": acknowledged before it was written; keeps the sequence without a gap.
};

struct RecordHeader {
  RecordKind kind = RecordKind::kData;
  std::uint32_t length = 0;
  Sequence sequence = 0;
  Sequence durable = 0;  ///< All up to this one were synced when the record was written.
  std::uint32_t payload_checksum = 0;
};

/// What a record's checksum covers in addition to its bytes: spool and segment. A copy of a record, in
/// another file or within a payload, does not count.
std::uint32_t record_seed(const Uuid& identity, std::uint64_t segment);

std::array<std::byte, kRecordHeaderBytes> encode(const RecordHeader& header, std::uint32_t seed,
                                                 std::uint64_t offset);

/// Nothing when the bytes are not a header that was written at `offset` of that segment.
std::optional<RecordHeader> decode_record_header(Bytes bytes, std::uint32_t seed, std::uint64_t offset);

/// Numbers of segments and first sequences lie below, so that counting on from them cannot overflow.
inline constexpr std::uint64_t kNumberMax = std::uint64_t{1} << 62;

struct SegmentName {
  std::uint64_t number = 0;
  Sequence first_sequence = 0;
};

inline constexpr std::string_view kSegmentSuffix = ".segment";
inline constexpr std::string_view kDamagedSuffix = ".damaged";

/// `0000000000000007-0000000200000000.segment`.
std::string to_string(const SegmentName& name);
std::optional<SegmentName> parse_segment_name(std::string_view text);

}  // namespace optiinfra::spool
