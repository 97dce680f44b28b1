#include "ledger.hpp"

#include <algorithm>

namespace optiinfra::spool {
namespace {

bool is_finished(const Segment& segment) { return segment.records_open == 0 && !segment.growing; }

void add_ranges(const Segment& segment, std::vector<SequenceRange>& ranges) {
  bool extend = false;
  for (std::size_t i = 0; i < segment.done.size(); ++i) {
    const Sequence sequence = segment.first() + i;
    if (segment.done[i] && extend) ranges.back().last = sequence;
    if (segment.done[i] && !extend) ranges.push_back({sequence, sequence});
    extend = segment.done[i];
  }
}

}  // namespace

void Segment::append(bool is_done) {
  done.push_back(is_done);
  if (!is_done) ++records_open;
}

Segment& Ledger::add(Segment segment) { return segments_.emplace_back(std::move(segment)); }

Segment* Ledger::find(Sequence sequence) noexcept {
  const auto after = std::upper_bound(segments_.begin(), segments_.end(), sequence,
                                      [](Sequence wanted, const Segment& it) { return wanted < it.first(); });
  // Segments without records may begin where another begins.
  for (auto it = after; it != segments_.begin();) {
    if ((--it)->holds(sequence)) return &*it;
    if (!it->done.empty()) return nullptr;
  }
  return nullptr;
}

Segment* Ledger::find_number(std::uint64_t number) noexcept {
  const auto it = std::find_if(segments_.begin(), segments_.end(),
                               [number](const Segment& segment) { return segment.name.number == number; });
  return it == segments_.end() ? nullptr : &*it;
}

bool Ledger::acknowledge(Sequence sequence) noexcept {
  Segment* const segment = find(sequence);
  if (segment == nullptr) return false;
  auto done = segment->done[sequence - segment->first()];
  if (done) return false;
  done = true;
  --segment->records_open;
  return true;
}

bool Ledger::has_finished() const noexcept {
  return std::any_of(segments_.begin(), segments_.end(), is_finished);
}

std::vector<Segment> Ledger::finished() const {
  std::vector<Segment> finished;
  std::copy_if(segments_.begin(), segments_.end(), std::back_inserter(finished), is_finished);
  return finished;
}

void Ledger::remove(std::uint64_t number) {
  std::erase_if(segments_, [number](const Segment& segment) { return segment.name.number == number; });
}

std::uint64_t Ledger::bytes() const noexcept {
  std::uint64_t bytes = 0;
  for (const Segment& segment : segments_) bytes += segment.bytes;
  return bytes;
}

std::uint64_t Ledger::records_open() const noexcept {
  std::uint64_t records = 0;
  for (const Segment& segment : segments_) records += segment.records_open;
  return records;
}

void Ledger::describe(Checkpoint& checkpoint) const {
  for (const Segment& segment : segments_) {
    // One without a record may still be given up and its file removed.
    if (is_finished(segment) || segment.done.empty()) continue;
    checkpoint.segments.push_back({segment.name.number, segment.first(),
                                   segment.growing ? kStillGrowing : segment.last(), segment.damaged});
    add_ranges(segment, checkpoint.acknowledged);
  }
}

}  // namespace optiinfra::spool
