#include "format.hpp"

#include <algorithm>
#include <vector>

#include "optiinfra/core/nearest.hpp"
#include "sql.hpp"

namespace optiinfra {
namespace {

struct Known {
  std::string_view name;
  FormatKind kind;
  std::vector<std::string_view> endings;
  bool is_read_apart = false;
};

const std::vector<Known> kFormats = {
    {"CSVWithNames", FormatKind::kDelimited, {".csv"}},
    {"TSVWithNames", FormatKind::kDelimited, {".tsv"}},
    {"JSONEachRow", FormatKind::kJsonLines, {".jsonl", ".ndjson", ".json", ".log"}},
    {"Parquet", FormatKind::kTyped, {".parquet", ".pq"}},
    {"Arrow", FormatKind::kTyped, {".arrow", ".feather"}},
    {"ArrowStream", FormatKind::kTyped, {".arrows"}},
    {"ORC", FormatKind::kTyped, {".orc"}, true},
    {"Avro", FormatKind::kTyped, {".avro"}},
    {"Native", FormatKind::kTyped, {".native"}},
};

struct CompressedFile {
  std::string_view ending;
  std::string_view name;
};

// Those that are known to end where they should: of lz4 the engine takes a file that was cut off for a whole
// one.
constexpr CompressedFile kCompressions[] = {{".gz", "gzip"}, {".zst", "zstd"}, {".xz", "xz"}};

std::vector<std::string> names() {
  std::vector<std::string> result;
  for (const Known& format : kFormats) result.emplace_back(format.name);
  return result;
}

const Known* find(std::string_view name) {
  const auto found = std::find_if(kFormats.begin(), kFormats.end(),
                                  [&](const Known& format) { return format.name == name; });
  return found == kFormats.end() ? nullptr : &*found;
}

const Known* find_by_ending(std::string_view file) {
  const auto found = std::find_if(kFormats.begin(), kFormats.end(), [&](const Known& format) {
    return std::any_of(format.endings.begin(), format.endings.end(),
                       [&](std::string_view ending) { return file.ends_with(ending); });
  });
  return found == kFormats.end() ? nullptr : &*found;
}

}  // namespace

Result<void> expect_known_format(std::string_view name) {
  if (find(name) != nullptr) return {};
  const auto known = names();
  return invalid_argument("format '" + std::string(name) + "' is not known" + suggestion(name, known) +
                          " Known are " + listed(known));
}

void take_text_form(const TextForm& stated, FileFormat& format) {
  if (format.is_csv()) format.delimiter = stated.delimiter;
  format.decimal = stated.decimal;
  format.encoding = stated.encoding;
}

Result<FileFormat> format_of(const std::filesystem::path& path, std::string_view name) {
  std::string file = lower_case(path.filename().string());
  FileFormat format;
  format.compression = "none";
  for (const CompressedFile& compression : kCompressions) {
    if (!file.ends_with(compression.ending)) continue;
    format.compression = compression.name;
    file.resize(file.size() - compression.ending.size());
    break;
  }
  const Known* known = find_by_ending(file);
  // A map's text format is for text under a strange name, and says nothing about a Parquet file.
  if (!name.empty() && (known == nullptr || known->kind != FormatKind::kTyped)) known = find(name);
  if (known == nullptr && file.ends_with(".zip"))
    return invalid_argument(path.string() + " is a zip archive; to import its only file: unzip -p '" +
                            path.string() +
                            "' | optiinfra import FAMILY - (with --format, if its format is not recognised)");
  if (known == nullptr && file.ends_with(".xlsx"))
    return invalid_argument(path.string() + " is a workbook of Excel; save its sheet as CSV UTF-8");
  if (known == nullptr) {
    return invalid_argument(
        "the name of " + path.string() +
        " does not tell its format; name the file .csv, .tsv, .jsonl, .parquet, "
        ".arrow, .orc, .avro or .native (then .gz, .zst or .xz), or say it with --format");
  }
  format.name = known->name;
  format.kind = known->kind;
  format.is_read_apart = known->is_read_apart;
  if (format.kind == FormatKind::kDelimited && !format.is_csv()) format.delimiter = '\t';
  return format;
}

}  // namespace optiinfra
