/// The state of an open spool: the buffer, the group commit, and the deletion of acknowledged segments.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "checkpoint.hpp"
#include "ledger.hpp"
#include "recovery.hpp"
#include "room.hpp"
#include "segment_reader.hpp"
#include "segment_writer.hpp"

namespace optiinfra::spool {

/// One mutex guards all members; it is released around every use of the disk. `committing_` then holds
/// off other commits (and guards writer_), `tidying_` other writers of the checkpoint.
class Spool::State {
 public:
  State(FileSystem& files, std::filesystem::path folder, const SpoolOptions& options,
        std::unique_ptr<FolderLock> lock, Recovered recovered);

  const Uuid& identity() const noexcept { return checkpoint_.identity; }
  Sequence first_sequence() const noexcept { return first_; }
  const RecoveryReport& recovery() const noexcept { return report_; }

  Result<Sequence> append(std::span<const std::span<const std::byte>> parts);
  Result<void> sync(Sequence through);
  Result<void> acknowledge(Sequence sequence);
  Result<void> replay(const SpoolRecordSink& sink);
  SpoolUsage usage() const;
  Result<void> close();

 private:
  using Lock = std::unique_lock<std::mutex>;
  using Records = std::span<const PendingRecord>;
  using Clock = std::chrono::steady_clock;

  // state.cpp
  Result<void> check_open() const;
  Result<void> check_given_out(Sequence sequence) const;
  Result<void> reserve(Lock& lock, std::uint64_t payload_bytes);
  bool has_room(std::uint64_t payload_bytes) const;
  Error full() const;
  void give_back(std::uint64_t payload_bytes);
  void withdraw(PendingRecord& record);
  Result<void> replay_segment(const Segment& segment, const SpoolRecordSink& sink, std::uint64_t& unreadable);
  bool is_open_record(Sequence sequence);

  // commit.cpp
  Result<void> commit(Lock& lock);
  Result<std::size_t> commit_some(Lock& lock, Records records);
  Result<void> begin_segment(Lock& lock, const PendingRecord& record);
  void end_segment(Lock& lock);
  std::size_t count_that_fit(Records records) const;
  void mark_durable(Records records);
  void keep_for_later(std::vector<PendingRecord> batch, std::size_t written);
  void note_failure(const Error& error);

  // tidy.cpp
  bool tidy_is_due() const;
  void tidy(Lock& lock);
  Result<void> write_checkpoint(Lock& lock, bool closed);

  FileSystem& files_;
  const std::filesystem::path folder_;
  const SpoolOptions options_;
  std::unique_ptr<FolderLock> folder_lock_;
  const RecoveryReport report_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool closed_ = false;

  const Sequence first_;                ///< Of this opening.
  Sequence next_;                       ///< To be given out.
  Sequence durable_;                    ///< All up to this one are on the disk.
  std::vector<PendingRecord> pending_;  ///< In order, up to next_ - 1.
  std::uint64_t buffer_bytes_ = 0;
  std::uint64_t records_waiting_ = 0;  ///< Neither on the disk nor withdrawn.
  Room room_;

  bool committing_ = false;
  std::uint64_t attempts_ = 0;    ///< Commits that ended.
  Sequence batch_last_ = 0;       ///< Last record of the commit that goes on.
  std::optional<Error> failure_;  ///< Of the last commit.
  std::set<Sequence> acknowledged_in_flight_;
  std::unique_ptr<SegmentWriter> writer_;
  std::uint64_t last_number_;  ///< Of the segments begun.

  Ledger ledger_;
  bool tidying_ = false;
  bool news_ = false;  ///< Acknowledgements that no checkpoint holds.
  Clock::time_point checkpoint_due_;
  Clock::time_point retry_due_ = Clock::time_point::min();
  std::unique_ptr<CheckpointFile> checkpoint_file_;
  Checkpoint checkpoint_;  ///< Its last_segment is the last one that holds a record.
  std::uint64_t damaged_kept_;

  SpoolUsage counters_;
};

}  // namespace optiinfra::spool
