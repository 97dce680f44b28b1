#include "checkpoint.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace optiinfra::tail {
namespace {

using MarkJson = nlohmann::ordered_json;

constexpr const char* kMarksName = "tail.json";
constexpr const char* kSpareName = "tail.json.new";
constexpr int kMarksVersion = 1;
constexpr std::size_t kMarksBytesMax = std::size_t{64} << 20;

MarkJson json_of(const FileMark& mark) {
  MarkJson json = {{"identity", mark.identity.to_string()},
                   {"path", mark.path},
                   {"inode", mark.inode},
                   {"beginning", mark.beginning},
                   {"beginning_bytes", mark.beginning_bytes},
                   {"offset", mark.offset},
                   {"lines", mark.lines},
                   {"seen", mark.seen.time_since_epoch().count()}};
  if (mark.block_end != 0) {
    json["block_end"] = mark.block_end;
    json["block_time"] = mark.block_time.time_since_epoch().count();
  }
  if (mark.is_finished) json["finished"] = true;
  if (!mark.read_as.empty()) json["read_as"] = mark.read_as;
  return json;
}

sys_seconds instant(std::int64_t seconds) { return sys_seconds{std::chrono::seconds{seconds}}; }

/// Throws what nlohmann does for keys that are missing or of another type.
FileMark mark_of(const MarkJson& json) {
  FileMark mark;
  const auto identity = Uuid::parse(json.at("identity").get<std::string>());
  if (!identity) throw std::invalid_argument("an identity");
  mark.identity = *identity;
  mark.path = json.at("path").get<std::string>();
  mark.inode = json.at("inode").get<std::uint64_t>();
  mark.beginning = json.at("beginning").get<std::uint64_t>();
  mark.beginning_bytes = json.at("beginning_bytes").get<std::uint64_t>();
  mark.offset = json.at("offset").get<std::uint64_t>();
  mark.lines = json.at("lines").get<std::uint64_t>();
  mark.seen = instant(json.at("seen").get<std::int64_t>());
  mark.block_end = json.value("block_end", std::uint64_t{0});
  mark.is_finished = json.value("finished", false);
  mark.read_as = json.value("read_as", std::string());
  mark.block_time = instant(json.value("block_time", std::int64_t{0}));
  return mark;
}

Error damaged(const std::filesystem::path& file, const std::string& why) {
  return {ErrorKind::kCorrupt, file.string() + " is damaged (" + why +
                                   "); how far the logs were read is not known. Restore it, or remove it "
                                   "and lines that are stored already count again"};
}

Result<std::string> read_whole(spool::File& file) {
  OPTIINFRA_TRY(const std::uint64_t bytes, file.size());
  std::string text(std::min<std::uint64_t>(bytes, kMarksBytesMax), '\0');
  OPTIINFRA_TRY(const std::size_t read, file.read(0, std::as_writable_bytes(std::span(text))));
  text.resize(read);
  return text;
}

Result<void> write_whole(spool::File& file, std::string_view text) {
  std::uint64_t offset = 0;
  while (offset < text.size()) {
    const auto rest = std::as_bytes(std::span(text.substr(offset)));
    const std::span<const std::byte> parts[] = {rest};
    OPTIINFRA_TRY(const std::size_t written, file.write(offset, parts));
    offset += written;
  }
  return file.sync();
}

}  // namespace

Result<std::vector<FileMark>> read_marks(const std::filesystem::path& folder, spool::FileSystem& disk) {
  OPTIINFRA_TRY(const std::vector<std::string> names, disk.list(folder));
  std::vector<FileMark> marks;
  if (std::ranges::find(names, kMarksName) == names.end()) return marks;
  OPTIINFRA_TRY(const auto file, disk.open(folder / kMarksName));
  OPTIINFRA_TRY(const std::string text, read_whole(*file));
  try {
    const MarkJson json = MarkJson::parse(text);
    if (json.at("version").get<int>() > kMarksVersion)
      return Error{ErrorKind::kIncompatible,
                   (folder / kMarksName).string() + " was written by a newer program; update this one"};
    for (const MarkJson& each : json.at("files")) marks.push_back(mark_of(each));
  } catch (const std::exception& error) {
    return damaged(folder / kMarksName, error.what());
  }
  return marks;
}

Result<void> write_marks(const std::filesystem::path& folder, const std::vector<const FileMark*>& marks,
                         spool::FileSystem& disk) {
  MarkJson json = {{"version", kMarksVersion}, {"files", MarkJson::array()}};
  for (const FileMark* const each : marks) json["files"].push_back(json_of(*each));
  const std::string text = json.dump(1, ' ', false, MarkJson::error_handler_t::replace) + "\n";
  OPTIINFRA_CHECK(disk.remove(folder / kSpareName));
  {
    OPTIINFRA_TRY(const auto file, disk.create(folder / kSpareName));
    OPTIINFRA_CHECK(write_whole(*file, text));
  }
  OPTIINFRA_CHECK(disk.rename(folder / kSpareName, folder / kMarksName));
  return disk.sync_folder(folder);
}

}  // namespace optiinfra::tail
