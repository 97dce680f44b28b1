// What an earlier writer left in the spool.
#include <algorithm>

#include "optiinfra/schema/batch_columns.hpp"
#include "writer_state.hpp"

namespace optiinfra {

void Writer::State::recover() {
  Gathering gathering;
  auto replayed = spool_->replay([&](const spool::SpoolRecord& record) -> Result<void> {
    if (record.sequence >= spool_->first_sequence()) return {};
    auto recovered = recover_record(record, gathering);
    if (recovered || recovered.error().kind == ErrorKind::kUnavailable) return recovered;
    add_problem(recovered.error().message);
    return {};
  });
  if (!replayed && replayed.error().kind != ErrorKind::kUnavailable) add_problem(replayed.error().message);
  // kCorrupt comes after all that can be read. After another error a group may lack records that the next
  // writer reads: sent without them, its token would stand for all of them.
  const bool are_whole = replayed || replayed.error().kind == ErrorKind::kCorrupt;
  for (Group& group : gathering) {
    if (group && are_whole)
      queue_.push(std::move(group));
    else if (group)
      group->fate.failed(replayed.error());
  }
  if (options_.log && rows_recovered_ > 0)
    options_.log(LogLevel::kInfo,
                 std::to_string(rows_recovered_) + " rows of an earlier writer were in the spool");
  is_recovering_ = false;
  stop_changed_.notify_all();
}

void Writer::State::add_problem(const std::string& sentence) {
  if (options_.log) options_.log(LogLevel::kWarning, sentence);
  const std::lock_guard lock(live_mutex_);
  if (spool_problems_.size() < spool::kSpoolProblemsMax) spool_problems_.push_back(sentence);
}

Result<void> Writer::State::recover_record(const spool::SpoolRecord& spooled, Gathering& gathering) {
  OPTIINFRA_TRY(RowsRecord record, decode_rows_record(spooled.payload));
  const RecordHead& head = record.head;
  return with_metric(head.family, [&]<typename Row>() -> Result<void> {
    Batch<Row> rows;
    std::vector<std::uint32_t> all(record.rows.row_count());
    for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
    if (!append_block<Row>(rows, record.rows, all))
      return Error{ErrorKind::kCorrupt, "a record of the spool has a column of another type"};
    const bool is_whole = head.extent == RecordExtent::kWhole;
    Group whole;
    Group& group = is_whole ? whole : gathering[static_cast<std::size_t>(head.family)];
    if (group && group->token != head.group_token) queue_.push(std::exchange(group, nullptr));
    const std::size_t bytes_taken = bytes_of<Row>(rows) + (head.request ? InsertGroup::kRequestBytes : 0);
    OPTIINFRA_CHECK(take_memory_for_recovery(bytes_taken, gathering));
    if (!group) group = recovered_group(head);
    // Records of a group are removed one by one once the whole group is stored: some may be gone.
    group->token_history = is_whole ? TokenHistory::kUnknown : TokenHistory::kRowsForgotten;
    group->add<Row>(rows, bytes_taken, spooled.sequence, head.request);
    rows_recovered_ += rows.size();
    if (is_whole) queue_.push(whole);
    return {};
  });
}

Writer::State::Group Writer::State::recovered_group(const RecordHead& head) {
  // Repeats of its requests may follow it already.
  const Group known = requests_->take_recovered(head.group_token);
  if (!known) return new_group(head.family, head.group_token);
  join_live(known);
  return known;
}

/// Waits for room, but not for groups that wait for their own next record: those may pass the limit.
Result<void> Writer::State::take_memory_for_recovery(std::size_t bytes, const Gathering& gathering) {
  constexpr std::chrono::milliseconds kLook{20};
  const auto held = static_cast<std::size_t>(
      std::count_if(gathering.begin(), gathering.end(), [](const Group& group) { return group != nullptr; }));
  while (true) {
    switch (memory_.take(bytes, Clock::now() + kLook)) {
      case MemoryBudget::Outcome::kTaken:
        return {};
      case MemoryBudget::Outcome::kClosed:
        return closed();
      case MemoryBudget::Outcome::kFull:
        break;
    }
    const std::lock_guard lock(live_mutex_);
    if (live_.size() > held) continue;
    memory_.take_beyond_limit(bytes);
    return {};
  }
}

}  // namespace optiinfra
