#include "optiinfra/store/price_table.hpp"

namespace optiinfra {
namespace {

/// Times of 0 are open: a price that has always held, or holds until another follows.
constexpr const char* kPriceColumns =
    "\n    provider LowCardinality(String),\n    sku String,\n    region LowCardinality(String),\n"
    "    tier LowCardinality(String),\n    unit LowCardinality(String),\n    price Float64,\n"
    "    currency LowCardinality(String),\n    valid_from DateTime('UTC'),\n    valid_to DateTime('UTC'),\n"
    "    source String,\n    set_at DateTime64(6, 'UTC'),\n    is_removed UInt8\n";

}  // namespace

std::vector<std::string> create_price_table(std::string_view database, const TableForm& form) {
  return {"CREATE TABLE IF NOT EXISTS " + addressed(database, kPriceTable, form) + "\n(" + kPriceColumns +
          ")\n" + engine_clause("MergeTree", form) +
          "\nORDER BY (sku, unit, set_at)\nSETTINGS fsync_after_insert = 1, fsync_part_directory = 1"};
}

std::vector<std::string> distribute_price_table(std::string_view database, const DistributedForm& form) {
  return {create_distributed(database, kPriceTable, kPriceColumns, "xxHash64(sku)", form)};
}

}  // namespace optiinfra
