/// The content of a map file: how each column of a table is computed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "format.hpp"
#include "optiinfra/core/error.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace optiinfra {

/// A name and the SQL expression or the type that the map gives it.
using MapEntry = std::pair<std::string, std::string>;

/// Names that a map with `repeat` may use in its expressions, and that no column of a file may have then.
inline constexpr const char* kRepeatIndex = "repeat_index";
inline constexpr const char* kRepeatCount = "repeat_count";

/// The same in a map with `parts`.
inline constexpr const char* kPartIndex = "part_index";

/// A row of a list, in a map with `rows`.
inline constexpr const char* kListRow = "row";

/// The time that ImportOptions::time states, for files that say none.
inline constexpr const char* kStatedTime = "stated_time";

/// Most rows that one row of a file may become, for each of its parts: the hours of a year.
inline constexpr int kRepeatMax = 8784;

/// Most parts of one row of a file.
inline constexpr int kPartsMax = 64;

/// Who pays, by a key of a bill's line, such as its account: what `--customer-map` states.
struct CustomersByKey {
  std::string file;      ///< Their file, for messages.
  std::string key_name;  ///< As the file's header has it: "account".
  std::string key;       ///< The expression of the key; empty when there are no customers by key.
  std::vector<std::pair<std::string, std::string>> ids;  ///< From key to UUID.
  std::string others;  ///< The UUID for keys that are not there; empty: rows with such a key are refused.
};

struct ImportMap {
  std::string name;         ///< The file's path or the ready-made map's name, for messages.
  std::string description;  ///< Of a ready-made map.
  bool is_contract =
      false;  ///< The file's columns have the table's names, and every column of the file must be one.
  std::optional<Family> family;
  std::string format;  ///< Empty: by the file's name.
  TextForm text_form;  ///< `delimiter`, `decimal` and `encoding`.
  /// What holds for one of the first objects of a file of this form; empty: its columns.
  std::string known_by;
  std::string lacks;     ///< Why no row can be made of a file of this form; empty when rows can.
  std::string rows;      ///< The list of rows that an object of JSON holds; empty: each object is one row.
  std::string where;     ///< Rows for which this holds are imported; empty: all.
  std::string repeat;    ///< How many rows each row becomes; empty: one.
  std::string parts;     ///< Of how many charges each row consists; empty: one.
  std::string amount;    ///< What a line of a bill comes to; empty when the file is no bill.
  std::string category;  ///< The category that the amount is counted under; empty: none.
  std::string delivery;  ///< The name of the delivery that a row belongs to; empty: the map does not say it.
  std::vector<MapEntry> source;       ///< Types of the file's columns.
  std::vector<std::string> optional;  ///< Those of `source` that a file may lack.
  std::vector<MapEntry> aliases;      ///< From column of `source` to another name of it, the first one first.
  std::vector<MapEntry> keys;         ///< What tells customers apart: from its name to its expression.
  std::vector<MapEntry> columns;      ///< From column of the table to expression, sorted by name.
  CustomersByKey customers;           ///< Not of the map file: instead of the column customer_id.
  std::string time;                   ///< Not of the map file: what stated_time is, in UTC; empty: nothing.

  bool repeats() const { return !repeat.empty() || !parts.empty(); }

  /// What makes two maps the same import: everything that rows are made by. Names and comments are not, nor
  /// are `delivery` and the optional columns that it alone reads.
  std::string identity() const;
};

/// The map of files named as the contract.
ImportMap contract_map();

/// Reads TOML. Errors: kInvalidArgument with the line, for what is no TOML, for an unknown key or type
/// and for a value of the wrong type.
Result<ImportMap> parse_map(std::string_view toml, std::string name);

/// All ready-made maps but the contract's.
Result<std::vector<ImportMap>> ready_made_maps();

/// The map of this name, or in this file.
Result<ImportMap> load_map(const std::string& name_or_path);

/// Whether the map fits the family: meant for it, with columns that it has, and all that it needs.
/// Errors: kInvalidArgument that names the column, and the nearest that exists.
Result<void> expect_fit(const ImportMap& map, Family family);

/// The expression of a column of the table; empty when the map leaves it out.
std::string_view expression_of(const ImportMap& map, std::string_view column);

}  // namespace optiinfra
