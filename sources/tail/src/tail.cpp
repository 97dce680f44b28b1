#include "optiinfra/tail/tail.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "checkpoint.hpp"
#include "followed_file.hpp"

namespace optiinfra::tail {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLookForFilesEvery{1'000};
constexpr std::size_t kRemarksMax = 50;
constexpr std::size_t kSearchedPiece = std::size_t{1} << 20;

/// What begins with whole lines: the bytes of at most kBlockLinesMax of them.
std::size_t whole_lines(std::string_view text) {
  std::size_t end = 0;
  for (std::size_t lines = 0; lines < kBlockLinesMax; ++lines) {
    const std::size_t at = text.find('\n', end);
    if (at == std::string_view::npos) break;
    end = at + 1;
  }
  return end;
}

/// The state is used again from another folder, too.
TailOptions with_whole_paths(TailOptions options) {
  for (std::string& file : options.files) file = std::filesystem::absolute(file).string();
  return options;
}

/// A file that is followed, or was.
struct Followed {
  FileMark mark = {};
  std::optional<LogFile> file = {};
  bool is_named = false;  ///< A name of the options led to it when it was looked last.
  Clock::time_point unnamed_since = {};
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

std::string bytes_text(std::uint64_t bytes) { return "byte " + std::to_string(bytes); }

}  // namespace

class Tail::State {
 public:
  State(TailOptions options, spool::FileSystem& disk)
      : options_(with_whole_paths(std::move(options))), disk_(disk) {}

  Result<void> open();
  Result<const TailBlock*> next();
  void stored();
  Result<void> write();
  std::vector<std::string> take_remarks() { return std::exchange(remarks_, {}); }
  TailCounts counts() const;

 private:
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

Result<void> Tail::State::open() {
  if (options_.files.empty()) return invalid_argument("no file to follow was named");
  if (options_.state_folder.empty()) return invalid_argument("a folder for the state is needed");
  if (options_.defaults.customer.empty() && !options_.form.has_column("customer_id"))
    return invalid_argument("lines of the form " + options_.form.name() +
                            " do not say whose the requests are: state the customer");
  if (options_.defaults.service.empty() && !options_.form.has_column("service_id"))
    return invalid_argument("lines of the form " + options_.form.name() +
                            " do not say of which service the requests are: state it");
  OPTIINFRA_CHECK(disk_.create_folder(options_.state_folder));
  OPTIINFRA_TRY(lock_, disk_.lock_folder(options_.state_folder));
  OPTIINFRA_TRY(std::vector<FileMark> marks, read_marks(options_.state_folder, disk_));
  for (FileMark& each : marks) {
    files_.push_back(std::make_unique<Followed>());
    files_.back()->mark = std::move(each);
  }
  return {};
}

void Tail::State::remark(std::string sentence) {
  if (remarks_.size() < kRemarksMax) remarks_.push_back(std::move(sentence));
}

Result<const TailBlock*> Tail::State::next() {
  if (!handed_) {
    const auto at = Clock::now();
    if (!looked_ || at - *looked_ >= kLookForFilesEvery) {
      look_for_files();
      looked_ = at;
    }
    for (std::size_t i = 0; i < files_.size() && !handed_; ++i) {
      Followed& followed = *files_[(turn_ + i) % files_.size()];
      if (followed.file && advance(followed)) turn_ = (turn_ + i + 1) % files_.size();
    }
  }
  if (!handed_) {
    if (has_news_) OPTIINFRA_CHECK(write());
    return nullptr;
  }
  if (!handed_->is_recorded) {
    OPTIINFRA_CHECK(write());
    handed_->is_recorded = true;
  }
  return &handed_->block;
}

void Tail::State::stored() {
  if (!handed_) return;
  FileMark& mark = handed_->file->mark;
  mark.offset = handed_->end;
  mark.lines += handed_->counts.lines;
  mark.block_end = 0;
  counts_.lines += handed_->counts.lines;
  counts_.rows += handed_->counts.rows;
  counts_.others += handed_->counts.others;
  counts_.refused += handed_->counts.refused;
  counts_.too_long += handed_->counts.too_long;
  if (!std::exchange(handed_->file->is_counted, true)) ++counts_.files;
  has_news_ = true;
  handed_.reset();
}

Result<void> Tail::State::write() {
  std::vector<const FileMark*> marks;
  for (const auto& each : files_)
    if (each->mark.offset != 0 || each->mark.block_end != 0) marks.push_back(&each->mark);
  OPTIINFRA_CHECK(write_marks(options_.state_folder, marks, disk_));
  has_news_ = false;
  return {};
}

TailCounts Tail::State::counts() const {
  TailCounts counts = counts_;
  for (const auto& each : files_)
    if (each->file && each->size > each->mark.offset) counts.behind_bytes += each->size - each->mark.offset;
  return counts;
}

// Which files there are.

void Tail::State::look_for_files() {
  for (const auto& each : files_) {
    if (each->is_named) each->unnamed_since = Clock::now();
    each->is_named = false;
  }
  std::error_code ignored;
  for (const std::string& pattern : options_.files)
    for (const std::filesystem::path& path : files_of(pattern)) {
      const auto place = place_of(path);
      if (place) take(path, *place);
      if (!place && faults_.insert(path.string()).second)
        remark(path.string() +
               (std::filesystem::exists(path, ignored) ? " is no regular file" : " is not there yet"));
    }
  for (std::size_t i = 0; i < files_.size(); ++i)
    if (!files_[i]->is_named && !files_[i]->file) look_for_renamed(*files_[i]);
  forget_old();
}

bool Tail::State::is_followed(const FilePlace& place) const {
  return std::ranges::any_of(files_,
                             [&](const auto& each) { return each->file && each->file->place() == place; });
}

void Tail::State::take(const std::filesystem::path& path, const FilePlace& place) {
  for (const auto& each : files_) {
    if (!each->file || each->file->place() != place) continue;
    if (!std::exchange(each->is_named, true)) each->mark.path = path.string();
    each->mark.seen = now();
    return;
  }
  const auto open = std::ranges::count_if(files_, [](const auto& each) { return each->file.has_value(); });
  if (static_cast<std::size_t>(open) >= kFollowedFilesMax) {
    if (!std::exchange(said_too_many_, true))
      remark("more than " + std::to_string(kFollowedFilesMax) + " files are named; " + path.string() +
             " and others wait until older ones are gone");
    return;
  }
  auto file = LogFile::open(path);
  if (!file) {
    if (faults_.insert(path.string()).second) remark(file.error().message);
    return;
  }
  faults_.erase(path.string());
  if (is_followed(file->place())) return;  // Renamed since its name was looked up.
  Followed* followed = known_as(file->place(), *file);
  if (followed == nullptr) {
    for (const auto& each : files_)
      if (!each->file && each->mark.path == path.string() && !each->mark.is_finished &&
          each->mark.inode == file->place().inode)
        remark(path.string() + " holds something else than before; what followed " +
               bytes_text(each->mark.offset) + " of it then is not known");
    followed = files_.emplace_back(std::make_unique<Followed>()).get();
    followed->mark.identity = Uuid::random();
    followed->mark.inode = file->place().inode;
  }
  followed->file = std::move(*file);
  followed->is_named = true;
  followed->mark.is_finished = false;
  followed->mark.path = path.string();
  followed->mark.seen = now();
}

/// The mark of a file that was followed before. The number of its device changes when a machine starts again.
Followed* Tail::State::known_as(const FilePlace& place, const LogFile& file) {
  Followed* best = nullptr;
  for (const auto& each : files_) {
    if (each->file || each->mark.inode != place.inode) continue;
    if (best != nullptr && best->mark.beginning_bytes >= each->mark.beginning_bytes) continue;
    const auto size = file.size();
    const auto beginning = file.beginning(each->mark.beginning_bytes);
    const bool is_same = size && beginning && *beginning &&
                         *size >= std::max(each->mark.offset, each->mark.block_end) &&
                         **beginning == each->mark.beginning;
    if (is_same) best = each.get();
  }
  return best;
}

/// Where a file was renamed while nothing followed it, the rest of it is read.
void Tail::State::look_for_renamed(Followed& followed) {
  if (followed.mark.is_finished || std::exchange(followed.was_looked_for, true)) return;
  const std::filesystem::path path(followed.mark.path);
  std::error_code ignored;
  const std::filesystem::path folder =
      path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  for (std::filesystem::directory_iterator at(folder, ignored), end; !ignored && at != end;
       at.increment(ignored)) {
    const auto place = place_of(at->path());
    if (!place || place->inode != followed.mark.inode || is_followed(*place)) continue;
    auto file = LogFile::open(at->path());
    if (!file || known_as(file->place(), *file) != &followed) continue;
    followed.file = std::move(*file);
    followed.unnamed_since = Clock::now();
    return;
  }
  remark(followed.mark.path + " is gone, or holds something else; it was read up to " +
         bytes_text(followed.mark.offset));
}

void Tail::State::forget_old() {
  const sys_seconds oldest = now() - kMarkAgeMax;
  if (handed_) return;
  if (std::erase_if(files_, [&](const auto& each) { return !each->file && each->mark.seen < oldest; }) != 0) {
    has_news_ = true;
    turn_ = 0;
  }
}

// What they hold.

/// Whether there is a block now. What a file's reading fails with is said once.
bool Tail::State::advance(Followed& followed) {
  auto advanced = try_advance(followed);
  if (!advanced && !std::exchange(followed.has_fault, true)) remark(advanced.error().message);
  if (advanced) followed.has_fault = false;
  return advanced && *advanced;
}

Result<bool> Tail::State::try_advance(Followed& followed) {
  OPTIINFRA_TRY(followed.size, followed.file->size());
  FileMark& mark = followed.mark;
  if (followed.size == mark.offset && mark.block_end == 0) return finish(followed);
  if (mark.block_end == 0 && followed.size == followed.half_line_end && !is_over(followed)) return false;
  OPTIINFRA_TRY(const bool is_same, holds_what_was_read(followed));
  if (!is_same) begin_again(followed);
  return mark.block_end != 0 ? read_block_again(followed) : read_new_block(followed);
}

Result<bool> Tail::State::holds_what_was_read(const Followed& followed) const {
  if (followed.size < std::max(followed.mark.offset, followed.mark.block_end)) return false;
  OPTIINFRA_TRY(const auto beginning, followed.file->beginning(followed.mark.beginning_bytes));
  return beginning == followed.mark.beginning || followed.mark.beginning_bytes == 0;
}

/// The file was truncated, or written anew: its lines are others than those that were read.
void Tail::State::begin_again(Followed& followed) {
  FileMark& mark = followed.mark;
  remark(mark.path + " was truncated; what it had after " + bytes_text(mark.offset) +
         (mark.block_end == 0 ? "" : ", of which a part was on its way,") + " is not known");
  FileMark fresh;
  fresh.identity = Uuid::random();
  fresh.path = mark.path;
  fresh.inode = mark.inode;
  fresh.seen = mark.seen;
  mark = std::move(fresh);
  followed.half_line_end = 0;
  has_news_ = true;
}

/// The block that was handed over before a kill.
Result<bool> Tail::State::read_block_again(Followed& followed) {
  const FileMark& mark = followed.mark;
  OPTIINFRA_TRY(const std::string text,
                followed.file->read(mark.offset, static_cast<std::size_t>(mark.block_end - mark.offset)));
  OPTIINFRA_TRY(const bool is_same, holds_what_was_read(followed));
  if (!is_same || text.size() < mark.block_end - mark.offset) return false;
  hand_over(followed, text);
  handed_->is_recorded = true;
  return true;
}

Result<bool> Tail::State::read_new_block(Followed& followed) {
  FileMark& mark = followed.mark;
  const std::uint64_t rest = followed.size - mark.offset;
  if (rest == 0) return false;
  OPTIINFRA_TRY(std::string text,
                followed.file->read(mark.offset, std::min<std::uint64_t>(rest, kBlockBytesMax)));
  std::size_t end = whole_lines(text);
  if (end == 0 && text.size() == kBlockBytesMax) return leave_long_line_out(followed);
  if (end == 0 && is_over(followed)) end = text.size();
  followed.half_line_end = end == 0 ? followed.size : 0;
  if (end == 0) return false;
  text.resize(end);
  // After the reading, so that a file that was truncated in between is noticed.
  OPTIINFRA_TRY(const bool is_same, holds_what_was_read(followed));
  if (!is_same) return false;
  OPTIINFRA_CHECK(note_beginning(followed, mark.offset + end));
  mark.block_end = mark.offset + end;
  mark.block_time = now();
  hand_over(followed, text);
  return true;
}

/// How the file begins, of which `bytes` are read.
Result<void> Tail::State::note_beginning(Followed& followed, std::uint64_t bytes) {
  const std::uint64_t count = std::min(bytes, kBeginningBytes);
  OPTIINFRA_TRY(const auto beginning, followed.file->beginning(count));
  if (!beginning) return Error{ErrorKind::kStorage, followed.mark.path + " was truncated while it was read"};
  followed.mark.beginning = *beginning;
  followed.mark.beginning_bytes = count;
  return {};
}

Result<bool> Tail::State::leave_long_line_out(Followed& followed) {
  const FileMark& mark = followed.mark;
  std::uint64_t at = std::max(followed.half_line_end, mark.offset);
  while (at < followed.size) {
    OPTIINFRA_TRY(const std::string piece, followed.file->read(at, kSearchedPiece));
    const std::size_t end = piece.find('\n');
    if (piece.empty()) break;
    at += end == std::string::npos ? piece.size() : end + 1;
    if (end == std::string::npos) continue;
    remark(mark.path + " line " + std::to_string(mark.lines + 1) + " is longer than " +
           std::to_string(kBlockBytesMax >> 20) + " MiB and left out");
    OPTIINFRA_CHECK(note_beginning(followed, at));
    handed_ =
        Handed{.file = &followed, .end = at, .counts = {.lines = 1, .too_long = 1}, .is_recorded = true};
    handed_->block.file = mark.path;
    followed.half_line_end = 0;
    return true;
  }
  followed.half_line_end = at;
  return false;
}

/// Whether nobody is expected to write to the file any more.
bool Tail::State::is_over(const Followed& followed) const {
  return !followed.is_named && Clock::now() - followed.unnamed_since >= options_.rotated_grace;
}

bool Tail::State::finish(Followed& followed) {
  if (!is_over(followed)) return false;
  followed.file.reset();
  followed.mark.is_finished = true;
  has_news_ = true;
  return false;
}

void Tail::State::hand_over(Followed& followed, std::string_view text) {
  const FileMark& mark = followed.mark;
  LogRows read = read_log(options_.form, options_.defaults, text, mark.block_time);
  handed_ = Handed{.file = &followed, .end = mark.block_end};
  handed_->counts = {
      .lines = read.lines, .rows = read.rows.size(), .others = read.others, .refused = read.refused_count};
  handed_->block.token = "tail:" + mark.identity.to_string() + ":" + std::to_string(mark.offset) + "-" +
                         std::to_string(mark.block_end);
  handed_->block.file = mark.path;
  handed_->block.first_line = mark.lines + 1;
  name_refused(handed_->block, read);
  handed_->is_recorded = read.rows.size() == 0;
  handed_->block.rows = std::move(read.rows);
}

void Tail::State::name_refused(const TailBlock& block, const LogRows& read) {
  for (const RefusedLine& each : read.refused) {
    if (++lines_named_ > kLinesNamedMax + 1) return;
    remark(lines_named_ > kLinesNamedMax
               ? "more lines are refused; they are counted and not named"
               : block.file + " line " + std::to_string(block.first_line + each.line) +
                     " is refused: " + each.to_string());
  }
}

Tail::Tail(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Tail::~Tail() = default;
Tail::Tail(Tail&&) noexcept = default;
Tail& Tail::operator=(Tail&&) noexcept = default;

Result<Tail> Tail::open(TailOptions options, spool::FileSystem& disk) {
  auto state = std::make_unique<State>(std::move(options), disk);
  OPTIINFRA_CHECK(state->open());
  return Tail(std::move(state));
}

Result<const TailBlock*> Tail::next() { return state_->next(); }
void Tail::stored() { state_->stored(); }
Result<void> Tail::close() { return state_->write(); }
std::vector<std::string> Tail::take_remarks() { return state_->take_remarks(); }
TailCounts Tail::counts() const { return state_->counts(); }

}  // namespace optiinfra::tail
