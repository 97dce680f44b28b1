/// Values of a batch's columns by row number: out of blocks, and from batch to batch.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "optiinfra/codec/block.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace optiinfra {
namespace detail {

template <typename T>
void append_rows(std::vector<T>& into, const std::vector<T>& from, std::span<const std::uint32_t> rows) {
  for (const std::uint32_t row : rows) into.push_back(from[row]);
}

inline void append_rows(Strings& into, const Strings& from, std::span<const std::uint32_t> rows) {
  for (const std::uint32_t row : rows) into.append(from[row]);
}

/// Looks each distinct text up once.
inline void append_rows(Dictionary& into, const Dictionary& from, std::span<const std::uint32_t> rows) {
  constexpr std::uint32_t kUnknown = 0xFFFF'FFFF;
  std::vector<std::uint32_t> translated(from.key_count(), kUnknown);
  for (const std::uint32_t row : rows) {
    const std::uint32_t index = from.indexes()[row];
    if (translated[index] == kUnknown) translated[index] = into.intern(from.key(index));
    into.append_index(translated[index]);
  }
}

inline void append_rows(Dictionary& into, const Strings& from, std::span<const std::uint32_t> rows) {
  for (const std::uint32_t row : rows) into.append(from[row]);
}

/// Times come as signed 64-bit seconds, so that one outside of the column's range is seen and refused.
inline void append_rows(std::vector<std::uint32_t>& into, const std::vector<std::int64_t>& from,
                        std::span<const std::uint32_t> rows) {
  for (const std::uint32_t row : rows)
    into.push_back(to_column_time(sys_seconds{std::chrono::seconds{from[row]}}));
}

}  // namespace detail

/// Adds the rows of `block` to the batch's columns of the same names; columns that the block lacks get their
/// defaults. False when a column of the block has a layout that the batch's cannot take.
template <typename Row>
bool append_block(typename MetricTraits<Row>::BatchType& batch, const Block& block,
                  std::span<const std::uint32_t> rows) {
  bool fits = true;
  for_each_column<Row>([&](const auto& access) {
    auto& values = batch.*access.batch;
    const Column* column = block.find(access.definition.name);
    if (column == nullptr) {
      for (std::size_t i = 0; i < rows.size(); ++i) {
        if constexpr (requires { values.push_back({}); }) {
          values.push_back({});
        } else {
          values.append("");
        }
      }
      return;
    }
    std::visit(
        [&](const auto& from) {
          if constexpr (requires { detail::append_rows(values, from, rows); }) {
            detail::append_rows(values, from, rows);
          } else {
            fits = false;
          }
        },
        column->data);
  });
  return fits;
}

/// Adds the rows of `from` to `into`.
template <typename Row>
void append_batch(typename MetricTraits<Row>::BatchType& into,
                  const typename MetricTraits<Row>::BatchType& from, std::span<const std::uint32_t> rows) {
  for_each_column<Row>(
      [&](const auto& access) { detail::append_rows(into.*access.batch, from.*access.batch, rows); });
}

}  // namespace optiinfra
