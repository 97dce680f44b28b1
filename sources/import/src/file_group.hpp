/// Files that are imported as one: those of a delivery, else a single one.
#pragma once

#include <map>
#include <vector>

#include "file_import.hpp"
#include "optiinfra/import/imports.hpp"

namespace optiinfra {

class FileGroup {
 public:
  /// `known` are the imports of the family; import() adds to them and removes from them.
  FileGroup(const ImportJob& job, MapChoice& choice, std::vector<ImportRecord>& known)
      : job_(job), choice_(choice), known_(known) {}

  /// Opens the file of that number in ImportOptions::files, chooses its map and hashes it.
  Result<void> add(std::size_t index);

  /// Takes back what the files replace, stores them, and adds their reports. Errors: see import_files().
  Result<void> import(ImportReport& report);

 private:
  struct Member {
    FileToImport file;
    std::map<std::uint64_t, Uuid> content;  ///< SourceFile::Hashes::content
    bool is_finished = false;
    std::uint64_t rows_gone = 0;
  };

  Result<void> name_delivery();
  Result<void> compare(Member& member);
  Result<std::uint64_t> take_back();
  Result<std::uint64_t> count_gone(const ImportRecord& import);
  void continue_import(const Uuid& id, FileToImport& file) const;
  Result<void> name_finished();
  void remember(const ImportOrigin& origin, const ImportState& state);
  const ImportRecord* find(const Uuid& id) const;
  bool is_replaced(const Uuid& id) const;

  const ImportJob& job_;
  MapChoice& choice_;
  std::vector<ImportRecord>& known_;
  std::vector<Member> members_;
  std::vector<ImportRecord> replaced_;
};

}  // namespace optiinfra
