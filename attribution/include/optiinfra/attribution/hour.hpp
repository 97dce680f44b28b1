/// @file optiinfra/attribution/hour.hpp
/// Splits one hour of charges among the requests that the instances served. Pure arithmetic on integers.
///
/// For each charge: billed = served + wasted + underfill + idle + overhead + unreconciled. Amounts are
/// billionths of the charge's currency (nano-units); no part is negative but `unreconciled`.
#pragma once

#include <bitset>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "optiinfra/core/uuid.hpp"

namespace optiinfra::attribution {

inline constexpr std::size_t kSecondsOfHour = 3600;

/// What a part of a bill paid for.
enum class CostKind {
  kServed,        ///< Requests that succeeded, or whose outcome is not known.
  kWasted,        ///< Requests that failed, were dropped or aborted: they used the instance too.
  kUnderfill,     ///< Time with requests, beyond what such an instance needs for them in its best hours.
  kIdle,          ///< Time without a request.
  kOverhead,      ///< Charges without an instance, taxes and purchases.
  kUnreconciled,  ///< Credits, refunds and adjustments, with their sign; usage below zero.
  kUnpriced,      ///< Requests that no charge covers: their cost is not known, and the amount is 0.
};
const char* to_string(CostKind kind);

/// How requests got their weight, the best method first.
enum class WeightMethod {
  kRequestTimes,   ///< The request's own prefill and decode time.
  kInstanceRates,  ///< Its tokens at the rates of the requests of its instance and hour that have both times.
  kMultiplier,     ///< Its tokens, a generated one weighing 2.5 times an uncached one of the prompt.
  kDuration,       ///< Its running time, when no request of the instance and hour has tokens or times.
};
const char* to_string(WeightMethod method);

/// How requests were assigned to an instance.
enum class Placement {
  kInstance,  ///< The request names it.
  kService,   ///< The instances that other requests of its service name in the hour.
  kPool,      ///< The instances that its customer pays for in the hour.
  kNone,      ///< There is none.
};
const char* to_string(Placement placement);

/// Requests of one hour that are alike. A request that runs over the end of an hour is split: each hour gets
/// its times and tokens in proportion to the seconds that it ran there. It is counted in the hour in which it
/// began.
struct RequestGroup {
  std::string instance;  ///< Empty when they name none.
  Uuid customer, service;
  std::string model;
  bool is_wasted = false;
  bool is_timed = false;  ///< Whether they have prefill and decode time of their own.
  std::uint64_t prefill_us = 0, decode_us = 0;
  std::uint64_t uncached_micro = 0, cached_micro = 0,
                output_micro = 0;     ///< Tokens of weight, in millionths.
  std::uint64_t running_seconds = 0;  ///< Added up over the requests.
  std::uint64_t requests = 0, prompt_tokens = 0, cached_tokens = 0, completion_tokens = 0;
};

/// The seconds of an hour in which a request ran.
using BusySeconds = std::bitset<kSecondsOfHour>;

/// What one customer is charged for one instance in an hour, or for none.
struct Charge {
  Uuid payer;
  std::string provider, instance, region, instance_type, currency;
  std::string price_source;
  bool has_usage = false;  ///< Whether any of it is for usage, also at a price of zero.
  std::int64_t usage = 0;  ///< Nano-units, as are the next two.
  std::int64_t fees = 0;   ///< Taxes and purchases.
  std::int64_t other = 0;  ///< Credits, refunds and adjustments.
  std::uint64_t covered_seconds = 0;

  std::int64_t billed() const noexcept { return usage + fees + other; }
};

/// What an instance of a type achieves with a model in its best hours.
struct EfficientRate {
  std::string instance_type, model;
  bool is_time = false;  ///< True when weights are times, false when they are tokens.
  std::uint64_t weight_per_second = 0;
};

struct HourInput {
  std::vector<RequestGroup> groups = {};
  std::vector<Charge> charges = {};
  std::map<std::string, BusySeconds> busy = {};  ///< By the instance that requests name.
  /// Of requests that name no instance, by customer and service.
  std::map<std::pair<Uuid, Uuid>, BusySeconds> unplaced_busy = {};
  std::vector<EfficientRate> rates = {};
};

/// A row of attributed_cost_hourly, without its hour and version.
struct AttributedCost {
  Uuid payer;   ///< Nil when no charge covers the requests.
  Uuid served;  ///< The customer whose requests they are; the payer when the part served no request.
  Uuid service;
  std::string model, instance, provider, region, instance_type, currency;
  CostKind kind = CostKind::kServed;
  std::int64_t cost = 0;
  std::int64_t input_cost = 0;  ///< The part of `cost` for reading prompts.
  std::int64_t avoided_cost =
      0;  ///< What the prompt tokens in the prefix cache would have cost; not part of any sum.
  /// The correction of `cost` when underfill and idle time are shared among the requests of the instance and
  /// hour: positive for requests, negative for underfill and idle time. Each adds up to zero over a charge.
  std::int64_t shared_underfill = 0, shared_idle = 0;
  std::int64_t billed = 0;  ///< The charge, on one of its rows: the sum of `cost` over its rows.
  std::uint64_t requests = 0, prompt_tokens = 0, cached_tokens = 0, completion_tokens = 0;
  std::uint64_t weight = 0;          ///< Nanoseconds of prefill and decode, millionths of tokens, or seconds.
  std::uint64_t efficient_rate = 0;  ///< Weight per second at best hours; 0 where not known.
  std::uint32_t busy_seconds = 0, covered_seconds = 0;  ///< Of the instance, on one of its rows.
  std::string method;                                   ///< "request_times/instance".
  std::string price_source;
};

/// Splits the hour. The order of the rows depends only on the input's values. Counts of requests and tokens
/// are given only on the rows of an instance's largest charge, so that they can be added up.
std::vector<AttributedCost> attribute_hour(HourInput input);

}  // namespace optiinfra::attribution
