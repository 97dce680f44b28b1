/// Reads bodies of each format row by row into a builder. Errors: see decode_rows().
#pragma once

#include "row_builder.hpp"

namespace optiinfra::rows {

Result<void> read_json(std::string_view body, RowBuilder& builder);
Result<void> read_json_lines(std::string_view body, RowBuilder& builder);
Result<void> read_csv(std::string_view body, RowBuilder& builder);

/// The error for a body with more than kDecodedRowsMax rows.
Error too_many_rows();

}  // namespace optiinfra::rows
