#include "record_block.hpp"

namespace optiinfra {
namespace {

constexpr std::int64_t kSecondsOfDay = 86'400;

template <typename Values>
void find(const Block& block, const char* name, const Values*& values) {
  if (const Column* column = block.find(name)) values = std::get_if<Values>(&column->data);
}

}  // namespace

RecordBlock::RecordBlock(const Block& from) : block(from) {
  find(block, kRowNumber, row_numbers);
  find(block, kLineBreaks, line_breaks);
  find(block, kKeep, keep);
  find(block, kRefuse, refuse);
  find(block, kDetails, details);
  find(block, "timestamp", times);
  find(block, kAmount, amounts);
  find(block, kCategory, categories);
  find(block, kIsCharge, is_charge);
  for (const Column& column : block.columns()) {
    if (const auto* text = std::get_if<Strings>(&column.data); text != nullptr && text != details)
      texts.push_back(text);
    if (const auto* label = std::get_if<Dictionary>(&column.data); label != nullptr && label != categories)
      labels.push_back(label);
  }
}

bool RecordBlock::is_complete() const {
  return row_numbers != nullptr && keep != nullptr && refuse != nullptr && details != nullptr;
}

std::size_t RecordBlock::text_bytes(std::size_t record) const {
  std::size_t bytes = 0;
  for (const Strings* text : texts) bytes += (*text)[record].size();
  for (const Dictionary* label : labels) bytes += (*label)[record].size();
  return bytes;
}

bool BlockBorder::admits(const RecordBlock& records, std::size_t record) {
  const bool has_many_days = days_.size() >= limits_.days_many;
  if (record_count_ >= (has_many_days ? limits_.records_of_many_days_max : limits_.records_max)) return false;
  if (!records.is_candidate(record)) return true;
  const std::size_t text_bytes = records.text_bytes(record);
  if (record_count_ > 0 && text_bytes_ + text_bytes > limits_.text_bytes_max) return false;
  const std::int64_t day = records.times == nullptr ? 0 : (*records.times)[record] / kSecondsOfDay;
  if (days_.empty() || day != last_day_) {
    if (days_.size() == limits_.days_max && !days_.contains(day)) return false;
    days_.insert(day);
    last_day_ = day;
  }
  text_bytes_ += text_bytes;
  return true;
}

std::size_t BlockBorder::take(const RecordBlock& records, std::size_t begin) {
  std::size_t record = begin;
  while (record < records.block.row_count() && admits(records, record)) ++record, ++record_count_;
  is_full_ = record < records.block.row_count();
  return record;
}

void BlockBorder::restart() {
  record_count_ = 0;
  text_bytes_ = 0;
  days_.clear();
  is_full_ = false;
}

}  // namespace optiinfra
