#include "estimates.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "optiinfra/attribution/attribute.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra::attribution {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::days kLastBillWithin{35};

const std::string kBillOfInstance =
    " AND instance_id != '' AND toString(charge_category) IN ('', 'usage', 'purchase')";
const std::string kOfHours =
    " WHERE timestamp >= toDateTime({from:UInt32}, 'UTC') AND timestamp < toDateTime({to:UInt32}, 'UTC')";

/// Longest time that one row of a bill covers.
constexpr std::chrono::days kBillCoversMax{31};

std::vector<NamedValue> hours_of(TimeRange range) {
  return {{"from", std::to_string(to_column_time(range.begin))},
          {"to", std::to_string(to_column_time(range.end))}};
}

struct Bill {
  Uuid payer;
  PricedInstance instance;
};

/// What the bills of each instance say: the last one before the day, under the hour before it, and the last
/// of each hour of the day.
using Bills = std::map<std::string, std::map<sys_seconds, Bill>>;

Result<Bills> read_bills(Session& session, sys_seconds day) {
  const auto last = [](const char* column) {
    return ", argMax(" + std::string(column) +
           ", (timestamp, customer_id, cloud_provider, region, instance_type, is_spot))";
  };
  const std::string sql =
      "SELECT CAST(instance_id, 'String')" + last("customer_id") + last("CAST(cloud_provider, 'String')") +
      last("CAST(region, 'String')") + last("CAST(instance_type, 'String')") + last("is_spot") +
      ", toUInt32(greatest(toUnixTimestamp(toStartOfHour(timestamp)), {before:UInt32})) AS slot "
      "FROM " +
      qualified(session.database(), table_of(Family::kCost).raw_table) + kOfHours + kBillOfInstance +
      " GROUP BY instance_id, slot";
  std::vector<NamedValue> parameters = hours_of({day - kLastBillWithin, day + 24h});
  parameters.emplace_back("before", std::to_string(to_column_time(day - 1h)));
  Bills bills;
  auto asked = session.query({.sql = sql, .parameters = parameters}, [&](const Block& block) {
    const auto text = [&](std::size_t column, std::size_t row) {
      return std::string((*block.values<Strings>(column))[row]);
    };
    for (std::size_t i = 0; i < block.row_count(); ++i) {
      const std::string id = text(0, i);
      const bool is_spot = (*block.values<std::vector<std::uint8_t>>(5))[i] != 0;
      const sys_seconds slot{std::chrono::seconds{(*block.values<std::vector<std::uint32_t>>(6))[i]}};
      bills[id][slot] = {(*block.values<std::vector<Uuid>>(1))[i],
                         {.provider = text(2, i),
                          .id = id,
                          .type = text(4, i),
                          .region = text(3, i),
                          .tier = is_spot ? "spot" : ""}};
    }
    return true;
  });
  if (!asked) return std::move(asked).error();
  return bills;
}

/// The last one that is not later than the hour; null when there is none.
const Bill* bill_for(const Bills& bills, const std::string& instance, sys_seconds hour) {
  const auto of_instance = bills.find(instance);
  if (of_instance == bills.end()) return nullptr;
  const auto after = of_instance->second.upper_bound(hour);
  return after == of_instance->second.begin() ? nullptr : &std::prev(after)->second;
}

/// Each hour and instance that a bill covers. A row of a bill may cover more hours than its own.
std::string billed_hours(const Session& session) {
  return "SELECT toStartOfHour(timestamp) + toIntervalHour(arrayJoin(range(toUInt32(least(" +
         std::to_string(kBillCoversMax / 1h) +
         ", greatest(1, ceil(ifNull(hours_covered, 1)))))))), CAST(instance_id, 'String') FROM " +
         qualified(session.database(), table_of(Family::kCost).raw_table) +
         " WHERE timestamp >= toDateTime({covering_from:UInt32}, 'UTC') AND timestamp < "
         "toDateTime({to:UInt32}, "
         "'UTC') AND (timestamp >= toDateTime({from:UInt32}, 'UTC') OR ifNull(hours_covered, 1) > 1)" +
         kBillOfInstance;
}

/// The hours and instances of a family's rows, which tell whose the instance is better the higher `rank` is.
std::string seen_in(const Session& session, Family family, int rank) {
  return "SELECT toStartOfHour(timestamp) AS hour, CAST(instance_id, 'String') AS instance, customer_id AS "
         "customer, " +
         std::to_string(rank) + " AS rank, count() AS rows FROM " +
         qualified(session.database(), table_of(family).raw_table) + kOfHours +
         " AND instance_id != '' GROUP BY hour, instance, customer";
}

}  // namespace

Result<std::vector<UnbilledHour>> read_unbilled_hours(Session& session, TimeRange hours) {
  OPTIINFRA_TRY(const auto bills, read_bills(session, std::chrono::floor<std::chrono::days>(hours.begin)));
  const std::string sql =
      "SELECT toUInt32(toUnixTimestamp(hour)) AS at, instance, argMax(customer, (rank, rows, customer)) FROM "
      "(" +
      seen_in(session, Family::kResource, 2) + " UNION ALL " + seen_in(session, Family::kServing, 1) +
      " UNION ALL " + seen_in(session, Family::kPerformance, 0) + ") WHERE (hour, instance) GLOBAL NOT IN (" +
      billed_hours(session) + ") GROUP BY at, instance ORDER BY at, instance";
  std::vector<UnbilledHour> unbilled;
  const auto most = static_cast<std::size_t>((hours.end - hours.begin) / 1h) * kChargesMax;
  std::vector<NamedValue> parameters = hours_of(hours);
  parameters.emplace_back("covering_from", std::to_string(to_column_time(hours.begin - kBillCoversMax)));
  auto asked = session.query({.sql = sql, .parameters = parameters}, [&](const Block& block) {
    for (std::size_t i = 0; i < block.row_count(); ++i) {
      const std::string id((*block.values<Strings>(1))[i]);
      UnbilledHour& each = unbilled.emplace_back();
      each.hour = sys_seconds{std::chrono::seconds{(*block.values<std::vector<std::uint32_t>>(0))[i]}};
      each.payer = (*block.values<std::vector<Uuid>>(2))[i];
      each.instance.id = id;
      const Bill* const bill = bill_for(bills, id, each.hour);
      if (bill == nullptr) continue;
      each.payer = bill->payer;
      each.instance = bill->instance;
    }
    return unbilled.size() <= most;
  });
  if (!asked) return std::move(asked).error();
  if (unbilled.size() <= most) return unbilled;
  return Error{ErrorKind::kTooLarge, "from " + format_time(hours.begin) + " on more than " +
                                         std::to_string(most) + " hours of instances have no bill"};
}

Result<std::map<sys_seconds, std::vector<Charge>>> read_estimates(Session& session, const PriceBook& book,
                                                                  TimeRange hours) {
  std::map<sys_seconds, std::vector<Charge>> charges;
  if (!book.has_hourly()) return charges;
  OPTIINFRA_TRY(const auto unbilled, read_unbilled_hours(session, hours));
  for (const UnbilledHour& each : unbilled) {
    const Price* const price = book.hourly(each.instance, each.hour);
    if (price == nullptr) continue;
    Charge& charge = charges[each.hour].emplace_back();
    charge.payer = each.payer;
    charge.provider = each.instance.provider.empty() ? price->provider : each.instance.provider;
    charge.instance = each.instance.id;
    charge.region = each.instance.region.empty() ? price->region : each.instance.region;
    charge.instance_type = each.instance.type;
    charge.currency = price->currency;
    charge.price_source = kPriceBookSource;
    if (!price->source.empty()) charge.price_source += ": " + price->source;
    charge.has_usage = true;
    charge.usage = std::llround(price->price * 1e9);
    charge.covered_seconds = kSecondsOfHour;
  }
  return charges;
}

Result<std::vector<InstanceWithoutPrice>> instances_without_price(Client& client, TimeRange range) {
  OPTIINFRA_TRY(const PriceBook book, read_price_book(client));
  std::map<std::string, InstanceWithoutPrice> without;
  for (sys_seconds begin = floor_hour(range.begin); begin < range.end;) {
    const sys_seconds end =
        std::min<sys_seconds>(std::chrono::floor<std::chrono::days>(begin) + 24h, range.end);
    OPTIINFRA_CHECK(client.with_session([&](Session& session) -> Result<void> {
      OPTIINFRA_TRY(const auto unbilled, read_unbilled_hours(session, {begin, end}));
      for (const UnbilledHour& each : unbilled) {
        if (book.hourly(each.instance, each.hour) != nullptr) continue;
        InstanceWithoutPrice& found = without[each.instance.id];
        const std::uint64_t hours = found.hours + 1;
        found = {each.instance.id, each.instance.provider, each.instance.type, each.instance.region, hours,
                 each.hour};
      }
      return {};
    }));
    begin = end;
  }
  std::vector<InstanceWithoutPrice> list;
  for (auto& [id, each] : without) list.push_back(std::move(each));
  std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.hours > b.hours; });
  return list;
}

}  // namespace optiinfra::attribution
