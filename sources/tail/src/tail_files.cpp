// Which files a tail follows.
#include <algorithm>

#include "optiinfra/core/time.hpp"
#include "tail_state.hpp"

namespace optiinfra::tail {
namespace {

namespace fs = std::filesystem;

/// Folders are read for renamed files so often. A file that stays open needs no name.
constexpr std::chrono::seconds kLookForRenamedEvery{10};

struct NamedFile {
  fs::path path;
  FileLook look;
};

fs::path folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

}  // namespace

void Tail::State::look_for_files() {
  for (const auto& each : files_) {
    each->was_named = std::exchange(each->is_named, false);
    by_inode_.emplace(each->mark.inode, each.get());
  }
  take_named();
  const auto at = Clock::now();
  for (const auto& each : files_) {
    if (each->is_named || !each->was_named) continue;
    each->unnamed_since = at;
    each->path.clear();
    each->was_looked_for = false;
  }
  const bool is_for_all = !looked_for_renamed_ || at - *looked_for_renamed_ >= kLookForRenamedEvery;
  if (is_for_all) looked_for_renamed_ = at;
  look_for_renamed(is_for_all);
  for (const auto& each : files_)
    if (!each->file && each->place && is_over(*each)) each->is_due = true;
  by_inode_.clear();
  forget_old();
}

/// The newest first, because what the limits leave out should be old.
void Tail::State::take_named() {
  std::vector<NamedFile> named;
  for (const std::string& pattern : options_.files) {
    const auto paths = files_of(pattern);
    if (!paths) {
      say_once(pattern, paths.error().message);
      keep_named(pattern);
      continue;
    }
    if (paths->empty()) say_once(pattern, "nothing fits " + pattern + " yet");
    for (const fs::path& path : *paths) {
      const auto look = look_at(path);
      if (!look) {
        say_once(path.string(), look.error().message);
        if (look.error().kind == ErrorKind::kStorage) keep_named(path.string());
      } else if (*look) {
        named.push_back({path, **look});
      } else {
        say_once(path.string(), path.string() + " is not there yet");
      }
    }
  }
  std::ranges::stable_sort(named, std::greater<>(), [](const NamedFile& each) { return each.look.modified; });
  for (std::size_t i = 0; i < named.size(); ++i) {
    if (i < kFollowedFilesMax || by_inode_.contains(named[i].look.place.inode))
      take(named[i].path, named[i].look);
    else if (!std::exchange(said_too_many_, true))
      remark("more than " + std::to_string(kFollowedFilesMax) + " files are named; " +
             named[i].path.string() + " and others that were written to before them are not read");
  }
}

/// What cannot be looked at now is not renamed for that.
void Tail::State::keep_named(const std::string& pattern) {
  for (const auto& each : files_)
    if (each->was_named && is_named_by(pattern, each->mark.path)) each->is_named = true;
}

void Tail::State::say_once(const std::string& name, const std::string& sentence) {
  std::string& said = faults_[name];
  if (said != sentence) remark(sentence);
  said = sentence;
}

void Tail::State::note_look(Followed& followed, const FileLook& look) {
  const auto at = Clock::now();
  if (!followed.place) {
    const auto age =
        std::chrono::system_clock::now().time_since_epoch() - std::chrono::nanoseconds(look.modified);
    followed.changed = at - std::max<Clock::duration>(age, Clock::duration::zero());
    followed.is_due = look.size != followed.mark.offset || followed.mark.block_end != 0;
  } else if (look.size != followed.look.size || look.modified != followed.look.modified) {
    followed.changed = at;
    followed.is_due = true;
  }
  followed.is_due = followed.is_due || followed.has_fault;
  followed.place = look.place;
  followed.look = look;
  if (look.links == 0) followed.path.clear();  // Closed, it would be gone.
}

void Tail::State::take(const fs::path& path, const FileLook& look) {
  const auto is_found = [&](Followed& followed) {
    faults_.erase(path.string());
    followed.is_named = true;
    followed.path = path;
    followed.mark.path = path.string();
    followed.mark.seen = now();
    followed.mark.read_as = read_as_;
    note_look(followed, look);
  };
  const auto [first, last] = by_inode_.equal_range(look.place.inode);
  for (auto at = first; at != last; ++at) {
    Followed& each = *at->second;
    if (each.place != look.place) continue;
    if (each.is_named) return;
    if (each.file || each.path == path) return is_found(each);
    each.place.reset();  // Its content says whether it is the same, or another in its place.
  }
  auto file = LogFile::open(path);
  if (!file) return say_once(path.string(), file.error().message);
  if (file->place() != look.place) return;  // Replaced since it was looked at.
  Followed* followed = known_as(look.place, *file);
  if (followed == nullptr) {
    for (auto at = first; at != last; ++at)
      if (!at->second->place && at->second->mark.path == path.string() && !at->second->mark.is_finished)
        remark(path.string() + " holds something else than before; what followed " +
               bytes_text(at->second->mark.offset) + " of it then is not known");
    followed = files_.emplace_back(std::make_unique<Followed>()).get();
    followed->mark.identity = Uuid::random();
    followed->mark.inode = look.place.inode;
    by_inode_.emplace(look.place.inode, followed);
  }
  followed->file = std::move(*file);
  followed->mark.is_finished = false;
  is_found(*followed);
  close_some(nullptr);
}

/// The mark of a file that was followed before. The number of its device changes when a machine starts again.
Followed* Tail::State::known_as(const FilePlace& place, const LogFile& file) {
  Followed* best = nullptr;
  const auto [first, last] = by_inode_.equal_range(place.inode);
  for (auto at = first; at != last; ++at) {
    Followed& each = *at->second;
    if (each.place || (best != nullptr && best->mark.beginning_bytes >= each.mark.beginning_bytes)) continue;
    const auto beginning = file.beginning(each.mark.beginning_bytes);
    if (beginning && *beginning && (each.mark.beginning_bytes == 0 || **beginning == each.mark.beginning))
      best = &each;
  }
  return best;
}

/// Whether the options still name the file by the name that it had. What they do not name any more may be
/// read by another tail, for another customer.
bool Tail::State::is_wanted(const Followed& followed) const {
  const fs::path path = fs::path(followed.mark.path).lexically_normal();
  return std::ranges::any_of(options_.files,
                             [&](const std::string& pattern) { return is_named_by(pattern, path); });
}

/// Files that no name leads to any more, in the folders where they were. `is_for_all`: also those that were
/// read to their end, which may have grown; else those that went since the last look.
void Tail::State::look_for_renamed(bool is_for_all) {
  std::vector<Followed*> sought;
  std::set<fs::path> folders;
  for (const auto& each : files_) {
    const bool is_removed = each->file && each->look.links == 0;
    const bool is_lost =
        !each->file && each->path.empty() && !each->mark.is_finished && !each->was_looked_for;
    if (each->is_named || is_removed || !(is_for_all || is_lost) || !is_wanted(*each)) continue;
    sought.push_back(each.get());
    folders.insert(folder_of(each->mark.path));
  }
  std::set<const Followed*> met;
  std::set<fs::path> unread;
  for (const fs::path& folder : folders) {
    std::error_code failure;
    for (fs::directory_iterator at(folder, failure), end; !failure && at != end; at.increment(failure))
      meet_renamed(at->path(), met);
    if (!failure || failure == std::errc::no_such_file_or_directory) continue;
    unread.insert(folder);
    say_once(folder.string(),
             folder.string() +
                 " cannot be listed, so logs that are renamed in it are lost sight of: " + failure.message());
  }
  for (Followed* const each : sought)
    if (!met.contains(each) && !unread.contains(folder_of(each->mark.path))) miss_renamed(*each);
}

void Tail::State::meet_renamed(const fs::path& path, std::set<const Followed*>& met) {
  const auto found = look_at(path);
  if (!found || !*found) return;
  const FileLook& look = **found;
  const auto [first, last] = by_inode_.equal_range(look.place.inode);
  if (first == last) return;
  for (auto at = first; at != last; ++at) {
    Followed& each = *at->second;
    if (each.place != look.place) continue;
    if (each.is_named) return;
    if (each.file || each.path == path) {
      each.path = path;
      each.mark.seen = now();
      note_look(each, look);
      met.insert(&each);
      return;
    }
    each.place.reset();
  }
  auto file = LogFile::open(path);
  if (!file)
    for (auto at = first; at != last; ++at) met.insert(at->second);  // Perhaps it is there.
  if (!file || file->place() != look.place) return;
  Followed* const followed = known_as(look.place, *file);
  if (followed == nullptr || !is_wanted(*followed)) return;
  met.insert(followed);
  FileMark& mark = followed->mark;
  mark.seen = now();
  if (mark.path == path.string()) {  // Not renamed: when its name was looked up, it could not be opened.
    followed->was_looked_for = true;
    return;
  }
  if (mark.is_finished && look.size <= mark.offset) return;
  if (!mark.read_as.empty() && mark.read_as != read_as_) {
    if (!std::exchange(followed->was_looked_for, true))
      remark(path.string() + " was " + mark.path + " and read as " + mark.read_as + ", not as " + read_as_ +
             "; what follows " + bytes_text(mark.offset) + " is not read. To read it, run once as before");
    return;
  }
  follow_renamed(*followed, *std::move(file), path, look);
}

void Tail::State::follow_renamed(Followed& followed, LogFile file, const fs::path& path,
                                 const FileLook& look) {
  followed.file = std::move(file);
  followed.path = path;
  followed.mark.is_finished = false;
  followed.was_looked_for = false;
  note_look(followed, look);
  followed.unnamed_since = followed.changed;
  close_some(nullptr);
}

void Tail::State::miss_renamed(Followed& followed) {
  if (followed.file) followed.path.clear();
  if (followed.file || followed.mark.is_finished) return;
  const bool is_read =
      followed.look.links != 0 && followed.is_read();  // When it was seen last, by this tail.
  followed.place.reset();
  followed.path.clear();
  if (std::exchange(followed.was_looked_for, true)) return;
  followed.mark.is_finished = is_read;
  has_news_ = true;
  if (!is_read)
    remark(followed.mark.path + " is gone, or holds something else; it was read up to " +
           bytes_text(followed.mark.offset));
}

/// Keeps the number of open files within its limit. What was written to last stays open, so that it is read
/// to its end when it is renamed or removed.
void Tail::State::close_some(const Followed* except) {
  for (;;) {
    std::size_t open = 0;
    Followed* oldest = nullptr;
    const auto rank = [](const Followed& each) { return std::pair(each.path.empty(), each.changed); };
    for (const auto& each : files_) {
      if (!each->file) continue;
      ++open;
      if (each.get() == except || (each->path.empty() && !each->is_read())) continue;
      if (oldest == nullptr || rank(*each) < rank(*oldest)) oldest = each.get();
    }
    if (open <= kOpenFilesMax || oldest == nullptr) return;
    oldest->file.reset();
    oldest->is_due = !oldest->is_read();
    if (!oldest->path.empty()) continue;
    oldest->place.reset();  // It lies where nobody looks, read to its end.
    oldest->mark.is_finished = true;
    has_news_ = true;
  }
}

void Tail::State::forget_old() {
  const sys_seconds oldest = now() - kMarkAgeMax;
  if (handed_) return;
  if (std::erase_if(files_, [&](const auto& each) { return !each->file && each->mark.seen < oldest; }) != 0)
    has_news_ = true;
}

}  // namespace optiinfra::tail
