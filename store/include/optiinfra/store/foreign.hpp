/// @file optiinfra/store/foreign.hpp
/// What others added to the store's tables: SQL that runs whenever rows are inserted or asked for.
#pragma once

#include <string>
#include <vector>

#include "optiinfra/transport/transport.hpp"

namespace optiinfra {

/// Sentences, one for each: a view that reads what is inserted into a table of the schema, wherever it lies;
/// a column that the schema does not know; a word in a definition that the schema would not write, as in a
/// default, a TTL, a constraint, an index or a view of another text. Each says how to remove it. Empty where
/// every object is the schema's own. An object that is absent is not foreign.
///
/// The store must have this program's schema version. Costs two statements over system tables.
Result<std::vector<std::string>> find_foreign_objects(Transport& transport);

/// Succeeds where find_foreign_objects() finds nothing. Errors: kIncompatible with the first sentence.
Result<void> expect_no_foreign_objects(Transport& transport);

}  // namespace optiinfra
