#include "optiinfra/codec/input_buffer.hpp"

#include <algorithm>
#include <bit>

namespace optiinfra {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are read as they lie");

/// A text grows by at most this much ahead of its bytes, so that a false length costs no memory.
constexpr std::size_t kScratchGrowBytes = 1 << 20;

}  // namespace

InputBuffer::InputBuffer(ByteSource source, std::string name, std::size_t read_ahead_bytes)
    : source_(std::move(source)), name_(std::move(name)), buffer_(read_ahead_bytes) {}

void InputBuffer::fail(ErrorKind kind, std::string_view what) {
  if (failure_) return;
  std::string message = name_ + ", byte " + std::to_string(offset_);
  if (!place_.empty()) message += ", " + place_;
  failure_ = Error{kind, message.append(": ").append(what)};
}

void InputBuffer::refuse(std::uint64_t value, std::uint64_t limit, std::string_view what) {
  fail(ErrorKind::kTooLarge,
       std::string(what) + " of " + std::to_string(value) + " is over the limit of " + std::to_string(limit));
}

std::size_t InputBuffer::ask_source(std::span<std::byte> into) {
  if (failure_ || ended_ || into.empty()) return 0;
  auto given = source_(into);
  if (!given) {
    failure_ = std::move(given).error();
    return 0;
  }
  ended_ = *given == 0;
  return *given;
}

void InputBuffer::refill() {
  // Without read-ahead, at_end() still has to look at one byte.
  if (buffer_.empty()) buffer_.resize(1);
  begin_ = 0, end_ = 0;
  end_ = ask_source(buffer_);
}

std::size_t InputBuffer::some(std::span<std::byte> into) {
  if (failure_ || into.empty()) return 0;
  std::size_t given = std::min(into.size(), buffered_bytes());
  if (given > 0) {
    std::memcpy(into.data(), buffer_.data() + begin_, given);
    begin_ += given;
  } else if (into.size() >= buffer_.size()) {
    given = ask_source(into);
  } else {
    refill();
    return end_ == 0 ? 0 : some(into);
  }
  offset_ += given;
  return given;
}

void InputBuffer::slow_raw(std::byte* into, std::size_t size) {
  while (size > 0) {
    const std::size_t step = some({into, size});
    if (step == 0) {
      fail(ErrorKind::kCorrupt, "the input ends too early");
      std::memset(into, 0, size);
      return;
    }
    into += step, size -= step;
  }
}

std::uint64_t InputBuffer::slow_varint() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 63; shift += 7) {
    const auto byte = number<std::uint8_t>();
    value |= std::uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80) return failure_ ? 0 : value;
  }
  // Nine bytes hold 63 bits; no count or length that is accepted needs more.
  fail(ErrorKind::kCorrupt, "a number takes more than 9 bytes");
  return 0;
}

std::string_view InputBuffer::slow_text(std::uint64_t size) {
  scratch_.clear();
  while (size > 0 && !failure_) {
    const std::size_t step = std::min<std::uint64_t>(size, kScratchGrowBytes), begin = scratch_.size();
    scratch_.resize(begin + step);
    raw(scratch_.data() + begin, step);
    size -= step;
  }
  if (failure_) scratch_.clear();
  return scratch_;
}

}  // namespace optiinfra
