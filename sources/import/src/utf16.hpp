/// Converts text as Windows programs export it, in UTF-16 or Windows-1252, to UTF-8.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace optiinfra {

enum class ByteOrder { kLittleEndian, kBigEndian };

/// The order of a text in UTF-16 that begins so: by its mark, or by the zero in its first letter. Nothing for
/// any other text, none of which has a zero among its first two bytes.
std::optional<ByteOrder> utf16_order(std::string_view head);

/// Whether a text begins with the mark of UTF-32.
bool is_utf32(std::string_view head);

/// Appends what bytes in Windows-1252 say, of which Latin-1 is a part as far as it has letters. The five
/// bytes that stand for nothing there become the control characters that Latin-1 has.
void append_windows_1252(std::span<const std::uint8_t> bytes, std::string& utf8);

/// Takes the bytes of one text piece by piece. Half a pair of surrogates becomes U+FFFD; the mark is left
/// out.
class Utf16Reader {
 public:
  explicit Utf16Reader(ByteOrder order) : order_(order) {}

  /// Appends what the bytes, with those before them, say.
  void append(std::span<const std::uint8_t> bytes, std::string& utf8);

  /// Whether the bytes so far are whole letters.
  bool is_complete() const { return !byte_ && high_surrogate_ == 0; }

 private:
  void take(std::uint16_t unit, std::string& utf8);

  ByteOrder order_;
  std::optional<std::uint8_t> byte_;
  std::uint16_t high_surrogate_ = 0;
  bool is_first_ = true;
};

}  // namespace optiinfra
