/// @file optiinfra/codec/input_buffer.hpp
/// Buffered reading of a byte source, shared by readers that take turns on one stream: on a connection,
/// packets and the blocks between them come through one InputBuffer, so no reader takes bytes of the next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "optiinfra/codec/byte_stream.hpp"
#include "optiinfra/core/error.hpp"

namespace optiinfra {

/// Bytes that an InputBuffer asks its source for at once, by default.
inline constexpr std::size_t kInputBufferBytes = std::size_t{64} << 10;

/// Bytes with a position. The first failure is kept, and every read after it gives zero or empty: a caller
/// may read a whole packet and check failure() once, but must check before it loops on a count.
///
/// Each call takes from the stream exactly what it returns. The source is asked only while a call lacks
/// bytes, so a reader that knows where its message ends never blocks for the next one. Large reads go from
/// the source to their destination without a copy.
/// Threads: one at a time. Errors: kCorrupt for an input that ends too early, those passed to fail(), and
/// those of the source, unchanged.
class InputBuffer {
 public:
  /// `name` begins each message: "Native format" or "answer of db1:9000". With `read_ahead_bytes` 0 the
  /// source is never asked for more than a call needs.
  explicit InputBuffer(ByteSource source, std::string name, std::size_t read_ahead_bytes = kInputBufferBytes);
  InputBuffer(const InputBuffer&) = delete;
  InputBuffer& operator=(const InputBuffer&) = delete;

  const std::optional<Error>& failure() const noexcept { return failure_; }

  /// Keeps this failure, with the name, the offset and the place before `what`, unless there is one.
  void fail(ErrorKind kind, std::string_view what);

  /// The reader's place in the message, for failures: "column 'v'". Empty: no place is named.
  void set_place(std::string place) { place_ = std::move(place); }

  /// Bytes given so far.
  std::uint64_t offset() const noexcept { return offset_; }

  /// Bytes that the source has given and no call has taken.
  std::size_t buffered_bytes() const noexcept { return end_ - begin_; }

  /// True after a failure and at the end of the input. Asks the source when nothing is buffered.
  bool at_end() {
    if (begin_ == end_) refill();
    return failure_ || begin_ == end_;
  }

  /// Fills part of `into`, as a ByteSource does: 0 after a failure and at the end of the input.
  std::size_t some(std::span<std::byte> into);

  /// Fills `size` bytes, with zeros after a failure.
  void raw(void* into, std::size_t size) {
    if (size <= end_ - begin_ && !failure_) {
      std::memcpy(into, buffer_.data() + begin_, size);
      begin_ += size, offset_ += size;
    } else {
      slow_raw(static_cast<std::byte*>(into), size);
    }
  }

  /// A little-endian number of fixed width.
  template <typename T>
  T number() {
    static_assert(std::is_arithmetic_v<T>);
    T value{};
    raw(&value, sizeof value);
    return value;
  }

  /// A varuint: 7 bits a byte, lowest first, in at most 9 bytes.
  std::uint64_t varint() {
    if (begin_ != end_ && !failure_) {
      const auto byte = std::to_integer<std::uint8_t>(buffer_[begin_]);
      if (byte < 0x80) return ++begin_, ++offset_, byte;
    }
    return slow_varint();
  }

  /// `value`, or 0 after a failure. A value over `limit` is a failure: "`what` of 7 is over the limit of 5".
  std::uint64_t bounded(std::uint64_t value, std::uint64_t limit, std::string_view what) {
    if (value > limit) refuse(value, limit, what);
    return failure_ ? 0 : value;
  }

  /// A varuint and that many bytes, at most `limit`. Valid until the next call.
  std::string_view text(std::uint64_t limit, std::string_view what) {
    const std::uint64_t size = bounded(varint(), limit, what);
    if (size > end_ - begin_) return slow_text(size);
    const auto* begin = reinterpret_cast<const char*>(buffer_.data() + begin_);
    begin_ += size, offset_ += size;
    return {begin, size};
  }

 private:
  void refill();
  std::size_t ask_source(std::span<std::byte> into);
  void refuse(std::uint64_t value, std::uint64_t limit, std::string_view what);
  void slow_raw(std::byte* into, std::size_t size);
  std::uint64_t slow_varint();
  std::string_view slow_text(std::uint64_t size);

  ByteSource source_;
  std::string name_;
  std::vector<std::byte> buffer_;
  std::size_t begin_ = 0, end_ = 0;
  std::uint64_t offset_ = 0;
  bool ended_ = false;
  std::string scratch_;
  std::string place_;
  std::optional<Error> failure_;
};

}  // namespace optiinfra
