/// Adds records to one new segment.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "format.hpp"
#include "optiinfra/spool/file_system.hpp"

namespace optiinfra::spool {

/// A record that is not on the disk yet.
struct PendingRecord {
  Sequence sequence = 0;
  std::vector<std::byte> payload = {};
  std::uint32_t payload_checksum = 0;
  bool withdrawn = false;  ///< Acknowledged before it was written: only its sequence is.

  std::uint64_t disk_bytes() const noexcept { return kRecordHeaderBytes + payload.size(); }
};

/// Do not use it after an error: what was written since the last sync() is in an unknown state.
class SegmentWriter {
 public:
  /// Makes the file, of `bytes`, whose name survives a crash when this succeeds, and its header when
  /// the first sync() does. Errors: kStorage, and there is no file, or one without records.
  static Result<std::unique_ptr<SegmentWriter>> create(FileSystem& files, const std::filesystem::path& folder,
                                                       const SegmentHeader& header, std::uint64_t bytes);

  std::uint64_t number() const noexcept { return header_.number; }
  std::uint64_t bytes() const noexcept { return bytes_; }
  std::uint64_t room() const noexcept { return bytes_ - end_; }

  /// `durable`: all records up to this one are synced. The records must fit.
  Result<void> write(std::span<const PendingRecord> records, Sequence durable);

  /// Makes all that was written permanent.
  Result<void> sync();

  /// Gives back the room that is not used and what an unsuccessful write left, as far as the disk lets it.
  /// Returns the size of the file.
  std::uint64_t cut();

 private:
  SegmentWriter(std::unique_ptr<File> file, const SegmentHeader& header, std::uint64_t bytes);
  Result<void> write_parts(std::span<Bytes> parts);

  std::unique_ptr<File> file_;
  SegmentHeader header_;
  std::uint32_t seed_;
  std::uint64_t bytes_;
  std::uint64_t end_ = kSegmentHeaderBytes;
  std::uint64_t synced_end_ = kSegmentHeaderBytes;
};

}  // namespace optiinfra::spool
