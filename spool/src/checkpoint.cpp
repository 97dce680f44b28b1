#include "checkpoint.hpp"

#include <algorithm>
#include <cstring>

#include "crc32c.hpp"

namespace optiinfra::spool {
namespace {

constexpr std::string_view kMagic = "OISPOOLC";
constexpr std::size_t kFixedBytes = 88;
constexpr std::size_t kSegmentBytes = 24;
constexpr std::size_t kRangeBytes = 16;
constexpr std::size_t kChecksumBytes = 4;
constexpr std::uint64_t kClosedFlag = 1;
/// Of a segment's number, which is smaller.
constexpr std::uint64_t kDamagedFlag = std::uint64_t{1} << 63;
static_assert(kNumberMax < kDamagedFlag);

static_assert(kFixedBytes + kSpoolSegmentsMax * kSegmentBytes + kRangeBytes + kChecksumBytes <=
              kCheckpointSlotBytes);

std::size_t ranges_max(std::size_t segments) {
  return (kCheckpointSlotBytes - kFixedBytes - kChecksumBytes - segments * kSegmentBytes) / kRangeBytes;
}

bool is_empty(Bytes slot) {
  return slot.empty() ||
         (slot[0] == std::byte{0} && std::memcmp(slot.data(), slot.data() + 1, slot.size() - 1) == 0);
}

// The length by which the checksum is found, when it is right.
std::optional<std::size_t> checked_length(Bytes slot) {
  if (slot.size() < kFixedBytes + kChecksumBytes) return {};
  FieldReader fields(slot);
  if (!fields.text(kMagic)) return {};
  (void)fields.u32();
  const std::size_t length = fields.u32();
  if (length < kFixedBytes + kChecksumBytes || length > slot.size()) return {};
  FieldReader checksum(slot.subspan(length - kChecksumBytes));
  if (checksum.u32() != crc32c(slot.first(length - kChecksumBytes))) return {};
  return length;
}

}  // namespace

std::vector<std::byte> encode(const Checkpoint& checkpoint) {
  const auto& segments = checkpoint.segments;
  const std::size_t ranges = std::min(checkpoint.acknowledged.size(), ranges_max(segments.size()));
  std::vector<std::byte> bytes(kFixedBytes + segments.size() * kSegmentBytes + ranges * kRangeBytes +
                               kChecksumBytes);
  FieldWriter fields(bytes);
  fields.text(kMagic);
  fields.u32(kFormatVersion);
  fields.u32(static_cast<std::uint32_t>(bytes.size()));
  fields.uuid(checkpoint.identity);
  fields.u64(checkpoint.counter);
  fields.u64(checkpoint.run);
  fields.u64(checkpoint.last_segment);
  fields.u64(checkpoint.durable);
  fields.u64(checkpoint.closed ? kClosedFlag : 0);
  fields.u64(segments.size());
  fields.u64(ranges);
  for (const CheckpointSegment& segment : segments) {
    fields.u64(segment.number | (segment.damaged ? kDamagedFlag : 0));
    fields.u64(segment.first), fields.u64(segment.last);
  }
  for (const SequenceRange& range : std::span(checkpoint.acknowledged).first(ranges))
    fields.u64(range.first), fields.u64(range.last);
  fields.u32(crc32c(Bytes(bytes).first(fields.written())));
  return bytes;
}

std::optional<Checkpoint> decode_checkpoint(Bytes slot, std::optional<std::uint32_t>& newer) {
  const auto length = checked_length(slot);
  if (!length) return {};
  FieldReader fields(slot.subspan(kMagic.size()));
  const std::uint32_t version = fields.u32();
  if (version > kFormatVersion) newer = version;
  if (version != kFormatVersion) return {};
  (void)fields.u32();
  Checkpoint checkpoint;
  checkpoint.identity = fields.uuid();
  checkpoint.counter = fields.u64();
  checkpoint.run = fields.u64();
  checkpoint.last_segment = fields.u64();
  checkpoint.durable = fields.u64();
  checkpoint.closed = (fields.u64() & kClosedFlag) != 0;
  const std::uint64_t segments = fields.u64(), ranges = fields.u64();
  if (segments > kSpoolSegmentsMax || ranges > ranges_max(segments) ||
      kFixedBytes + segments * kSegmentBytes + ranges * kRangeBytes + kChecksumBytes != *length)
    return {};
  for (std::uint64_t i = 0; i < segments; ++i) {
    const std::uint64_t number = fields.u64(), first = fields.u64();
    checkpoint.segments.push_back(
        {number & ~kDamagedFlag, first, fields.u64(), (number & kDamagedFlag) != 0});
  }
  for (std::uint64_t i = 0; i < ranges; ++i) {
    const Sequence first = fields.u64();
    checkpoint.acknowledged.push_back({first, fields.u64()});
  }
  return checkpoint;
}

Result<CheckpointFile::Loaded> CheckpointFile::load(FileSystem& files, const std::filesystem::path& folder) {
  Loaded loaded;
  OPTIINFRA_TRY(auto file, files.open(folder / kCheckpointName));
  std::optional<std::uint32_t> newer;
  loaded.file.reset(new CheckpointFile(std::move(file)));
  std::vector<std::byte> slot(kCheckpointSlotBytes);
  for (std::uint64_t i = 0; i < 2; ++i) {
    OPTIINFRA_TRY(const std::size_t read, loaded.file->file_->read(i * kCheckpointSlotBytes, slot));
    auto found = decode_checkpoint(Bytes(slot).first(read), newer);
    if (!found && !is_empty(Bytes(slot).first(read))) loaded.damaged_slot = true;
    if (!found || (loaded.checkpoint && loaded.checkpoint->counter > found->counter)) continue;
    loaded.file->slot_ = i;
    loaded.file->counter_ = found->counter;
    loaded.checkpoint = std::move(found);
  }
  if (newer) {
    return Error{ErrorKind::kIncompatible, "the spool " + folder.string() + " has format " +
                                               std::to_string(*newer) + ", this program knows " +
                                               std::to_string(kFormatVersion) +
                                               "; use the newer program that wrote it"};
  }
  return loaded;
}

Result<std::unique_ptr<CheckpointFile>> CheckpointFile::create(FileSystem& files,
                                                               const std::filesystem::path& folder,
                                                               const Checkpoint& checkpoint) {
  const auto spare = folder / kCheckpointSpareName;
  OPTIINFRA_CHECK(files.remove(spare));
  OPTIINFRA_TRY(auto file, files.create(spare));
  // Zeros are written rather than room reserved, so that overwriting them later takes no new room.
  OPTIINFRA_CHECK(write_all(*file, 0, std::vector<std::byte>(2 * kCheckpointSlotBytes)));
  std::unique_ptr<CheckpointFile> created(new CheckpointFile(std::move(file)));
  OPTIINFRA_CHECK(created->write(checkpoint));
  OPTIINFRA_CHECK(files.rename(spare, folder / kCheckpointName));
  OPTIINFRA_CHECK(files.sync_folder(folder));
  return created;
}

Result<void> CheckpointFile::write(Checkpoint checkpoint) {
  const std::uint64_t slot = 1 - slot_;
  checkpoint.counter = counter_ + 1;
  OPTIINFRA_CHECK(write_all(*file_, slot * kCheckpointSlotBytes, encode(checkpoint)));
  OPTIINFRA_CHECK(file_->sync());
  counter_ = checkpoint.counter;
  slot_ = slot;
  return {};
}

Result<void> write_all(File& file, std::uint64_t offset, Bytes bytes) {
  while (!bytes.empty()) {
    const Bytes parts[] = {bytes};
    OPTIINFRA_TRY(const std::size_t written, file.write(offset, parts));
    bytes = bytes.subspan(written);
    offset += written;
  }
  return {};
}

}  // namespace optiinfra::spool
