/// The files that a call names, standard input among them.
#pragma once

#include <memory>

#include "format.hpp"
#include "optiinfra/import/import.hpp"
#include "source_file.hpp"

namespace optiinfra {

/// What standard input is called in messages and records.
inline constexpr const char* kStandardInputName = "standard-input";

class Inputs {
 public:
  /// Reads standard input to its end when kStandardInput is among the files. Errors: kInvalidArgument for an
  /// unknown ImportOptions::format, and for standard input that is named twice or is a terminal; those of
  /// SourceFile::read_pipe().
  static Result<Inputs> make(const ImportOptions& options);

  /// SourceFile::open(), and the content of standard input under kStandardInputName.
  Result<SourceFile> open(const std::filesystem::path& path) const;

  /// format_of(), where ImportOptions::format says more than the name. Standard input is known by its bytes,
  /// or where they do not tell by the format of the map.
  Result<FileFormat> format_of(const std::filesystem::path& path, std::string_view format_of_map) const;

 private:
  std::string stated_;  ///< ImportOptions::format.
  std::unique_ptr<SourceFile> standard_input_;
};

/// The ending of files that begin so: "csv". Errors: kInvalidArgument for what is compressed, a zip archive
/// or nothing that is known.
Result<std::string> ending_of_content(std::string_view head);

}  // namespace optiinfra
