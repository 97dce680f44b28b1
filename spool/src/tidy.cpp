#include "state.hpp"

namespace optiinfra::spool {

bool Spool::State::tidy_is_due() const {
  if (tidying_) return false;
  const auto now = Clock::now();
  if (now < retry_due_) return false;
  return ledger_.has_finished() || (news_ && now >= checkpoint_due_);
}

// First the checkpoint that says so, then the deletions: never the other way round, or a segment would
// look lost.
void Spool::State::tidy(Lock& lock) {
  while (tidy_is_due()) {
    tidying_ = true;
    const auto written = write_checkpoint(lock, false);
    if (!written) {
      note_failure(written.error());
      retry_due_ = Clock::now() + options_.checkpoint_interval;
    }
    tidying_ = false;
    changed_.notify_all();
    if (!written) return;
  }
}

Result<void> Spool::State::write_checkpoint(Lock& lock, bool closed) {
  const std::vector<Segment> finished = ledger_.finished();
  checkpoint_.durable = durable_;
  checkpoint_.closed = closed;
  Checkpoint checkpoint = checkpoint_;
  ledger_.describe(checkpoint);
  news_ = false;
  std::uint64_t damaged_kept = damaged_kept_;
  lock.unlock();
  const auto written = checkpoint_file_->write(checkpoint);
  std::optional<Error> failure;
  for (const Segment& segment : finished) {
    if (!written) break;
    const auto discarded = discard(files_, folder_, segment, damaged_kept);
    if (!discarded) failure = discarded.error();
  }
  lock.lock();
  checkpoint_due_ = Clock::now() + options_.checkpoint_interval;
  if (!written) {
    news_ = true;
    return written.error();
  }
  damaged_kept_ = damaged_kept;
  // One that could not be deleted is deleted by the next opening.
  for (const Segment& segment : finished) ledger_.remove(segment.name.number);
  if (failure) note_failure(*failure);
  return {};
}

}  // namespace optiinfra::spool
