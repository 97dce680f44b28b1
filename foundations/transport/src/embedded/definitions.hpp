/// The engine's definitions of databases, tables and views, and our copy of them next to the engine's files.
///
/// The engine keeps each definition in one small file and does not start when one of them is empty or cut,
/// as a full disk leaves it, although all rows are there. The copy is a file of ours, `definitions` in the
/// store's folder: "optiinfra definitions 1", then for each file a line "file <bytes> <path>" and its text,
/// then "end <files>".
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/core/error.hpp"

namespace optiinfra::embedded {

struct Definition {
  std::string path;  ///< Below the engine's folder: "metadata/optiinfra.sql", "store/36b/36b5.../t.sql".
  std::string text;

  bool operator==(const Definition&) const = default;
};

/// Longest definition that is read; the engine's own are below 8 KiB.
inline constexpr std::size_t kDefinitionBytesMax = 1 << 20;

/// All that lie below `engine_path`, by path, whole or not. Errors: kStorage.
Result<std::vector<Definition>> read_definitions(const std::filesystem::path& engine_path);

/// Why the engine would not read `text` as a definition, such as "is empty"; empty when no fault is seen.
/// Looks only at its head, its end and its brackets. `known` is an earlier text of the same definition, or
/// empty: a text that is a beginning of it has been cut.
std::string definition_fault(std::string_view text, std::string_view known);

/// The UUID that a definition names; empty when it names none.
std::string definition_uuid(std::string_view text);

/// The copy next to `engine_path`; nothing when there is none, or none that is whole.
std::vector<Definition> read_definitions_copy(const std::filesystem::path& engine_path);

/// Whether `known`, from the copy, has no file any more although the folder of its table or database is there
/// and it was neither dropped nor renamed. Views have no folder, so for them this never holds.
bool is_lost_definition(const std::filesystem::path& engine_path, const Definition& known,
                        const std::vector<Definition>& present);

/// Whether the table with this UUID was dropped and only waits for its removal.
bool was_dropped(const std::filesystem::path& engine_path, const std::string& uuid);

/// Brings the copy up to date. Broken definitions are not copied: their last whole text stays. A definition
/// that is gone leaves the copy, unless it is lost. Errors: kStorage; the copy
/// is as it was.
Result<void> keep_definitions_copy(const std::filesystem::path& engine_path);

}  // namespace optiinfra::embedded
