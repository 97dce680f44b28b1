// https://github.com/google/snappy/blob/main/format_description.txt: the length of the text as a varint, then
// literals and copies of what stands before.
#include "snappy.hpp"

#include <cstdint>
#include <cstring>

namespace optiinfra::service {
namespace {

/// An element of 3 bytes gives at most 64: a length beyond that is a lie.
constexpr std::size_t kExpansionMax = 22;

class Block {
 public:
  Block(std::string_view block, std::size_t bytes_max) : rest_(block), bytes_max_(bytes_max) {}

  Result<std::string> read() {
    OPTIINFRA_CHECK(read_length());
    while (!rest_.empty()) {
      const auto tag = static_cast<std::uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      if (!((tag & 3) == 0 ? add_literal(tag >> 2) : add_copy(tag))) return damaged();
    }
    if (used_ != text_.size()) return damaged();
    return std::move(text_);
  }

 private:
  static Error damaged() { return {ErrorKind::kInvalidArgument, "the body is not whole as snappy"}; }

  Result<void> read_length() {
    std::uint64_t length = 0;
    for (unsigned shift = 0;; shift += 7) {
      if (rest_.empty() || shift > 28) return damaged();
      const auto byte = static_cast<std::uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      length |= std::uint64_t{byte & 0x7Fu} << shift;
      if ((byte & 0x80) == 0) break;
    }
    if (length > bytes_max_)
      return Error{ErrorKind::kTooLarge, "the body is longer than " + std::to_string(bytes_max_) +
                                             " bytes once it is decompressed"};
    if (length > rest_.size() * kExpansionMax) return damaged();
    text_.resize(length);
    return {};
  }

  /// A number of the next bytes, the lowest first.
  bool read_number(std::size_t bytes, std::size_t& number) {
    if (rest_.size() < bytes) return false;
    number = 0;
    for (std::size_t i = 0; i < bytes; ++i)
      number |= std::size_t{static_cast<std::uint8_t>(rest_[i])} << (8 * i);
    rest_.remove_prefix(bytes);
    return true;
  }

  bool add_literal(std::size_t length) {
    if (length >= 60 && !read_number(length - 59, length)) return false;
    ++length;
    if (length > rest_.size() || length > text_.size() - used_) return false;
    std::memcpy(text_.data() + used_, rest_.data(), length);
    rest_.remove_prefix(length);
    used_ += length;
    return true;
  }

  bool add_copy(std::uint8_t tag) {
    std::size_t length = std::size_t{1} + (tag >> 2), offset = 0;
    if ((tag & 3) == 1) {
      length = 4 + ((tag >> 2) & 7u);
      if (!read_number(1, offset)) return false;
      offset |= std::size_t{tag & 0xE0u} << 3;
    } else if (!read_number((tag & 3) == 2 ? 2 : 4, offset)) {
      return false;
    }
    if (offset == 0 || offset > used_ || length > text_.size() - used_) return false;
    char* const to = text_.data() + used_;
    const char* const from = to - offset;
    if (offset >= length) {
      std::memcpy(to, from, length);
    } else {
      for (std::size_t i = 0; i < length; ++i) to[i] = from[i];  // The copy repeats itself.
    }
    used_ += length;
    return true;
  }

  std::string_view rest_;
  const std::size_t bytes_max_;
  std::string text_;
  std::size_t used_ = 0;
};

}  // namespace

Result<std::string> from_snappy(std::string_view block, std::size_t bytes_max) {
  return Block(block, bytes_max).read();
}

}  // namespace optiinfra::service
