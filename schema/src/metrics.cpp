#include "optiinfra/schema/metrics.hpp"

#include <algorithm>

namespace optiinfra {
namespace {

void push(std::vector<std::uint32_t>& values, sys_seconds time) { values.push_back(to_column_time(time)); }
void push(Dictionary& values, const std::string& text) { values.append(text); }
void push(Strings& values, const std::string& text) { values.append(text); }
template <typename T>
void push(std::vector<T>& values, const T& value) {
  values.push_back(value);
}

void reserve_rows(Strings& values, std::size_t rows) {
  constexpr std::size_t kTypicalTextBytes = 16;
  values.reserve(rows, rows * kTypicalTextBytes);
}
template <typename Values>
void reserve_rows(Values& values, std::size_t rows) {
  values.reserve(rows);
}

}  // namespace

template <typename Row, typename Columns>
void Batch<Row, Columns>::append(const Row& row) {
  for_each_column<Row>([&](const auto& access) { push(this->*access.batch, row.*access.row); });
}

template <typename Row, typename Columns>
void Batch<Row, Columns>::append(std::span<const Row> rows) {
  // A stretch of rows that stays in the nearest cache while each column takes its members from it.
  constexpr std::size_t kStretchRows = 64;
  for (std::size_t begin = 0; begin < rows.size(); begin += kStretchRows) {
    const auto stretch = rows.subspan(begin, std::min(kStretchRows, rows.size() - begin));
    for_each_column<Row>([&](const auto& access) {
      auto& values = this->*access.batch;
      for (const Row& row : stretch) push(values, row.*access.row);
    });
  }
}

template <typename Row, typename Columns>
void Batch<Row, Columns>::clear() noexcept {
  for_each_column<Row>([&](const auto& access) { (this->*access.batch).clear(); });
}

template <typename Row, typename Columns>
void Batch<Row, Columns>::reserve(std::size_t rows) {
  for_each_column<Row>([&](const auto& access) { reserve_rows(this->*access.batch, rows); });
}

template <typename Row, typename Columns>
std::size_t Batch<Row, Columns>::size() const noexcept {
  return (this->*std::get<0>(MetricTraits<Row>::kColumns).batch).size();
}

template <typename Row, typename Columns>
bool Batch<Row, Columns>::is_rectangular() const noexcept {
  bool equal = true;
  for_each_column<Row>([&](const auto& access) { equal = equal && (this->*access.batch).size() == size(); });
  return equal;
}

template struct Batch<CostMetric, CostColumns>;
template struct Batch<PerformanceMetric, PerformanceColumns>;
template struct Batch<ResourceMetric, ResourceColumns>;
template struct Batch<QualityMetric, QualityColumns>;

}  // namespace optiinfra
