#include "explain_parts.hpp"

#include <algorithm>
#include <cmath>

namespace optiinfra::attribution {
namespace {

/// Keeps the 18 digits of an amount.
using Real = long double;
using RealParts = std::array<Real, kChangeParts>;

constexpr Real kNanosOfUnit = 1e9L;
/// Digits of the largest number of an answer: all of them survive a double. Most digits after the point: of
/// amounts, and of unit costs, because powers of ten beyond that are not exact in a double.
constexpr int kDigits = 15, kDecimalsOfAmounts = 9, kDecimalsMax = 22;

template <typename Parts>
auto& at(Parts& parts, ChangePart part) {
  return parts[static_cast<std::size_t>(part)];
}

bool is_in_both(const GroupCost& group) { return group.before.volume > 0 && group.after.volume > 0; }

/// What requests cost that are counted, and those that are not.
Real counted(const WindowCost& of) { return of.volume > 0 ? static_cast<Real>(of.served) : 0; }
Real uncounted(const WindowCost& of) { return of.volume > 0 ? 0 : static_cast<Real>(of.served); }

/// The costs that no counted request caused.
struct OtherCost {
  ChangePart part;
  Real (*of)(const WindowCost&);
};
constexpr OtherCost kOtherCosts[] = {
    {ChangePart::kUnderfill, [](const WindowCost& of) { return static_cast<Real>(of.underfill); }},
    {ChangePart::kIdle, [](const WindowCost& of) { return static_cast<Real>(of.idle); }},
    {ChangePart::kOverhead, [](const WindowCost& of) { return static_cast<Real>(of.overhead); }},
    {ChangePart::kUnreconciled, [](const WindowCost& of) { return static_cast<Real>(of.unreconciled); }},
    {ChangePart::kUncounted, uncounted},
};

/// Requests or tokens and what they cost, of many groups.
struct Window {
  Real volume = 0, cost = 0;

  void add(const WindowCost& of) {
    volume += static_cast<Real>(of.volume);
    cost += counted(of);
  }
};

struct Windows {
  Window before, after;
};

Windows sum_of(std::span<const GroupCost> groups, bool (*is_meant)(const GroupCost&)) {
  Windows sum;
  for (const GroupCost& group : groups) {
    if (!is_meant(group)) continue;
    sum.before.add(group.before);
    sum.after.add(group.after);
  }
  return sum;
}

/// What a change of one factor from `x0` to `x1` makes of the product of three: its mean over all orders in
/// which the three may change (Shapley), so no order is preferred.
Real effect(Real x0, Real x1, Real y0, Real y1, Real z0, Real z1) {
  return (x1 - x0) * ((y0 * z0 + y1 * z1) / 3 + (y0 * z1 + y1 * z0) / 6);
}

RealParts total_parts(const GroupCost& group, const Windows& both) {
  const WindowCost &before = group.before, &after = group.after;
  RealParts parts{};
  for (const OtherCost& other : kOtherCosts) at(parts, other.part) = other.of(after) - other.of(before);
  if (!is_in_both(group)) {
    at(parts, ChangePart::kNew) = counted(after);
    at(parts, ChangePart::kGone) = -counted(before);
    return parts;
  }
  const Real v0 = both.before.volume, v1 = both.after.volume;
  const Real n0 = static_cast<Real>(before.volume), n1 = static_cast<Real>(after.volume);
  const Real s0 = n0 / v0, s1 = n1 / v1, p0 = counted(before) / n0, p1 = counted(after) / n1;
  at(parts, ChangePart::kVolume) = effect(v0, v1, s0, s1, p0, p1);
  at(parts, ChangePart::kMix) = effect(s0, s1, v0, v1, p0, p1);
  at(parts, ChangePart::kPrice) = effect(p0, p1, v0, v1, s0, s1);
  return parts;
}

Real mean_of(const Window& window) { return window.volume > 0 ? window.cost / window.volume : 0; }

RealParts unit_parts(const GroupCost& group, const Windows& all, const Windows& both) {
  const WindowCost &before = group.before, &after = group.after;
  RealParts parts{};
  // Other costs are spread over all requests or tokens: more of these make the cost of one smaller.
  const Real per0 = 1 / all.before.volume, per1 = 1 / all.after.volume;
  for (const OtherCost& other : kOtherCosts) {
    const Real cost0 = other.of(before), cost1 = other.of(after);
    at(parts, other.part) = (cost1 - cost0) * (per0 + per1) / 2;
    at(parts, ChangePart::kVolume) += (cost0 + cost1) / 2 * (per1 - per0);
  }
  const Real n0 = static_cast<Real>(before.volume), n1 = static_cast<Real>(after.volume);
  if (!is_in_both(group)) {
    // It moves the mean by as much as it is beyond the others.
    at(parts, ChangePart::kNew) = (counted(after) - n1 * mean_of(both.after)) * per1;
    at(parts, ChangePart::kGone) = -(counted(before) - n0 * mean_of(both.before)) * per0;
    return parts;
  }
  const Real s0 = n0 / both.before.volume, s1 = n1 / both.after.volume;
  const Real p0 = counted(before) / n0, p1 = counted(after) / n1;
  const Real mean = (mean_of(both.before) + mean_of(both.after)) / 2;
  at(parts, ChangePart::kMix) = (s1 - s0) * ((p0 + p1) / 2 - mean);
  at(parts, ChangePart::kPrice) = (p1 - p0) * (s0 + s1) / 2;
  return parts;
}

/// What a window's groups cost together.
Real total_of(std::span<const GroupCost> groups, WindowCost GroupCost::* window) {
  Real total = 0;
  for (const GroupCost& group : groups) total += static_cast<Real>((group.*window).total());
  return total;
}

std::int64_t rounded(Real value) { return static_cast<std::int64_t>(std::llround(value)); }

std::int64_t sum_of(const ExplainedChange::Parts& parts) {
  std::int64_t sum = 0;
  for (const std::int64_t each : parts) sum += each;
  return sum;
}

ExplainedChange::Parts rounded(const RealParts& parts, Real scale) {
  ExplainedChange::Parts whole{};
  std::transform(parts.begin(), parts.end(), whole.begin(), [&](Real part) { return rounded(part * scale); });
  return whole;
}

std::int64_t& largest_of(ExplainedChange::Parts& parts) {
  return *std::max_element(parts.begin(), parts.end(),
                           [](std::int64_t a, std::int64_t b) { return std::abs(a) < std::abs(b); });
}

void add_up(ExplainedChange& change) {
  change.whole = {};
  for (const ExplainedChange::Parts& parts : change.groups)
    for (std::size_t i = 0; i < kChangeParts; ++i) change.whole[i] += parts[i];
}

/// As many decimals as the largest number leaves of kDigits, and at most `decimals_max`.
Real scale_for(Real largest, int decimals_max) {
  const int before_point = largest > 0 ? static_cast<int>(std::floor(std::log10(largest))) + 1 : 0;
  return std::pow(10.0L, std::min(kDigits - before_point, decimals_max));
}

Real largest_of(const std::vector<RealParts>& groups) {
  Real largest = 0;
  for (const RealParts& parts : groups)
    for (const Real part : parts) largest = std::max(largest, std::abs(part));
  return largest;
}

/// Gives what rounding left, less than a unit of the last digit for each part, to the largest part.
void give_rest(ExplainedChange& change) {
  const std::int64_t rest = change.after - change.before - sum_of(change.whole);
  if (rest == 0) return;
  std::int64_t* most = nullptr;
  for (ExplainedChange::Parts& parts : change.groups) {
    std::int64_t& largest = largest_of(parts);
    if (most == nullptr || std::abs(largest) > std::abs(*most)) most = &largest;
  }
  *most += rest;
  add_up(change);
}

/// The exact numbers of an answer, in currency.
struct Explained {
  Real before = 0, after = 0;
  std::vector<RealParts> groups = {};
};

/// Rounded to whole units of the last digit that `decimals_max` and kDigits leave.
ExplainedChange rounded(const Explained& exact, int decimals_max) {
  const Real scale = scale_for(
      std::max({std::abs(exact.before), std::abs(exact.after), largest_of(exact.groups)}), decimals_max);
  ExplainedChange change;
  change.scale = static_cast<double>(scale);
  change.before = rounded(exact.before * scale);
  change.after = rounded(exact.after * scale);
  for (const RealParts& parts : exact.groups) change.groups.push_back(rounded(parts, scale));
  return change;
}

RealParts in_currency(RealParts parts, Real factor) {
  for (Real& part : parts) part *= factor;
  return parts;
}

}  // namespace

const char* to_string(ChangePart part) {
  constexpr const char* kNames[kChangeParts] = {"volume",    "mix",  "price",    "new",          "gone",
                                                "underfill", "idle", "overhead", "unreconciled", "uncounted"};
  return kNames[static_cast<std::size_t>(part)];
}

ExplainedChange explain_total(std::span<const GroupCost> groups) {
  const Windows both = sum_of(groups, is_in_both);
  Explained exact{.before = total_of(groups, &GroupCost::before) / kNanosOfUnit,
                  .after = total_of(groups, &GroupCost::after) / kNanosOfUnit};
  for (const GroupCost& group : groups)
    exact.groups.push_back(in_currency(total_parts(group, both), 1 / kNanosOfUnit));
  ExplainedChange change = rounded(exact, kDecimalsOfAmounts);
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const Real own = static_cast<Real>(groups[i].after.total() - groups[i].before.total());
    largest_of(change.groups[i]) +=
        rounded(own / kNanosOfUnit * static_cast<Real>(change.scale)) - sum_of(change.groups[i]);
  }
  add_up(change);
  give_rest(change);
  return change;
}

std::optional<ExplainedChange> explain_unit_cost(std::span<const GroupCost> groups, double factor) {
  const Windows all = sum_of(groups, [](const GroupCost&) { return true; });
  if (all.before.volume == 0 || all.after.volume == 0) return std::nullopt;
  const Windows both = sum_of(groups, is_in_both);
  const Real of_nanos = static_cast<Real>(factor) / kNanosOfUnit;
  Explained exact{.before = total_of(groups, &GroupCost::before) / all.before.volume * of_nanos,
                  .after = total_of(groups, &GroupCost::after) / all.after.volume * of_nanos};
  for (const GroupCost& group : groups)
    exact.groups.push_back(in_currency(unit_parts(group, all, both), of_nanos));
  ExplainedChange change = rounded(exact, kDecimalsMax);
  add_up(change);
  give_rest(change);
  return change;
}

}  // namespace optiinfra::attribution
