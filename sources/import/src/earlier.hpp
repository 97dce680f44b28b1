/// What the store has of a file already: which earlier imports it replaces or continues, and which stand in
/// its way.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "file_import.hpp"
#include "optiinfra/import/imports.hpp"

namespace optiinfra {

struct Earlier {
  std::vector<ImportRecord> replaced;     ///< To be taken back before the file is stored.
  std::optional<ImportRecord> continued;  ///< Has the rows that the file begins with.
  bool is_finished = false;               ///< The file's own import is, and stays.
};

/// The request: a file with the hashes of its content at the lengths that `known` has, and the identifiers of
/// the files that are imported as one delivery with it.
struct EarlierRequest {
  const FileToImport& file;
  const std::map<std::uint64_t, Uuid>& content;
  std::span<const Uuid> group;
  bool replace = false;
};

/// Compares the file with the imports of its family. Errors: kConflict, for content that was imported in
/// another way, unless `replace` is set; kStorage when the file cannot be read.
Result<Earlier> find_earlier(std::span<const ImportRecord> known, const EarlierRequest& request);

}  // namespace optiinfra
