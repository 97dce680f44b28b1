#include "optiinfra/core/uuid.hpp"

#include <random>

namespace optiinfra {
namespace {

constexpr std::size_t kTextLength = 36;

bool is_hyphen_position(std::size_t position) {
  return position == 8 || position == 13 || position == 18 || position == 23;
}

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Error not_a_uuid(std::string_view text) {
  constexpr std::size_t kQuotedMax = 64;
  return {ErrorKind::kInvalidArgument, "'" + std::string(text.substr(0, kQuotedMax)) +
                                           "' is not a UUID; expected 36 characters such as " +
                                           "550e8400-e29b-41d4-a716-446655440000"};
}

}  // namespace

Result<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != kTextLength) return not_a_uuid(text);
  std::uint64_t halves[2] = {0, 0};
  int digits = 0;
  for (std::size_t i = 0; i < kTextLength; ++i) {
    if (is_hyphen_position(i)) {
      if (text[i] != '-') return not_a_uuid(text);
      continue;
    }
    const int value = digit_value(text[i]);
    if (value < 0) return not_a_uuid(text);
    auto& half = halves[digits++ / 16];
    half = half << 4 | static_cast<std::uint64_t>(value);
  }
  return Uuid{halves[0], halves[1]};
}

Uuid Uuid::random() {
  std::random_device device;
  const auto word = [&device] { return std::uint64_t{device()} << 32 | device(); };
  constexpr std::uint64_t kVersion4 = 0x4000, kVariant = 0x8000'0000'0000'0000;
  return {(word() & ~std::uint64_t{0xF000}) | kVersion4, (word() & ~(std::uint64_t{0xC} << 60)) | kVariant};
}

std::string Uuid::to_string() const {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text(kTextLength, '-');
  int digit = 0;
  for (std::size_t i = 0; i < kTextLength; ++i) {
    if (is_hyphen_position(i)) continue;
    const std::uint64_t half = digit < 16 ? high : low;
    text[i] = kDigits[half >> (60 - 4 * (digit % 16)) & 0xF];
    ++digit;
  }
  return text;
}

}  // namespace optiinfra
