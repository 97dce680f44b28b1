/// The query that reads a file as the columns of a table, level by level: the file's columns, the map's
/// values, the table's columns, and the descriptions of rows that will be refused.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "conversion.hpp"
#include "format.hpp"
#include "map.hpp"
#include "source_columns.hpp"

namespace optiinfra {

/// Columns that the query gives in addition to those of the table.
inline constexpr const char* kRowNumber = "optiinfra:row";      ///< UInt64, from 1, counting blank lines.
inline constexpr const char* kLineBreaks = "optiinfra:breaks";  ///< UInt64, line breaks inside of the row.
inline constexpr const char* kKeep = "optiinfra:keep";          ///< UInt8, a Keep.
inline constexpr const char* kRefuse = "optiinfra:refuse";      ///< UInt8, 1 when no row can be made of it.
inline constexpr const char* kDetails = "optiinfra:details";  ///< String, see RowDescriber; "" for good rows.

inline constexpr const char* kAmount = "optiinfra:amount";      ///< Float64, of a bill's line.
inline constexpr const char* kIsCharge = "optiinfra:charge";    ///< UInt8, 1 on the first row of an amount.
inline constexpr const char* kCategory = "optiinfra:category";  ///< LowCardinality(String), of a bill's line.

inline constexpr const char* kPartCount = "optiinfra:parts";  ///< UInt32, of a row of the file.

/// What is to become of a row.
enum Keep : std::uint8_t { kBlank = 0, kLeftOut = 1, kWanted = 2 };

/// Types of the map's values by name, as DESCRIBE of given_sql() names them.
inline constexpr const char* kGivenPrefix = "optiinfra:given:";
inline constexpr const char* kWhere = "optiinfra:where";

/// A column of the table that the file gives.
struct GivenColumn {
  ColumnDefinition column;
  std::string expression;      ///< Over the file's columns.
  Conversion conversion = {};  ///< Over the expression's value.
  bool reads_text = false;     ///< The expression sees ReadingQuery::texts as they are in the file.
};

/// Most typed columns of a text file that a map may read: the faults of a row are one number.
inline constexpr std::size_t kMisreadMax = 64;

class ReadingQuery {
 public:
  ReadingQuery(const SourceFile& file, const FileFormat& format, const ImportMap& map,
               bool counts_line_breaks)
      : file_(file), format_(format), map_(map), counts_line_breaks_(counts_line_breaks) {}

  std::vector<SourceColumn> source;
  std::set<std::string> used;          ///< Names of the source's columns that are read.
  std::set<std::string> used_by_rows;  ///< Those that a map's expressions read, without `rows` itself.
  std::vector<GivenColumn> given;
  char decimal = 0;  ///< What numbers have before their fraction, when that needs replacing.
  /// Columns of delimited text that some expressions see as text and others by their type.
  std::set<std::string> texts;

  /// The file's columns, repeated as the map says.
  std::string repeated_sql() const;

  /// The same without the repetition: a row for each element of the list, in a map with `rows`.
  std::string source_sql() const;

  /// The file's columns, a row for each of its rows or objects.
  std::string unlisted_sql() const;

  /// The file's columns, repeated as the map says, of which `columns` are the file's text.
  std::string text_sql(const std::set<std::string>& columns) const;

  /// The map's values and the file's columns. Needs no conversions.
  std::string given_sql() const;

  /// Pairs of a column's name and its text, for the columns that hold numbers: a row for each of them.
  /// Empty when there are none, or the file is no delimited text.
  std::string numbers_sql() const;

  /// Everything.
  std::string sql(sys_seconds clock) const;

  /// Names in the order of the numbers and lists in kDetails.
  std::vector<std::string> misread_names() const;
  std::vector<std::string> given_names() const;
  std::vector<std::string> raw_names() const;  ///< Empty for JSON lines, whose row is its own text.

 private:
  bool repeats() const { return !map_.repeat.empty() || !map_.parts.empty(); }
  std::string counted_sql(const std::string& from, const std::string& expression, const char* count_name,
                          int max) const;
  std::string listed_sql() const;
  std::string stated_time() const;
  bool is_used(const SourceColumn& column) const { return used.contains(column.name); }
  bool holds_number(const SourceColumn& column) const;
  bool is_converted(const SourceColumn& column) const;
  std::string typed_name(const SourceColumn& column) const;
  std::string text_of(std::size_t index) const;
  std::string text_columns(const std::set<std::string>& columns) const;
  std::string absent_columns() const;
  std::string typed_sql() const;
  std::string delimited_sql() const;
  std::string json_sql() const;
  std::string value_sql() const;
  std::vector<std::string> misread() const;
  std::vector<std::string> inconvertible() const;
  std::vector<std::string> absent() const;
  std::string keep() const;
  std::string broken(sys_seconds clock) const;
  std::string details() const;
  std::string shape() const;
  std::string raw() const;

  const SourceFile& file_;
  const FileFormat& format_;
  const ImportMap& map_;
  bool counts_line_breaks_;
};

}  // namespace optiinfra
