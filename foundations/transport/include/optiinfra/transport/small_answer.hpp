/// @file optiinfra/transport/small_answer.hpp
/// Reads answers that are known to be small into memory.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "optiinfra/transport/session.hpp"

namespace optiinfra {

/// The first column of the answer, which must be UInt64. Errors: those of the query, kCorrupt for another
/// type.
Result<std::vector<std::uint64_t>> query_numbers(Session& session, const Statement& statement);

/// The number in an answer of one row, such as a count. Errors: as query_numbers; kCorrupt for another number
/// of rows.
Result<std::uint64_t> query_number(Session& session, const Statement& statement);

/// All rows of an answer whose columns are all String. Errors: as query_numbers.
Result<std::vector<std::vector<std::string>>> query_texts(Session& session, const Statement& statement);

/// The time budget to give a statement that may take up to `wanted`. It is shorter when the server limits
/// this session, because the server refuses a statement that asks for more. Errors: those of a query.
Result<std::chrono::milliseconds> statement_time_up_to(Session& session, std::chrono::milliseconds wanted);

/// Success or the error, without the value.
template <typename T>
Result<void> done(Result<T> result) {
  if (!result) return std::move(result).error();
  return {};
}

}  // namespace optiinfra
