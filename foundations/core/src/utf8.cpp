#include "optiinfra/core/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace optiinfra {
namespace {

/// The length of the ASCII at the begin of `text`, rounded down to words.
std::size_t ascii_words(std::string_view text) {
  std::size_t at = 0;
  for (std::uint64_t word = 0; at + sizeof word <= text.size(); at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    if ((word & 0x8080'8080'8080'8080) != 0) break;
  }
  return at;
}

/// Bytes of the letter at the begin of `text`, which is not empty; 0 where there is none.
std::size_t letter_bytes(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto is_tail = [&](std::size_t i, unsigned char min = 0x80, unsigned char max = 0xBF) {
    return i < text.size() && byte(i) >= min && byte(i) <= max;
  };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return is_tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool fits = is_tail(1, first == 0xE0 ? 0xA0 : 0x80, first == 0xED ? 0x9F : 0xBF);
    return fits && is_tail(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool fits = is_tail(1, first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF);
    return fits && is_tail(2) && is_tail(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
  text.remove_prefix(ascii_words(text));
  while (!text.empty()) {
    const std::size_t bytes = letter_bytes(text);
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

void append_utf8(char32_t letter, std::string& text) {
  const auto tail = [&](unsigned shift) { text += static_cast<char>(0x80 | (letter >> shift & 0x3F)); };
  if (letter < 0x80) {
    text += static_cast<char>(letter);
  } else if (letter < 0x800) {
    text += static_cast<char>(0xC0 | letter >> 6);
    tail(0);
  } else if (letter < 0x1'0000) {
    text += static_cast<char>(0xE0 | letter >> 12);
    tail(6), tail(0);
  } else {
    text += static_cast<char>(0xF0 | letter >> 18);
    tail(12), tail(6), tail(0);
  }
}

}  // namespace optiinfra
