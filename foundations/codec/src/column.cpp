#include "optiinfra/codec/column.hpp"

#include <algorithm>
#include <cstring>
#include <random>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "optiinfra/codec/large_pages.hpp"

namespace optiinfra {
namespace {

/// Labels come from strangers: with a seed that they do not know they cannot choose some that share their
/// slots, which would make each look-up pass over all before it. One for the process, because tables are
/// copied.
std::size_t hash_of(std::string_view text) {
  static const std::uint64_t seed = [] {
    std::random_device random;
    return std::uint64_t{random()} << 32 | random();
  }();
  return XXH3_64bits_withSeed(text.data(), text.size(), seed);
}

}  // namespace

void Strings::reserve(std::size_t rows, std::size_t bytes) {
  ends_.reserve(rows);
  chars_.reserve(bytes);
}

void Strings::append(std::string_view text) {
  chars_.append(text);
  ends_.push_back(chars_.size());
}

void Strings::append_all(const Strings& more) {
  const std::size_t offset = chars_.size(), rows = more.size();
  chars_.append(more.chars_);
  ends_.reserve(ends_.size() + rows);
  for (std::size_t row = 0; row < rows; ++row) ends_.push_back(offset + more.ends_[row]);
}

void Strings::assign(const Strings& source, std::span<const std::uint32_t> rows) {
  make_room(ends_, rows.size());
  std::size_t end = 0;
  for (const std::uint32_t row : rows) ends_.push_back(end += source[row].size());
  // Short texts are copied as one word of fixed size, which may reach into the room of the next.
  constexpr std::size_t kWordBytes = 16;
  make_room(chars_, end + kWordBytes);
  chars_.resize(end + kWordBytes);
  const std::string& from = source.chars_;
  const char* const last_word = from.data() + from.size() - std::min(from.size(), kWordBytes);
  char* into = chars_.data();
  for (const std::uint32_t row : rows) {
    const std::string_view text = source[row];
    const bool is_one_word =
        text.size() <= kWordBytes && from.size() >= kWordBytes && text.data() <= last_word;
    if (is_one_word) {
      std::memcpy(into, text.data(), kWordBytes);
    } else {
      std::memcpy(into, text.data(), text.size());
    }
    into += text.size();
  }
  chars_.resize(end);
}

void Strings::clear() noexcept {
  chars_.clear();
  ends_.clear();
}

Dictionary::Dictionary() { clear(); }

void Dictionary::reserve(std::size_t rows) { indexes_.reserve(rows); }

void Dictionary::clear() noexcept {
  keys_.clear();
  keys_.append("");
  indexes_.clear();
  table_.assign(16, 0);
}

void Dictionary::append(std::string_view text) {
  if (!indexes_.empty() && keys_[indexes_.back()] == text) {
    indexes_.push_back(indexes_.back());
    return;
  }
  indexes_.push_back(intern(text));
}

std::uint32_t Dictionary::intern(std::string_view text) {
  if (text.empty()) return 0;
  const std::size_t mask = table_.size() - 1;
  std::size_t slot = hash_of(text) & mask;
  for (; table_[slot] != 0; slot = (slot + 1) & mask) {
    if (keys_[table_[slot]] == text) return table_[slot];
  }
  const auto index = static_cast<std::uint32_t>(keys_.size());
  keys_.append(text);
  table_[slot] = index;
  if (keys_.size() * 2 > table_.size()) grow_table();
  return index;
}

void Dictionary::grow_table() {
  table_.assign(table_.size() * 2, 0);
  const std::size_t mask = table_.size() - 1;
  for (std::uint32_t index = 1; index < keys_.size(); ++index) {
    std::size_t slot = hash_of(keys_[index]) & mask;
    while (table_[slot] != 0) slot = (slot + 1) & mask;
    table_[slot] = index;
  }
}

void Dictionary::assign(const Dictionary& source, std::span<const std::uint32_t> rows) {
  keys_ = source.keys_;
  table_ = source.table_;
  make_room(indexes_, rows.size());
  indexes_.resize(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) indexes_[i] = source.indexes_[rows[i]];
}

void Dictionary::append_all(const Dictionary& more) {
  std::vector<std::uint32_t> translated(more.key_count());
  for (std::size_t key = 0; key < translated.size(); ++key) translated[key] = intern(more.key(key));
  const std::size_t before = indexes_.size();
  indexes_.resize(before + more.size());
  for (std::size_t row = 0; row < more.size(); ++row) indexes_[before + row] = translated[more.indexes_[row]];
}

std::size_t row_count(const ColumnData& data) {
  return std::visit(
      [](const auto& values) -> std::size_t {
        if constexpr (requires { values->null; }) {
          return values->null.size();
        } else {
          return values.size();
        }
      },
      data);
}

}  // namespace optiinfra
