/// What the kill test's child inserts: two rows that share a rollup row, under one token.
#pragma once

#include <string>
#include <utility>

#include "optiinfra/transport/session.hpp"

namespace optiinfra {

inline InsertStatement kill_case_statement(std::string token) {
  return {.table = "raw",
          .deduplication_token = std::move(token),
          .settings = {{"deduplicate_insert", "enable"},
                       {"deduplicate_blocks_in_dependent_materialized_views", "1"},
                       {"max_insert_threads", "1"}}};
}

inline Block kill_case_block() {
  Block block;
  block.add({"key", "UInt32", std::vector<std::uint32_t>{7, 7}});
  block.add({"value", "UInt64", std::vector<std::uint64_t>{1, 2}});
  return block;
}

}  // namespace optiinfra
