#include "question_list.hpp"

namespace optiinfra::attribution {

std::span<const ComputedQuestion> computed_questions() {
  static const std::vector<ComputedQuestion> all = {
      unit_cost_question(), slo_question(),      idle_question(),    energy_question(),
      explain_question(),   forecast_question(), budgets_question(), self_host_question()};
  return all;
}

const ComputedQuestion* find_computed_question(std::string_view name) {
  for (const ComputedQuestion& question : computed_questions()) {
    if (name == question.name) return &question;
  }
  return nullptr;
}

Result<void> expect_rows_fit(std::size_t rows) {
  if (rows <= kAnswerRowsMax) return {};
  return Error{ErrorKind::kTooLarge, "the answer has more than " + std::to_string(kAnswerRowsMax) +
                                         " rows; ask for a shorter window, fewer dimensions or a filter"};
}

}  // namespace optiinfra::attribution
