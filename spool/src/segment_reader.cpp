#include "segment_reader.hpp"

#include <algorithm>
#include <cstring>

#include "crc32c.hpp"

namespace optiinfra::spool {
namespace {

constexpr std::uint64_t kWindowBytes = 1 << 20;
constexpr int kMagicStart = 'O';

}  // namespace

SegmentReader::SegmentReader(File& file, const SegmentPlace& place) noexcept
    : file_(&file), place_(place), seed_(record_seed(place.identity, place.number)), last_(place.first - 1) {}

Result<std::optional<SegmentReader::Record>> SegmentReader::next() {
  if (!size_) {
    OPTIINFRA_TRY(size_, file_->size());
  }
  while (true) {
    OPTIINFRA_TRY(const Bytes head, view(offset_, kRecordHeaderBytes));
    if (head.size() < kRecordHeaderBytes) {
      pass_over(head);
      damaged_tail_bytes_ = nonzero_end_ > record_end_ ? nonzero_end_ - record_end_ : 0;
      return std::optional<Record>{};
    }
    const auto header = decode_record_header(head, seed_, offset_);
    if (!header || !plausible(*header)) {
      OPTIINFRA_CHECK(skip_to_candidate());
      continue;
    }
    if (header->sequence > place_.last) {
      damaged_tail_bytes_ = offset_ - record_end_;
      return std::optional<Record>{};
    }
    OPTIINFRA_TRY(const Bytes whole, view(offset_, kRecordHeaderBytes + header->length));
    const Bytes payload = whole.subspan(kRecordHeaderBytes);
    if (payload.size() == header->length && crc32c(payload) == header->payload_checksum)
      return std::optional<Record>(take(*header, payload));
    pass_over(whole);
  }
}

SegmentReader::Record SegmentReader::take(const RecordHeader& header, Bytes payload) noexcept {
  const std::uint64_t damaged_bytes = offset_ - record_end_;
  offset_ = record_end_ = offset_ + kRecordHeaderBytes + header.length;
  last_ = header.sequence;
  return {header.kind, header.sequence, header.durable, payload, record_end_, damaged_bytes};
}

bool SegmentReader::plausible(const RecordHeader& header) const noexcept {
  return header.sequence > last_ && header.sequence - place_.first < *size_ / kRecordHeaderBytes &&
         header.length <= *size_ - offset_ - kRecordHeaderBytes;
}

Result<void> SegmentReader::skip_to_candidate() {
  OPTIINFRA_TRY(const Bytes first, view(offset_, 1));
  pass_over(first);
  while (true) {
    OPTIINFRA_TRY(const Bytes next, view(offset_, 1));
    if (next.empty()) return {};
    const Bytes bytes = Bytes(window_).subspan(offset_ - window_offset_);
    const void* found = std::memchr(bytes.data(), kMagicStart, bytes.size());
    if (found == nullptr) {
      pass_over(bytes);
      continue;
    }
    pass_over(bytes.first(static_cast<std::size_t>(static_cast<const std::byte*>(found) - bytes.data())));
    return {};
  }
}

void SegmentReader::pass_over(Bytes bytes) noexcept {
  const auto nonzero =
      std::find_if(bytes.rbegin(), bytes.rend(), [](std::byte byte) { return byte != std::byte{0}; });
  if (nonzero != bytes.rend()) nonzero_end_ = offset_ + static_cast<std::uint64_t>(bytes.rend() - nonzero);
  offset_ += bytes.size();
}

// The bytes asked for, or fewer at the end of the file.
Result<Bytes> SegmentReader::view(std::uint64_t offset, std::uint64_t bytes) {
  if (offset >= *size_) return Bytes{};
  bytes = std::min(bytes, *size_ - offset);
  const bool held = offset >= window_offset_ && offset + bytes <= window_offset_ + window_.size();
  if (!held) {
    window_.resize(std::max(bytes, std::min(kWindowBytes, *size_ - offset)));
    window_offset_ = offset;
    OPTIINFRA_TRY(const std::size_t read, file_->read(offset, window_));
    window_.resize(read);
    bytes = std::min<std::uint64_t>(bytes, read);
  }
  return Bytes(window_).subspan(offset - window_offset_, bytes);
}

}  // namespace optiinfra::spool
