#include <algorithm>

#include "state.hpp"

namespace optiinfra::spool {

// Writes everything that waits, a segment at a time. What cannot be written waits on in memory, under
// the sequences it has.
Result<void> Spool::State::commit(Lock& lock) {
  committing_ = true;
  std::vector<PendingRecord> batch = std::exchange(pending_, {});
  batch_last_ = batch.back().sequence;
  std::size_t written = 0;
  std::optional<Error> failure;
  while (written < batch.size() && !failure) {
    const auto some = commit_some(lock, Records(batch).subspan(written));
    if (some) {
      written += *some;
    } else {
      failure = some.error();
      note_failure(*failure);
    }
  }
  keep_for_later(std::move(batch), written);
  committing_ = false;
  ++attempts_;
  failure_ = failure;
  changed_.notify_all();
  if (failure) return *failure;
  return {};
}

Result<std::size_t> Spool::State::commit_some(Lock& lock, Records records) {
  if (writer_ && count_that_fit(records) == 0) end_segment(lock);
  if (!writer_) OPTIINFRA_CHECK(begin_segment(lock, records.front()));
  const Records fitting = records.first(count_that_fit(records));
  const Sequence durable = durable_;
  lock.unlock();
  auto done = writer_->write(fitting, durable);
  if (done) done = writer_->sync();
  lock.lock();
  if (!done) {
    // After a failed sync nobody knows what the disk has of this file: it gets no further record.
    ++counters_.segments_abandoned;
    end_segment(lock);
    return std::move(done).error();
  }
  ++counters_.syncs;
  mark_durable(fitting);
  changed_.notify_all();
  return fitting.size();
}

std::size_t Spool::State::count_that_fit(Records records) const {
  std::uint64_t room = writer_->room();
  std::size_t count = 0;
  while (count < records.size() && records[count].disk_bytes() <= room) room -= records[count++].disk_bytes();
  return count;
}

Result<void> Spool::State::begin_segment(Lock& lock, const PendingRecord& record) {
  if (ledger_.segments().size() >= kSpoolSegmentsMax) return full();
  SegmentHeader header;
  header.identity = checkpoint_.identity;
  header.number = ++last_number_;
  header.first_sequence = record.sequence;
  header.previous_segment = checkpoint_.last_segment;
  header.previous_sequence = durable_;
  header.created =
      static_cast<std::uint64_t>(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()));
  const std::uint64_t bytes = segment_bytes_for(record.disk_bytes(), options_.segment_bytes);
  lock.unlock();
  auto created = SegmentWriter::create(files_, folder_, header, bytes);
  lock.lock();
  if (!created) return std::move(created).error();
  writer_ = *std::move(created);
  Segment segment;
  segment.name = {header.number, header.first_sequence};
  segment.bytes = bytes;
  segment.growing = true;
  ledger_.add(std::move(segment));
  room_.begun(bytes);
  return {};
}

// Also after a failure: the records that were synced before it stay where they are.
void Spool::State::end_segment(Lock& lock) {
  const std::uint64_t number = writer_->number();
  const SegmentName name = ledger_.newest().name;
  const bool unused = ledger_.newest().done.empty();
  lock.unlock();
  const std::uint64_t bytes = writer_->cut();
  writer_.reset();
  if (unused) (void)files_.remove(folder_ / to_string(name));
  lock.lock();
  if (unused) {
    ledger_.remove(number);
    return;
  }
  Segment& segment = *ledger_.find_number(number);
  segment.bytes = bytes;
  segment.growing = false;
}

void Spool::State::mark_durable(Records records) {
  Segment& segment = ledger_.newest();
  for (const PendingRecord& record : records) {
    const bool done = record.withdrawn || acknowledged_in_flight_.erase(record.sequence) > 0;
    segment.append(done);
    news_ = news_ || done;
    give_back(record.payload.size());
    if (!record.withdrawn) --records_waiting_;
    durable_ = record.sequence;
  }
  checkpoint_.last_segment = segment.name.number;
}

void Spool::State::keep_for_later(std::vector<PendingRecord> batch, std::size_t written) {
  batch.erase(batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(written));
  for (PendingRecord& record : batch) {
    if (acknowledged_in_flight_.erase(record.sequence) > 0) withdraw(record);
  }
  std::move(pending_.begin(), pending_.end(), std::back_inserter(batch));
  pending_ = std::move(batch);
  room_ = {writer_ ? writer_->room() : 0, 0, 0};
  for (const PendingRecord& record : pending_) room_.place(record.disk_bytes(), options_.segment_bytes);
}

void Spool::State::note_failure(const Error& error) {
  ++counters_.storage_failures;
  counters_.last_storage_failure = error.message;
}

}  // namespace optiinfra::spool
