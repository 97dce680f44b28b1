/// The columns of a file, as the engine sees them.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format.hpp"
#include "map.hpp"
#include "optiinfra/transport/transport.hpp"
#include "source_file.hpp"

namespace optiinfra {

/// A file may be of any size, and its reading waits for the inserts.
inline constexpr std::chrono::hours kReadTimeout{24 * 7};

struct SourceColumn {
  std::string name;
  std::string type;  ///< Of text formats: one of source_type_names(). Of typed formats: the engine's type.
};

/// Settings of every statement that reads a file: in order, one row after the other, with bounded memory, and
/// without the engine's memory of other files that were read under the same descriptor.
std::vector<NamedValue> reading_settings(const FileFormat& format);

/// `file('/proc/self/fd/7', 'Parquet', ...)`. Delimited formats get `field_count` columns `optiinfra:1`, ...
/// of text, and one more that holds what is past the header; JSON lines get one column, `optiinfra:line`.
std::string file_function(const SourceFile& file, const FileFormat& format, std::size_t field_count);

/// All columns in the file's order. Types that the map states go before those that the engine infers; for
/// JSON lines the columns are the keys of the first rows and those that the map states.
/// Errors: kInvalidArgument that names the file when it is not in its format.
Result<std::vector<SourceColumn>> read_source_columns(Transport& transport, const SourceFile& file,
                                                      const FileFormat& format, const ImportMap& map);

/// What one quick reading of the whole file tells.
struct Survey {
  std::uint64_t rows = 0;      ///< Lines after the header of a text format, else rows.
  bool lines_are_rows = true;  ///< False: fields with line breaks are possible, so lines must be counted.
};

/// Reads the file to its end, so that a damaged one is known before anything of it is stored.
Result<Survey> survey(Transport& transport, const SourceFile& file, const FileFormat& format);

}  // namespace optiinfra
