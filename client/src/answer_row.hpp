/// One row of an answer, read by position.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "optiinfra/codec/block.hpp"
#include "optiinfra/core/time.hpp"
#include "window.hpp"

namespace optiinfra {

/// A number of an answer type: the finished column it comes from and the member it goes to.
template <typename Answer>
struct Field {
  const char* column;
  std::variant<double Answer::*, std::uint64_t Answer::*> member;
};

template <typename Answer>
std::vector<AnswerColumn> columns_of(const std::vector<Field<Answer>>& fields) {
  std::vector<AnswerColumn> columns;
  for (const Field<Answer>& field : fields) columns.push_back({field.column, field.member.index() == 1});
  return columns;
}

/// Walks the columns of one row from left to right. Asking for another layout than the statement
/// produced is a bug here, and ends the process.
class AnswerRow {
 private:
  template <typename Values>
  auto next() {
    const Values* values = block_.values<Values>(column_++);
    if (values == nullptr) detail::broken_invariant("an answer has another layout than its statement");
    return (*values)[row_];
  }

 public:
  AnswerRow(const Block& block, std::size_t row) : block_(block), row_(row) {}

  sys_seconds time() { return sys_seconds{std::chrono::seconds{next<std::vector<std::uint32_t>>()}}; }
  std::string text() { return std::string(next<Strings>()); }

  template <typename Answer>
  void fields(const std::vector<Field<Answer>>& fields, Answer& answer) {
    for (const Field<Answer>& field : fields) {
      if (const auto* count = std::get_if<std::uint64_t Answer::*>(&field.member)) {
        answer.** count = next<std::vector<std::uint64_t>>();
      } else {
        const double value = next<std::vector<double>>();
        answer.*std::get<double Answer::*>(field.member) =
            value == value ? value : 0;  // The mean of nothing is NaN.
      }
    }
  }

 private:
  const Block& block_;
  std::size_t row_;
  std::size_t column_ = 0;
};

}  // namespace optiinfra
