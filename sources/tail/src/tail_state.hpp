// What a tail has in memory.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "checkpoint.hpp"
#include "followed_file.hpp"
#include "optiinfra/tail/tail.hpp"

namespace optiinfra::tail {

/// A file that is followed, or was.
struct Followed {
  using Clock = std::chrono::steady_clock;

  FileMark mark = {};
  std::optional<LogFile> file = {};     ///< While it is open.
  std::optional<FilePlace> place = {};  ///< Known since this tail saw it; nothing for a mark without a file.
  std::filesystem::path path =
      {};              ///< Where it lies; empty when it was removed, or renamed and not found since.
  FileLook look = {};  ///< The last.
  Clock::time_point changed = {};  ///< When a look differed last.
  bool is_named = false;           ///< A name of the options led to it when it was looked last.
  bool was_named = false;          ///< The time before.
  Clock::time_point unnamed_since = {};
  bool is_due = false;              ///< It may have something to read though it is not open.
  bool was_looked_for = false;      ///< In its folder, under another name.
  std::uint64_t half_line_end = 0;  ///< To there, no line ends after the offset.
  std::uint64_t turn = 0;           ///< When it had its last block; 0 for none.
  bool has_fault = false;
  bool is_counted = false;

  /// All that it has is stored.
  bool is_read() const { return look.size == mark.offset && mark.block_end == 0; }
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
  using Clock = Followed::Clock;

  void look_for_files();
  void take_named();
  void take(const std::filesystem::path& path, const FileLook& look);
  void note_look(Followed& followed, const FileLook& look);
  void keep_named(const std::string& pattern);
  bool is_wanted(const Followed& followed) const;
  Followed* known_as(const FilePlace& place, const LogFile& file);
  void look_for_renamed(bool is_for_all);
  void meet_renamed(const std::filesystem::path& path, std::set<const Followed*>& met);
  void follow_renamed(Followed& followed, LogFile file, const std::filesystem::path& path,
                      const FileLook& look);
  void miss_renamed(Followed& followed);
  void close_some(const Followed* except);
  void forget_old();
  void say_once(const std::string& name, const std::string& sentence);

  std::vector<Followed*> by_turn() const;
  bool advance(Followed& followed);
  Result<bool> try_advance(Followed& followed);
  Result<bool> open_again(Followed& followed);
  enum class Content { kSame, kShorter, kOther };
  Result<Content> content_of(const Followed& followed) const;
  Result<bool> holds_what_was_read(const Followed& followed) const;
  void begin_again(Followed& followed);
  void go_on_where_cut(Followed& followed);
  Result<bool> read_block_again(Followed& followed);
  Result<bool> read_new_block(Followed& followed);
  Result<void> note_beginning(Followed& followed, std::uint64_t bytes);
  Result<bool> leave_long_line_out(Followed& followed);
  bool leave_out(Followed& followed, std::uint64_t end);
  bool finish(Followed& followed);
  bool is_over(const Followed& followed) const;
  void hand_over(Followed& followed, std::string_view text);
  void name_refused(const TailBlock& block, const LogRows& read);
  void remark(std::string sentence);

  const TailOptions options_;
  spool::FileSystem& disk_;
  std::unique_ptr<spool::FolderLock> lock_;
  std::vector<std::unique_ptr<Followed>> files_;
  std::unordered_multimap<std::uint64_t, Followed*> by_inode_;  ///< While files are looked for.
  std::optional<Clock::time_point> looked_, looked_for_renamed_;
  std::uint64_t turns_ = 0;
  std::string read_as_;  ///< As FileMark's.
  std::optional<Handed> handed_;
  bool has_news_ = false;  ///< That the state on disk lacks.
  TailCounts counts_;
  std::uint64_t lines_named_ = 0;
  bool said_too_many_ = false;
  std::map<std::string, std::string> faults_;  ///< What was said last of names that lead to no file.
  std::vector<std::string> remarks_;
};

}  // namespace optiinfra::tail
