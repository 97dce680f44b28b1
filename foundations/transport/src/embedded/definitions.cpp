#include "embedded/definitions.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>
#include <set>

#include "embedded/file.hpp"

namespace optiinfra::embedded {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kCopyHead = "optiinfra definitions 1\n";
constexpr std::string_view kHeads[] = {"ATTACH DATABASE ", "ATTACH TABLE ", "ATTACH VIEW ",
                                       "ATTACH MATERIALIZED VIEW ", "ATTACH DICTIONARY "};

fs::path copy_path(const fs::path& engine_path) { return engine_path.parent_path() / "definitions"; }

std::string read_text(const fs::path& path) {
  std::error_code code;
  const auto size = fs::file_size(path, code);
  std::string text(code ? 0 : std::min<std::uintmax_t>(size, kDefinitionBytesMax), '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return text;
}

/// The .sql files of one folder. One that is no folder has none.
Result<void> read_folder(const fs::path& engine_path, const fs::path& folder,
                         std::vector<Definition>& definitions) {
  std::error_code code;
  if (!fs::is_directory(engine_path / folder, code)) return {};
  for (fs::directory_iterator entry(engine_path / folder, code), end; !code && entry != end;
       entry.increment(code)) {
    if (entry->path().extension() != ".sql") continue;
    definitions.push_back({(folder / entry->path().filename()).string(), read_text(entry->path())});
  }
  if (code) return storage_error(engine_path / folder, "cannot list", code.value());
  return {};
}

/// Whether brackets and quotes outside of each other close.
bool is_balanced(std::string_view text) {
  int depth = 0;
  char quote = '\0';
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char character = text[at];
    if (quote != '\0') {
      if (character == '\\') ++at;
      if (character == quote) quote = '\0';
    } else if (character == '\'' || character == '`' || character == '"') {
      quote = character;
    } else if (character == '(') {
      ++depth;
    } else if (character == ')' && --depth < 0) {
      return false;
    }
  }
  return depth == 0 && quote == '\0';
}

/// Takes "<number> " off the front of `text`.
bool take_number(std::string_view& text, std::size_t& number, char end) {
  const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc{} || stop == text.data() + text.size() || *stop != end) return false;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()) + 1);
  return true;
}

std::string copy_text(const std::vector<Definition>& definitions) {
  std::string text(kCopyHead);
  for (const Definition& each : definitions)
    text += "file " + std::to_string(each.text.size()) + " " + each.path + "\n" + each.text;
  return text + "end " + std::to_string(definitions.size()) + "\n";
}

std::vector<Definition> parse_copy(std::string_view text) {
  std::vector<Definition> definitions;
  if (!text.starts_with(kCopyHead)) return {};
  text.remove_prefix(kCopyHead.size());
  while (text.starts_with("file ")) {
    text.remove_prefix(5);
    std::size_t size = 0;
    if (!take_number(text, size, ' ')) return {};
    const std::size_t line = text.find('\n');
    if (line == std::string_view::npos || size > text.size() - line - 1) return {};
    definitions.push_back({std::string(text.substr(0, line)), std::string(text.substr(line + 1, size))});
    text.remove_prefix(line + 1 + size);
  }
  if (text != "end " + std::to_string(definitions.size()) + "\n") return {};
  return definitions;
}

bool is_present(const Definition& definition, const std::vector<Definition>& present) {
  return std::any_of(present.begin(), present.end(),
                     [&](const Definition& each) { return each.path == definition.path; });
}

}  // namespace

bool was_dropped(const fs::path& engine_path, const std::string& uuid) {
  std::error_code code;
  for (fs::directory_iterator entry(engine_path / "metadata_dropped", code), end; !code && entry != end;
       entry.increment(code)) {
    if (entry->path().filename().string().find(uuid) != std::string::npos) return true;
  }
  return false;
}

bool is_lost_definition(const fs::path& engine_path, const Definition& known,
                        const std::vector<Definition>& present) {
  const std::string uuid = definition_uuid(known.text);
  std::error_code code;
  if (uuid.empty() || is_present(known, present)) return false;
  if (!fs::exists(engine_path / "store" / uuid.substr(0, 3) / uuid, code)) return false;
  const bool was_renamed = std::any_of(present.begin(), present.end(), [&](const Definition& each) {
    return definition_uuid(each.text) == uuid;
  });
  return !was_renamed && !was_dropped(engine_path, uuid);
}

Result<std::vector<Definition>> read_definitions(const fs::path& engine_path) {
  std::vector<Definition> definitions;
  OPTIINFRA_CHECK(read_folder(engine_path, "metadata", definitions));
  std::error_code code;
  if (fs::is_directory(engine_path / "store", code)) {
    for (fs::directory_iterator group(engine_path / "store", code), end; !code && group != end;
         group.increment(code)) {
      for (fs::directory_iterator folder(group->path(), code); !code && folder != end; folder.increment(code))
        OPTIINFRA_CHECK(read_folder(engine_path,
                                    fs::path("store") / group->path().filename() / folder->path().filename(),
                                    definitions));
    }
    if (code) return storage_error(engine_path / "store", "cannot list", code.value());
  }
  std::sort(definitions.begin(), definitions.end(),
            [](const Definition& a, const Definition& b) { return a.path < b.path; });
  return definitions;
}

std::string definition_fault(std::string_view text, std::string_view known) {
  if (text.empty()) return "is empty";
  if (text.find('\0') != std::string_view::npos) return "holds zero bytes";
  const bool has_head = std::any_of(std::begin(kHeads), std::end(kHeads),
                                    [&](std::string_view head) { return text.starts_with(head); });
  if (!has_head) return "does not begin as the engine writes it";
  const bool was_cut = text.size() < known.size() && known.starts_with(text);
  if (text.back() != '\n' || was_cut || !is_balanced(text)) return "is cut";
  const bool needs_engine = text.starts_with("ATTACH TABLE ") || text.starts_with("ATTACH DATABASE ");
  const std::size_t engine = text.find("\nENGINE = ");
  if (needs_engine && engine == std::string_view::npos) return "is cut";
  // The engine writes settings for each table of this kind, and writes them last.
  const std::string_view engine_name =
      needs_engine ? text.substr(engine, text.find_first_of("\n(", engine + 1) - engine) : std::string_view{};
  if (engine_name.ends_with("MergeTree") && text.find("\nSETTINGS ") == std::string_view::npos)
    return "is cut";
  return "";
}

std::string definition_uuid(std::string_view text) {
  constexpr std::string_view kMark = " UUID '";
  constexpr std::size_t kUuidLength = 36;
  const std::size_t at = text.find(kMark), line = text.find('\n');
  if (at == std::string_view::npos || at > line || text.size() < at + kMark.size() + kUuidLength) return "";
  return std::string(text.substr(at + kMark.size(), kUuidLength));
}

std::vector<Definition> read_definitions_copy(const fs::path& engine_path) {
  std::ifstream file(copy_path(engine_path), std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return parse_copy(text);
}

Result<void> keep_definitions_copy(const fs::path& engine_path) {
  OPTIINFRA_TRY(const auto present, read_definitions(engine_path));
  const std::vector<Definition> before = read_definitions_copy(engine_path);
  std::map<std::string, std::string> kept;
  for (const Definition& each : before) {
    if (is_present(each, present) || is_lost_definition(engine_path, each, present))
      kept[each.path] = each.text;
  }
  for (const Definition& each : present) {
    if (definition_fault(each.text, "").empty()) kept[each.path] = each.text;
  }
  std::vector<Definition> definitions;
  for (auto& [path, text] : kept) definitions.push_back({path, std::move(text)});
  if (definitions == before) return {};
  return replace_file(copy_path(engine_path), copy_text(definitions),
                      copy_path(engine_path).string() + ".new");
}

}  // namespace optiinfra::embedded
