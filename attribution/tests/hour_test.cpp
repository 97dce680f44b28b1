// The arithmetic of one hour: what holds for every fleet, and what each rule gives.
#include "optiinfra/attribution/hour.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

namespace optiinfra::attribution {
namespace {

constexpr std::int64_t kUnit = 1'000'000'000;
const Uuid kPayer{1, 1}, kOther{2, 2}, kService{3, 3};

BusySeconds busy(std::size_t count) {
  BusySeconds seconds;
  for (std::size_t i = 0; i < count; ++i) seconds.set(i);
  return seconds;
}

Charge charge(std::int64_t usage, const char* instance = "gpu-1") {
  Charge charge;
  charge.payer = kPayer;
  charge.provider = "aws";
  charge.instance = instance;
  charge.instance_type = "p5";
  charge.currency = "USD";
  charge.has_usage = true;
  charge.usage = usage;
  charge.covered_seconds = kSecondsOfHour;
  return charge;
}

RequestGroup requests(const Uuid& customer, std::uint64_t uncached, std::uint64_t output) {
  RequestGroup group;
  group.instance = "gpu-1";
  group.customer = customer;
  group.service = kService;
  group.model = "llama";
  group.uncached_micro = uncached * 1'000'000;
  group.output_micro = output * 1'000'000;
  group.running_seconds = 1;
  group.requests = 1;
  group.prompt_tokens = uncached;
  group.completion_tokens = output;
  return group;
}

std::int64_t sum_of(const std::vector<AttributedCost>& rows, CostKind kind) {
  std::int64_t sum = 0;
  for (const AttributedCost& row : rows) sum += row.kind == kind ? row.cost : 0;
  return sum;
}

std::int64_t cost_of(const std::vector<AttributedCost>& rows, CostKind kind, const Uuid& served) {
  std::int64_t sum = 0;
  for (const AttributedCost& row : rows) sum += row.kind == kind && row.served == served ? row.cost : 0;
  return sum;
}

TEST(Hour, SplitsABillIntoServedAndIdleByTheSecondsWithRequests) {
  HourInput input{.groups = {requests(kOther, 100, 40)}, .charges = {charge(36 * kUnit)}};
  input.busy["gpu-1"] = busy(900);
  const auto rows = attribute_hour(std::move(input));
  EXPECT_EQ(cost_of(rows, CostKind::kServed, kOther), 9 * kUnit);
  EXPECT_EQ(cost_of(rows, CostKind::kIdle, kPayer), 27 * kUnit);
  EXPECT_EQ(rows[0].method, "multiplier/instance");
  EXPECT_EQ(rows[0].input_cost, 9 * kUnit / 2);  // 100 x 2 and 40 x 5 weigh the same.
  EXPECT_EQ(rows[0].shared_idle, 27 * kUnit);
}

TEST(Hour, AnInstanceWithoutRequestsIsIdleAndTheIdleTimeIsNobodysToShare) {
  const auto rows = attribute_hour({.charges = {charge(5 * kUnit)}});
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].kind, CostKind::kIdle);
  EXPECT_EQ(rows[0].cost, 5 * kUnit);
  EXPECT_EQ(rows[0].shared_idle, 0);
  EXPECT_EQ(rows[0].billed, 5 * kUnit);
}

TEST(Hour, ARequestsOwnTimesCountBeforeItsTokens) {
  RequestGroup timed = requests(kOther, 100, 100);
  timed.is_timed = true;
  timed.prefill_us = 1'000'000;
  timed.decode_us = 3'000'000;
  // At the rates of the timed one: 10 ms a prompt token, 30 ms a generated one.
  HourInput input{.groups = {timed, requests(kPayer, 100, 0)}, .charges = {charge(50 * kUnit)}};
  input.busy["gpu-1"] = busy(kSecondsOfHour);
  const auto rows = attribute_hour(std::move(input));
  EXPECT_EQ(cost_of(rows, CostKind::kServed, kOther), 40 * kUnit);
  EXPECT_EQ(cost_of(rows, CostKind::kServed, kPayer), 10 * kUnit);
  EXPECT_EQ(rows[0].method, "instance_rates/instance");
  EXPECT_EQ(rows[1].method, "request_times/instance");
}

TEST(Hour, CachedTokensCostNothingAndWhatTheyAvoidedIsApart) {
  RequestGroup cached = requests(kOther, 100, 40);
  cached.cached_micro = 50'000'000;
  HourInput input{.groups = {cached}, .charges = {charge(8 * kUnit)}};
  input.busy["gpu-1"] = busy(kSecondsOfHour);
  const auto rows = attribute_hour(std::move(input));
  EXPECT_EQ(sum_of(rows, CostKind::kServed), 8 * kUnit);
  EXPECT_EQ(rows[0].avoided_cost, 2 * kUnit);
}

TEST(Hour, FailedRequestsAreShownAsWastedWithinTheirCustomersBill) {
  RequestGroup failed = requests(kOther, 100, 0);
  failed.is_wasted = true;
  HourInput input{.groups = {requests(kOther, 300, 0), failed}, .charges = {charge(4 * kUnit)}};
  input.busy["gpu-1"] = busy(kSecondsOfHour);
  const auto rows = attribute_hour(std::move(input));
  EXPECT_EQ(cost_of(rows, CostKind::kServed, kOther), 3 * kUnit);
  EXPECT_EQ(cost_of(rows, CostKind::kWasted, kOther), kUnit);
}

TEST(Hour, RequestsWithoutTokensAreWeighedByTheTimeTheyRan) {
  RequestGroup slow = requests(kOther, 0, 0);
  slow.running_seconds = 3;
  HourInput input{.groups = {slow, requests(kPayer, 0, 0)}, .charges = {charge(4 * kUnit)}};
  input.busy["gpu-1"] = busy(kSecondsOfHour);
  const auto rows = attribute_hour(std::move(input));
  EXPECT_EQ(cost_of(rows, CostKind::kServed, kOther), 3 * kUnit);
  EXPECT_EQ(rows[0].method, "duration/instance");
}

TEST(Hour, RequestsThatNameNoInstanceGoToThoseOfTheirServiceElseToTheCustomersPool) {
  RequestGroup nameless = requests(kPayer, 100, 0), elsewhere = requests(kPayer, 100, 0);
  nameless.instance = elsewhere.instance = "";
  elsewhere.service = Uuid{9, 9};
  HourInput input{.groups = {requests(kPayer, 100, 0), nameless, elsewhere},
                  .charges = {charge(4 * kUnit), charge(4 * kUnit, "gpu-2")}};
  const auto rows = attribute_hour(std::move(input));
  std::uint64_t counted = 0;
  for (const AttributedCost& row : rows) {
    counted += row.requests;
    EXPECT_TRUE(row.method != "multiplier/service" || row.instance == "gpu-1");
    EXPECT_TRUE(row.instance != "gpu-2" || row.weight == 0 || row.method == "multiplier/pool");
  }
  EXPECT_EQ(counted, 3u);
}

TEST(Hour, RequestsThatNoChargeCoversAreListedWithoutAPrice) {
  HourInput input{.groups = {requests(kOther, 100, 40)}};
  RequestGroup nameless = requests(kOther, 7, 0);
  nameless.instance = "";
  nameless.service = Uuid{9, 9};
  input.groups.push_back(nameless);
  const auto rows = attribute_hour(std::move(input));
  ASSERT_EQ(rows.size(), 2u);
  for (const AttributedCost& row : rows) EXPECT_EQ(row.kind, CostKind::kUnpriced);
  EXPECT_EQ(rows[1].method, "multiplier/none");
}

TEST(Hour, UnderfillIsWhatTheBestHoursWouldNotHaveNeeded) {
  HourInput input{.groups = {requests(kOther, 500, 0)}, .charges = {charge(10 * kUnit)}};
  input.busy["gpu-1"] = busy(kSecondsOfHour);
  input.rates = {{"p5", "llama", false, 4'000'000'000 / kSecondsOfHour}};
  const auto rows = attribute_hour(std::move(input));
  EXPECT_NEAR(static_cast<double>(sum_of(rows, CostKind::kServed)), 2.5e9, 1000);
  EXPECT_EQ(sum_of(rows, CostKind::kServed) + sum_of(rows, CostKind::kUnderfill), 10 * kUnit);
}

TEST(Hour, CreditsKeepTheirSignAndChangeNoOtherPart) {
  Charge credited = charge(10 * kUnit);
  credited.other = -30 * kUnit;
  credited.fees = 2 * kUnit;
  const auto rows = attribute_hour({.charges = {credited}});
  EXPECT_EQ(sum_of(rows, CostKind::kIdle), 10 * kUnit);
  EXPECT_EQ(sum_of(rows, CostKind::kOverhead), 2 * kUnit);
  EXPECT_EQ(sum_of(rows, CostKind::kUnreconciled), -30 * kUnit);
  EXPECT_EQ(rows[0].billed, -18 * kUnit);
}

TEST(Hour, ASpotInstanceThatLivedTwentyMinutesIsIdleOnlyWithinThem) {
  Charge spot = charge(20 * kUnit);
  spot.covered_seconds = 1200;
  HourInput input{.groups = {requests(kOther, 1, 0)}, .charges = {spot}};
  input.busy["gpu-1"] = busy(900);
  const auto rows = attribute_hour(std::move(input));
  EXPECT_EQ(sum_of(rows, CostKind::kServed), 15 * kUnit);
  EXPECT_EQ(sum_of(rows, CostKind::kIdle), 5 * kUnit);
}

/// A fleet of shared and lone instances, several payers and currencies, gaps, failures and odd charges.
HourInput random_fleet(std::mt19937_64& random) {
  HourInput input;
  const auto up_to = [&](std::uint64_t most) { return random() % (most + 1); };
  const std::string names[] = {"", "a", "b", "c", "d"};
  for (std::uint64_t i = up_to(12); i > 0; --i) {
    Charge each = charge(static_cast<std::int64_t>(up_to(50 * kUnit)), names[up_to(4)].c_str());
    each.payer = Uuid{1, 1 + up_to(2)};
    each.currency = up_to(1) == 0 ? "USD" : "EUR";
    each.region = std::to_string(i);
    each.has_usage = up_to(4) > 0;
    if (!each.has_usage) each.usage = 0;
    if (up_to(9) == 0) each.usage = -each.usage;
    if (up_to(3) == 0) each.fees = static_cast<std::int64_t>(up_to(kUnit)) - kUnit / 2;
    if (up_to(3) == 0) each.other = -static_cast<std::int64_t>(up_to(80 * kUnit));
    each.covered_seconds = up_to(kSecondsOfHour);
    input.charges.push_back(each);
  }
  for (std::uint64_t i = up_to(30); i > 0; --i) {
    RequestGroup each = requests(Uuid{1, 1 + up_to(4)}, up_to(9000), up_to(3000));
    each.service = Uuid{2, up_to(3)};
    each.instance = names[up_to(4)];
    each.model = names[1 + up_to(2)];
    each.requests = up_to(5);
    each.running_seconds = 1 + up_to(40);
    each.cached_micro = up_to(1'000'000'000);
    each.is_wasted = up_to(4) == 0;
    each.is_timed = up_to(2) == 0;
    if (each.is_timed) each.prefill_us = up_to(5'000'000), each.decode_us = up_to(90'000'000);
    if (up_to(9) == 0) each.uncached_micro = each.output_micro = 0;
    const BusySeconds seconds = busy(up_to(kSecondsOfHour));
    if (each.instance.empty())
      input.unplaced_busy[{each.customer, each.service}] |= seconds;
    else
      input.busy[each.instance] |= seconds;
    input.groups.push_back(each);
  }
  if (up_to(1) == 0)
    for (const char* model : {"a", "b", "c"})
      input.rates.push_back({"p5", model, up_to(1) == 0, 1 + up_to(40'000'000)});
  return input;
}

std::int64_t billed(const std::vector<Charge>& charges) {
  return std::accumulate(charges.begin(), charges.end(), std::int64_t{0},
                         [](std::int64_t sum, const Charge& each) { return sum + each.billed(); });
}

TEST(Hour, AddsUpToTheBillAndLosesNoRequestOverRandomFleets) {
  std::mt19937_64 random(2026);
  for (int round = 0; round < 3000; ++round) {
    const HourInput input = random_fleet(random);
    const auto rows = attribute_hour(input);
    std::int64_t cost = 0, bill = 0, underfill = 0, idle = 0;
    std::map<std::tuple<Uuid, std::string, std::string>, std::int64_t> open;
    std::uint64_t requests_in = 0, requests_out = 0, tokens_in = 0, tokens_out = 0;
    for (const RequestGroup& group : input.groups)
      requests_in += group.requests, tokens_in += group.completion_tokens;
    for (const AttributedCost& row : rows) {
      cost += row.cost, bill += row.billed;
      underfill += row.shared_underfill, idle += row.shared_idle;
      requests_out += row.requests, tokens_out += row.completion_tokens;
      open[{row.payer, row.instance, row.currency + row.region}] += row.billed - row.cost;
      ASSERT_TRUE(row.cost >= 0 || row.kind == CostKind::kUnreconciled);
      ASSERT_GE(row.input_cost, 0);
      ASSERT_LE(row.input_cost, std::max<std::int64_t>(row.cost, 0));
    }
    ASSERT_EQ(cost, billed(input.charges)) << "round " << round;
    ASSERT_EQ(bill, cost);
    ASSERT_EQ(underfill, 0);
    ASSERT_EQ(idle, 0);
    for (const auto& [key, difference] : open) ASSERT_EQ(difference, 0);
    ASSERT_EQ(requests_in, requests_out) << "round " << round;
    ASSERT_EQ(tokens_in, tokens_out);
  }
}

TEST(Hour, GivesTheSameRowsForTheSameInputInAnotherOrder) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 200; ++round) {
    HourInput input = random_fleet(random);
    const auto rows = attribute_hour(input);
    std::reverse(input.charges.begin(), input.charges.end());
    const auto again = attribute_hour(input);
    ASSERT_EQ(rows.size(), again.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      ASSERT_EQ(rows[i].cost, again[i].cost);
      ASSERT_EQ(rows[i].payer, again[i].payer);
      ASSERT_EQ(rows[i].requests, again[i].requests);
    }
  }
}

}  // namespace
}  // namespace optiinfra::attribution
