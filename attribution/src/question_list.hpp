/// The computed questions, one function each, and what they share.
#pragma once

#include <cstddef>

#include "optiinfra/attribution/questions.hpp"

namespace optiinfra::attribution {

ComputedQuestion unit_cost_question();
ComputedQuestion self_host_question();
ComputedQuestion slo_question();
ComputedQuestion idle_question();
ComputedQuestion energy_question();
ComputedQuestion explain_question();
ComputedQuestion forecast_question();
ComputedQuestion budgets_question();

/// Errors: kTooLarge when an answer has more than kAnswerRowsMax rows.
Result<void> expect_rows_fit(std::size_t rows);

}  // namespace optiinfra::attribution
