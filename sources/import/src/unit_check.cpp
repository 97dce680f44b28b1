#include "unit_check.hpp"

#include <algorithm>
#include <string_view>

namespace optiinfra {
namespace {

/// Fewer values say nothing.
constexpr std::uint64_t kValuesMin = 10;

constexpr std::string_view kLatency = "latency_ms";
constexpr float kLatencyMin = 60, kPercentMin = 1;

}  // namespace

bool UnitCheck::is_checked(const ColumnDefinition& column) {
  return column.name == kLatency || column.rule == Rule::kPercent;
}

void UnitCheck::add(const ColumnDefinition& column, const std::vector<float>& values) {
  Seen& seen = columns_[column.name];
  seen.values += values.size();
  for (const float value : values) seen.largest = std::max(seen.largest, value);
}

void UnitCheck::add(const ColumnDefinition& column, const Optionals<float>& values) {
  Seen& seen = columns_[column.name];
  for (std::size_t row = 0; row < values.values.size(); ++row) {
    if (values.absent[row] != 0) continue;
    ++seen.values;
    seen.largest = std::max(seen.largest, values.values[row]);
  }
}

std::vector<std::string> UnitCheck::remarks() const {
  std::vector<std::string> remarks;
  for (const auto& [column, seen] : columns_) {
    if (seen.values < kValuesMin || seen.largest <= 0) continue;
    const std::string all = column + ": all " + std::to_string(seen.values) + " values are ";
    if (column == kLatency && seen.largest < kLatencyMin) {
      remarks.push_back(all +
                        "below 60. The column is in milliseconds; if the file's are seconds, take the import "
                        "back and use a map with * 1000");
    } else if (column != kLatency && seen.largest <= kPercentMin) {
      remarks.push_back(all +
                        "at most 1. The column is in percent; if the file's are shares of 1, take the import "
                        "back and use a map with * 100");
    }
  }
  return remarks;
}

}  // namespace optiinfra
