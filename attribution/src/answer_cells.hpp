/// The numbers of one row of an answer, in the order of its columns, and why some are absent.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "optiinfra/client/question.hpp"

namespace optiinfra {

class AnswerCells {
 public:
  explicit AnswerCells(std::vector<Cell> keys = {}) : cells_(std::move(keys)) {}

  void add(Cell cell) { cells_.push_back(std::move(cell)); }
  void add_number(bool is_known, double value, const char* why) {
    if (is_known) return add(value);
    add_absent(why);
  }
  /// numerator / denominator * factor; absent because of `why` without a denominator or when not known.
  void add_quotient(bool is_known, double numerator, double denominator, double factor, const char* why) {
    const bool is_defined = is_known && denominator > 0;
    add_number(is_defined, is_defined ? numerator / denominator * factor : 0, why);
  }
  void add_count(double count) { add(static_cast<std::uint64_t>(count)); }
  /// Each reason is given once; nullptr gives none.
  void add_absent(const char* why) {
    add(std::monostate{});
    if (why != nullptr && reasons_.find(why) == std::string::npos)
      reasons_ += (reasons_.empty() ? "" : "; ") + std::string(why);
  }
  /// The cells, with the reasons as the last.
  std::vector<Cell> take() {
    add(reasons_);
    return std::move(cells_);
  }

 private:
  std::vector<Cell> cells_;
  std::string reasons_;
};

}  // namespace optiinfra
