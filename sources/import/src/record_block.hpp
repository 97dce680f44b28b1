/// The result of the reading query: one record for each row of the file, or for each repetition of it.
#pragma once

#include <cstdint>
#include <unordered_set>
#include <vector>

#include "optiinfra/codec/block.hpp"
#include "reading_query.hpp"

namespace optiinfra {

/// Views of the columns of one block of records; null where a column is not there. The block must live
/// longer.
struct RecordBlock {
  const Block& block;
  const std::vector<std::uint64_t>* row_numbers = nullptr;
  const std::vector<std::uint64_t>* line_breaks = nullptr;
  const std::vector<std::uint8_t>* keep = nullptr;
  const std::vector<std::uint8_t>* refuse = nullptr;
  const Strings* details = nullptr;
  const std::vector<std::int64_t>* times = nullptr;  ///< Seconds since 1970.
  const std::vector<double>* amounts = nullptr;
  const Dictionary* categories = nullptr;
  const std::vector<std::uint8_t>* is_charge = nullptr;
  std::vector<const Strings*> texts;
  std::vector<const Dictionary*> labels;

  explicit RecordBlock(const Block& from);

  bool is_complete() const;
  std::size_t count() const { return block.row_count(); }
  bool is_candidate(std::size_t record) const { return (*keep)[record] == kWanted && (*refuse)[record] == 0; }
  std::int64_t time(std::size_t record) const { return times == nullptr ? 0 : (*times)[record]; }

  /// Bytes of the record's texts.
  std::size_t text_bytes(std::size_t record) const;
};

/// How much one block to be stored may hold. The numbers are part of the store: a block that was begun is
/// repeated right only with the numbers, and under the token (BlockCut), that it was begun with.
struct BlockLimits {
  std::uint64_t records_max = 262'144;
  /// Each day is an insert of its own to the engine, whatever few rows it has, so rows of many days make
  /// larger blocks.
  std::size_t days_many = 30;
  std::uint64_t records_of_many_days_max = 524'288;
  /// The engine remembers 10,000 inserts.
  std::size_t days_max = 3'000;
  /// Rows of long texts make smaller blocks, so that memory is bounded too.
  std::size_t text_bytes_max = std::size_t{32} << 20;
};

/// The numbers of BlockCut::kFormer.
inline constexpr BlockLimits kFormerLimits = {
    .records_max = 262'144, .records_of_many_days_max = 262'144, .days_max = 300};

/// Decides where a block ends, only by the records: a repeated import cuts the same blocks, however the
/// engine hands the records over.
class BlockBorder {
 public:
  explicit BlockBorder(BlockLimits limits) : limits_(limits) {}

  /// Takes records from `begin` on into the block, and returns where it had to stop, at the latest at the end
  /// of `records`, which are a RecordBlock or have the same count(), is_candidate(), time() and text_bytes().
  template <typename Records>
  std::size_t take(const Records& records, std::size_t begin) {
    std::size_t record = begin;
    while (record < records.count() && admits(records, record)) ++record, ++record_count_;
    is_full_ = record < records.count();
    return record;
  }

  /// Whether take() stopped because the block is full.
  bool is_full() const noexcept { return is_full_; }
  std::uint64_t record_count() const noexcept { return record_count_; }
  std::size_t day_count() const noexcept { return days_.size(); }

  /// Begins the next block.
  void restart();

 private:
  template <typename Records>
  bool admits(const Records& records, std::size_t record);
  bool admits_day(std::int64_t day);

  BlockLimits limits_;
  std::uint64_t record_count_ = 0;
  std::size_t text_bytes_ = 0;
  std::unordered_set<std::int64_t> days_;
  std::int64_t last_day_ = 0;
  bool is_full_ = false;
};

template <typename Records>
bool BlockBorder::admits(const Records& records, std::size_t record) {
  const bool has_many_days = days_.size() >= limits_.days_many;
  if (record_count_ >= (has_many_days ? limits_.records_of_many_days_max : limits_.records_max)) return false;
  if (!records.is_candidate(record)) return true;
  const std::size_t text_bytes = records.text_bytes(record);
  if (record_count_ > 0 && text_bytes_ + text_bytes > limits_.text_bytes_max) return false;
  constexpr std::int64_t kSecondsOfDay = 86'400;
  if (!admits_day(records.time(record) / kSecondsOfDay)) return false;
  text_bytes_ += text_bytes;
  return true;
}

}  // namespace optiinfra
