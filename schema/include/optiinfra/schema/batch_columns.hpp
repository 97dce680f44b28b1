/// @file optiinfra/schema/batch_columns.hpp
/// Values of a batch's columns: out of blocks, into blocks, and from batch to batch.
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

template <typename T>
void append_all(std::vector<T>& into, const std::vector<T>& from) {
  into.insert(into.end(), from.begin(), from.end());
}

inline void append_all(Strings& into, const Strings& from) { into.append_all(from); }
inline void append_all(Dictionary& into, const Dictionary& from) { into.append_all(from); }

template <typename T>
std::size_t bytes_of(const std::vector<T>& values) {
  return values.size() * sizeof(T);
}
inline std::size_t bytes_of(const Strings& values) {
  return values.size_bytes() + values.size() * sizeof(std::size_t);
}
inline std::size_t bytes_of(const Dictionary& values) {
  return values.indexes().size_bytes() + bytes_of(values.keys());
}

}  // namespace detail

/// Adds the rows of `block` to the batch's columns of the same names; columns that the block lacks get their
/// defaults. False when a column of the block has a layout that the batch's cannot take.
template <typename Row>
bool append_block(Batch<Row>& batch, const Block& block, std::span<const std::uint32_t> rows) {
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
void append_batch(Batch<Row>& into, const Batch<Row>& from, std::span<const std::uint32_t> rows) {
  for_each_column<Row>(
      [&](const auto& access) { detail::append_rows(into.*access.batch, from.*access.batch, rows); });
}

/// Adds all rows of `from` to `into`.
template <typename Row>
void append_batch(Batch<Row>& into, const Batch<Row>& from) {
  for_each_column<Row>(
      [&](const auto& access) { detail::append_all(into.*access.batch, from.*access.batch); });
}

/// A block of all columns of `batch`, in the table's order, its rows as they are.
template <typename Row>
Block block_of(Batch<Row> batch) {
  Block block;
  for_each_column<Row>([&](const auto& access) {
    block.add({access.definition.name, access.definition.type, std::move(batch.*access.batch)});
  });
  return block;
}

/// The bytes that the batch's values take in memory.
template <typename Row>
std::size_t bytes_of(const Batch<Row>& batch) {
  std::size_t bytes = 0;
  for_each_column<Row>([&](const auto& access) { bytes += detail::bytes_of(batch.*access.batch); });
  return bytes;
}

}  // namespace optiinfra
