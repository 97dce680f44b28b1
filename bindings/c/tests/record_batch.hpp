/// A record batch for tests, column by column. Owns what its arrays point at.
#pragma once

#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "optiinfra.h"

namespace optiinfra::c_interface {

class RecordBatch {
 public:
  explicit RecordBatch(std::size_t rows) : rows_(static_cast<std::int64_t>(rows)) {}

  template <typename T>
  RecordBatch& add(const char* name, const char* format, const std::vector<T>& values,
                   std::vector<bool> valid = {}) {
    Column& column = begin(name, format, valid);
    column.values.resize(values.size() * sizeof(T));
    std::memcpy(column.values.data(), values.data(), column.values.size());
    column.buffers[1] = column.values.data();
    return *this;
  }

  RecordBatch& add_texts(const char* name, const std::vector<std::string>& texts,
                         std::vector<bool> valid = {}) {
    Column& column = begin(name, "u", valid);
    put_texts(column, texts);
    column.array.n_buffers = 3;
    return *this;
  }

  RecordBatch& add_dictionary(const char* name, const std::vector<std::int8_t>& indexes,
                              const std::vector<std::string>& keys) {
    add(name, "c", indexes);
    Column& column = columns_.back();
    Column& dictionary = dictionaries_.emplace_back();
    dictionary.schema.format = "u";
    put_texts(dictionary, keys);
    dictionary.array.length = static_cast<std::int64_t>(keys.size());
    dictionary.array.n_buffers = 3;
    dictionary.array.buffers = dictionary.buffers;
    column.schema.dictionary = &dictionary.schema;
    column.array.dictionary = &dictionary.array;
    return *this;
  }

  /// Rows before `offset` are there and not part of the batch.
  RecordBatch& skip(std::int64_t offset) {
    array_.offset = offset;
    rows_ -= offset;
    return *this;
  }

  const ArrowSchema& schema() {
    fields_.clear();
    for (Column& column : columns_) fields_.push_back(&column.schema);
    schema_.format = "+s";
    schema_.n_children = static_cast<std::int64_t>(fields_.size());
    schema_.children = fields_.data();
    return schema_;
  }

  const ArrowArray& array() {
    arrays_.clear();
    for (Column& column : columns_) arrays_.push_back(&column.array);
    array_.length = rows_;
    array_.n_buffers = 1;
    array_.buffers = no_validity_;
    array_.n_children = static_cast<std::int64_t>(arrays_.size());
    array_.children = arrays_.data();
    return array_;
  }

 private:
  struct Column {
    std::string name;
    std::vector<std::uint8_t> validity;
    std::string values, chars;
    const void* buffers[3] = {};
    ArrowSchema schema{};
    ArrowArray array{};
  };

  Column& begin(const char* name, const char* format, const std::vector<bool>& valid) {
    Column& column = columns_.emplace_back();
    column.name = name;
    column.schema.name = column.name.c_str();
    column.schema.format = format;
    column.array.length = rows_ + array_.offset;
    column.array.n_buffers = 2;
    column.array.buffers = column.buffers;
    if (!valid.empty()) set_validity(column, valid);
    return column;
  }

  static void set_validity(Column& column, const std::vector<bool>& valid) {
    column.validity.assign((valid.size() + 7) / 8, 0);
    for (std::size_t row = 0; row < valid.size(); ++row) {
      if (valid[row])
        column.validity[row / 8] = static_cast<std::uint8_t>(column.validity[row / 8] | 1u << row % 8);
    }
    column.buffers[0] = column.validity.data();
    column.array.null_count = -1;
  }

  static void put_texts(Column& column, const std::vector<std::string>& texts) {
    std::vector<std::int32_t> ends{0};
    for (const std::string& text : texts) {
      column.chars += text;
      ends.push_back(static_cast<std::int32_t>(column.chars.size()));
    }
    column.values.assign(reinterpret_cast<const char*>(ends.data()), ends.size() * sizeof ends[0]);
    column.buffers[1] = column.values.data();
    column.buffers[2] = column.chars.data();
  }

  std::int64_t rows_;
  std::deque<Column> columns_, dictionaries_;
  std::vector<ArrowSchema*> fields_;
  std::vector<ArrowArray*> arrays_;
  const void* no_validity_[1] = {};
  ArrowSchema schema_{};
  ArrowArray array_{};
};

}  // namespace optiinfra::c_interface
