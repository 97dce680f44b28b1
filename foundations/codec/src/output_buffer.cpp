#include "optiinfra/codec/output_buffer.hpp"

#include <bit>

namespace optiinfra {

static_assert(std::endian::native == std::endian::little, "numbers are written as they lie");

Result<void> OutputBuffer::flush() {
  send_gathered();
  return status_;
}

void OutputBuffer::send_gathered() {
  if (!buffer_.empty()) send(buffer_);
  buffer_.clear();
}

void OutputBuffer::send(std::span<const std::byte> bytes) {
  if (status_) status_ = sink_(bytes);
}

void OutputBuffer::slow_raw(std::span<const std::byte> bytes) {
  send_gathered();
  if (bytes.size() >= kOutputBufferBytes) return send(bytes);
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

}  // namespace optiinfra
