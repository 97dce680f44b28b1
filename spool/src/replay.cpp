#include "segment_reader.hpp"
#include "state.hpp"

namespace optiinfra::spool {

Result<void> Spool::State::replay(const SpoolRecordSink& sink) {
  std::vector<Segment> segments;
  {
    const Lock lock(mutex_);
    OPTIINFRA_CHECK(check_open());
    segments = ledger_.segments();
  }
  std::uint64_t unreadable = 0;
  for (const Segment& segment : segments) {
    if (segment.records_open > 0) OPTIINFRA_CHECK(replay_segment(segment, sink, unreadable));
  }
  if (unreadable == 0) return {};
  return Error{ErrorKind::kCorrupt,
               std::to_string(unreadable) + " records of the spool " + folder_.string() +
                   " can no longer be read; the disk returns other bytes than were written"};
}

Result<void> Spool::State::replay_segment(const Segment& segment, const SpoolRecordSink& sink,
                                          std::uint64_t& unreadable) {
  auto file = files_.open(folder_ / to_string(segment.name));
  if (!file) {
    const Lock lock(mutex_);
    if (ledger_.find_number(segment.name.number) == nullptr) return {};  // Done and deleted meanwhile.
    return std::move(file).error();
  }
  SegmentReader reader(**file, {checkpoint_.identity, segment.name.number, segment.first(), segment.last()});
  Sequence expected = segment.first();
  const auto pass_to = [&](Sequence sequence) {
    for (; expected < sequence; ++expected) unreadable += is_open_record(expected) ? 1 : 0;
  };
  while (true) {
    OPTIINFRA_TRY(const auto record, reader.next());
    if (!record) break;
    pass_to(record->sequence);
    ++expected;
    if (is_open_record(record->sequence)) OPTIINFRA_CHECK(sink({record->sequence, record->payload}));
  }
  pass_to(segment.last() + 1);
  return {};
}

bool Spool::State::is_open_record(Sequence sequence) {
  const Lock lock(mutex_);
  const Segment* const segment = ledger_.find(sequence);
  return segment != nullptr && !segment->done[sequence - segment->first()];
}

}  // namespace optiinfra::spool
