/// @file optiinfra/rows/decode.hpp
/// Rows that others wrote as JSON or CSV into a typed batch.
///
/// Keys are the names of the table's columns, each at most once in a row. A value that is null, empty in CSV
/// or not there is absent. What a value may look like follows from its column's type:
///
///   time        RFC 3339 text, `2026-03-01 12:30:05` (UTC), or Unix seconds; fractions of a second are cut
///   off UUID        text of 36 characters text        text in UTF-8 number      a number, or text that is
///   one; whole columns take whole numbers in their range alone: nothing
///               is wrapped or rounded. A number that a float column cannot hold is refused.
///   flag        true, false, 0 or 1
///
/// A row that cannot be read costs only itself, but for an error in the syntax of a JSON document, whose rows
/// have no bounds then. The rules of the columns (a percentage, a time that is not in the future) are not
/// checked here: see validate.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace optiinfra {

enum class RowFormat {
  kJson,       ///< An array of objects, or one object.
  kJsonLines,  ///< An object on each line; blank lines are no rows.
  kCsv,        ///< RFC 4180, its first line the columns' names; blank lines are no rows.
};

/// Rows of one body, taken and rejected together.
inline constexpr std::size_t kDecodedRowsMax = 1'000'000;
/// At most this many rejected rows are described one by one; all are counted.
inline constexpr std::size_t kRejectedDescribedMax = 1'000;
/// Deepest nesting that is read past, in a value that no column takes.
inline constexpr unsigned kJsonDepthMax = 64;

/// A row that was not taken, and why: the first thing that was wrong with it.
struct RejectedRow {
  std::size_t index = 0;  ///< Of the row in the body, from 0.
  std::string column;     ///< As the body names it, long names cut. Empty where the row as a whole is meant.
  std::string reason;  ///< In UTF-8, on one line, whatever the body holds: "-1 must be a whole number, ...".
};

template <Metric Row>
struct DecodedRows {
  Batch<Row> batch;                    ///< The rows that could be read. Columns that all leave out are empty.
  std::vector<std::uint32_t> indexes;  ///< For each row of `batch`, its index in the body.
  std::vector<RejectedRow> rejected;   ///< In the order of the body; at most kRejectedDescribedMax.
  std::size_t rejected_count = 0;      ///< All of them.
};

/// Reads `body`, which may begin with UTF-8's mark. Memory stays in proportion to the body.
/// Errors: kInvalidArgument where the body as a whole cannot be read (JSON's syntax, a header of CSV that
/// names no row of ours), with the byte or the line; kTooLarge for more than kDecodedRowsMax rows.
template <Metric Row>
Result<DecodedRows<Row>> decode_rows(std::string_view body, RowFormat format);

#define BEGIN_FAMILY(Name, name) \
  extern template Result<DecodedRows<Name##Metric>> decode_rows<Name##Metric>(std::string_view, RowFormat);
#include "optiinfra/schema/families.def"

}  // namespace optiinfra
