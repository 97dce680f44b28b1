#include "decompress.hpp"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

#include "snappy.hpp"

namespace optiinfra::service {
namespace {

constexpr std::size_t kPieceBytes = 256 << 10;

Error damaged(std::string_view encoding) {
  return invalid_argument("the body is not whole as " + std::string(encoding));
}

/// The text so far, with room for one more piece. Errors: kTooLarge.
class Output {
 public:
  explicit Output(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  Result<void> add_room() {
    if (used_ > bytes_max_)
      return Error{ErrorKind::kTooLarge, "the body is longer than " + std::to_string(bytes_max_) +
                                             " bytes once it is decompressed"};
    text_.resize(used_ + kPieceBytes);
    return {};
  }
  char* room() { return text_.data() + used_; }
  void use(std::size_t bytes) { used_ += bytes; }

  Result<std::string> take() {
    OPTIINFRA_CHECK(add_room());
    text_.resize(used_);
    return std::move(text_);
  }

 private:
  const std::size_t bytes_max_;
  std::string text_;
  std::size_t used_ = 0;
};

/// Of one member or several.
Result<std::string> from_gzip(std::string_view body, std::size_t bytes_max) {
  constexpr int kGzip = 15 + 16;
  z_stream stream{};
  if (::inflateInit2(&stream, kGzip) != Z_OK) return Error{ErrorKind::kUnavailable, "zlib cannot be used"};
  const std::unique_ptr<z_stream, decltype(&::inflateEnd)> ended(&stream, ::inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  Output output(bytes_max);
  for (bool is_whole = false;;) {
    if (stream.avail_in == 0 && is_whole) return output.take();
    if (is_whole) ::inflateReset(&stream);
    OPTIINFRA_CHECK(output.add_room());
    stream.next_out = reinterpret_cast<Bytef*>(output.room());
    stream.avail_out = kPieceBytes;
    const int code = ::inflate(&stream, Z_NO_FLUSH);
    if (code != Z_OK && code != Z_STREAM_END) return damaged("gzip");
    if (code == Z_OK && stream.avail_in == 0 && stream.avail_out == kPieceBytes) return damaged("gzip");
    output.use(kPieceBytes - stream.avail_out);
    is_whole = code == Z_STREAM_END;
  }
}

Result<std::string> from_zstd(std::string_view body, std::size_t bytes_max) {
  const std::unique_ptr<ZSTD_DStream, decltype(&::ZSTD_freeDStream)> stream(::ZSTD_createDStream(),
                                                                            ::ZSTD_freeDStream);
  if (stream == nullptr) return Error{ErrorKind::kUnavailable, "zstd cannot be used"};
  // A window that is larger than all that may come of it would be taken for nothing.
  constexpr int kWindowLogMax = 27;
  ::ZSTD_DCtx_setParameter(stream.get(), ZSTD_d_windowLogMax, kWindowLogMax);
  ZSTD_inBuffer input{body.data(), body.size(), 0};
  Output output(bytes_max);
  std::size_t left = 1;
  while (input.pos < input.size || left != 0) {
    OPTIINFRA_CHECK(output.add_room());
    ZSTD_outBuffer piece{output.room(), kPieceBytes, 0};
    const std::size_t before = input.pos;
    left = ::ZSTD_decompressStream(stream.get(), &piece, &input);
    if (::ZSTD_isError(left) != 0) return damaged("zstd");
    output.use(piece.pos);
    if (left != 0 && input.pos == input.size && input.pos == before && piece.pos == 0) return damaged("zstd");
  }
  return output.take();
}

}  // namespace

Result<std::string> decompressed(std::string body, std::string_view encoding, std::size_t bytes_max) {
  if (encoding.empty() || encoding == "identity") return body;
  if (encoding == "gzip" || encoding == "x-gzip") return from_gzip(body, bytes_max);
  if (encoding == "zstd") return from_zstd(body, bytes_max);
  if (encoding == "snappy") return from_snappy(body, bytes_max);
  return invalid_argument("Content-Encoding must be gzip, zstd, snappy or identity");
}

}  // namespace optiinfra::service
