#include "optiinfra/transport/small_answer.hpp"

#include <algorithm>

namespace optiinfra {
namespace {

Error wrong_layout(const Statement& statement) {
  return {ErrorKind::kCorrupt, "the store answered with another layout than asked for: " + statement.sql};
}

}  // namespace

Result<std::vector<std::uint64_t>> query_numbers(Session& session, const Statement& statement) {
  std::vector<std::uint64_t> numbers;
  bool right = true;
  OPTIINFRA_CHECK(done(session.query(statement, [&](const Block& block) {
    const auto* values = block.values<std::vector<std::uint64_t>>(0);
    right = right && values != nullptr;
    if (right) numbers.insert(numbers.end(), values->begin(), values->end());
    return right;
  })));
  if (!right) return wrong_layout(statement);
  return numbers;
}

Result<std::uint64_t> query_number(Session& session, const Statement& statement) {
  OPTIINFRA_TRY(const auto numbers, query_numbers(session, statement));
  if (numbers.size() != 1) return wrong_layout(statement);
  return numbers[0];
}

Result<std::vector<std::vector<std::string>>> query_texts(Session& session, const Statement& statement) {
  std::vector<std::vector<std::string>> rows;
  bool right = true;
  OPTIINFRA_CHECK(done(session.query(statement, [&](const Block& block) {
    const std::size_t first = rows.size();
    rows.resize(first + block.row_count());
    for (std::size_t column = 0; column < block.columns().size() && right; ++column) {
      const auto* values = block.values<Strings>(column);
      right = values != nullptr;
      for (std::size_t row = 0; right && row < values->size(); ++row)
        rows[first + row].emplace_back((*values)[row]);
    }
    return right;
  })));
  if (!right) return wrong_layout(statement);
  return rows;
}

Result<std::chrono::milliseconds> statement_time_up_to(Session& session, std::chrono::milliseconds wanted) {
  OPTIINFRA_TRY(
      const auto bounds,
      query_numbers(
          session, {.sql = "SELECT toUInt64(toFloat64OrZero(assumeNotNull(max)) * 1000) FROM system.settings "
                           "WHERE name = 'max_execution_time' AND max IS NOT NULL"}));
  for (const std::uint64_t bound : bounds)
    wanted = std::min(wanted, std::chrono::milliseconds(static_cast<std::int64_t>(bound)));
  return wanted;
}

}  // namespace optiinfra
