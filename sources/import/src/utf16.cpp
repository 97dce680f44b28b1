#include "utf16.hpp"

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
