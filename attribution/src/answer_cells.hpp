/// The numbers of one row of an answer, in the order of its columns, and why some are absent.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "optiinfra/client/question.hpp"

namespace optiinfra::attribution {

/// What billionths are multiplied with.
inline constexpr double kNano = 1e-9;

class AnswerCells {
 public:
  explicit AnswerCells(std::vector<Cell> keys = {}) : cells_(std::move(keys)) {}

  /// Made in place: g++ 12 takes a moved cell for one that may be uninitialized.
  template <typename Value>
  void add(Value&& value) {
    cells_.emplace_back(std::forward<Value>(value));
  }
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
    cells_.emplace_back();
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

}  // namespace optiinfra::attribution
