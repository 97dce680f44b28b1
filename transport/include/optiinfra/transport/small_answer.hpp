/// @file optiinfra/transport/small_answer.hpp
/// Answers that are known to be small, read whole.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "optiinfra/transport/transport.hpp"

namespace optiinfra {

/// The first column of the answer, which must be UInt64. Errors: those of the query, kCorrupt for another
/// type.
Result<std::vector<std::uint64_t>> query_numbers(Transport& transport, const Statement& statement);

/// The one number of an answer of one row, as a count has. Errors: as query_numbers, kCorrupt for another
/// number of rows.
Result<std::uint64_t> query_number(Transport& transport, const Statement& statement);

/// Every row, every column of the answer being String. Errors: as query_numbers.
Result<std::vector<std::vector<std::string>>> query_texts(Transport& transport, const Statement& statement);

/// The time budget to give a statement that may take up to `wanted`: shorter where the server bounds what
/// this session may ask for, because it refuses a statement that asks for more. Errors: those of a query.
Result<std::chrono::milliseconds> statement_time_up_to(Transport& transport,
                                                       std::chrono::milliseconds wanted);

/// Success or the error, without the value.
template <typename T>
Result<void> done(Result<T> result) {
  if (!result) return std::move(result).error();
  return {};
}

}  // namespace optiinfra
