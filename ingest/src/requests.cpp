#include "requests.hpp"

#include <algorithm>

#include "record.hpp"

namespace optiinfra {
namespace {

/// Places of the table are the log's files, or with this bit groups by their slot.
constexpr RequestTable::Place kGroupBit = RequestTable::Place{1} << 31;
/// Keys that are moved while others wait.
constexpr std::size_t kKeysAtATime = 4'096;

}  // namespace

Result<std::unique_ptr<Requests>> Requests::open(const std::filesystem::path& folder, spool::Spool& spool,
                                                 spool::FileSystem& files, const RequestBounds& bounds) {
  std::unique_ptr<Requests> requests(new Requests(bounds.remembered));
  RequestTable& table = requests->table_;
  const auto found = [&table](spool::RequestLog::FileNumber file, const spool::RequestKey& key) {
    table.put(key, file);
  };
  OPTIINFRA_TRY(requests->log_, spool::RequestLog::open(folder, files, found, bounds.keys_per_file));
  OPTIINFRA_CHECK(requests->read_spool(spool));
  return requests;
}

Result<void> Requests::read_spool(spool::Spool& spool) {
  auto read = spool.replay([this](const spool::SpoolRecord& record) -> Result<void> {
    const auto head = decode_record_head(record.payload);
    if (!head || !head->request) return {};  // What cannot be read is reported when its rows are recovered.
    Group& group = recovered_[head->group_token];
    if (!group) {
      group = std::make_shared<InsertGroup>(head->family);
      group->token = head->group_token;
    }
    // Also where the log has it: nobody knows that the disk has that, too.
    group->last_record = record.sequence;
    add(*head->request, group);
    return {};
  });
  if (read || read.error().kind == ErrorKind::kCorrupt) return {};
  return read;
}

Result<std::optional<Requests::First>> Requests::find(const spool::RequestKey& key) const {
  const auto found = table_.find(key.identity);
  if (!found) return std::optional<First>{};
  if (found->content != key.content) {
    return Error{
        ErrorKind::kConflict,
        "the request key " + key.identity.to_string() +
            " was used before for other content; nothing was taken; give each request a key of its own"};
  }
  if ((found->place & kGroupBit) == 0) return std::optional(First{});
  const Group& group = groups_[found->place & ~kGroupBit];
  return std::optional(First{group, group->last_record});
}

void Requests::add(const spool::RequestKey& key, const Group& group) {
  if (!group->request_slot) {
    if (free_slots_.empty()) {
      free_slots_.push_back(static_cast<std::uint32_t>(groups_.size()));
      groups_.emplace_back();
    }
    group->request_slot = free_slots_.back();
    free_slots_.pop_back();
    groups_[*group->request_slot] = group;
  }
  table_.put(key, *group->request_slot | kGroupBit);
}

Requests::Group Requests::take_recovered(const std::string& token) {
  const Lock held = lock();
  const auto found = recovered_.find(token);
  if (found == recovered_.end()) return nullptr;
  const Group group = std::move(found->second);
  recovered_.erase(found);
  return group;
}

Result<void> Requests::remember(const Group& group) {
  const std::lock_guard log_lock(log_mutex_);
  std::vector<spool::RequestKey>& keys = group->requests;
  while (!keys.empty()) {
    OPTIINFRA_TRY(const auto appended, log_->append(keys));
    move_to(appended.file, std::span(keys).first(appended.keys));
    keys.erase(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(appended.keys));
  }
  {
    const Lock held = lock();
    // A key of a record that could not be recovered stays with its group.
    if (group->request_slot && table_.count_at(*group->request_slot | kGroupBit) == 0) {
      groups_[*group->request_slot] = nullptr;
      free_slots_.push_back(*group->request_slot);
      group->request_slot.reset();
    }
  }
  forget_oldest_files();
  return {};
}

void Requests::move_to(spool::RequestLog::FileNumber file, std::span<const spool::RequestKey> keys) {
  while (!keys.empty()) {
    const auto some = keys.first(std::min(keys.size(), kKeysAtATime));
    const Lock held = lock();
    for (const spool::RequestKey& key : some) table_.put(key, file);
    keys = keys.subspan(some.size());
  }
}

std::size_t Requests::logged_behind_oldest() const {
  const Lock held = lock();
  std::size_t keys = 0;
  for (const spool::RequestLog::FileNumber file : std::span(log_->files()).subspan(1))
    keys += table_.count_at(file);
  return keys;
}

// Too many files, which only a disk makes whose syncs fail, are forgotten early.
void Requests::forget_oldest_files() {
  while (log_->files().size() > 1 &&
         (log_->files().size() > spool::kRequestFilesMax || logged_behind_oldest() >= remembered_)) {
    const spool::RequestLog::FileNumber oldest = log_->files().front();
    for (std::size_t shard = 0; shard < RequestTable::kShards; ++shard) {
      const Lock held = lock();
      table_.forget(oldest, shard);
    }
    log_->remove_oldest();
  }
}

void Requests::abandon() {
  const Lock held = lock();
  for (const auto& [token, group] : recovered_) group->fate.settle(Fate::State::kAbandoned);
}

std::size_t Requests::size() const {
  const Lock held = lock();
  return table_.size();
}

std::size_t Requests::bytes() const {
  const Lock held = lock();
  return table_.bytes();
}

}  // namespace optiinfra
