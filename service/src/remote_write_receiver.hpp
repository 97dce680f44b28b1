/// Takes requests of remote write, keeps them on disk, and hands the rows that they make to the writer.
#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "optiinfra/ingest/writer.hpp"
#include "optiinfra/remote_write/gather.hpp"
#include "optiinfra/remote_write/record.hpp"
#include "optiinfra/spool/spool.hpp"

namespace optiinfra::service {

/// Most bytes on disk of the requests that later rows need.
inline constexpr std::uint64_t kRemoteWriteLogBytesMax = std::uint64_t{2} << 30;
/// Readings whose rows the writer did not take yet.
inline constexpr std::size_t kGatheredRowsMax = 100'000;

/// A request stays in a log on disk as long as a row may be made of it or of the next sample of its series.
/// A later run reads the log and makes the same rows again, under the same keys; the writer takes each once.
/// Threads: any.
class RemoteWriteReceiver {
 public:
  /// `folder` is created when absent. The writer must outlive the receiver, and have a spool. Errors: those
  /// of Spool::open.
  static Result<std::unique_ptr<RemoteWriteReceiver>> open(const std::filesystem::path& folder,
                                                           Writer& writer);

  /// Samples that are no row yet lie in the log.
  ~RemoteWriteReceiver();
  RemoteWriteReceiver(const RemoteWriteReceiver&) = delete;
  RemoteWriteReceiver& operator=(const RemoteWriteReceiver&) = delete;

  /// Returns when the request is on disk; `received` needs no time. Errors: kInvalidArgument and kTooLarge
  /// for a body that is not remote write; kUnavailable when too much waits, kStorage when the disk fails:
  /// the sender then repeats the request.
  Result<remote_write::RemoteWriteAnswer> take(remote_write::RemoteWriteRecord received);

  /// Prometheus' text format 0.0.4.
  std::string metrics_text() const;

 private:
  RemoteWriteReceiver(std::unique_ptr<spool::Spool> log, Writer& writer);

  Result<void> replay();
  Result<void> replay(spool::Sequence sequence, const remote_write::RemoteWriteRecord& record);
  Result<spool::Sequence> append(const remote_write::RemoteWriteRecord& record);
  /// Before rows are stored, so that a later run makes them of the same samples.
  Result<void> keep_time();
  exposition::sys_milliseconds advance_time();
  void run();
  void work();
  /// Hands over the rows of `made` until the writer refuses; those that it took are removed.
  void write(std::deque<remote_write::GatheredRows>& made);

  const std::unique_ptr<spool::Spool> log_;
  Writer& writer_;

  mutable std::mutex mutex_;
  remote_write::RemoteWriteGatherer gatherer_;
  /// The time that the receiver has listened, from the clock at its first start on. A sender that repeats
  /// what it could not send meanwhile is not late.
  exposition::sys_milliseconds now_{};
  std::chrono::steady_clock::time_point advanced_at_ = std::chrono::steady_clock::now();
  std::size_t rows_waiting_ = 0;  ///< Of made_.
  std::uint64_t rows_refused_ = 0, rows_repeated_ = 0, records_unreadable_ = 0;
  std::string last_error_;
  bool is_stopped_ = false;
  std::condition_variable stop_;

  // Of the thread alone.
  std::deque<remote_write::GatheredRows> made_;
  std::vector<std::uint64_t> released_;
  exposition::sys_milliseconds made_at_{};    ///< When the latest of made_ was made.
  exposition::sys_milliseconds kept_time_{};  ///< Likewise, on disk.
  spool::Sequence kept_time_record_ = 0;      ///< Where; 0 for nowhere.
  std::thread thread_;
};

}  // namespace optiinfra::service
