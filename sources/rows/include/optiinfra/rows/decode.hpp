/// @file optiinfra/rows/decode.hpp
/// Reads rows that other programs wrote as JSON, CSV or the engine's Native format into a typed batch.
///
/// Keys are the names of the table's columns, each at most once in a row. A value that is null, empty in CSV
/// or missing is absent. The type of a column decides which values it takes:
///
/// - time: RFC 3339 text, `2026-03-01 12:30:05` (UTC), or Unix seconds; fractions of a second are cut off.
///   A text or a CSV field has no exponent: a spreadsheet writes one when it has lost the last digits.
/// - UUID: text of 36 characters, or a name that the caller knows the id of.
/// - text: text in UTF-8.
/// - number: a number, or text that is one. Integer columns take only whole numbers in their range; nothing
///   is wrapped or rounded. A number that a float column cannot hold is refused.
/// - flag: true, false, 0 or 1.
///
/// In Native the columns have types: those of the table, with or without Nullable; a text String,
/// Nullable(String) or LowCardinality(String); a time DateTime of any zone. A column of another type or name,
/// and a body without a column that every row must have, are an error of the body.
///
/// A row that cannot be read does not affect other rows. The exception is a syntax error in a JSON document,
/// after which rows cannot be told apart. The rules of the columns (a percentage, a time that is not in the
/// future) are not checked here: see validate.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace optiinfra::rows {

enum class RowFormat {
  kJson,       ///< An array of objects, or one object.
  kJsonLines,  ///< An object on each line; blank lines are ignored.
  kCsv,        ///< RFC 4180, with the columns' names in the first line; blank lines are ignored.
  kNative,     ///< The engine's blocks (docs/formats/native.md).
};

/// Most rows of one body, accepted and rejected ones together.
inline constexpr std::size_t kDecodedRowsMax = 1'000'000;
/// At most this many rejected rows are described one by one; all are counted.
inline constexpr std::size_t kRejectedDescribedMax = 1'000;
/// Deepest nesting of a value that no column takes, which is skipped.
inline constexpr unsigned kJsonDepthMax = 64;

/// A rejected row, and the first reason for it.
struct RejectedRow {
  std::size_t index = 0;  ///< Of the row in the body, from 0.
  std::string
      column;  ///< As the body names it; long names are cut. Empty when the reason concerns the whole row.
  std::string reason;  ///< In UTF-8, on one line, whatever the body holds: "-1 must be a whole number, ...".
};

template <Metric Row>
struct DecodedRows {
  Batch<Row> batch;  ///< The rows that could be read. Columns that all rows leave out are empty.
  std::vector<std::uint32_t> indexes;  ///< For each row of `batch`, its index in the body.
  std::vector<RejectedRow> rejected;   ///< In the order of the body; at most kRejectedDescribedMax.
  std::size_t rejected_count = 0;      ///< All of them.
};

/// The id of what `text`, which is no UUID, names in `column`; nothing for an unknown name.
using IdOfName = std::function<std::optional<Uuid>(std::string_view column, std::string_view text)>;

/// Reads `body`, which may begin with a UTF-8 byte order mark. Without `id_of` there are no names. Memory
/// stays in proportion to the body. Errors: kInvalidArgument when the body as a whole cannot be read (JSON
/// syntax, a CSV header or a block without a required column), with the byte or the line; kTooLarge for more
/// than kDecodedRowsMax rows, and for a Native body whose LowCardinality texts take more than eight times the
/// body, and more than 1 MiB, where the table keeps them once a row.
template <Metric Row>
Result<DecodedRows<Row>> decode_rows(std::string_view body, RowFormat format, const IdOfName& id_of = {});

#define BEGIN_FAMILY(Name, name)                                                                           \
  extern template Result<DecodedRows<Name##Metric>> decode_rows<Name##Metric>(std::string_view, RowFormat, \
                                                                              const IdOfName&);
#include "optiinfra/schema/families.def"

}  // namespace optiinfra::rows
