/// @file optiinfra/attribution/unit_cost.hpp
/// What a token, a request and a good answer cost, from attributed hours.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "optiinfra/client/catalogue.hpp"
#include "optiinfra/client/client.hpp"

namespace optiinfra::attribution {

/// Which costs the numbers per token, request and answer include.
enum class CostBasis {
  kReservation,  ///< All that was paid for: served, wasted, underfill, idle and overhead.
  kUsage,        ///< Only time with requests: served, wasted and underfill.
};
Result<CostBasis> parse_cost_basis(std::string_view text);  ///< "reservation", "usage".

/// How time without requests is counted.
enum class IdlePolicy {
  kSeparate,  ///< With the payer of the instance, in a row of its own when rows are by service.
  kShare,     ///< With underfill, on the requests of the same instance and hour, by weight; the rest stays.
  kHide,      ///< In no number.
};
Result<IdlePolicy> parse_idle_policy(std::string_view text);  ///< "separate", "share", "hide".

struct UnitCostQuestion {
  TimeRange range{};  ///< Widened to whole hours.
  /// Dimensions and filters are "customer", "service", "model", "instance", "provider", "region",
  /// "instance_type". The numbers of a customer cover its own requests and the idle instances that it pays
  /// for.
  std::vector<std::string> dimensions = {};
  std::optional<Bucket> bucket = {};
  std::vector<Filter> filters = {};
  CostBasis basis = CostBasis::kReservation;
  IdlePolicy idle = IdlePolicy::kSeparate;
  /// The least overall score of a good answer; without it no answer is good or bad.
  std::optional<double> good_score = {};
  /// What amounts of other currencies are converted to, each hour's by the rate of its day
  /// (optiinfra/attribution/exchange_rates.hpp); empty: each currency by itself.
  std::string currency = {};
};

/// The reason that stands in every row of a question without `good_score`.
inline constexpr const char* kNoGoodScore = "no score of a good answer was given";

/// Returns a row for each bucket, combination of dimensions and currency. Amounts are in the row's currency.
/// An unknown value is absent, and the column `reason` says why.
/// Converted amounts say so in the column `exchange_rates`.
/// Errors: kInvalidArgument for an unknown dimension, an empty range and a day without a rate; kTooLarge
/// beyond kAnswerRowsMax rows.
Result<Answer> query_unit_cost(Client& client, const UnitCostQuestion& question);

}  // namespace optiinfra::attribution
