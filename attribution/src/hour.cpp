#include "optiinfra/attribution/hour.hpp"

#include <algorithm>

#include "optiinfra/attribution/apportion.hpp"

namespace optiinfra::attribution {
namespace {

/// A generated token weighs as much as 2.5 uncached tokens of a prompt.
constexpr std::uint64_t kInputMultiplier = 2, kOutputMultiplier = 5;
constexpr std::uint64_t kNanosecondsOfMicrosecond = 1000;

/// The numbers of a group that are split with it.
constexpr std::uint64_t RequestGroup::* kAmounts[] = {
    &RequestGroup::prefill_us,       &RequestGroup::decode_us,     &RequestGroup::uncached_micro,
    &RequestGroup::cached_micro,     &RequestGroup::output_micro,  &RequestGroup::running_seconds,
    &RequestGroup::requests,         &RequestGroup::prompt_tokens, &RequestGroup::cached_tokens,
    &RequestGroup::completion_tokens};

/// Requests on one instance.
struct Placed {
  RequestGroup group;
  Placement placement = Placement::kInstance;
  WeightMethod method = WeightMethod::kRequestTimes;
  std::uint64_t input_weight = 0, output_weight = 0, cached_weight = 0;

  std::uint64_t weight() const noexcept { return input_weight + output_weight; }
  auto key() const {
    return std::tie(group.instance, group.customer, group.service, group.model, group.is_wasted,
                    group.is_timed, placement);
  }
};

/// What one instance did in the hour.
struct Instance {
  std::vector<Placed> requests;
  std::vector<Charge> charges;
  BusySeconds busy;
  std::uint64_t weight = 0;  ///< Of all requests.
  bool is_time = false;      ///< Whether weights are times.

  /// The model that weighs most.
  std::string main_model() const {
    std::map<std::string, std::uint64_t> weights;
    for (const Placed& each : requests) weights[each.group.model] += each.weight();
    return std::max_element(weights.begin(), weights.end(),
                            [](const auto& a, const auto& b) {
                              return std::pair(a.second, a.first) < std::pair(b.second, b.first);
                            })
        ->first;
  }
};

using Instances = std::map<std::string, Instance>;
using Candidates = std::map<std::string, std::uint64_t>;  ///< Instances and how much each takes.

void place_apart(const RequestGroup& group, Placement placement, const Candidates& candidates,
                 const BusySeconds& busy, Instances& instances) {
  std::vector<std::uint64_t> weights;
  for (const auto& [name, weight] : candidates) weights.push_back(weight);
  std::vector<Placed> pieces(weights.size(), Placed{.group = group, .placement = placement});
  for (const auto amount : kAmounts) {
    const auto parts = apportion(group.*amount, weights);
    for (std::size_t i = 0; i < parts.size(); ++i) pieces[i].group.*amount = parts[i];
  }
  const auto holds_something = [](const Placed& piece) {
    return std::any_of(std::begin(kAmounts), std::end(kAmounts),
                       [&](const auto amount) { return piece.group.*amount != 0; });
  };
  std::size_t i = 0;
  for (const auto& [name, weight] : candidates) {
    Placed& piece = pieces[i++];
    if (!holds_something(piece)) continue;
    Instance& instance = instances[name];
    piece.group.instance = name;
    instance.busy |= busy;
    instance.requests.push_back(std::move(piece));
  }
}

/// By the instances of the requests' service, else those that their customer pays for.
Instances place(HourInput& input, std::vector<RequestGroup>& nowhere) {
  Instances instances;
  std::map<std::pair<Uuid, Uuid>, Candidates> of_service;
  std::map<Uuid, Candidates> of_customer;
  for (const RequestGroup& group : input.groups)
    if (!group.instance.empty())
      of_service[{group.customer, group.service}][group.instance] += group.running_seconds;
  for (Charge& charge : input.charges) {
    if (charge.has_usage && !charge.instance.empty())
      of_customer[charge.payer][charge.instance] += std::max<std::uint64_t>(charge.covered_seconds, 1);
    instances[charge.instance].charges.push_back(std::move(charge));
  }
  for (auto& [name, busy] : input.busy) instances[name].busy |= busy;
  for (RequestGroup& group : input.groups) {
    if (!group.instance.empty()) {
      instances[group.instance].requests.push_back({.group = std::move(group)});
      continue;
    }
    const std::pair service{group.customer, group.service};
    const auto by_service = of_service.find(service);
    const auto by_customer = of_customer.find(group.customer);
    if (by_service != of_service.end()) {
      place_apart(group, Placement::kService, by_service->second, input.unplaced_busy[service], instances);
    } else if (by_customer != of_customer.end()) {
      place_apart(group, Placement::kPool, by_customer->second, input.unplaced_busy[service], instances);
    } else {
      nowhere.push_back(std::move(group));
    }
  }
  return instances;
}

/// A quotient of sums; not known where nothing was measured.
struct Rate {
  std::uint64_t numerator = 0, denominator = 0;
  bool is_known() const noexcept { return denominator != 0; }
  std::uint64_t of(std::uint64_t value) const noexcept { return scaled(value, numerator, denominator); }
};

/// Nanoseconds of prefill and decode per millionth of a token, of the requests that have both times.
struct Rates {
  Rate input, output;

  explicit Rates(const std::vector<Placed>& requests) {
    for (const Placed& each : requests) {
      if (!each.group.is_timed) continue;
      input.numerator += each.group.prefill_us * kNanosecondsOfMicrosecond;
      input.denominator += each.group.uncached_micro;
      output.numerator += each.group.decode_us * kNanosecondsOfMicrosecond;
      output.denominator += each.group.output_micro;
    }
    if (!input.is_known() && output.is_known())
      input = {output.numerator * kInputMultiplier, output.denominator * kOutputMultiplier};
    if (!output.is_known() && input.is_known())
      output = {input.numerator * kOutputMultiplier, input.denominator * kInputMultiplier};
  }
  bool are_known() const noexcept {
    return input.is_known() && output.is_known() && input.numerator + output.numerator > 0;
  }
};

void weigh_by_duration(Instance& instance) {
  instance.is_time = false;
  for (Placed& each : instance.requests) {
    each.method = WeightMethod::kDuration;
    each.output_weight = each.group.running_seconds;
    each.input_weight = each.cached_weight = 0;
  }
}

void weigh(Instance& instance) {
  const Rates rates(instance.requests);
  instance.is_time = rates.are_known();
  const auto total = [&] {
    instance.weight = 0;
    for (const Placed& each : instance.requests) instance.weight += each.weight();
    return instance.weight;
  };
  for (Placed& each : instance.requests) {
    const RequestGroup& group = each.group;
    if (!instance.is_time) {
      each.method = WeightMethod::kMultiplier;
      each.input_weight = group.uncached_micro * kInputMultiplier;
      each.output_weight = group.output_micro * kOutputMultiplier;
      each.cached_weight = group.cached_micro * kInputMultiplier;
      continue;
    }
    each.method = group.is_timed ? WeightMethod::kRequestTimes : WeightMethod::kInstanceRates;
    each.input_weight =
        group.is_timed ? group.prefill_us * kNanosecondsOfMicrosecond : rates.input.of(group.uncached_micro);
    each.output_weight =
        group.is_timed ? group.decode_us * kNanosecondsOfMicrosecond : rates.output.of(group.output_micro);
    each.cached_weight = rates.input.of(group.cached_micro);
  }
  if (total() != 0 || instance.requests.empty()) return;
  weigh_by_duration(instance);
  total();
}

/// The seconds that the charges of an instance cover; where several customers are charged for it, those of
/// the one who has most.
std::uint64_t covered_seconds(const Instance& instance) {
  std::map<std::pair<Uuid, std::string>, std::uint64_t> covered;
  std::uint64_t most = 1;
  for (const Charge& charge : instance.charges) {
    std::uint64_t& seconds = covered[{charge.payer, charge.currency}];
    seconds = std::min<std::uint64_t>(seconds + charge.covered_seconds, kSecondsOfHour);
    most = std::max(most, seconds);
  }
  return most;
}

std::uint64_t find_rate(const std::vector<EfficientRate>& rates, const Charge& charge,
                        const Instance& instance) {
  if (rates.empty() || instance.requests.front().method == WeightMethod::kDuration) return 0;
  const std::string model = instance.main_model();
  for (const EfficientRate& rate : rates)
    if (rate.instance_type == charge.instance_type && rate.model == model && rate.is_time == instance.is_time)
      return rate.weight_per_second;
  return 0;
}

std::string method_of(const Placed& placed) {
  return std::string(to_string(placed.method)) + "/" + to_string(placed.placement);
}

AttributedCost row_of(const RequestGroup& group, CostKind kind) {
  AttributedCost row;
  row.served = group.customer;
  row.service = group.service;
  row.model = group.model;
  row.instance = group.instance;
  row.kind = kind;
  return row;
}

void add_counts(const Placed& placed, AttributedCost& row) {
  row.requests = placed.group.requests;
  row.prompt_tokens = placed.group.prompt_tokens;
  row.cached_tokens = placed.group.cached_tokens;
  row.completion_tokens = placed.group.completion_tokens;
  row.weight = placed.weight();
}

/// The rows of one charge, the last of an hour's.
class ChargeRows {
 public:
  ChargeRows(const Charge& charge, std::vector<AttributedCost>& rows)
      : charge_(charge), rows_(rows), first_(rows.size()) {}

  void add(AttributedCost row) {
    row.payer = charge_.payer;
    row.provider = charge_.provider;
    row.region = charge_.region;
    row.instance_type = charge_.instance_type;
    row.currency = charge_.currency;
    row.price_source = charge_.price_source;
    rows_.push_back(std::move(row));
  }

  /// A part that served no request; none where it is zero.
  void add_part(CostKind kind, std::int64_t cost, std::int64_t shared_underfill = 0,
                std::int64_t shared_idle = 0) {
    if (cost == 0) return;
    AttributedCost row;
    row.served = charge_.payer;
    row.instance = charge_.instance;
    row.kind = kind;
    row.cost = cost;
    row.shared_underfill = shared_underfill;
    row.shared_idle = shared_idle;
    add(std::move(row));
  }

  /// What the charge says, once all of its rows are there. Gives its first row, nullptr for none.
  AttributedCost* close() {
    if (rows_.size() == first_) return nullptr;
    rows_[first_].billed = charge_.billed();
    return &rows_[first_];
  }

 private:
  const Charge& charge_;
  std::vector<AttributedCost>& rows_;
  const std::size_t first_;
};

struct Split {
  std::uint64_t served = 0, underfill = 0, idle = 0, efficient_rate = 0;
};

Split split(const Charge& charge, const Instance& instance, std::uint64_t covered,
            const std::vector<EfficientRate>& rates) {
  const auto usage = static_cast<std::uint64_t>(std::max<std::int64_t>(charge.usage, 0));
  const std::uint64_t busy =
      instance.weight == 0 ? 0 : std::min<std::uint64_t>(instance.busy.count(), covered);
  const auto parts = apportion(usage, std::vector<std::uint64_t>{busy, covered - busy});
  Split result{.served = parts[0], .idle = parts[1]};
  if (busy == 0) return result;
  result.efficient_rate = find_rate(rates, charge, instance);
  const std::uint64_t possible = result.efficient_rate * busy;
  if (possible <= instance.weight) return result;
  const auto used =
      apportion(result.served, std::vector<std::uint64_t>{instance.weight, possible - instance.weight});
  result.served = used[0];
  result.underfill = used[1];
  return result;
}

void add_requests(const Instance& instance, const Split& split, bool carries_counts, ChargeRows& rows) {
  std::vector<std::uint64_t> leaves, weights;
  for (const Placed& each : instance.requests) {
    leaves.insert(leaves.end(), {each.input_weight, each.output_weight});
    weights.push_back(each.weight());
  }
  const auto costs = apportion(split.served, leaves);
  const auto underfill = apportion(split.underfill, weights);
  const auto idle = apportion(split.idle, weights);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const Placed& each = instance.requests[i];
    AttributedCost row = row_of(each.group, each.group.is_wasted ? CostKind::kWasted : CostKind::kServed);
    row.input_cost = static_cast<std::int64_t>(costs[2 * i]);
    row.cost = row.input_cost + static_cast<std::int64_t>(costs[2 * i + 1]);
    row.avoided_cost = static_cast<std::int64_t>(scaled(split.served, each.cached_weight, instance.weight));
    row.shared_underfill = static_cast<std::int64_t>(underfill[i]);
    row.shared_idle = static_cast<std::int64_t>(idle[i]);
    row.efficient_rate = split.efficient_rate;
    row.method = method_of(each);
    if (carries_counts) add_counts(each, row);
    rows.add(std::move(row));
  }
}

void add_charge(const Charge& charge, const Instance& instance, std::uint64_t covered, bool carries_counts,
                const std::vector<EfficientRate>& rates, std::vector<AttributedCost>& all) {
  ChargeRows rows(charge, all);
  const auto positive = [](std::int64_t amount) { return std::max<std::int64_t>(amount, 0); };
  const auto negative = [](std::int64_t amount) { return std::min<std::int64_t>(amount, 0); };
  std::int64_t overhead = positive(charge.fees);
  if (charge.instance.empty()) {
    overhead += positive(charge.usage);
  } else {
    const Split parts = split(charge, instance, covered, rates);
    if (charge.has_usage) add_requests(instance, parts, carries_counts, rows);
    const bool is_shared = charge.has_usage && instance.weight > 0;
    const auto underfill = static_cast<std::int64_t>(parts.underfill);
    const auto idle = static_cast<std::int64_t>(parts.idle);
    rows.add_part(CostKind::kUnderfill, underfill, -underfill, 0);
    rows.add_part(CostKind::kIdle, idle, 0, is_shared ? -idle : 0);
  }
  rows.add_part(CostKind::kOverhead, overhead);
  rows.add_part(CostKind::kUnreconciled, charge.other + negative(charge.usage) + negative(charge.fees));
  AttributedCost* const first = rows.close();
  if (first == nullptr || !carries_counts) return;
  first->busy_seconds = static_cast<std::uint32_t>(std::min<std::uint64_t>(instance.busy.count(), covered));
  first->covered_seconds = static_cast<std::uint32_t>(covered);
}

void add_unpriced(const Placed& placed, std::vector<AttributedCost>& rows) {
  AttributedCost row = row_of(placed.group, CostKind::kUnpriced);
  row.method = method_of(placed);
  add_counts(placed, row);
  rows.push_back(std::move(row));
}

void add_instance(Instance& instance, const std::vector<EfficientRate>& rates,
                  std::vector<AttributedCost>& rows) {
  std::sort(instance.requests.begin(), instance.requests.end(),
            [](const Placed& a, const Placed& b) { return a.key() < b.key(); });
  // The largest charge for use first.
  std::sort(instance.charges.begin(), instance.charges.end(), [](const Charge& a, const Charge& b) {
    const auto key = [](const Charge& charge) {
      return std::tuple(!charge.has_usage, -charge.usage, charge.payer, charge.provider, charge.region,
                        charge.instance_type, charge.currency);
    };
    return key(a) < key(b);
  });
  weigh(instance);
  const std::uint64_t covered = covered_seconds(instance);
  bool is_first = true;
  for (const Charge& charge : instance.charges) {
    add_charge(charge, instance, covered, is_first, rates, rows);
    is_first = false;
  }
  const bool is_priced = !instance.charges.empty() && instance.charges.front().has_usage;
  if (is_priced) return;
  for (const Placed& each : instance.requests) add_unpriced(each, rows);
}

}  // namespace

std::vector<AttributedCost> attribute_hour(HourInput input) {
  std::vector<RequestGroup> nowhere;
  Instances instances = place(input, nowhere);
  std::vector<AttributedCost> rows;
  for (auto& [name, instance] : instances) add_instance(instance, input.rates, rows);
  Instance rest;
  for (RequestGroup& group : nowhere)
    rest.requests.push_back({.group = std::move(group), .placement = Placement::kNone});
  if (!rest.requests.empty()) add_instance(rest, input.rates, rows);
  return rows;
}

}  // namespace optiinfra::attribution
