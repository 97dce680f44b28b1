#include "optiinfra/store/money_tables.hpp"

namespace optiinfra::store {
namespace {

/// Times of 0 are open: a price that has always held, or holds until another follows.
constexpr const char* kPriceColumns =
    "\n    provider LowCardinality(String),\n    sku String,\n    region LowCardinality(String),\n"
    "    tier LowCardinality(String),\n    unit LowCardinality(String),\n    price Float64,\n"
    "    currency LowCardinality(String),\n    valid_from DateTime('UTC'),\n    valid_to DateTime('UTC'),\n"
    "    source String,\n    set_at DateTime64(6, 'UTC'),\n    is_removed UInt8\n";

/// A budget is for a calendar month. Thresholds are percents with commas between.
constexpr const char* kBudgetColumns =
    "\n    name String,\n    scope LowCardinality(String),\n    scope_id String,\n    amount Float64,\n"
    "    currency LowCardinality(String),\n    thresholds String,\n    set_at DateTime64(6, 'UTC'),\n"
    "    is_removed UInt8\n";

/// Latency targets that are null are none.
constexpr const char* kObjectiveColumns =
    "\n    name String,\n    scope LowCardinality(String),\n    scope_id String,\n"
    "    time_to_first_token_ms Nullable(Float64),\n    inter_token_latency_ms Nullable(Float64),\n"
    "    latency_ms Nullable(Float64),\n    share Float64,\n    period_days UInt16,\n"
    "    set_at DateTime64(6, 'UTC'),\n    is_removed UInt8\n";

/// One unit of `currency` is `rate` units of `to_currency`.
constexpr const char* kRateColumns =
    "\n    currency LowCardinality(String),\n    to_currency LowCardinality(String),\n    day Date,\n"
    "    rate Float64,\n    source String,\n    set_at DateTime64(6, 'UTC'),\n    is_removed UInt8\n";

std::string create_records(std::string_view database, const char* table, const char* columns,
                           const char* order, const TableForm& form) {
  return "CREATE TABLE IF NOT EXISTS " + addressed(database, table, form) + "\n(" + columns + ")\n" +
         engine_clause("MergeTree", form) + "\nORDER BY (" + order +
         ", set_at)\nSETTINGS fsync_after_insert = 1, fsync_part_directory = 1";
}

}  // namespace

std::vector<std::string> create_money_tables(std::string_view database, const TableForm& form) {
  return {create_records(database, kPriceTable, kPriceColumns, "sku, unit", form),
          create_records(database, kBudgetTable, kBudgetColumns, "name", form)};
}

std::vector<std::string> distribute_money_tables(std::string_view database, const DistributedForm& form) {
  return {create_distributed(database, kPriceTable, kPriceColumns, "xxHash64(sku)", form),
          create_distributed(database, kBudgetTable, kBudgetColumns, "xxHash64(name)", form)};
}

std::vector<std::string> create_objective_and_rate_tables(std::string_view database, const TableForm& form) {
  return {create_records(database, kObjectiveTable, kObjectiveColumns, "name", form),
          create_records(database, kRateTable, kRateColumns, "currency, to_currency, day", form)};
}

std::vector<std::string> distribute_objective_and_rate_tables(std::string_view database,
                                                              const DistributedForm& form) {
  return {create_distributed(database, kObjectiveTable, kObjectiveColumns, "xxHash64(name)", form),
          create_distributed(database, kRateTable, kRateColumns, "xxHash64(day)", form)};
}

}  // namespace optiinfra::store
