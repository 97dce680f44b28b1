/// Computes a row of the answer about unit costs from the sums that the engine returned.
#pragma once

#include "conversion.hpp"
#include "optiinfra/attribution/unit_cost.hpp"
#include "selection.hpp"

namespace optiinfra::attribution {

/// The numbers that the engine adds up: attributed_sums() in their order, and the hours.
enum Sum : std::size_t {
  kServedCost,
  kWastedCost,
  kUnderfillCost,
  kIdleCost,
  kOverheadCost,
  kUnreconciledCost,
  kInputCost,
  kAvoidedCost,
  kSharedUnderfill,
  kSharedIdle,
  kRequests,
  kFirstCount = kRequests,  ///< Those before are amounts.
  kServedRequests = kRequests + 1,
  kFailedRequests,
  kUnpricedRequests,
  kPromptTokens,
  kCachedTokens,
  kCompletionTokens,
  kPricedRequests,
  kPricedPrompt,
  kPricedCached,
  kPricedCompletion,
  kPricedRows,
  kRatedRows,
  kHours,
  kSums
};

struct Scores {
  double good = 0, scored = 0;
};

struct Sums {
  Key key;
  std::string currency, methods, sources;
  double values[kSums] = {};
};

/// The columns of the answer.
std::vector<AnswerColumn> unit_cost_columns(const Selection& selection);

/// The quality of answers, as far as it is known for a row.
struct Quality {
  bool is_known_by_dimensions = false;
  Scores scores = {};
};

/// A cell for each of the columns; `keys` are those of bucket and dimensions.
std::vector<Cell> unit_cost_cells(const UnitCostQuestion& question, std::vector<Cell> keys, const Sums& sums,
                                  const Quality& quality, const Conversion& conversion);

}  // namespace optiinfra::attribution
