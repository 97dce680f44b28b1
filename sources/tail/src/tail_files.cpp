// Which files a tail follows.
#include <algorithm>

#include "optiinfra/core/time.hpp"
#include "tail_state.hpp"

namespace optiinfra::tail {

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

}  // namespace optiinfra::tail
