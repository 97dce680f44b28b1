/// Computes how much disk the records that wait in memory will take.
#pragma once

#include <algorithm>
#include <cstdint>

#include "format.hpp"

namespace optiinfra::spool {

inline std::uint64_t segment_bytes_for(std::uint64_t record_disk_bytes, std::uint64_t segment_bytes) {
  return std::max(segment_bytes, kSegmentHeaderBytes + record_disk_bytes);
}

/// Places records as the commit will.
struct Room {
  std::uint64_t in_last_segment = 0;
  std::uint64_t new_bytes = 0;  ///< Of segments that have to be begun.
  std::uint64_t new_segments = 0;

  void place(std::uint64_t record_disk_bytes, std::uint64_t segment_bytes) {
    if (record_disk_bytes > in_last_segment) {
      const std::uint64_t bytes = segment_bytes_for(record_disk_bytes, segment_bytes);
      ++new_segments;
      new_bytes += bytes;
      in_last_segment = bytes - kSegmentHeaderBytes;
    }
    in_last_segment -= record_disk_bytes;
  }

  void begun(std::uint64_t bytes) {
    new_bytes -= std::min(new_bytes, bytes);
    new_segments -= std::min<std::uint64_t>(new_segments, 1);
  }
};

}  // namespace optiinfra::spool
