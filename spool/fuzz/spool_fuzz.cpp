// Opens a spool one of whose files holds any bytes. Whatever they are: the opening ends, what is replayed is
// in order, the spool takes a record, and the next opening finds exactly the same records and that one.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "checkpoint.hpp"
#include "lying_disk.hpp"
#include "optiinfra/spool/spool.hpp"

namespace {

using namespace optiinfra;
using namespace optiinfra::spool;
using namespace optiinfra::spool;

const std::filesystem::path kFolder = "/spool";
const Uuid kIdentity{1, 2};
constexpr spool::Sequence kFirst = spool::Sequence{2} << 32;

std::vector<std::pair<spool::Sequence, std::vector<std::byte>>> replayed(spool::Spool& opened) {
  std::vector<std::pair<spool::Sequence, std::vector<std::byte>>> records;
  const auto done = opened.replay([&records](const spool::SpoolRecord& record) -> Result<void> {
    if (!records.empty() && records.back().first >= record.sequence) std::abort();
    records.emplace_back(record.sequence,
                         std::vector<std::byte>(record.payload.begin(), record.payload.end()));
    return {};
  });
  if (!done) std::abort();
  return records;
}

void open_twice(testing::LyingDisk& disk) {
  spool::SpoolOptions options;
  options.segment_bytes = 4'096;
  options.checkpoint_interval = std::chrono::hours(1);
  auto opened = spool::Spool::open(kFolder, options, disk);
  if (!opened) return;
  auto records = replayed(**opened);
  const std::byte payload[] = {std::byte{42}};
  const std::span<const std::byte> parts[] = {payload};
  const auto sequence = (*opened)->append(parts);
  if (!sequence || !(*opened)->sync(*sequence)) std::abort();
  records.emplace_back(*sequence, std::vector<std::byte>(payload, payload + 1));
  opened->reset();
  opened = spool::Spool::open(kFolder, options, disk);
  if (!opened || replayed(**opened) != records) std::abort();
}

/// Corrects the checksums of what looks like a header or a record, so that the fuzzer gets past them.
void correct_checksums(std::vector<std::byte>& bytes) {
  const std::uint32_t seed = record_seed(kIdentity, 1);
  for (std::uint64_t offset = kSegmentHeaderBytes; offset + kRecordHeaderBytes <= bytes.size();) {
    FieldReader fields(Bytes(bytes).subspan(offset));
    RecordHeader header;
    header.kind = static_cast<RecordKind>(fields.u32());
    header.length = fields.u32() & 0xFF;
    header.sequence = fields.u64();
    header.durable = fields.u64();
    header.payload_checksum = fields.u32();
    const auto corrected = encode(header, seed, offset);
    std::copy(corrected.begin(), corrected.end(), bytes.begin() + static_cast<std::ptrdiff_t>(offset));
    offset += kRecordHeaderBytes + header.length;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  testing::LyingDisk disk;
  const auto input = std::as_bytes(std::span(data + 1, size - 1));
  std::vector<std::byte> bytes(input.begin(), input.end());
  const auto name = to_string(SegmentName{1, kFirst});
  if (data[0] % 4 == 0) {
    disk.put(kFolder / kCheckpointName, bytes);
  } else {
    Checkpoint checkpoint;
    checkpoint.identity = kIdentity;
    checkpoint.run = 2;
    if (data[0] % 4 == 1)
      checkpoint.last_segment = 1, checkpoint.segments = {{1, kFirst, kStillGrowing, false}};
    if (data[0] % 4 == 3) correct_checksums(bytes);
    disk.put(kFolder / kCheckpointName, encode(checkpoint));
    disk.put(kFolder / name, bytes);
    if (data[0] >= 128) disk.put(kFolder / to_string(SegmentName{2, kFirst + 2}), bytes);
  }
  open_twice(disk);
  return 0;
}
