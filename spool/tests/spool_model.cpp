#include "spool_model.hpp"

#include <algorithm>
#include <cstring>

namespace optiinfra::testing {

spool::SpoolOptions small_spool() {
  spool::SpoolOptions options;
  options.segment_bytes = 1'024;
  options.spool_bytes_max = 16 << 10;
  options.record_bytes_max = 2'048;
  options.buffer_bytes_max = 4'096;
  options.checkpoint_interval = std::chrono::milliseconds(0);
  return options;
}

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

Result<spool::Sequence> append(spool::Spool& spool, const std::vector<std::byte>& payload) {
  const std::span<const std::byte> all(payload);
  const std::span<const std::byte> parts[] = {all.first(payload.size() / 2), all.subspan(payload.size() / 2)};
  return spool.append(parts);
}

std::vector<std::byte> payload_of(std::uint64_t index, std::size_t bytes) {
  std::mt19937_64 random(index);
  std::vector<std::byte> payload(bytes);
  for (std::byte& byte : payload) byte = static_cast<std::byte>(random());
  if (index % 2 == 0 && bytes >= 8) std::memcpy(payload.data(), "OSD1\x04\0\0\0", 8);
  return payload;
}

void SpoolModel::appended(spool::Sequence sequence, std::vector<std::byte> payload) {
  records_[sequence] = std::move(payload);
}

void SpoolModel::promised_through(spool::Sequence sequence) {
  for (const auto& [it, payload] : records_) {
    if (it <= sequence && !gone_.contains(it)) promised_.insert(it);
  }
}

void SpoolModel::acknowledged(spool::Sequence sequence, bool on_disk) {
  acknowledged_.insert(sequence);
  if (on_disk) acknowledged_on_disk_.insert(acknowledged_.begin(), acknowledged_.end());
}

std::vector<spool::Sequence> SpoolModel::waiting() const {
  std::vector<spool::Sequence> waiting;
  for (const auto& [sequence, payload] : records_) {
    if (!acknowledged_.contains(sequence) && !gone_.contains(sequence)) waiting.push_back(sequence);
  }
  return waiting;
}

void SpoolModel::check(spool::Spool& spool, ModelCounts& counts) {
  std::set<spool::Sequence> seen;
  const auto replayed = spool.replay([&](const spool::SpoolRecord& record) -> Result<void> {
    const auto known = records_.find(record.sequence);
    if (known == records_.end() || !std::ranges::equal(known->second, record.payload)) ++counts.invented;
    if (!seen.empty() && *seen.rbegin() >= record.sequence) ++counts.out_of_order;
    if (gone_.contains(record.sequence)) ++counts.revived;
    if (acknowledged_on_disk_.contains(record.sequence)) ++counts.replayed_again;
    seen.insert(record.sequence);
    return {};
  });
  if (!spool.recovery().intact()) {
    ++counts.false_alarms;
    counts.alarm = spool.recovery().problems.front();
  }
  if (!replayed) {
    if (replayed.error().kind != ErrorKind::kStorage) ++counts.false_alarms;
    return;  // The disk failed half-way: what was not given says nothing.
  }
  for (const spool::Sequence sequence : promised_) {
    if (acknowledged_.contains(sequence)) continue;
    ++counts.records_promised;
    if (!seen.contains(sequence)) ++counts.lost;
  }
  for (const auto& [sequence, payload] : records_) {
    if (!seen.contains(sequence)) gone_.insert(sequence);
  }
  promised_ = seen;
  for (const spool::Sequence sequence : seen) acknowledged_.erase(sequence);
}

namespace {

struct Worker {
  spool::Spool& spool;
  SpoolModel& model;
  std::mt19937_64 random;
  spool::Sequence last = 0;

  void append_one() {
    const std::uint64_t index = random();
    auto payload = payload_of(index, random() % 8 == 0 ? 1'000 + random() % 1'000 : random() % 200);
    const auto sequence = append(spool, payload);
    if (!sequence) return;
    last = *sequence;
    model.appended(last, std::move(payload));
  }

  void sync() {
    if (last != 0 && spool.sync(last)) model.promised_through(last);
  }

  void acknowledge_one() {
    const auto waiting = model.waiting();
    if (waiting.empty()) return;
    // Mostly the oldest, so that segments get done.
    const spool::Sequence sequence = waiting[random() % 4 != 0 ? 0 : random() % waiting.size()];
    const std::uint64_t failures = spool.usage().storage_failures;
    if (!spool.acknowledge(sequence)) return;
    const bool durable = spool.sync(sequence).has_value();
    model.acknowledged(sequence, durable && spool.usage().storage_failures == failures);
  }
};

}  // namespace

void work(spool::Spool& spool, LyingDisk& disk, SpoolModel& model, std::uint64_t seed, int steps) {
  Worker worker{spool, model, std::mt19937_64(seed)};
  for (int step = 0; step < steps && !disk.is_off(); ++step) {
    const auto choice = worker.random() % 10;
    if (choice < 4) worker.append_one();
    if (choice >= 4 && choice < 6) worker.sync();
    if (choice >= 6) worker.acknowledge_one();
  }
}

}  // namespace optiinfra::testing
