/// @file optiinfra/codec/output_buffer.hpp
/// Buffered writing to a byte sink, shared by writers that take turns on one stream: packets and the blocks
/// between them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "optiinfra/codec/byte_stream.hpp"
#include "optiinfra/core/error.hpp"

namespace optiinfra {

/// Bytes that an OutputBuffer gathers; larger pieces go to the sink without a copy.
inline constexpr std::size_t kOutputBufferBytes = std::size_t{64} << 10;

/// Gathers small pieces and hands large ones to the sink without a copy. Bytes that were not flushed when the
/// object is destroyed are not sent.
/// Threads: one at a time. Errors: those of the sink; the first is kept and nothing is sent after it.
class OutputBuffer {
 public:
  explicit OutputBuffer(ByteSink sink) : sink_(std::move(sink)) { buffer_.reserve(kOutputBufferBytes); }
  OutputBuffer(const OutputBuffer&) = delete;
  OutputBuffer& operator=(const OutputBuffer&) = delete;

  /// Sends the gathered bytes. Returns the first error of all writing so far.
  Result<void> flush();

  void raw(const void* data, std::size_t size) {
    const auto* bytes = static_cast<const std::byte*>(data);
    if (buffer_.size() + size > kOutputBufferBytes) return slow_raw({bytes, size});
    buffer_.insert(buffer_.end(), bytes, bytes + size);
  }

  /// A varuint: 7 bits a byte, lowest first.
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) byte(static_cast<unsigned char>(value | 0x80));
    byte(static_cast<unsigned char>(value));
  }

  /// A varuint with the size, and the bytes.
  void text(std::string_view value) {
    varint(value.size());
    raw(value.data(), value.size());
  }

  /// A little-endian number of the width of T.
  template <typename T>
  void number(T value) {
    static_assert(std::is_arithmetic_v<T>);
    raw(&value, sizeof value);
  }

 private:
  void byte(unsigned char value) {
    if (buffer_.size() == kOutputBufferBytes) send_gathered();
    buffer_.push_back(static_cast<std::byte>(value));
  }
  void send_gathered();
  void send(std::span<const std::byte> bytes);
  void slow_raw(std::span<const std::byte> bytes);

  ByteSink sink_;
  std::vector<std::byte> buffer_;
  Result<void> status_;
};

}  // namespace optiinfra
