#include "utf16.hpp"

#include <array>

#include "optiinfra/core/utf8.hpp"

namespace optiinfra {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr std::uint16_t kMark = 0xFEFF;

bool is_high_surrogate(std::uint16_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low_surrogate(std::uint16_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

}  // namespace

std::optional<ByteOrder> utf16_order(std::string_view head) {
  if (head.size() < 2) return std::nullopt;
  if (head.starts_with("\xFF\xFE") || (head[0] != '\0' && head[1] == '\0')) return ByteOrder::kLittleEndian;
  if (head.starts_with("\xFE\xFF") || (head[0] == '\0' && head[1] != '\0')) return ByteOrder::kBigEndian;
  return std::nullopt;
}

bool is_utf32(std::string_view head) {
  using namespace std::string_view_literals;
  return head.starts_with("\xFF\xFE\0\0"sv) || head.starts_with("\0\0\xFE\xFF"sv);
}

void append_windows_1252(std::span<const std::uint8_t> bytes, std::string& utf8) {
  // From 0x80 on; elsewhere a byte is its letter's number.
  static constexpr std::array<char16_t, 32> kLetters = {
      0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
      0x2039, 0x0152, 0x8D,   0x017D, 0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
      0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};
  for (const std::uint8_t byte : bytes) {
    const bool is_own = byte >= 0x80 && byte < 0x80 + kLetters.size();
    append_utf8(is_own ? char32_t{kLetters[byte - 0x80u]} : char32_t{byte}, utf8);
  }
}

void Utf16Reader::append(std::span<const std::uint8_t> bytes, std::string& utf8) {
  for (const std::uint8_t byte : bytes) {
    if (!byte_) {
      byte_ = byte;
      continue;
    }
    const unsigned first = *byte_, second = byte;
    byte_.reset();
    take(static_cast<std::uint16_t>(order_ == ByteOrder::kLittleEndian ? first | second << 8
                                                                       : first << 8 | second),
         utf8);
  }
}

void Utf16Reader::take(std::uint16_t unit, std::string& utf8) {
  const bool is_mark = is_first_ && unit == kMark;
  is_first_ = false;
  if (is_mark) return;
  if (high_surrogate_ != 0 && is_low_surrogate(unit)) {
    append_utf8(0x10000 + ((high_surrogate_ - 0xD800u) << 10) + (unit - 0xDC00u), utf8);
    high_surrogate_ = 0;
    return;
  }
  if (high_surrogate_ != 0) append_utf8(kReplacement, utf8);
  high_surrogate_ = is_high_surrogate(unit) ? unit : std::uint16_t{0};
  if (high_surrogate_ == 0) append_utf8(is_low_surrogate(unit) ? kReplacement : char32_t{unit}, utf8);
}

}  // namespace optiinfra
