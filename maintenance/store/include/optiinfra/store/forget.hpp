/// @file optiinfra/store/forget.hpp
/// Removes all rows of a customer from the tables of metrics.
///
/// Rows are removed for good: the engine writes parts without them, and the parts that held them are deleted
/// before the call returns. See docs/decisions/0031-forget.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/core/uuid.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra::store {

/// Which rows of a table go. `condition` is SQL over its columns with {name:Type} placeholders.
struct RowsToRemove {
  std::string table;  ///< Without the database.
  std::string condition;
  std::vector<NamedValue> parameters = {};
};

/// Rows of the session's own table that meet the condition.
Result<std::uint64_t> count_rows(Session& session, const RowsToRemove& rows);

/// Removes them from the table and from the disk. A kill leaves some of them; repeating the call removes
/// the rest. Rows that are inserted after the call began stay. Errors: kStorage, changing nothing, where the
/// disk has no room for parts without the rows; those of the engine.
Result<void> remove_rows(Session& session, const RowsToRemove& rows);

/// The rows of a customer in the raw tables and rollups of all families, raw before rollup.
std::vector<RowsToRemove> metrics_of_customer(const Uuid& customer);

/// An error when parts of these tables are set aside (set_aside.hpp): they may hold rows of `whose`, "the
/// customer", which would come back when the parts do.
Result<void> expect_nothing_set_aside(Session& session, std::string_view whose);

}  // namespace optiinfra::store
