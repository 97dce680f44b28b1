#include "optiinfra/tail/tail.hpp"

#include <algorithm>

#include "optiinfra/core/time.hpp"
#include "tail_state.hpp"

namespace optiinfra::tail {
namespace {

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
  for (std::string& file : options.files) file = std::filesystem::absolute(file).lexically_normal().string();
  return options;
}

/// "sglang, customer acme, service chat".
std::string way_of_reading(const TailOptions& options) {
  std::string text = options.form.name();
  const auto add = [&](const char* what, const std::string& name) {
    if (!name.empty()) text += std::string(", ") + what + " " + name;
  };
  add("customer", options.defaults.customer);
  add("service", options.defaults.service);
  add("model", options.defaults.model);
  add("instance", options.defaults.instance);
  return text;
}

}  // namespace

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
  read_as_ = way_of_reading(options_);
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
    for (Followed* const each : by_turn()) {
      if (!advance(*each)) continue;
      each->turn = ++turns_;
      break;
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
    if (each->place && each->look.size > each->mark.offset)
      counts.behind_bytes += each->look.size - each->mark.offset;
  return counts;
}

// What they hold.

/// What may have something to read: what waited longest, and of those the newest first.
std::vector<Followed*> Tail::State::by_turn() const {
  std::vector<Followed*> order;
  for (const auto& each : files_)
    if (each->file || (each->is_due && each->place && !each->path.empty())) order.push_back(each.get());
  std::ranges::stable_sort(order, {},
                           [](const Followed* each) { return std::pair(each->turn, -each->look.modified); });
  return order;
}

/// Whether there is a block now. What a file's reading fails with is said once.
bool Tail::State::advance(Followed& followed) {
  followed.is_due = false;
  auto advanced = try_advance(followed);
  if (!advanced && !std::exchange(followed.has_fault, true)) remark(advanced.error().message);
  if (advanced) followed.has_fault = false;
  followed.is_due = advanced && *advanced;
  return followed.is_due;
}

Result<bool> Tail::State::try_advance(Followed& followed) {
  if (!followed.file) {
    OPTIINFRA_TRY(const bool is_open, open_again(followed));
    if (!is_open) return false;
  }
  OPTIINFRA_TRY(const FileLook look, followed.file->look());
  note_look(followed, look);
  FileMark& mark = followed.mark;
  if (followed.is_read()) return finish(followed);
  if (mark.block_end == 0 && look.size == followed.half_line_end && !is_over(followed)) return false;
  OPTIINFRA_TRY(const Content content, content_of(followed));
  if (content == Content::kOther) begin_again(followed);
  if (content == Content::kShorter) go_on_where_cut(followed);
  if (followed.is_read()) return finish(followed);
  return mark.block_end != 0 ? read_block_again(followed) : read_new_block(followed);
}

/// False when its name leads to another file now, or to none; the next look tells.
Result<bool> Tail::State::open_again(Followed& followed) {
  OPTIINFRA_TRY(const auto look, look_at(followed.path));
  if (!look || look->place != followed.place) return false;
  OPTIINFRA_TRY(LogFile file, LogFile::open(followed.path));
  if (file.place() != *followed.place) return false;
  followed.file = std::move(file);
  close_some(&followed);
  return true;
}

Result<Tail::State::Content> Tail::State::content_of(const Followed& followed) const {
  const FileMark& mark = followed.mark;
  OPTIINFRA_TRY(const auto beginning, followed.file->beginning(mark.beginning_bytes));
  if (mark.beginning_bytes != 0 && beginning != mark.beginning) return Content::kOther;
  if (followed.look.size >= std::max(mark.offset, mark.block_end)) return Content::kSame;
  return mark.beginning_bytes == kBeginningBytes ? Content::kShorter : Content::kOther;
}

Result<bool> Tail::State::holds_what_was_read(const Followed& followed) const {
  OPTIINFRA_TRY(const Content content, content_of(followed));
  return content == Content::kSame;
}

/// A log is not synced as the state is, so a power loss may leave it shorter. Nothing of what is there counts
/// again; what comes is told from what was there by another identity.
void Tail::State::go_on_where_cut(Followed& followed) {
  FileMark& mark = followed.mark;
  const std::uint64_t size = followed.look.size;
  remark(mark.path + " ends at " + bytes_text(size) + " and was read to " +
         bytes_text(std::max(mark.offset, mark.block_end)) +
         ", as after a power loss: the lines between are gone, and it is read on from there" +
         (mark.block_end == 0
              ? ""
              : "; whether its lines after " + bytes_text(mark.offset) + " were stored is not known"));
  mark.identity = Uuid::random();
  mark.offset = size;
  mark.block_end = 0;
  followed.half_line_end = 0;
  has_news_ = true;
}

/// The file was truncated, or written from its beginning: its lines are others than those that were read.
void Tail::State::begin_again(Followed& followed) {
  FileMark& mark = followed.mark;
  remark(mark.path + " was truncated; what it had after " + bytes_text(mark.offset) +
         (mark.block_end == 0 ? "" : ", of which a part was on its way,") + " is not known");
  FileMark fresh;
  fresh.identity = Uuid::random();
  fresh.path = mark.path;
  fresh.inode = mark.inode;
  fresh.seen = mark.seen;
  fresh.read_as = mark.read_as;
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
  const std::uint64_t rest = followed.look.size - mark.offset;
  if (rest == 0) return false;
  OPTIINFRA_TRY(std::string text,
                followed.file->read(mark.offset, std::min<std::uint64_t>(rest, kBlockBytesMax)));
  std::size_t end = whole_lines(text);
  if (end == 0 && text.size() == kBlockBytesMax) return leave_long_line_out(followed);
  if (end == 0 && is_over(followed)) end = text.size();
  followed.half_line_end = end == 0 ? followed.look.size : 0;
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
  while (at < followed.look.size) {
    OPTIINFRA_TRY(const std::string piece, followed.file->read(at, kSearchedPiece));
    const std::size_t end = piece.find('\n');
    if (piece.empty()) break;
    at += end == std::string::npos ? piece.size() : end + 1;
    if (end == std::string::npos) continue;
    OPTIINFRA_CHECK(note_beginning(followed, at));
    return leave_out(followed, at);
  }
  followed.half_line_end = at;
  if (at == mark.offset || !is_over(followed)) return false;
  OPTIINFRA_CHECK(note_beginning(followed, at));
  return leave_out(followed, at);
}

bool Tail::State::leave_out(Followed& followed, std::uint64_t end) {
  const FileMark& mark = followed.mark;
  remark(mark.path + " line " + std::to_string(mark.lines + 1) + " is longer than " +
         std::to_string(kBlockBytesMax >> 20) + " MiB and left out");
  handed_ = Handed{.file = &followed, .end = end, .counts = {.lines = 1, .too_long = 1}, .is_recorded = true};
  handed_->block.file = mark.path;
  followed.half_line_end = 0;
  return true;
}

/// Whether nobody is expected to write to the file any more. One that keeps a name may have a writer that
/// opens it again, or that nobody told of the rotation.
bool Tail::State::is_over(const Followed& followed) const {
  if (followed.is_named) return false;
  const auto quiet = Clock::now() - std::max(followed.changed, followed.unnamed_since);
  return quiet >= (followed.look.links == 0 ? options_.rotated_grace : options_.renamed_quiet);
}

bool Tail::State::finish(Followed& followed) {
  if (!is_over(followed)) return false;
  followed.file.reset();
  followed.place.reset();
  followed.path.clear();
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
  auto state = std::make_unique<State>(with_whole_paths(std::move(options)), disk);
  OPTIINFRA_CHECK(state->open());
  return Tail(std::move(state));
}

Result<const TailBlock*> Tail::next() { return state_->next(); }
void Tail::stored() { state_->stored(); }
Result<void> Tail::close() { return state_->write(); }
std::vector<std::string> Tail::take_remarks() { return state_->take_remarks(); }
TailCounts Tail::counts() const { return state_->counts(); }

}  // namespace optiinfra::tail
