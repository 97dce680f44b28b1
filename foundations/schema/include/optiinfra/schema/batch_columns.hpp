/// @file optiinfra/schema/batch_columns.hpp
/// Copies values of a batch's columns: out of blocks, into blocks, and from batch to batch.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "optiinfra/codec/block.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace optiinfra {
namespace detail {

/// Adds rows that leave the column out: absent, or the column's default.
template <typename T>
void append_left_out(std::vector<T>& into, std::size_t rows) {
  into.insert(into.end(), rows, T{});
}
template <typename T>
void append_left_out(Optionals<T>& into, std::size_t rows) {
  into.absent.insert(into.absent.end(), rows, 1);
  into.values.insert(into.values.end(), rows, T{});
}
inline void append_left_out(Strings& into, std::size_t rows) {
  for (std::size_t row = 0; row < rows; ++row) into.append("");
}
inline void append_left_out(Dictionary& into, std::size_t rows) {
  constexpr std::uint32_t kEmptyText = 0;
  for (std::size_t row = 0; row < rows; ++row) into.append_index(kEmptyText);
}

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

/// Times arrive as signed 64-bit seconds, so that one outside of the column's range is noticed and refused.
inline void append_rows(std::vector<std::uint32_t>& into, const std::vector<std::int64_t>& from,
                        std::span<const std::uint32_t> rows) {
  for (const std::uint32_t row : rows)
    into.push_back(to_column_time(sys_seconds{std::chrono::seconds{from[row]}}));
}

/// For blocks that were written before the column could hold absent values.
template <typename T>
void append_rows(Optionals<T>& into, const std::vector<T>& from, std::span<const std::uint32_t> rows) {
  into.absent.insert(into.absent.end(), rows.size(), 0);
  append_rows(into.values, from, rows);
}

template <typename T>
void append_rows(Optionals<T>& into, const Optionals<T>& from, std::span<const std::uint32_t> rows) {
  append_rows(into.absent, from.absent, rows);
  append_rows(into.values, from.values, rows);
}

/// Whether `from` has values of that type.
template <typename T>
bool append_nullable(Optionals<T>& into, const Nullable& from, std::span<const std::uint32_t> rows) {
  const auto* values = std::get_if<std::vector<T>>(&from.values);
  if (values == nullptr) return false;
  append_rows(into.absent, from.null, rows);
  append_rows(into.values, *values, rows);
  return true;
}

template <typename T>
void append_all(std::vector<T>& into, const std::vector<T>& from) {
  into.insert(into.end(), from.begin(), from.end());
}

template <typename T>
void append_all(Optionals<T>& into, const Optionals<T>& from) {
  append_all(into.absent, from.absent);
  append_all(into.values, from.values);
}

inline void append_all(Strings& into, const Strings& from) { into.append_all(from); }
inline void append_all(Dictionary& into, const Dictionary& from) { into.append_all(from); }

template <typename T>
std::size_t bytes_of(const std::vector<T>& values) {
  return values.size() * sizeof(T);
}
template <typename T>
std::size_t bytes_of(const Optionals<T>& values) {
  return values.size() * (sizeof(T) + 1);
}
inline std::size_t bytes_of(const Strings& values) {
  return values.size_bytes() + values.size() * sizeof(std::size_t);
}
inline std::size_t bytes_of(const Dictionary& values) {
  return values.indexes().size_bytes() + bytes_of(values.keys());
}

/// Prepares a column for `rows` more after `rows_before`, and says whether their values are to be added.
/// Rows that leave the column out are added here, except in a column that all rows leave out, which stays
/// empty.
template <typename Values>
bool begin_rows(Values& values, std::size_t rows_before, bool is_given, const ColumnDefinition& column,
                std::size_t rows) {
  const bool is_left_out = values.size() < rows_before || rows_before == 0;
  if (is_given) {
    if (values.size() < rows_before) append_left_out(values, rows_before);
  } else if (!is_left_out || column.presence == Presence::kRequired) {
    append_left_out(values, rows);
  }
  return is_given;
}

template <typename Values>
ColumnData column_data(Values values) {
  return values;
}
template <typename T>
ColumnData column_data(Optionals<T> values) {
  return std::make_unique<Nullable>(Nullable{std::move(values.absent), std::move(values.values)});
}

}  // namespace detail

/// Adds the rows of `block` to the batch's columns of the same names; rows leave out the columns that the
/// block lacks. False when a column of the block has a layout that the batch's cannot take.
template <typename Row>
bool append_block(Batch<Row>& batch, const Block& block, std::span<const std::uint32_t> rows) {
  bool fits = true;
  const std::size_t rows_before = batch.size();
  for_each_column<Row>([&](const auto& access) {
    auto& values = batch.*access.batch;
    const Column* column = block.find(access.definition.name);
    if (!detail::begin_rows(values, rows_before, column != nullptr, access.definition, rows.size())) return;
    std::visit(
        [&](const auto& from) {
          if constexpr (requires { detail::append_nullable(values, *from, rows); }) {
            fits = detail::append_nullable(values, *from, rows) && fits;
          } else if constexpr (requires { detail::append_rows(values, from, rows); }) {
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
  const std::size_t rows_before = into.size();
  for_each_column<Row>([&](const auto& access) {
    const auto& values = from.*access.batch;
    const bool is_given = values.size() == from.size();
    if (detail::begin_rows(into.*access.batch, rows_before, is_given, access.definition, rows.size()))
      detail::append_rows(into.*access.batch, values, rows);
  });
}

/// Adds all rows of `from` to `into`.
template <typename Row>
void append_batch(Batch<Row>& into, const Batch<Row>& from) {
  const std::size_t rows_before = into.size();
  for_each_column<Row>([&](const auto& access) {
    const auto& values = from.*access.batch;
    const bool is_given = values.size() == from.size();
    if (detail::begin_rows(into.*access.batch, rows_before, is_given, access.definition, from.size()))
      detail::append_all(into.*access.batch, values);
  });
}

/// A block of the columns of `batch` that its rows do not leave out, in the table's order, with the rows in
/// the batch's order.
template <typename Row>
Block block_of(Batch<Row> batch) {
  Block block;
  const std::size_t rows = batch.size();
  for_each_column<Row>([&](const auto& access) {
    auto& values = batch.*access.batch;
    if (values.size() == rows)
      block.add({access.definition.name, access.definition.type, detail::column_data(std::move(values))});
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
