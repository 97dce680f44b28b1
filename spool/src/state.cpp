#include "state.hpp"

#include <algorithm>

#include "crc32c.hpp"

namespace optiinfra::spool {
namespace {

/// What a waiting record takes in addition to its payload.
constexpr std::uint64_t kEntryBytes = sizeof(PendingRecord);

Error with_applied(Error error, Applied applied) {
  error.applied = applied;
  return error;
}

}  // namespace

Spool::State::State(FileSystem& files, std::filesystem::path folder, const SpoolOptions& options,
                    std::unique_ptr<FolderLock> lock, Recovered recovered)
    : files_(files),
      folder_(std::move(folder)),
      options_(options),
      folder_lock_(std::move(lock)),
      report_(std::move(recovered.report)),
      first_(first_sequence_of(recovered.checkpoint.run)),
      next_(first_),
      durable_(recovered.checkpoint.durable),
      last_number_(recovered.checkpoint.last_segment),
      ledger_(std::move(recovered.ledger)),
      checkpoint_due_(Clock::now() + options.checkpoint_interval),
      checkpoint_file_(std::move(recovered.checkpoint_file)),
      checkpoint_(std::move(recovered.checkpoint)),
      damaged_kept_(recovered.damaged_kept) {}

Result<void> Spool::State::check_open() const {
  if (!closed_) return {};
  return invalid_argument("the spool " + folder_.string() + " was closed");
}

Result<void> Spool::State::check_given_out(Sequence sequence) const {
  OPTIINFRA_CHECK(check_open());
  if (sequence > 0 && sequence < next_) return {};
  return invalid_argument("the spool " + folder_.string() + " never gave out sequence " +
                          std::to_string(sequence) + "; its last is " + std::to_string(next_ - 1));
}

Error Spool::State::full() const {
  return {ErrorKind::kUnavailable,
          "the spool " + folder_.string() + " is full: it holds " + std::to_string(ledger_.records_open()) +
              " records in " + std::to_string(ledger_.segments().size()) +
              " files that the store has not acknowledged, and may take " +
              std::to_string(options_.spool_bytes_max >> 20) + " MiB; try later, or raise spool_bytes_max"};
}

bool Spool::State::has_room(std::uint64_t payload_bytes) const {
  Room room = room_;
  room.place(kRecordHeaderBytes + payload_bytes, options_.segment_bytes);
  return ledger_.bytes() + room.new_bytes <= options_.spool_bytes_max &&
         ledger_.segments().size() + room.new_segments <= kSpoolSegmentsMax;
}

// Waits until the buffer has room for the record and takes it.
Result<void> Spool::State::reserve(Lock& lock, std::uint64_t payload_bytes) {
  const std::uint64_t bytes = kEntryBytes + payload_bytes;
  const std::uint64_t bytes_max =
      std::max(options_.buffer_bytes_max, options_.record_bytes_max + kEntryBytes);
  while (true) {
    OPTIINFRA_CHECK(check_open());
    if (!has_room(payload_bytes)) tidy(lock);
    if (!has_room(payload_bytes)) return full();
    if (buffer_bytes_ + bytes <= bytes_max) break;
    if (committing_ || pending_.empty()) {
      changed_.wait(lock);
      continue;
    }
    OPTIINFRA_CHECK(commit(lock));
  }
  buffer_bytes_ += bytes;
  return {};
}

void Spool::State::give_back(std::uint64_t payload_bytes) { buffer_bytes_ -= kEntryBytes + payload_bytes; }

Result<Sequence> Spool::State::append(std::span<const std::span<const std::byte>> parts) {
  std::uint64_t bytes = 0;
  for (const auto part : parts) bytes += part.size();
  if (bytes > options_.record_bytes_max) {
    return Error{ErrorKind::kTooLarge, "a record of " + std::to_string(bytes) +
                                           " bytes is larger than the spool takes (" +
                                           std::to_string(options_.record_bytes_max) + ")"};
  }
  Lock lock(mutex_);
  OPTIINFRA_CHECK(reserve(lock, bytes));
  lock.unlock();

  PendingRecord record;
  record.payload.reserve(bytes);
  for (const auto part : parts) record.payload.insert(record.payload.end(), part.begin(), part.end());
  record.payload_checksum = crc32c(record.payload);

  lock.lock();
  if (!has_room(bytes)) {
    give_back(bytes);
    changed_.notify_all();
    return full();
  }
  room_.place(record.disk_bytes(), options_.segment_bytes);
  record.sequence = next_++;
  ++records_waiting_;
  pending_.push_back(std::move(record));
  changed_.notify_all();
  return next_ - 1;
}

Result<void> Spool::State::sync(Sequence through) {
  Lock lock(mutex_);
  OPTIINFRA_CHECK(check_given_out(through));
  if (through < first_) return {};
  while (durable_ < through) {
    if (!committing_) {
      auto committed = commit(lock);
      if (!committed && durable_ < through)
        return with_applied(std::move(committed).error(), Applied::kUnknown);
      continue;
    }
    const std::uint64_t attempt = attempts_;
    const bool included = through <= batch_last_;
    changed_.wait(lock, [&] { return attempts_ != attempt || durable_ >= through; });
    if (included && durable_ < through && failure_) return with_applied(*failure_, Applied::kUnknown);
  }
  return {};
}

void Spool::State::withdraw(PendingRecord& record) {
  if (record.withdrawn) return;
  buffer_bytes_ -= record.payload.size();
  record.payload = {};
  record.payload_checksum = crc32c({});
  record.withdrawn = true;
  --records_waiting_;
}

Result<void> Spool::State::acknowledge(Sequence sequence) {
  Lock lock(mutex_);
  OPTIINFRA_CHECK(check_given_out(sequence));
  if (sequence <= durable_ || sequence < first_) {
    if (ledger_.acknowledge(sequence)) news_ = true;
  } else if (!pending_.empty() && sequence >= pending_.front().sequence) {
    withdraw(pending_[sequence - pending_.front().sequence]);
    changed_.notify_all();
  } else {
    acknowledged_in_flight_.insert(sequence);
  }
  tidy(lock);
  return {};
}

SpoolUsage Spool::State::usage() const {
  const Lock lock(mutex_);
  SpoolUsage usage = counters_;
  usage.records = ledger_.records_open() + records_waiting_;
  usage.disk_bytes = ledger_.bytes();
  usage.disk_bytes_max = options_.spool_bytes_max;
  usage.buffer_bytes = buffer_bytes_;
  usage.segments = ledger_.segments().size();
  usage.damaged_segments = damaged_kept_;
  return usage;
}

Result<void> Spool::State::close() {
  Lock lock(mutex_);
  if (closed_) return {};
  changed_.wait(lock, [this] { return !committing_ && !tidying_; });
  if (!pending_.empty()) OPTIINFRA_CHECK(commit(lock));
  if (writer_) end_segment(lock);
  room_ = {};
  auto written = write_checkpoint(lock, true);
  if (!written) {
    note_failure(written.error());
    return written;
  }
  closed_ = true;
  folder_lock_.reset();
  return {};
}

}  // namespace optiinfra::spool
