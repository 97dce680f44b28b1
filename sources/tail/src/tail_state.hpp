// What a tail has in memory.
#pragma once

#include <optional>
#include <set>
#include <utility>

#include "checkpoint.hpp"
#include "followed_file.hpp"
#include "optiinfra/tail/tail.hpp"

namespace optiinfra::tail {

/// A file that is followed, or was.
struct Followed {
  FileMark mark = {};
  std::optional<LogFile> file = {};
  bool is_named = false;  ///< A name of the options led to it when it was looked last.
  std::chrono::steady_clock::time_point unnamed_since = {};
  bool was_looked_for = false;      ///< In its folder, under another name.
  std::uint64_t size = 0;           ///< When it was looked last.
  std::uint64_t half_line_end = 0;  ///< To there, no line ends after the offset.
  bool has_fault = false;
  bool is_counted = false;
};

/// A block that is handed over, and what is to be noted when it is stored.
struct Handed {
  TailBlock block = {};
  Followed* file = nullptr;
  std::uint64_t end = 0;
  TailCounts counts = {};
  bool is_recorded = false;  ///< Its bounds are on the disk, or it has no rows.
};

/// "byte 17".
inline std::string bytes_text(std::uint64_t bytes) { return "byte " + std::to_string(bytes); }

class Tail::State {
 public:
  State(TailOptions options, spool::FileSystem& disk) : options_(std::move(options)), disk_(disk) {}

  Result<void> open();
  Result<const TailBlock*> next();
  void stored();
  Result<void> write();
  std::vector<std::string> take_remarks() { return std::exchange(remarks_, {}); }
  TailCounts counts() const;

 private:
  using Clock = std::chrono::steady_clock;

  void look_for_files();
  void take(const std::filesystem::path& path, const FilePlace& place);
  Followed* known_as(const FilePlace& place, const LogFile& file);
  void look_for_renamed(Followed& followed);
  void forget_old();
  bool is_followed(const FilePlace& place) const;

  bool advance(Followed& followed);
  Result<bool> try_advance(Followed& followed);
  Result<bool> holds_what_was_read(const Followed& followed) const;
  void begin_again(Followed& followed);
  Result<bool> read_block_again(Followed& followed);
  Result<bool> read_new_block(Followed& followed);
  Result<void> note_beginning(Followed& followed, std::uint64_t bytes);
  Result<bool> leave_long_line_out(Followed& followed);
  bool finish(Followed& followed);
  bool is_over(const Followed& followed) const;
  void hand_over(Followed& followed, std::string_view text);
  void name_refused(const TailBlock& block, const LogRows& read);
  void remark(std::string sentence);

  const TailOptions options_;
  spool::FileSystem& disk_;
  std::unique_ptr<spool::FolderLock> lock_;
  std::vector<std::unique_ptr<Followed>> files_;
  std::optional<Clock::time_point> looked_;
  std::size_t turn_ = 0;  ///< Whose block is next.
  std::optional<Handed> handed_;
  bool has_news_ = false;  ///< That the state on disk lacks.
  TailCounts counts_;
  std::uint64_t lines_named_ = 0;
  bool said_too_many_ = false;
  std::set<std::string> faults_;  ///< Names that could not be opened.
  std::vector<std::string> remarks_;
};

}  // namespace optiinfra::tail
