#include "optiinfra/spool/request_log.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "checkpoint.hpp"
#include "crc32c.hpp"
#include "format.hpp"

namespace optiinfra::spool {
namespace {

constexpr std::string_view kLogMagic = "OISPOOLK";
constexpr std::string_view kPrefix = "requests-", kSuffix = ".log";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 48, kEntryBytes = 32;
constexpr std::size_t kEntriesPerRead = 32'768;

struct Header {
  std::uint32_t version = kVersion;
  std::uint64_t previous_file = 0;     ///< 0: none.
  std::uint64_t previous_entries = 0;  ///< That were synced in it.
};

struct Entry {
  RequestKey key;
  std::uint32_t synced = 0;  ///< Entries of the file that were synced when this one was written.
};

std::uint64_t offset_of(std::uint64_t entry) { return kHeaderBytes + entry * kEntryBytes; }

std::string name_of(RequestLog::FileNumber number) {
  std::string digits(16, '0');
  for (std::size_t i = digits.size(); number != 0; number >>= 4)
    digits[--i] = "0123456789abcdef"[number & 15];
  return std::string(kPrefix) + digits + std::string(kSuffix);
}

std::optional<RequestLog::FileNumber> number_in(std::string_view name) {
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return {};
  const std::string_view digits = name.substr(kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size());
  RequestLog::FileNumber number = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  constexpr RequestLog::FileNumber kNumberEnd = RequestLog::FileNumber{1} << 31;
  if (code != std::errc{} || end != digits.data() + digits.size() || number == 0 || number >= kNumberEnd ||
      name_of(number) != name)
    return {};
  return number;
}

std::uint32_t checksum(Bytes fields, RequestLog::FileNumber number, std::uint64_t offset) {
  std::array<std::byte, 16> place;
  FieldWriter writer(place);
  writer.u64(number);
  writer.u64(offset);
  return crc32c(fields, crc32c(place));
}

std::array<std::byte, kHeaderBytes> encode(const Header& header, RequestLog::FileNumber number) {
  std::array<std::byte, kHeaderBytes> bytes{};
  FieldWriter fields(bytes);
  fields.text(kLogMagic);
  fields.u32(header.version);
  fields.u32(0);
  fields.u64(number);
  fields.u64(header.previous_file);
  fields.u64(header.previous_entries);
  fields.u32(checksum(Bytes(bytes).first(fields.written()), number, 0));
  return bytes;
}

std::optional<Header> decode_header(Bytes bytes, RequestLog::FileNumber number) {
  if (bytes.size() < kHeaderBytes) return {};
  FieldReader fields(bytes);
  Header header;
  if (!fields.text(kLogMagic)) return {};
  header.version = fields.u32();
  (void)fields.u32();
  (void)fields.u64();
  header.previous_file = fields.u64();
  header.previous_entries = fields.u64();
  if (fields.u32() != checksum(bytes.first(kHeaderBytes - 8), number, 0)) return {};
  return header;
}

void encode(const Entry& entry, RequestLog::FileNumber number, std::uint64_t offset,
            std::span<std::byte> into) {
  FieldWriter fields(into);
  fields.uuid(entry.key.identity);
  fields.u64(entry.key.content);
  fields.u32(entry.synced);
  fields.u32(checksum(Bytes(into).first(fields.written()), number, offset));
}

std::optional<Entry> decode_entry(Bytes bytes, RequestLog::FileNumber number, std::uint64_t offset) {
  FieldReader fields(bytes);
  Entry entry;
  entry.key.identity = fields.uuid();
  entry.key.content = fields.u64();
  entry.synced = fields.u32();
  if (fields.u32() != checksum(bytes.first(kEntryBytes - 4), number, offset)) return {};
  return entry;
}

}  // namespace

/// What a file holds.
struct RequestLog::Found {
  FileNumber number = 0;
  std::optional<Header> header;
  std::uint32_t entries = 0;              ///< Up to its last valid one.
  std::uint32_t synced = 0;               ///< As its own entries tell.
  std::vector<std::uint32_t> unreadable;  ///< Entries before the last valid one.
};

bool RequestLog::is_file_name(std::string_view name) { return number_in(name).has_value(); }

Result<std::unique_ptr<RequestLog>> RequestLog::open(const std::filesystem::path& folder, FileSystem& files,
                                                     const KeySink& found, std::uint32_t keys_per_file) {
  std::unique_ptr<RequestLog> log(new RequestLog(folder, files, keys_per_file));
  OPTIINFRA_TRY(const auto names, files.list(folder));
  std::vector<FileNumber> numbers;
  for (const std::string& name : names) {
    if (const auto number = number_in(name)) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  std::optional<Found> before;
  for (const FileNumber number : numbers) {
    OPTIINFRA_TRY(Found file, log->read(number, found));
    if (before) log->judge(*before, &file);
    log->last_number_ = number;
    log->numbers_.push_back(number);
    before = std::move(file);
  }
  if (before) log->go_on_behind(*before);
  return log;
}

Result<RequestLog::Found> RequestLog::read(FileNumber number, const KeySink& found) {
  Found result;
  result.number = number;
  OPTIINFRA_TRY(const auto file, files_.open(folder_ / name_of(number)));
  std::vector<std::byte> bytes(kHeaderBytes);
  OPTIINFRA_TRY(const std::size_t head, file->read(0, bytes));
  result.header = decode_header(Bytes(bytes).first(head), number);
  if (result.header && result.header->version > kVersion) {
    return Error{ErrorKind::kIncompatible, "the spool " + folder_.string() +
                                               " was written by a newer program (" + name_of(number) +
                                               "); use that one"};
  }
  bytes.resize(kEntriesPerRead * kEntryBytes);
  std::vector<std::uint32_t> unreadable;
  for (std::uint32_t index = 0;;) {
    OPTIINFRA_TRY(const std::size_t size, file->read(offset_of(index), bytes));
    for (std::size_t at = 0; at + kEntryBytes <= size; at += kEntryBytes, ++index) {
      const auto entry = decode_entry(Bytes(bytes).subspan(at, kEntryBytes), number, offset_of(index));
      if (!entry) {
        unreadable.push_back(index);
        continue;
      }
      found(number, entry->key);
      result.entries = index + 1;
      result.synced = std::max(result.synced, entry->synced);
      result.unreadable.insert(result.unreadable.end(), unreadable.begin(), unreadable.end());
      unreadable.clear();
    }
    if (size < bytes.size()) return result;
  }
}

// Tells what a crash left of keys that were not promised from what is damaged.
void RequestLog::judge(const Found& file, const Found* next) {
  std::uint64_t promised = file.synced;
  if (next != nullptr && next->header) {
    if (next->header->previous_file == file.number)
      promised = std::max(promised, next->header->previous_entries);
    else if (next->header->previous_file > file.number)
      problems_.push_back("the file " + name_of(static_cast<FileNumber>(next->header->previous_file)) +
                          " is missing: repeats of the requests in it may count twice");
  }
  std::uint64_t lost = promised > file.entries ? promised - file.entries : 0;
  for (const std::uint32_t index : file.unreadable) lost += index < promised ? 1 : 0;
  if (lost > 0) {
    problems_.push_back("the file " + name_of(file.number) + " is damaged: repeats of " +
                        std::to_string(lost) + " requests may count twice");
  }
}

void RequestLog::go_on_behind(const Found& last) {
  judge(last, nullptr);
  if (last.entries == 0) {
    // A crash came before its first key was promised.
    if (last.header) {
      synced_file_ = static_cast<FileNumber>(last.header->previous_file);
      synced_entries_ = static_cast<std::uint32_t>(last.header->previous_entries);
    }
    give_up_file();
    return;
  }
  synced_file_ = last.number;
  synced_entries_ = last.synced;
  // It goes on in this file, so that a service that is started often does not make one each time. One that
  // the disk does not let continue is left as it is.
  if (!last.header || !last.unreadable.empty() || last.entries >= keys_per_file_) return;
  auto file = files_.open(folder_ / name_of(last.number));
  if (!file || !(*file)->truncate(offset_of(last.entries)) || !(*file)->sync()) return;
  file_ = *std::move(file);
  entries_ = synced_entries_ = last.entries;
}

Result<RequestLog::Appended> RequestLog::append(std::span<const RequestKey> keys) {
  if (file_ && entries_ >= keys_per_file_) file_.reset();
  if (!file_) OPTIINFRA_CHECK(begin_file());
  const FileNumber number = numbers_.back();
  const std::size_t count = std::min<std::size_t>(keys.size(), keys_per_file_ - entries_);
  std::vector<std::byte> bytes(count * kEntryBytes);
  for (std::size_t i = 0; i < count; ++i) {
    encode(Entry{keys[i], entries_}, number, offset_of(entries_ + i),
           std::span(bytes).subspan(i * kEntryBytes, kEntryBytes));
  }
  if (auto written = write_all(*file_, offset_of(entries_), bytes); !written) {
    // Its synced keys are not affected, so it goes on if what was written of this call can be cut off.
    if (entries_ == 0 || !file_->truncate(offset_of(entries_))) give_up_file();
    return std::move(written).error();
  }
  if (auto synced = file_->sync(); !synced) {
    // Nobody knows what the disk has of this file: it gets no further key.
    give_up_file();
    return std::move(synced).error();
  }
  entries_ += static_cast<std::uint32_t>(count);
  synced_file_ = number;
  synced_entries_ = entries_;
  return Appended{number, count};
}

Result<void> RequestLog::begin_file() {
  const FileNumber number = last_number_ + 1;
  const auto path = folder_ / name_of(number);
  OPTIINFRA_TRY(auto file, files_.create(path));
  last_number_ = number;
  auto prepared = write_all(*file, 0, encode(Header{kVersion, synced_file_, synced_entries_}, number));
  if (prepared) prepared = files_.sync_folder(folder_);
  if (!prepared) {
    (void)files_.remove(path);
    return prepared;
  }
  file_ = std::move(file);
  entries_ = 0;
  numbers_.push_back(number);
  return {};
}

void RequestLog::give_up_file() {
  file_.reset();
  if (entries_ > 0) return;
  (void)files_.remove(folder_ / name_of(numbers_.back()));
  numbers_.pop_back();
}

void RequestLog::remove_oldest() {
  if (numbers_.size() == 1) file_.reset();
  (void)files_.remove(folder_ / name_of(numbers_.front()));
  numbers_.erase(numbers_.begin());
  // Synced, so that files go in this order: a file that came back without the next one would look like a
  // loss.
  (void)files_.sync_folder(folder_);
}

}  // namespace optiinfra::spool
