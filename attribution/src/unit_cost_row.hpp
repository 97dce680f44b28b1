/// Computes a row of the answer about unit costs from the sums that the engine returned.
#pragma once

#include "optiinfra/attribution/unit_cost.hpp"

namespace optiinfra {

/// The names that a dimension has in the tables.
struct Known {
  Dimension dimension;
  const char* cost_column;
  const char* score_column;  ///< In quality_metrics_ts; nullptr when that table has no such column.
  bool is_uuid;
};

/// The numbers that the engine adds up, in this order.
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
  kServedRequests,
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

/// Bucket and dimensions of a row, as text.
using Key = std::vector<std::string>;

struct Sums {
  sys_seconds begin{};
  Key key;
  std::string currency, methods, sources;
  double values[kSums] = {};
};

/// The columns of the answer.
std::vector<AnswerColumn> unit_cost_columns(const UnitCostQuestion& question,
                                            std::span<const Known* const> dimensions);

/// The quality of answers, as far as it is known for a row.
struct Quality {
  bool is_known_by_dimensions = false;
  Scores scores = {};
};

/// A cell for each of the columns.
std::vector<Cell> unit_cost_cells(const UnitCostQuestion& question, const Sums& sums, const Quality& quality);

}  // namespace optiinfra
