#include "unit_cost_row.hpp"

#include "answer_cells.hpp"

namespace optiinfra::attribution {
namespace {

constexpr double kMillion = 1e6;

}  // namespace

std::vector<AnswerColumn> unit_cost_columns(const Selection& selection) {
  std::vector<AnswerColumn> columns = selection.columns();
  const auto add = [&](const char* key, const char* heading, const char* unit, CellKind kind,
                       int decimals = 0) { columns.push_back({key, heading, unit, kind, decimals}); };
  constexpr const char* kMoney = "currency";
  add("currency", "currency", "", CellKind::kText);
  add("total_cost", "total", kMoney, CellKind::kNumber, 2);
  add("served_cost", "served", kMoney, CellKind::kNumber, 2);
  add("wasted_cost", "wasted", kMoney, CellKind::kNumber, 2);
  add("underfill_cost", "underfill", kMoney, CellKind::kNumber, 2);
  add("idle_cost", "idle", kMoney, CellKind::kNumber, 2);
  add("overhead_cost", "overhead", kMoney, CellKind::kNumber, 2);
  add("unreconciled_cost", "unreconciled", kMoney, CellKind::kNumber, 2);
  add("cache_avoided_cost", "avoided by cache", kMoney, CellKind::kNumber, 2);
  add("requests", "requests", "requests", CellKind::kCount);
  add("failed_requests", "failed", "requests", CellKind::kCount);
  add("prompt_tokens", "prompt tokens", "tokens", CellKind::kCount);
  add("cached_tokens", "cached tokens", "tokens", CellKind::kCount);
  add("completion_tokens", "generated tokens", "tokens", CellKind::kCount);
  add("cost_per_million_tokens", "per 1M tokens", kMoney, CellKind::kNumber, 4);
  add("cost_per_million_input", "per 1M input", kMoney, CellKind::kNumber, 4);
  add("cost_per_million_output", "per 1M output", kMoney, CellKind::kNumber, 4);
  add("cost_per_request", "per request", kMoney, CellKind::kNumber, 6);
  add("cost_per_good_answer", "per good answer", kMoney, CellKind::kNumber, 6);
  add("good_answers", "good answers", "answers", CellKind::kCount);
  add("scored_answers", "scored answers", "answers", CellKind::kCount);
  add("coverage", "priced", "share of requests", CellKind::kNumber, 4);
  add("attributed_hours", "hours", "h", CellKind::kCount);
  add("allocation_method", "method", "", CellKind::kText);
  add("price_source", "price from", "", CellKind::kText);
  add("reason", "absent because", "", CellKind::kText);
  return columns;
}

std::vector<Cell> unit_cost_cells(const UnitCostQuestion& question, std::vector<Cell> keys, const Sums& sums,
                                  const Quality& quality, const Conversion& conversion) {
  const auto sum = [&](Sum which) { return sums.values[which]; };
  const auto money = [&](Sum which) { return sums.values[which] * kNano; };
  const bool is_shared = question.idle == IdlePolicy::kShare, is_hidden = question.idle == IdlePolicy::kHide;
  const bool is_priced = sum(kPricedRows) > 0;
  const double served = money(kServedCost) + money(kWastedCost);
  const double underfill = money(kUnderfillCost) + (is_shared ? money(kSharedUnderfill) : 0);
  const double idle = is_hidden ? 0 : money(kIdleCost) + (is_shared ? money(kSharedIdle) : 0);
  const double usage = served + underfill;
  const double held = usage + idle + money(kOverheadCost);
  const double basis = question.basis == CostBasis::kUsage ? usage : held;
  // The split of what was served into input and output stands for that of the rest.
  const double input = served > 0 ? basis * money(kInputCost) / served : 0;
  const double tokens = sum(kPricedPrompt) + sum(kPricedCompletion);
  constexpr const char* kUnpriced = "no charge covers the requests";
  constexpr const char* kNoTokens = "no tokens were counted";
  constexpr const char* kNoTokensServed = "no cost was served";
  // What is not priced has no cost per anything, however many tokens and requests there were.
  const auto because = [&](const char* why) { return is_priced ? why : kUnpriced; };

  AnswerCells cells(std::move(keys));
  cells.add(sums.currency);
  cells.add_number(is_priced, held + money(kUnreconciledCost), kUnpriced);
  cells.add_number(is_priced, money(kServedCost) + money(kWastedCost), kUnpriced);
  cells.add_number(is_priced, money(kWastedCost), kUnpriced);
  const bool knows_underfill = sum(kRatedRows) > 0 || sum(kUnderfillCost) > 0 || sum(kPricedRequests) == 0;
  cells.add_number(is_priced && knows_underfill, underfill,
                   because("the instances' best hours are not known yet"));
  cells.add_number(is_priced && !is_hidden, idle, because("idle time is hidden"));
  cells.add_number(is_priced, money(kOverheadCost), kUnpriced);
  cells.add_number(is_priced, money(kUnreconciledCost), kUnpriced);
  cells.add_number(is_priced, money(kAvoidedCost), kUnpriced);
  for (const Sum count : {kRequests, kFailedRequests, kPromptTokens, kCachedTokens, kCompletionTokens})
    cells.add_count(sum(count));
  cells.add_quotient(is_priced, basis, tokens, kMillion, because(kNoTokens));
  const bool has_split = is_priced && served > 0;
  if (has_split) {
    cells.add_quotient(true, input, sum(kPricedPrompt) - sum(kPricedCached), kMillion, kNoTokens);
    cells.add_quotient(true, basis - input, sum(kPricedCompletion), kMillion, kNoTokens);
  } else {
    cells.add_absent(because(kNoTokensServed));
    cells.add_absent(because(kNoTokensServed));
  }
  cells.add_quotient(is_priced, basis, sum(kPricedRequests), 1, because("no request began"));
  const Scores scores = quality.scores;
  if (question.good_score && scores.scored > 0) {
    // Where a part of the answers is scored, the others are taken to be as good.
    cells.add_quotient(is_priced, basis, sum(kServedRequests) * scores.good / scores.scored, 1,
                       because("no answer was good"));
    cells.add_count(scores.good);
    cells.add_count(scores.scored);
  } else {
    cells.add_absent(!question.good_score              ? kNoGoodScore
                     : !quality.is_known_by_dimensions ? "scores are not kept by these dimensions"
                                                       : "no answer was scored");
    cells.add_absent(nullptr);
    cells.add_absent(nullptr);
  }
  cells.add_quotient(true, sum(kRequests) - sum(kUnpricedRequests), sum(kRequests), 1, "no request began");
  cells.add_count(sum(kHours));
  cells.add(sums.methods);
  cells.add(sums.sources);
  if (conversion.is_active()) cells.add(conversion.described());
  return cells.take();
}

}  // namespace optiinfra::attribution
