#include "inputs.hpp"

#include <unistd.h>

#include <algorithm>
#include <vector>

#include "source_columns.hpp"
#include "text_form.hpp"
#include "utf16.hpp"

namespace optiinfra {
namespace {

constexpr std::uint64_t kStandardInputBytesMax = std::uint64_t{64} << 30;
constexpr std::size_t kRecognisedBytes = 4 << 10;

Error say_format(const std::string& what) {
  return invalid_argument(std::string(kStandardInputName) + " " + what);
}

bool is_standard_input(const std::filesystem::path& path) { return path == kStandardInput; }

/// The ending of compressed files that begin so; empty: not compressed.
std::string compression_of_content(std::string_view head) {
  struct Beginning {
    std::string_view begins, ending;
  };
  static constexpr Beginning kCompressed[] = {{"\x1F\x8B", "gz"},
                                              {"\x28\xB5\x2F\xFD", "zst"},
                                              {"\xFD"
                                               "7zXZ",
                                               "xz"}};
  for (const Beginning& each : kCompressed)
    if (head.starts_with(each.begins)) return std::string(each.ending);
  return {};
}

}  // namespace

Result<std::string> ending_of_content(std::string_view head) {
  struct Beginning {
    std::string_view begins, ending;
    bool is_text = false;  ///< A text may begin so too: ORCID,...
  };
  static constexpr Beginning kTyped[] = {{"PAR1", "parquet", true},
                                         {"ARROW1", "arrow", true},
                                         {"\xFF\xFF\xFF\xFF", "arrows"},
                                         {"ORC", "orc", true},
                                         {"Obj\x01", "avro"}};
  const bool has_zero = head.find('\0') != std::string_view::npos;
  for (const Beginning& each : kTyped)
    if (head.starts_with(each.begins) && (has_zero || !each.is_text)) return std::string(each.ending);
  if (const std::string ending = compression_of_content(head); !ending.empty())
    return say_format("is compressed; say what is in it: --format csv." + ending + ", for example");
  if (head.starts_with(kZipStart))
    return say_format("is a zip archive; for its only file: unzip -p FILE | optiinfra import FAMILY -");
  const bool is_utf16 = utf16_order(head).has_value();
  if (!is_utf16 && has_zero) return say_format("is in no format that is recognised; say it with --format");
  if (head.starts_with(kUtf8Mark)) head.remove_prefix(kUtf8Mark.size());
  head.remove_prefix(std::min(head.find_first_not_of(" \t\r\n"), head.size()));
  if (head.starts_with('{') || head.starts_with('[')) return std::string("jsonl");
  return std::string(head.substr(0, head.find('\n')).find('\t') == std::string_view::npos ? "csv" : "tsv");
}

Result<Inputs> Inputs::make(const ImportOptions& options) {
  Inputs inputs;
  inputs.stated_ = options.format;
  if (!options.format.empty()) {
    if (auto format = optiinfra::format_of("file." + options.format, ""); !format)
      return invalid_argument(
          "--format '" + options.format +
          "' is not known; known are csv, tsv, jsonl, parquet, arrow, arrows, orc, avro and "
          "native, each also with .gz, .zst or .xz");
  }
  const auto count = std::count_if(options.files.begin(), options.files.end(), is_standard_input);
  if (count > 1) return invalid_argument("standard input is named twice");
  if (count == 0) return inputs;
  if (::isatty(STDIN_FILENO) == 1)
    return invalid_argument(
        "standard input is a terminal; give it rows: PROGRAM | optiinfra import FAMILY -");
  const auto on_wait = [&options] {
    if (options.on_progress)
      options.on_progress({.path = kStandardInputName, .file_count = options.files.size()});
  };
  OPTIINFRA_TRY(SourceFile file,
                SourceFile::read_pipe(STDIN_FILENO, kStandardInputName, kStandardInputBytesMax, on_wait));
  inputs.standard_input_ = std::make_unique<SourceFile>(std::move(file));
  return inputs;
}

Result<SourceFile> Inputs::open(const std::filesystem::path& path) const {
  return is_standard_input(path) ? standard_input_->again() : SourceFile::open(path);
}

Result<FileFormat> Inputs::format_of(const std::filesystem::path& path,
                                     std::string_view format_of_map) const {
  if (!stated_.empty()) return optiinfra::format_of("file." + stated_, "");
  if (!is_standard_input(path)) return optiinfra::format_of(path, format_of_map);
  std::vector<unsigned char> head(kRecognisedBytes);
  OPTIINFRA_TRY(const std::size_t size, standard_input_->read_at(0, head));
  const std::string_view begin(reinterpret_cast<const char*>(head.data()), size);
  auto ending = ending_of_content(begin);
  // The map says what the content does not, or what is compressed.
  if (!ending && !format_of_map.empty() && !begin.starts_with(kZipStart))
    ending = compression_of_content(begin);
  if (!ending) return std::move(ending).error();
  return optiinfra::format_of(std::string(kStandardInputName) + (ending->empty() ? "" : ".") + *ending,
                              format_of_map);
}

}  // namespace optiinfra
