/// Plans how one file is read: compares the map with the columns of the file and of the table.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "format.hpp"
#include "map.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/schema/tables.hpp"
#include "row_describer.hpp"
#include "source_columns.hpp"

namespace optiinfra {

/// The file's columns that one expression of a map reads.
struct ExpressionReads {
  std::string place;   ///< For messages: "map m.toml, column latency_ms".
  std::string column;  ///< The table's column that it gives; empty for `where` and `repeat`.
  std::vector<std::string> columns;
  bool is_rows = false;  ///< It is the map's `rows`.
};

/// A map whose expressions were checked (expression.hpp).
struct CheckedMap {
  ImportMap map;
  std::vector<ExpressionReads> reads = {};
  bool may_fail = false;  ///< An expression can fail on a value that is not like those before it.
};

/// Has the engine's parser look at every expression of the map but `delivery`.
Result<CheckedMap> check_map(Session& session, ImportMap map);

/// The one column of check_delivery().
inline constexpr ColumnDefinition kDeliveryColumn{
    "delivery",          "String", "String", Rule::kLabel,
    Presence::kOptional, "",       "",       "whose delivery the row is of"};

/// The map that makes of a file the names of the deliveries that its rows belong to, in kDeliveryColumn, for
/// the rows that `map`, whose `delivery` is not empty, imports. Errors: those of check_map().
Result<CheckedMap> check_delivery(Session& session, const ImportMap& map);

/// The types of a map's values, by the columns that they are made of: files of one call often have the same.
using TypesOfValues = std::map<std::string, std::map<std::string, std::string>>;

struct ReadPlan {
  std::string sql;  ///< To be ended by " OFFSET n" or by nothing.
  /// Reads all that `sql` will, so that what fails late fails before anything is stored. Empty when nothing
  /// can: of text every field is read as it is.
  std::string check_sql;
  std::vector<NamedValue> settings;
  std::uint64_t lines_before_rows = 0;  ///< The header.
  bool has_lines = false;               ///< A text format.
  bool counts_line_breaks = false;
  RowDescriber describer;
};

struct PlanRequest {
  const SourceFile& file;
  const FileFormat& format;
  const CheckedMap& map;
  std::string table;  ///< For messages.
  std::vector<ColumnDefinition> columns;
  const Survey& survey;
  sys_seconds clock;  ///< The time against which the rules hold.
};

/// Whether the map's `known_by` holds for one of the first objects of a JSON file, which has all columns that
/// the map needs. `names` are the file's keys. Errors: those of the expression and of reading the file.
Result<bool> holds_known_by(Session& session, const SourceFile& file, const FileFormat& format,
                            const ImportMap& map, const std::vector<std::string>& names);

/// Makes the plan. Errors: kInvalidArgument that names the map's or the file's column that does not fit, and
/// the nearest that does.
Result<ReadPlan> plan_reading(Session& session, const PlanRequest& request, TypesOfValues& known_types);

}  // namespace optiinfra
