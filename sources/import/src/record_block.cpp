#include "record_block.hpp"

namespace optiinfra {
namespace {

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

bool BlockBorder::admits_day(std::int64_t day) {
  if (!days_.empty() && day == last_day_) return true;
  if (days_.size() == limits_.days_max && !days_.contains(day)) return false;
  days_.insert(day);
  last_day_ = day;
  return true;
}

void BlockBorder::restart() {
  record_count_ = 0;
  text_bytes_ = 0;
  days_.clear();
  is_full_ = false;
}

}  // namespace optiinfra
