/// The segments that are in use, and which of their records are done. In memory only, one bit for each
/// record.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "checkpoint.hpp"
#include "format.hpp"

namespace optiinfra::spool {

/// One file of the log. Its records are first() to last(), without gaps; one that was lost counts as done.
struct Segment {
  SegmentName name = {};
  std::uint64_t bytes = 0;  ///< Of the file.
  bool growing = false;     ///< Records are still added to it.
  bool damaged = false;     ///< To be kept for a person when its records are done.
  std::vector<bool> done = {};
  std::uint64_t records_open = 0;  ///< Not done.

  Sequence first() const noexcept { return name.first_sequence; }
  Sequence last() const noexcept { return name.first_sequence + done.size() - 1; }
  bool holds(Sequence sequence) const noexcept {
    return sequence >= first() && sequence - first() < done.size();
  }

  /// The next record is in the file, and done already or not.
  void append(bool is_done);
};

class Ledger {
 public:
  /// Segments come in order of their numbers and sequences.
  Segment& add(Segment segment);

  /// The segment that holds `sequence`, or null.
  Segment* find(Sequence sequence) noexcept;
  Segment* find_number(std::uint64_t number) noexcept;
  Segment& newest() noexcept { return segments_.back(); }
  const std::vector<Segment>& segments() const noexcept { return segments_; }

  /// False when it was done before, or its segment is gone.
  bool acknowledge(Sequence sequence) noexcept;

  /// Segments that are done and do not grow.
  bool has_finished() const noexcept;
  std::vector<Segment> finished() const;
  void remove(std::uint64_t number);

  std::uint64_t bytes() const noexcept;
  std::uint64_t records_open() const noexcept;

  /// Fills in the segments that hold records that are not done or may come, and what is acknowledged in them.
  void describe(Checkpoint& checkpoint) const;

 private:
  std::vector<Segment> segments_;
};

}  // namespace optiinfra::spool
