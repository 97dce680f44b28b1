/// @file optiinfra/store/foreign.hpp
/// Finds what others added to the store's tables: SQL that runs whenever rows are inserted or queried.
#pragma once

#include <string>
#include <vector>

#include "optiinfra/transport/session.hpp"

namespace optiinfra::store {

/// One sentence for each finding, with how to remove it: a view, in any database, that reads what is inserted
/// into a table of the schema; a column that the schema does not know; a word in a definition that the schema
/// would not write, as in a default, a TTL, a constraint, an index or an altered view. Empty when every
/// object is the schema's own. An absent object is not foreign.
///
/// The store must have this program's schema version. Costs two statements over system tables.
Result<std::vector<std::string>> find_foreign_objects(Session& session);

/// Succeeds when find_foreign_objects() finds nothing. Errors: kIncompatible with the first sentence.
Result<void> expect_no_foreign_objects(Session& session);

}  // namespace optiinfra::store
