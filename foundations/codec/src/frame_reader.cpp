#include <lz4.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <vector>

#include "city_hash.hpp"
#include "frame.hpp"
#include "optiinfra/codec/compression.hpp"
#include "optiinfra/codec/input_buffer.hpp"

namespace optiinfra {
namespace {

/// A frame's buffer grows by at most this much, or by what has come, ahead of the bytes that fill it.
constexpr std::size_t kFrameGrowBytes = 1 << 20;

struct FreeDecompressor {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

struct Header {
  FrameMethod method{};
  std::size_t payload_bytes = 0, raw_bytes = 0;
};

/// The most that a payload can decompress to. LZ4 adds 255 bytes for each byte of a length; a block of
/// ZSTD takes 3 bytes and its content, and gives 128 KiB.
std::size_t raw_bytes_max(FrameMethod method, std::size_t payload_bytes) {
  if (method == FrameMethod::kNone) return payload_bytes;
  if (method == FrameMethod::kLz4) return 255 * payload_bytes;
  return (payload_bytes / 4) << 17;
}

bool has_raw_size(std::span<const std::byte> zstd_payload, std::size_t raw_bytes) {
  const unsigned long long content = ZSTD_getFrameContentSize(zstd_payload.data(), zstd_payload.size());
  return content == ZSTD_CONTENTSIZE_UNKNOWN || content == raw_bytes;
}

}  // namespace

class FrameReader::Input {
 public:
  explicit Input(ByteSource source)
      : own_(std::make_unique<InputBuffer>(std::move(source), "compressed stream", 0)), input_(*own_) {}
  explicit Input(InputBuffer& input) : input_(input) {}

  Result<std::size_t> read(std::span<std::byte> into) {
    while (left_.empty() && !into.empty()) {
      if (input_.at_end()) break;
      input_.set_place("compressed frame at byte " + std::to_string(input_.offset()));
      const std::size_t given = next_frame(into);
      input_.set_place({});
      if (given > 0) return given;
    }
    if (input_.failure()) return *input_.failure();
    const std::size_t step = std::min(left_.size(), into.size());
    if (step > 0) std::memcpy(into.data(), left_.data(), step);
    left_ = left_.subspan(step);
    return step;
  }

 private:
  /// Puts the next frame's bytes into `into` where they fit, and says how many; else they are left_.
  std::size_t next_frame(std::span<std::byte> into) {
    std::array<std::uint64_t, 2> checksum{};
    input_.raw(checksum.data(), kChecksumBytes);
    const Header header = read_header();
    read_payload(header.payload_bytes);
    if (input_.failure()) return 0;
    const auto frame = std::span<const std::byte>(frame_).first(kFrameHeaderBytes + header.payload_bytes);
    if (city_hash_128(frame) != checksum) {
      fail("the checksum is wrong: the bytes were damaged on their way");
      return 0;
    }
    const auto payload = frame.subspan(kFrameHeaderBytes);
    if (header.method == FrameMethod::kNone) {
      left_ = payload;
      return 0;
    }
    if (header.method == FrameMethod::kZstd && !has_raw_size(payload, header.raw_bytes)) {
      fail("its payload states another size than its header");
      return 0;
    }
    const bool fits = into.size() >= header.raw_bytes;
    if (!fits && raw_.size() < header.raw_bytes) raw_.resize(header.raw_bytes);
    const auto raw = fits ? into.first(header.raw_bytes) : std::span(raw_).first(header.raw_bytes);
    if (!decompress(header.method, payload, raw)) {
      fail("the payload does not decompress to the " + std::to_string(header.raw_bytes) + " bytes stated");
      return 0;
    }
    if (!fits) left_ = raw;
    return fits ? raw.size() : 0;
  }

  /// Leaves the header at the start of frame_, where the checksum covers it.
  Header read_header() {
    input_.raw(frame_.data(), kFrameHeaderBytes);
    std::uint32_t compressed = 0, raw = 0;
    std::memcpy(&compressed, frame_.data() + 1, sizeof compressed);
    std::memcpy(&raw, frame_.data() + 5, sizeof raw);
    Header header{static_cast<FrameMethod>(frame_[0])};
    check_method(header.method);
    if (compressed < kFrameHeaderBytes) fail("its size is smaller than its header");
    input_.bounded(compressed, kFrameBytesMax, "a size");
    input_.bounded(raw, kFrameBytesMax, "a size before compression");
    if (input_.failure()) return {};
    header.payload_bytes = compressed - kFrameHeaderBytes;
    header.raw_bytes = raw;
    if (header.raw_bytes > raw_bytes_max(header.method, header.payload_bytes) ||
        (header.method == FrameMethod::kNone && header.raw_bytes != header.payload_bytes)) {
      fail(std::to_string(header.payload_bytes) + " bytes cannot hold the " + std::to_string(raw) +
           " stated");
    }
    return header;
  }

  void check_method(FrameMethod method) {
    if (method == FrameMethod::kNone || method == FrameMethod::kLz4 || method == FrameMethod::kZstd) return;
    fail("unknown method " + std::to_string(static_cast<unsigned>(method)) +
         "; known are 2 (none), 130 (LZ4) and 144 (ZSTD)");
  }

  /// Puts it after the header. The buffer keeps its size from frame to frame, so that it is cleared once.
  void read_payload(std::size_t size) {
    const std::size_t end = kFrameHeaderBytes + size;
    for (std::size_t begin = kFrameHeaderBytes; begin < end && !input_.failure();) {
      const std::size_t step = std::min(end - begin, std::max(kFrameGrowBytes, begin));
      if (frame_.size() < begin + step) frame_.resize(begin + step);
      input_.raw(frame_.data() + begin, step);
      begin += step;
    }
  }

  bool decompress(FrameMethod method, std::span<const std::byte> payload, std::span<std::byte> raw) {
    if (method == FrameMethod::kLz4) {
      const int size = LZ4_decompress_safe(reinterpret_cast<const char*>(payload.data()),
                                           reinterpret_cast<char*>(raw.data()),
                                           static_cast<int>(payload.size()), static_cast<int>(raw.size()));
      return size >= 0 && static_cast<std::size_t>(size) == raw.size();
    }
    if (!zstd_) zstd_.reset(ZSTD_createDCtx());
    if (!zstd_) throw std::bad_alloc();
    return ZSTD_decompressDCtx(zstd_.get(), raw.data(), raw.size(), payload.data(), payload.size()) ==
           raw.size();
  }

  void fail(const std::string& what) { input_.fail(ErrorKind::kCorrupt, what); }

  std::unique_ptr<InputBuffer> own_;
  InputBuffer& input_;
  /// Header and payload, as the checksum covers them; and what larger frames left behind.
  std::vector<std::byte> frame_ = std::vector<std::byte>(kFrameHeaderBytes);
  std::vector<std::byte> raw_;
  std::span<const std::byte> left_;  ///< Of frame_ or raw_, not given yet.
  std::unique_ptr<ZSTD_DCtx, FreeDecompressor> zstd_;
};

FrameReader::FrameReader(ByteSource source) : input_(std::make_unique<Input>(std::move(source))) {}
FrameReader::FrameReader(InputBuffer& input) : input_(std::make_unique<Input>(input)) {}
FrameReader::~FrameReader() = default;
FrameReader::FrameReader(FrameReader&&) noexcept = default;
FrameReader& FrameReader::operator=(FrameReader&&) noexcept = default;

Result<std::size_t> FrameReader::read(std::span<std::byte> buffer) { return input_->read(buffer); }

}  // namespace optiinfra
