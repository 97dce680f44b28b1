/// Small answers, read whole. For queries of this layer whose result is known to be small.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "optiinfra/transport/transport.hpp"

namespace optiinfra {

/// The first column of the answer, which must be UInt64.
Result<std::vector<std::uint64_t>> query_numbers(Transport& transport, const Statement& statement);

/// Every row, every column of the answer being String.
Result<std::vector<std::vector<std::string>>> query_texts(Transport& transport, const Statement& statement);

/// Success or the error, without the value.
template <typename T>
Result<void> done(Result<T> result) {
  if (!result) return std::move(result).error();
  return {};
}

}  // namespace optiinfra
