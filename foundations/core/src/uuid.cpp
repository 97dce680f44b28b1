#include "optiinfra/core/uuid.hpp"

#include <array>
#include <iterator>
#include <random>

#include "sha1.hpp"

namespace optiinfra {
namespace {

constexpr std::size_t kTextLength = 36;

bool is_hyphen_position(std::size_t position) {
  return position == 8 || position == 13 || position == 18 || position == 23;
}

constexpr std::uint8_t kNoDigit = 0xFF;

constexpr std::array<std::uint8_t, 256> digit_values() {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (unsigned digit = 0; digit < 16; ++digit) {
    values[static_cast<unsigned char>("0123456789abcdef"[digit])] = static_cast<std::uint8_t>(digit);
    values[static_cast<unsigned char>("0123456789ABCDEF"[digit])] = static_cast<std::uint8_t>(digit);
  }
  return values;
}
constexpr auto kDigitValues = digit_values();

constexpr std::uint64_t kVersionBits = 0xF000;
constexpr std::uint64_t kVariantBits = 0xC000'0000'0000'0000, kVariant = 0x8000'0000'0000'0000;

Error not_a_uuid(std::string_view text) {
  constexpr std::size_t kQuotedMax = 64;
  return invalid_argument("'" + std::string(text.substr(0, kQuotedMax)) +
                          "' is not a UUID; expected 36 characters such as " +
                          "550e8400-e29b-41d4-a716-446655440000");
}

}  // namespace

Result<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != kTextLength) return not_a_uuid(text);
  if (text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-') return not_a_uuid(text);
  constexpr std::uint8_t kPairs[] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
  std::uint64_t halves[2] = {0, 0};
  unsigned seen = 0;  // Has bits above a digit's once anything was none: no branch for each digit.
  for (std::size_t pair = 0; pair < std::size(kPairs); ++pair) {
    const unsigned first = kDigitValues[static_cast<unsigned char>(text[kPairs[pair]])];
    const unsigned second = kDigitValues[static_cast<unsigned char>(text[kPairs[pair] + std::size_t{1}])];
    seen |= first | second;
    halves[pair / 8] = halves[pair / 8] << 8 | first << 4 | second;
  }
  if (seen > 0xF) return not_a_uuid(text);
  return Uuid{halves[0], halves[1]};
}

Uuid Uuid::random() {
  std::random_device device;
  const auto word = [&device] { return std::uint64_t{device()} << 32 | device(); };
  constexpr std::uint64_t kVersion4 = 0x4000;
  return {(word() & ~kVersionBits) | kVersion4, (word() & ~kVariantBits) | kVariant};
}

Uuid Uuid::of_name(const Uuid& space, std::string_view name) {
  std::string bytes;
  for (const std::uint64_t half : {space.high, space.low})
    for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(half >> shift & 0xFF);
  const auto digest = detail::sha1(bytes.append(name));
  constexpr std::uint64_t kVersion5 = 0x5000;
  const std::uint64_t high = std::uint64_t{digest[0]} << 32 | digest[1];
  const std::uint64_t low = std::uint64_t{digest[2]} << 32 | digest[3];
  return {(high & ~kVersionBits) | kVersion5, (low & ~kVariantBits) | kVariant};
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
