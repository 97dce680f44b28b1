#include "segment_writer.hpp"

#include <algorithm>

#include "checkpoint.hpp"

namespace optiinfra::spool {
namespace {

constexpr std::size_t kRecordsPerWrite = kFilePartsMax / 2;

Result<void> prepare(FileSystem& files, const std::filesystem::path& folder, File& file,
                     const SegmentHeader& header, std::uint64_t bytes) {
  OPTIINFRA_CHECK(file.allocate(bytes));
  OPTIINFRA_CHECK(write_all(file, 0, encode(header)));
  return files.sync_folder(folder);
}

}  // namespace

SegmentWriter::SegmentWriter(std::unique_ptr<File> file, const SegmentHeader& header, std::uint64_t bytes)
    : file_(std::move(file)),
      header_(header),
      seed_(record_seed(header.identity, header.number)),
      bytes_(bytes) {}

Result<std::unique_ptr<SegmentWriter>> SegmentWriter::create(FileSystem& files,
                                                             const std::filesystem::path& folder,
                                                             const SegmentHeader& header,
                                                             std::uint64_t bytes) {
  const auto path = folder / to_string(SegmentName{header.number, header.first_sequence});
  OPTIINFRA_TRY(auto file, files.create(path));
  auto prepared = prepare(files, folder, *file, header, bytes);
  if (prepared) return std::unique_ptr<SegmentWriter>(new SegmentWriter(std::move(file), header, bytes));
  (void)files.remove(path);
  return std::move(prepared).error();
}

Result<void> SegmentWriter::write(std::span<const PendingRecord> records, Sequence durable) {
  std::vector<std::array<std::byte, kRecordHeaderBytes>> headers(std::min(records.size(), kRecordsPerWrite));
  std::vector<Bytes> parts;
  while (!records.empty()) {
    parts.clear();
    const std::size_t count = std::min(records.size(), kRecordsPerWrite);
    std::uint64_t offset = end_;
    for (std::size_t i = 0; i < count; ++i) {
      const PendingRecord& record = records[i];
      const RecordKind kind = record.withdrawn ? RecordKind::kVoid : RecordKind::kData;
      headers[i] = encode(RecordHeader{kind, static_cast<std::uint32_t>(record.payload.size()),
                                       record.sequence, durable, record.payload_checksum},
                          seed_, offset);
      parts.push_back(headers[i]);
      if (!record.payload.empty()) parts.push_back(record.payload);
      offset += record.disk_bytes();
    }
    OPTIINFRA_CHECK(write_parts(parts));
    records = records.subspan(count);
  }
  return {};
}

Result<void> SegmentWriter::write_parts(std::span<Bytes> parts) {
  while (!parts.empty()) {
    OPTIINFRA_TRY(std::size_t written, file_->write(end_, parts));
    end_ += written;
    while (!parts.empty() && written >= parts.front().size()) {
      written -= parts.front().size();
      parts = parts.subspan(1);
    }
    if (!parts.empty()) parts.front() = parts.front().subspan(written);
  }
  return {};
}

Result<void> SegmentWriter::sync() {
  OPTIINFRA_CHECK(file_->sync());
  synced_end_ = end_;
  return {};
}

std::uint64_t SegmentWriter::cut() {
  if (file_->truncate(synced_end_)) bytes_ = synced_end_;
  return bytes_;
}

}  // namespace optiinfra::spool
