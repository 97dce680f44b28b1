/// One row of a question's statement.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "optiinfra/client/question.hpp"
#include "optiinfra/codec/block.hpp"
#include "plan.hpp"

namespace optiinfra {

/// A number of an answer type: the measure it comes from and the member it goes to.
template <typename Answer>
struct Field {
  const char* measure;
  std::variant<std::optional<double> Answer::*, std::uint64_t Answer::*,
               std::optional<std::uint64_t> Answer::*>
      member;
};

/// Asking for another layout than the statement produced is a bug here, and ends the process.
class AnswerRow {
 public:
  AnswerRow(const Plan& plan, const Block& block, std::size_t row) : plan_(plan), block_(block), row_(row) {}

  /// Where the row's bucket begins; the window's begin without buckets.
  sys_seconds begin() const;

  /// What the row's numbers cover: the part of its bucket that lies in the window.
  TimeRange window() const;

  std::string text(std::size_t dimension) const;

  /// Raw rows of the family that the row's numbers rest on.
  std::uint64_t rows(std::size_t family) const;

  /// Absent where there are rows that all lack the value.
  std::optional<std::uint64_t> count(std::size_t measure) const;

  /// Whether amounts of several currencies were added up in the row.
  bool mixes_currencies() const;

  /// Absent where it rests on no rows or on none that has the value: the mean of nothing is NaN, its minimum
  /// and maximum are infinite.
  std::optional<double> number(std::size_t measure) const;

  std::vector<Cell> cells() const;

  /// Adds the row's raw rows of each family to `covered`.
  void add_coverage(std::vector<std::uint64_t>& covered) const;

  /// Measure i of the question is fields[i].
  template <typename Answer>
  void fields(const std::vector<Field<Answer>>& fields, Answer& answer) const {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (const auto* member = std::get_if<std::uint64_t Answer::*>(&fields[i].member)) {
        answer.** member = count(i).value_or(0);
      } else if (const auto* optional =
                     std::get_if<std::optional<std::uint64_t> Answer::*>(&fields[i].member)) {
        answer.** optional = count(i);
      } else {
        answer.*std::get<std::optional<double> Answer::*>(fields[i].member) = number(i);
      }
    }
  }

 private:
  template <typename Values>
  auto at(std::size_t column) const;
  std::size_t column_of(std::size_t family, std::size_t number) const;
  bool lacks_value(const PlannedMeasure& planned) const;

  const Plan& plan_;
  const Block& block_;
  std::size_t row_;
};

}  // namespace optiinfra
