#include "optiinfra/schema/metrics.hpp"

#include <algorithm>

#include "optiinfra/schema/batch_columns.hpp"

namespace optiinfra {
namespace {

void push(std::vector<std::uint32_t>& values, sys_seconds time) { values.push_back(to_column_time(time)); }
void push(Dictionary& values, const std::string& text) { values.append(text); }
void push(Strings& values, const std::string& text) { values.append(text); }
template <typename T>
void push(std::vector<T>& values, const T& value) {
  values.push_back(value);
}
template <typename T>
void push(Optionals<T>& values, const std::optional<T>& value) {
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

template <typename Row>
void Batch<Row>::append(const Row& row) {
  for_each_column<Row>([&](const auto& access) { push(this->*access.batch, row.*access.row); });
}

template <typename Row>
void Batch<Row>::append(std::span<const Row> rows) {
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

template <typename Row>
void Batch<Row>::clear() noexcept {
  for_each_column<Row>([&](const auto& access) { (this->*access.batch).clear(); });
}

template <typename Row>
void Batch<Row>::reserve(std::size_t rows) {
  for_each_column<Row>([&](const auto& access) { reserve_rows(this->*access.batch, rows); });
}

template <typename Row>
void Batch<Row>::fill_left_out() {
  for_each_column<Row>([&](const auto& access) {
    auto& values = this->*access.batch;
    if (values.size() == 0) detail::append_left_out(values, size());
  });
}

template <typename Row>
std::size_t Batch<Row>::size() const noexcept {
  return this->timestamp.size();
}

template <typename Row>
bool Batch<Row>::is_rectangular() const noexcept {
  bool equal = true;
  for_each_column<Row>([&](const auto& access) {
    const std::size_t rows = (this->*access.batch).size();
    const bool is_left_out = rows == 0 && access.definition.presence == Presence::kOptional;
    equal = equal && (rows == size() || is_left_out);
  });
  return equal;
}

#define BEGIN_FAMILY(Name, name) template struct Batch<Name##Metric>;
#include "optiinfra/schema/families.def"

}  // namespace optiinfra
