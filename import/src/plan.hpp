/// How one file is read: the query that gives its rows as the columns of our table.
#pragma once

#include <string>
#include <vector>

#include "format.hpp"
#include "map.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/schema/tables.hpp"
#include "source_columns.hpp"

namespace optiinfra {

/// Columns that the query gives beside those of the table.
inline constexpr const char* kRowNumber = "optiinfra:row";      ///< UInt64, from 1, counting blank lines.
inline constexpr const char* kLineBreaks = "optiinfra:breaks";  ///< UInt64, line breaks inside of the row.
inline constexpr const char* kKeep =
    "optiinfra:keep";  ///< UInt8, 0 blank line, 1 left out by `where`, 2 to be stored.
inline constexpr const char* kRefuse =
    "optiinfra:refuse";  ///< UInt8, 1 when the row cannot become one of the table.
inline constexpr const char* kDetails =
    "optiinfra:details";  ///< String, JSON about a row that will be refused; "" for others.

/// The file's columns that one expression of a map reads.
struct ExpressionReads {
  std::string place;  ///< For messages: "map m.toml, column latency_ms".
  std::vector<std::string> columns;
};

/// A map whose expressions have been found harmless.
struct CheckedMap {
  ImportMap map;
  std::vector<ExpressionReads> reads;
};

/// Has the engine's parser look at every expression of the map.
Result<CheckedMap> check_map(Transport& transport, ImportMap map);

struct ReadPlan {
  std::string sql;  ///< To be ended by " LIMIT n OFFSET m" or by nothing.
  std::vector<NamedValue> settings;
  std::uint64_t lines_before_rows = 0;  ///< The header.
  bool has_lines = false;               ///< A text format.
  bool counts_line_breaks = false;
};

/// Makes the plan. `clock` is the time against which the rules hold.
/// Errors: kInvalidArgument that names the map's or the file's column that does not fit, and the nearest that
/// does.
Result<ReadPlan> plan_reading(Transport& transport, const SourceFile& file, const FileFormat& format,
                              const CheckedMap& map, const TableDefinition& table, const Survey& survey,
                              sys_seconds clock);

}  // namespace optiinfra
