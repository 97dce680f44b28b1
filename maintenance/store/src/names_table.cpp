#include "optiinfra/store/names_table.hpp"

namespace optiinfra::store {
namespace {

/// An id is text, because an instance's is. `customer_id` is whose it is; nil when nobody said so.
constexpr const char* kColumns =
    "\n    kind LowCardinality(String),\n    name String,\n    id String,\n    customer_id UUID,\n"
    "    set_at DateTime64(6, 'UTC'),\n    source LowCardinality(String),\n    is_removed UInt8\n";

}  // namespace

std::vector<std::string> create_names_table(std::string_view database, const TableForm& form) {
  return {"CREATE TABLE IF NOT EXISTS " + addressed(database, kNamesTable, form) + "\n(" + kColumns + ")\n" +
          engine_clause("MergeTree", form) +
          "\nORDER BY (kind, name, set_at)\nSETTINGS fsync_after_insert = 1, fsync_part_directory = 1"};
}

std::vector<std::string> distribute_names_table(std::string_view database, const DistributedForm& form) {
  return {create_distributed(database, kNamesTable, kColumns, "xxHash64(kind, name)", form)};
}

}  // namespace optiinfra::store
