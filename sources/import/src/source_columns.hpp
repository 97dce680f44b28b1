/// The columns of a file, as the engine sees them.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format.hpp"
#include "map.hpp"
#include "optiinfra/transport/session.hpp"
#include "source_file.hpp"
#include "survey.hpp"

namespace optiinfra {

/// A file may be of any size, and its reading waits for the inserts.
inline constexpr std::chrono::hours kReadTimeout{24 * 7};

struct SourceColumn {
  std::string name;  ///< Empty for a column that is passed over.
  std::string type;  ///< Of text formats: one of source_type_names(). Of typed formats: the engine's type.
  std::string stated = {};   ///< The type that the map gives it; empty when it gives none.
  bool is_absent = false;    ///< The map calls it optional, and the file lacks it.
  std::string in_file = {};  ///< Its name in the file where the map has another for it; empty: the same.

  const std::string& file_name() const { return in_file.empty() ? name : in_file; }
};

/// Settings of every statement that reads a file: in order, one row after the other, with bounded memory, and
/// without the engine's memory of other files that were read under the same descriptor.
std::vector<NamedValue> reading_settings(const FileFormat& format);

/// What the file is read from: `file('/proc/self/fd/7', 'Parquet', ...)`, or a query in brackets. Delimited
/// formats get `field_count` columns `optiinfra:1`, ... of text, and one more that holds what is past the
/// header; JSON gets one column, `optiinfra:line`, which holds an object.
std::string file_function(const SourceFile& file, const FileFormat& format, std::size_t field_count);

/// What a text in UTF-8 may begin with.
inline constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";

/// The engine's refusal of a file, for people.
Error unreadable(const SourceFile& file, const FileFormat& format, const Error& error);

/// JSON objects whose keys tell the form of a file.
inline constexpr int kNamesSampleRows = 100;

/// The names of a file's columns: of JSON the keys of its first objects. Errors: those of reading it.
Result<std::vector<std::string>> read_column_names(Session& session, const SourceFile& file,
                                                   const FileFormat& format);

/// The columns that the map states, of a JSON file with these keys.
std::vector<SourceColumn> stated_source_columns(const FileFormat& format, const ImportMap& map,
                                                const std::vector<std::string>& names);

/// All columns in the file's order, and then the optional ones that it lacks. Types that the map states go
/// before those that the engine infers; for JSON the columns are the keys and those that the map states.
/// Errors: kInvalidArgument that names the file when it is not in its format.
Result<std::vector<SourceColumn>> read_source_columns(Session& session, const SourceFile& file,
                                                      const FileFormat& format, const ImportMap& map,
                                                      const Survey& survey);

}  // namespace optiinfra
