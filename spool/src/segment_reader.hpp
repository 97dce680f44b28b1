/// Finds the valid records of one segment, whatever its bytes are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "format.hpp"
#include "optiinfra/spool/file_system.hpp"

namespace optiinfra::spool {

/// What a reader must know of a segment in addition to its bytes. Names and the checkpoint have all of it, so
/// a damaged segment header loses no record.
struct SegmentPlace {
  Uuid identity;
  std::uint64_t number = 0;
  Sequence first = 0;  ///< Smallest sequence it may hold.
  Sequence last = 0;   ///< Largest; what lies beyond was written again in a later segment.
};

/// Reads forward once. Time and memory are linear in the size of the file: a record's length is
/// believed only when the checksum of its header is right. After damage it goes on at the next bytes
/// that are a record's header.
class SegmentReader {
 public:
  struct Record {
    RecordKind kind = RecordKind::kData;
    Sequence sequence = 0;
    Sequence durable = 0;
    Bytes payload;                    ///< Valid until the next call.
    std::uint64_t end = 0;            ///< Offset after it.
    std::uint64_t damaged_bytes = 0;  ///< Before it, of no record.
  };

  /// `file` must outlive the reader.
  SegmentReader(File& file, const SegmentPlace& place) noexcept;

  /// The next record, in order of sequence; nothing at the end. Errors: kStorage.
  Result<std::optional<Record>> next();

  /// After the end: the bytes after the last record that are neither a record nor the zeros of unused
  /// room, nor after SegmentPlace::last.
  std::uint64_t damaged_tail_bytes() const noexcept { return damaged_tail_bytes_; }

  /// Offset after the last record.
  std::uint64_t end() const noexcept { return record_end_; }

 private:
  Result<Bytes> view(std::uint64_t offset, std::uint64_t bytes);
  bool plausible(const RecordHeader& header) const noexcept;
  Result<void> skip_to_candidate();
  void pass_over(Bytes bytes) noexcept;
  Record take(const RecordHeader& header, Bytes payload) noexcept;

  File* file_;
  SegmentPlace place_;
  std::uint32_t seed_;
  std::optional<std::uint64_t> size_;
  std::uint64_t offset_ = kSegmentHeaderBytes;
  std::uint64_t record_end_ = kSegmentHeaderBytes;
  std::uint64_t nonzero_end_ = 0;  ///< After the last skipped byte that is not zero.
  Sequence last_;
  std::uint64_t damaged_tail_bytes_ = 0;
  std::vector<std::byte> window_;
  std::uint64_t window_offset_ = 0;
};

}  // namespace optiinfra::spool
