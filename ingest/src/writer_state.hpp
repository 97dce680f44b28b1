/// The state of a Writer: the stages where rows gather, the queue of full groups, and the threads that empty
/// it.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "insert_group.hpp"
#include "memory_budget.hpp"
#include "optiinfra/ingest/writer.hpp"
#include "optiinfra/spool/spool.hpp"
#include "optiinfra/transport/url.hpp"
#include "record.hpp"
#include "requests.hpp"
#include "send_queue.hpp"

namespace optiinfra {

/// What a writer with a spool has on disk.
struct WriterDisk {
  std::shared_ptr<spool::Spool> spool;  ///< nullptr: nothing.
  std::unique_ptr<Requests> requests;

  /// `files` must outlive it. An empty folder: nothing. Errors: those of Spool::open and Requests::open.
  static Result<WriterDisk> open(const std::filesystem::path& folder, const spool::SpoolOptions& options,
                                 const RequestBounds& bounds = {},
                                 spool::FileSystem& files = spool::posix_file_system());
};

/// Opens a writer on what a test may have made, too.
struct WriterOnDisk {
  static Writer open(Client& client, WriterOptions options, WriterDisk disk);
};

/// The rows that a ticket follows.
struct Ticket::Rows {
  Acknowledgement level;
  std::shared_ptr<InsertGroup> group;   ///< nullptr: there were no rows, or they are stored.
  std::shared_ptr<spool::Spool> spool;  ///< nullptr: none.
  spool::Sequence record = 0;           ///< In the spool.
};

class Writer::State {
 public:
  /// Of a client that outlives the writer.
  State(Client& client, WriterOptions options, WriterDisk disk);
  /// Of the store at `url`, which is opened by the first insert where `client` is empty.
  State(StoreUrl url, std::optional<Client> client, WriterOptions options, WriterDisk disk);
  ~State();

  void start();

  template <typename Row>
  Result<WriteReceipt> write(const Batch<Row>& batch, const WriteOptions& options);

  Result<void> flush(std::chrono::milliseconds timeout);
  Result<void> close(std::chrono::milliseconds timeout);
  WriterMetrics metrics() const;

 private:
  static Error closed() { return {ErrorKind::kUnavailable, "the writer is closed"}; }

  using Group = std::shared_ptr<InsertGroup>;
  using Clock = std::chrono::steady_clock;

  /// Where the rows of one family gather until there are enough.
  struct Stage {
    std::mutex mutex;
    Group open;
  };
  Stage& stage_of(Family family) { return stages_[static_cast<std::size_t>(family)]; }

  Result<void> take_memory(std::size_t bytes);
  Group new_group(Family family, std::string token);
  void join_live(const Group& group);
  std::string next_token();
  Result<void> expect_possible(const WriteOptions& options) const;
  /// Of a request that was handed over before. `lock` is that of the requests.
  Result<std::optional<Ticket>> find_repeated(const Requests::Lock& lock, const WriteOptions& options) const;
  struct Staged {
    Ticket ticket;
    bool is_repeated = false;
  };
  template <typename Row>
  Result<Staged> stage(const Batch<Row>& rows, const WriteOptions& options);
  template <typename Row>
  Result<Staged> stage_in_memory(const Batch<Row>& rows, std::size_t bytes, const WriteOptions& options);
  Result<spool::Sequence> append_record(const RecordHead& head, const Block& rows);
  void seal(Stage& stage);
  void seal_if_older(Clock::time_point than);

  void send_groups();
  void send(const Group& group);
  Result<void> store(InsertGroup& group);
  Result<Client*> client();
  Result<void> acknowledge(const Group& group);
  void note_error(const std::string& message);
  void tell(const std::string& failure) const;
  void retire(const Group& group);
  void postpone(const Group& group, const Error& error);

  void seal_by_age();
  void recover();
  void add_problem(const std::string& sentence);
  using Gathering = std::array<Group, std::size(kFamilies)>;
  Result<void> recover_record(const spool::SpoolRecord& spooled, Gathering& gathering);
  Group recovered_group(const RecordHead& head);
  Result<void> take_memory_for_recovery(std::size_t bytes, const Gathering& gathering);

  void stop();
  std::vector<Group> live_groups() const;

  std::mutex client_mutex_;
  const StoreUrl url_ = {};
  std::optional<Client> own_client_;
  Client* client_ = nullptr;  ///< nullptr until the store is open.
  const WriterOptions options_;
  std::shared_ptr<spool::Spool> spool_;
  const std::unique_ptr<Requests> requests_;  ///< Where there is a spool.
  const std::string name_;  ///< Of this writer, unique: the first half of its groups' tokens.
  std::atomic<std::uint64_t> next_group_{0};

  MemoryBudget memory_;
  std::array<Stage, std::size(kFamilies)> stages_;
  SendQueue queue_;

  mutable std::mutex live_mutex_;
  std::set<Group> live_;  ///< Neither stored nor abandoned.
  std::string last_error_;
  std::vector<std::string> spool_problems_;

  std::mutex stop_mutex_;
  std::condition_variable stop_changed_;
  bool stopping_ = false;
  std::atomic<bool> is_recovering_{false};

  std::atomic<std::uint64_t> rows_accepted_{0}, rows_stored_{0}, rows_refused_{0}, rows_recovered_{0},
      inserts_{0}, retries_{0};
  std::vector<std::thread> threads_;
};

}  // namespace optiinfra
