/// @file optiinfra/spool/spool.hpp
/// Keeps records on this machine's disk until they are stored elsewhere: a log that survives a killed process
/// and a power loss. The format on disk is specified in docs/formats/spool.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/core/uuid.hpp"
#include "optiinfra/spool/file_system.hpp"

namespace optiinfra::spool {

/// Names a record within its spool permanently: sequences only grow, and none is given to a second record,
/// not even when the first was lost before it was synced. Within one opening they go up by one; each
/// opening begins at a new multiple of 2^32. Never 0.
using Sequence = std::uint64_t;

inline constexpr std::uint64_t kSpoolSegmentBytesMin = 512;
inline constexpr std::uint64_t kSpoolSegmentBytesMax = std::uint64_t{1} << 30;
inline constexpr std::uint64_t kSpoolRecordBytesMax = std::uint64_t{1} << 30;
/// Files of a spool at a time; with segments of 64 MiB that is 128 GiB.
inline constexpr std::size_t kSpoolSegmentsMax = 2'048;
/// Problems that a RecoveryReport describes; all are counted.
inline constexpr std::size_t kSpoolProblemsMax = 100;

struct SpoolOptions {
  /// Size of one file of the log, taken from the disk when the file is begun. A record that is larger gets
  /// a file of its own size. From kSpoolSegmentBytesMin to kSpoolSegmentBytesMax.
  std::uint64_t segment_bytes = std::uint64_t{64} << 20;

  /// Most disk space of all segments, without those set aside as damaged. When it is reached, append()
  /// returns kUnavailable until records are acknowledged. At least twice segment_bytes and twice the size of
  /// a largest record. A disk that fails while a segment is begun may add one segment.
  std::uint64_t spool_bytes_max = std::uint64_t{8} << 30;

  /// Largest record. At most kSpoolRecordBytesMax.
  std::uint64_t record_bytes_max = std::uint64_t{64} << 20;

  /// Memory for records that are not on disk yet. When it is full, append() waits for the disk. At least
  /// record_bytes_max.
  std::uint64_t buffer_bytes_max = std::uint64_t{128} << 20;

  /// Acknowledgements reach the disk this often while there are new ones. A crash may forget the
  /// acknowledgements of one interval, whose records are then replayed.
  std::chrono::milliseconds checkpoint_interval{1'000};
};

/// What Spool::open() found.
///
/// "Torn" is what a crash leaves of records that sync() had not promised yet. This is normal; open() cuts it
/// off and counts it. "Damaged" is what sync() had promised and what cannot be read or is gone. This is never
/// normal. At the very end of the log a damaged record can be told from a torn one only when something later
/// on disk says that it was synced.
struct RecoveryReport {
  bool created = false;          ///< The spool was empty or new.
  bool closed_in_order = false;  ///< By close(); otherwise its owner was killed or did not call close().

  std::uint64_t segments = 0;              ///< Files of the log that were read.
  std::uint64_t records = 0;               ///< Whole and not acknowledged: what replay() gives.
  std::uint64_t record_bytes = 0;          ///< Payload of these.
  std::uint64_t records_acknowledged = 0;  ///< Whole and acknowledged; not replayed.

  std::uint64_t torn_bytes = 0;
  std::uint64_t damaged_bytes = 0;     ///< They belonged to records that are no longer valid.
  std::uint64_t damaged_headers = 0;   ///< Of segments; their records are not affected.
  std::uint64_t records_missing = 0;   ///< Promised by sync(), not acknowledged on disk, not found.
  std::uint64_t segments_missing = 0;  ///< Files that must be there and are not.
  bool checkpoint_torn = false;        ///< Its last write was cut off; the one before counts.
  bool checkpoint_damaged = false;     ///< It cannot be read: acknowledged records may be replayed.

  /// One sentence for each damage above, with its place; at most kSpoolProblemsMax. A torn tail is not a
  /// problem.
  std::vector<std::string> problems;

  /// When false, report it to an operator. The records that are left are whole, in order, and are replayed.
  bool intact() const noexcept { return problems.empty(); }
};

struct SpoolUsage {
  std::uint64_t records = 0;              ///< Appended or recovered, and not acknowledged.
  std::uint64_t disk_bytes = 0;           ///< All segments, unused room in the last one included.
  std::uint64_t disk_bytes_max = 0;       ///< SpoolOptions::spool_bytes_max.
  std::uint64_t buffer_bytes = 0;         ///< Appended and not synced yet.
  std::uint64_t segments = 0;             ///< Files of the log.
  std::uint64_t damaged_segments = 0;     ///< Set aside as *.damaged for a person to look at.
  std::uint64_t syncs = 0;                ///< Group commits that succeeded since open().
  std::uint64_t segments_abandoned = 0;   ///< Segments given up after a failed write or sync.
  std::uint64_t storage_failures = 0;     ///< All failures of the disk since open().
  std::string last_storage_failure = {};  ///< The message of the last of them.
};

/// A record as it was appended. `payload` is valid during the call that hands it over.
struct SpoolRecord {
  Sequence sequence = 0;
  std::span<const std::byte> payload;
};

/// Receives one record of replay(). Return an error to stop; replay() then returns it.
using SpoolRecordSink = std::function<Result<void>(const SpoolRecord&)>;

/// An append-only log of records, each of which is kept until it is acknowledged.
///
/// | call          | what holds when it succeeds                                              |
/// | append()      | the record is in memory, and gone with the process                       |
/// | sync()        | it survives the process and the machine: replay() gives it after a crash |
/// | acknowledge() | it need not be kept; after a crash replay() may give it once more        |
///
/// So a reader of a replay must be able to take a record twice. identity() and the sequence together name a
/// record uniquely across all spools, permanently.
///
/// Threads: append(), sync(), acknowledge(), replay() and usage() may be called from any number of threads;
/// those that wait in sync() share one fdatasync. No other call may run during close() and destruction.
///
/// Errors: kStorage when the disk refuses a call (full, input/output error, too many open files). Such a
/// failure ends the use of only the segment that it hit. Records that were promised stay promised; records
/// that were not yet synced stay in memory, keep their sequence, and go to a new segment with the next
/// sync(). The spool need not be reopened when the disk has recovered.
class Spool {
 public:
  /// Opens the spool in `folder`, which is created (mode 0700) when absent; its parent must exist. Reads all
  /// of it, checks every record and cuts off a torn tail. Damage is not an error: see recovery().
  ///
  /// `files` must outlive the spool. Errors: kInvalidArgument for options out of their bounds; kUnavailable
  /// when another process has it open, naming that one; kIncompatible for a folder that is not a spool or one
  /// of a newer version; kCorrupt when all places that hold the identity are damaged; kStorage when the disk
  /// fails, also when reading. An error changes nothing that another open() would need.
  static Result<std::unique_ptr<Spool>> open(const std::filesystem::path& folder,
                                             const SpoolOptions& options = {},
                                             FileSystem& files = posix_file_system());

  /// Abandons what was not synced. Acknowledgements of the last checkpoint_interval are forgotten.
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  /// Random, drawn when the spool was created; it never changes.
  const Uuid& identity() const noexcept;

  /// The first sequence of this opening: smaller ones belong to records that were found.
  Sequence first_sequence() const noexcept;

  const RecoveryReport& recovery() const noexcept;

  /// Takes a record made of `parts`, one after the other, and copies them. A record may be empty.
  ///
  /// Waits for the disk only while the buffer is full. Errors, all with nothing taken: kTooLarge above
  /// record_bytes_max; kUnavailable when the spool is full (acknowledge, or wait, and repeat); kStorage when
  /// the buffer is full because the disk fails.
  Result<Sequence> append(std::span<const std::span<const std::byte>> parts);

  /// Returns when every record up to `through`, included, is on the disk.
  ///
  /// Errors: kInvalidArgument for a sequence never given out; kStorage with Applied::kUnknown: the record may
  /// be found after a crash or not. It stays in memory: sync() again once the disk is repaired, or
  /// acknowledge() it, which gives its memory back.
  Result<void> sync(Sequence through);

  /// Says that the record `sequence` is done. Records may be acknowledged in any order and also before they
  /// are synced; repeating it does nothing. The call deletes files whose records are all done, and may
  /// therefore last as long as a few syncs.
  ///
  /// When the disk fails to delete, this is not an error: usage() counts it, and later acknowledgements try
  /// again. Errors: kInvalidArgument for a sequence never given out.
  Result<void> acknowledge(Sequence sequence);

  /// Gives every record that is synced and not acknowledged to `sink`, in order of sequence. The first call
  /// after open() gives the records that the last owner left. Memory stays near the size of one record.
  /// `sink` may call append(), sync() and acknowledge().
  ///
  /// Errors: those of `sink`; kStorage; kCorrupt, after all readable records were given, when some that
  /// open() had found whole cannot be read any more.
  Result<void> replay(const SpoolRecordSink& sink);

  SpoolUsage usage() const;

  /// Syncs what was appended, writes the acknowledgements and ends the use of the spool. A spool without
  /// unacknowledged records then has no segments. Errors: kStorage, and the spool stays open. After success
  /// every call except close() and the getters returns kInvalidArgument.
  Result<void> close();

 private:
  class State;
  explicit Spool(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace optiinfra::spool
