#include <lz4.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <vector>

#include "city_hash.hpp"
#include "frame.hpp"
#include "optiinfra/codec/compression.hpp"

namespace optiinfra {
namespace {

constexpr int kZstdLevel = 1;

struct FreeCompressor {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

FrameMethod method_of(Compression compression) {
  switch (compression) {
    case Compression::kNone:
      return FrameMethod::kNone;
    case Compression::kLz4:
      return FrameMethod::kLz4;
    case Compression::kZstd:
      return FrameMethod::kZstd;
  }
  detail::broken_invariant("a Compression that does not exist");
}

std::size_t bound(FrameMethod method, std::size_t raw_bytes) {
  if (method == FrameMethod::kLz4)
    return static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(raw_bytes)));
  if (method == FrameMethod::kZstd) return ZSTD_compressBound(raw_bytes);
  return raw_bytes;
}

}  // namespace

class FrameWriter::Output {
 public:
  Output(Compression compression, ByteSink sink)
      : method_(method_of(compression)), sink_(std::move(sink)), held_(kFramePrefixBytes) {}

  Result<void> write(std::span<const std::byte> bytes) {
    while (!bytes.empty() && status_) {
      const bool straight = method_ != FrameMethod::kNone && bytes.size() >= kFrameBytes;
      if (straight) flush();
      const std::size_t step = straight ? kFrameBytes : std::min(bytes.size(), kFrameBytes - held_bytes());
      if (straight) {
        compress(bytes.first(step));
      } else {
        hold(bytes.first(step));
      }
      bytes = bytes.subspan(step);
    }
    return status_;
  }

  const Result<void>& flush() {
    if (held_bytes() > 0) {
      if (method_ == FrameMethod::kNone) {
        send(held_, held_bytes());
      } else {
        compress(std::span(held_).subspan(kFramePrefixBytes));
      }
    }
    held_.resize(kFramePrefixBytes);
    return status_;
  }

 private:
  std::size_t held_bytes() const { return held_.size() - kFramePrefixBytes; }

  void hold(std::span<const std::byte> bytes) {
    held_.insert(held_.end(), bytes.begin(), bytes.end());
    if (held_bytes() == kFrameBytes) flush();
  }

  void compress(std::span<const std::byte> raw) {
    const std::size_t room = bound(method_, raw.size());
    if (frame_.size() < kFramePrefixBytes + room) frame_.resize(kFramePrefixBytes + room);
    const std::size_t size = compress(raw, std::span(frame_).subspan(kFramePrefixBytes));
    send(std::span(frame_).first(kFramePrefixBytes + size), raw.size());
  }

  std::size_t compress(std::span<const std::byte> raw, std::span<std::byte> into) {
    if (method_ == FrameMethod::kLz4) {
      const int size = LZ4_compress_default(reinterpret_cast<const char*>(raw.data()),
                                            reinterpret_cast<char*>(into.data()),
                                            static_cast<int>(raw.size()), static_cast<int>(into.size()));
      if (size <= 0) detail::broken_invariant("LZ4 did not fit into its own bound");
      return static_cast<std::size_t>(size);
    }
    if (!zstd_) zstd_.reset(ZSTD_createCCtx());
    if (!zstd_) throw std::bad_alloc();
    const std::size_t size =
        ZSTD_compressCCtx(zstd_.get(), into.data(), into.size(), raw.data(), raw.size(), kZstdLevel);
    if (ZSTD_isError(size)) detail::broken_invariant(ZSTD_getErrorName(size));
    return size;
  }

  /// Fills in the first bytes of `frame` and gives it to the sink.
  void send(std::span<std::byte> frame, std::size_t raw_bytes) {
    const auto compressed = static_cast<std::uint32_t>(frame.size() - kChecksumBytes),
               raw = static_cast<std::uint32_t>(raw_bytes);
    std::byte* header = frame.data() + kChecksumBytes;
    header[0] = static_cast<std::byte>(method_);
    std::memcpy(header + 1, &compressed, sizeof compressed);
    std::memcpy(header + 5, &raw, sizeof raw);
    const auto checksum = city_hash_128(frame.subspan(kChecksumBytes));
    std::memcpy(frame.data(), checksum.data(), kChecksumBytes);
    if (status_) status_ = sink_(frame);
  }

  FrameMethod method_;
  ByteSink sink_;
  std::vector<std::byte> held_;   ///< Room for a frame's first bytes, then what is held back.
  std::vector<std::byte> frame_;  ///< The frame that is being made.
  std::unique_ptr<ZSTD_CCtx, FreeCompressor> zstd_;
  Result<void> status_;
};

FrameWriter::FrameWriter(Compression compression, ByteSink sink)
    : output_(std::make_unique<Output>(compression, std::move(sink))) {}
FrameWriter::~FrameWriter() = default;
FrameWriter::FrameWriter(FrameWriter&&) noexcept = default;
FrameWriter& FrameWriter::operator=(FrameWriter&&) noexcept = default;

Result<void> FrameWriter::write(std::span<const std::byte> bytes) { return output_->write(bytes); }
Result<void> FrameWriter::flush() { return output_->flush(); }

}  // namespace optiinfra
