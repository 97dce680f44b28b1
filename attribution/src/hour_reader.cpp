#include "hour_reader.hpp"

#include <charconv>

#include "optiinfra/attribution/attribute.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/attribution_tables.hpp"

namespace optiinfra::attribution {
namespace {

constexpr std::uint32_t kHour = kSecondsOfHour;

/// Largest amount of one row, and of an hour's rows together, in currency units: an Int64 holds its
/// billionths.
constexpr const char* kAmountMax = "9e9";

std::string seconds_text(sys_seconds time) { return std::to_string(to_column_time(time)); }

/// Timestamps are whole seconds, and so are the seconds in which a request ran: from that of its timestamp,
/// at least one, at most kLongestRequest.
const std::string kRequestTerms =
    "toUnixTimestamp(timestamp) AS start, toUInt32(greatest(1, ceil(least(toFloat64(latency_ms), " +
    std::to_string(kLongestRequest.count()) + "000) / 1000))) AS seconds";

/// What is added to `kRequestTerms` for one hour.
const std::string kHourTerms =
    kRequestTerms +
    ", {hour:UInt32} AS hour_begin, toUInt32(hour_begin + 3600) AS hour_end, "
    "toUInt64(least(start + seconds, hour_end) - greatest(start, hour_begin)) AS inside, "
    "start >= hour_begin AS begins_here";

const std::string kRunsInHour =
    " WHERE timestamp >= toDateTime({hour:UInt32} - " + std::to_string(kLongestRequest.count()) +
    ", 'UTC') AND timestamp < toDateTime({hour:UInt32} + 3600, 'UTC') AND start + seconds > hour_begin";

template <typename T>
const std::vector<T>& numbers(const Block& block, std::size_t column) {
  return *block.values<std::vector<T>>(column);
}

const Strings& texts(const Block& block, std::size_t column) { return *block.values<Strings>(column); }

std::string table(const Session& session, Family family) {
  return qualified(session.database(), table_of(family).raw_table);
}

Result<void> each_block(Session& session, const Statement& statement,
                        const std::function<bool(const Block&)>& on_block) {
  auto asked = session.query(statement, on_block);
  if (!asked) return std::move(asked).error();
  return {};
}

Error too_many(const char* what, sys_seconds hour, std::size_t most) {
  return {ErrorKind::kTooLarge,
          "the hour " + format_time(hour) + " has more than " + std::to_string(most) + " kinds of " + what};
}

/// Milliseconds of a column as whole microseconds.
std::string microseconds(const char* column) {
  return "toUInt64(round(least(toFloat64(ifNull(" + std::string(column) + ", 0)), 86400000) * 1000))";
}

/// The sum of the part of `value` that lies in the hour, over the rows that meet `condition`.
std::string inside_sum(const std::string& value, const std::string& condition) {
  return "sumIf(intDiv(" + value + " * inside, seconds), " + condition + ")";
}

std::string micro(const std::string& tokens) { return "toUInt64(" + tokens + ") * 1000000"; }

/// Each second of the hour at which requests of a group began to run there, and for how many seconds: a
/// second * kSecondOfRun + seconds. As text, for numbers in an array are no column that the codec reads.
constexpr std::uint32_t kSecondOfRun = 4096;
static_assert(kSecondOfRun > kSecondsOfHour);
const std::string kRuns =
    "arrayStringConcat(groupUniqArray(toUInt32((greatest(start, hour_begin) - hour_begin) * " +
    std::to_string(kSecondOfRun) + " + inside)), ',')";

void set_runs(BusySeconds& busy, std::string_view runs) {
  const char* next = runs.data();
  const char* const end = next + runs.size();
  while (next < end) {
    std::uint32_t run = 0;
    next = std::from_chars(next, end, run).ptr + 1;
    const std::size_t first = run / kSecondOfRun;
    for (std::size_t i = first; i < std::min(first + run % kSecondOfRun, kSecondsOfHour); ++i) busy.set(i);
  }
}

/// Groups and busy seconds from one pass over the requests.
Result<void> read_requests(Session& session, sys_seconds hour, HourInput& input) {
  const std::string prompt = "ifNull(prompt_tokens, 0)",
                    cached = "least(ifNull(cached_tokens, 0), " + prompt + ")";
  const std::string uncached = micro("(" + prompt + " - " + cached + ")");
  const std::string sql =
      "WITH " + kHourTerms +
      " SELECT CAST(instance_id, 'String'), customer_id, service_id, CAST(model_name, 'String'), "
      "toUInt8(CAST(status, 'String') NOT IN ('', 'ok')) AS wasted, "
      "toUInt8(isNotNull(prefill_ms) AND isNotNull(decode_ms)) AS timed, " +
      inside_sum(microseconds("prefill_ms"), "timed = 1") + ", " +
      inside_sum(microseconds("decode_ms"), "timed = 1") + ", " + inside_sum(uncached, "1") + ", " +
      inside_sum(micro(cached), "1") + ", " + inside_sum(micro("ifNull(completion_tokens, 0)"), "1") +
      ", sum(inside), countIf(begins_here), sumIf(toUInt64(" + prompt + "), begins_here), sumIf(toUInt64(" +
      cached + "), begins_here), sumIf(toUInt64(ifNull(completion_tokens, 0)), begins_here), " + kRuns +
      " FROM " + table(session, Family::kPerformance) + kRunsInHour +
      " GROUP BY instance_id, customer_id, service_id, model_name, wasted, timed";
  std::vector<RequestGroup>& groups = input.groups;
  OPTIINFRA_CHECK(each_block(
      session, {.sql = sql, .parameters = {{"hour", seconds_text(hour)}}}, [&](const Block& block) {
        for (std::size_t i = 0; i < block.row_count(); ++i) {
          RequestGroup& group = groups.emplace_back();
          group.instance = texts(block, 0)[i];
          group.customer = numbers<Uuid>(block, 1)[i];
          group.service = numbers<Uuid>(block, 2)[i];
          group.model = texts(block, 3)[i];
          group.is_wasted = numbers<std::uint8_t>(block, 4)[i] != 0;
          group.is_timed = numbers<std::uint8_t>(block, 5)[i] != 0;
          constexpr std::uint64_t RequestGroup::* kNumbers[] = {
              &RequestGroup::prefill_us,       &RequestGroup::decode_us,     &RequestGroup::uncached_micro,
              &RequestGroup::cached_micro,     &RequestGroup::output_micro,  &RequestGroup::running_seconds,
              &RequestGroup::requests,         &RequestGroup::prompt_tokens, &RequestGroup::cached_tokens,
              &RequestGroup::completion_tokens};
          std::size_t column = 6;
          for (const auto number : kNumbers) group.*number = numbers<std::uint64_t>(block, column++)[i];
          set_runs(group.instance.empty() ? input.unplaced_busy[{group.customer, group.service}]
                                          : input.busy[group.instance],
                   texts(block, column)[i]);
        }
        return groups.size() <= kRequestGroupsMax;
      }));
  if (groups.size() > kRequestGroupsMax) return too_many("requests", hour, kRequestGroupsMax);
  return {};
}

Result<void> read_charges(Session& session, sys_seconds hour, std::vector<Charge>& charges) {
  const std::string sql =
      "WITH ifNull(hours_covered, 1) AS covered, cost_per_hour * covered AS amount, "
      "toInt64(if(abs(amount) > " +
      std::string(kAmountMax) +
      ", 0, round(amount * 1e9))) AS nano, "
      "CAST(charge_category, 'String') AS category, category IN ('', 'usage') AS is_usage, category IN "
      "('tax', 'purchase') AS is_fee "
      "SELECT customer_id, CAST(cloud_provider, 'String'), CAST(instance_id, 'String'), CAST(region, "
      "'String'), "
      "CAST(instance_type, 'String'), CAST(currency, 'String'), toUInt8(max(is_usage)), sumIf(nano, "
      "is_usage), "
      "sumIf(nano, is_fee), "
      "sumIf(nano, NOT is_usage AND NOT is_fee), "
      "toUInt64(round(least(sumIf(covered, is_usage), 1) * 3600)), sum(abs(amount)) FROM " +
      table(session, Family::kCost) +
      " WHERE timestamp >= toDateTime({hour:UInt32}, 'UTC') AND timestamp < toDateTime({hour:UInt32} + 3600, "
      "'UTC') GROUP BY customer_id, cloud_provider, instance_id, region, instance_type, currency";
  double largest = 0;
  OPTIINFRA_CHECK(each_block(session, {.sql = sql, .parameters = {{"hour", seconds_text(hour)}}},
                             [&](const Block& block) {
                               for (std::size_t i = 0; i < block.row_count(); ++i) {
                                 Charge& charge = charges.emplace_back();
                                 charge.payer = numbers<Uuid>(block, 0)[i];
                                 charge.provider = texts(block, 1)[i];
                                 charge.instance = texts(block, 2)[i];
                                 charge.region = texts(block, 3)[i];
                                 charge.instance_type = texts(block, 4)[i];
                                 charge.currency = texts(block, 5)[i];
                                 charge.price_source = "bill";
                                 charge.has_usage = numbers<std::uint8_t>(block, 6)[i] != 0;
                                 charge.usage = numbers<std::int64_t>(block, 7)[i];
                                 charge.fees = numbers<std::int64_t>(block, 8)[i];
                                 charge.other = numbers<std::int64_t>(block, 9)[i];
                                 charge.covered_seconds = numbers<std::uint64_t>(block, 10)[i];
                                 largest = std::max(largest, numbers<double>(block, 11)[i]);
                               }
                               return charges.size() <= kChargesMax;
                             }));
  if (charges.size() > kChargesMax) return too_many("charges", hour, kChargesMax);
  if (largest <= 9e9) return {};
  return Error{ErrorKind::kTooLarge,
               "the charges of one instance in the hour " + format_time(hour) +
                   " are beyond 9,000,000,000; find the row with: optiinfra sql \"SELECT * "
                   "FROM optiinfra.cost_metrics_ts ORDER BY abs(cost_per_hour) DESC LIMIT 1\""};
}

void add(RawDigest& digest, std::uint64_t rows, std::uint64_t hash) {
  digest.rows += rows;
  digest.hash += hash;
}

Result<void> digest_requests(Session& session, TimeRange range, std::map<sys_seconds, RawDigest>& digests) {
  const auto whole = [](const char* column) { return "toInt64(ifNull(" + std::string(column) + ", -1))"; };
  const auto real = [](const char* column) { return "toFloat64(ifNull(" + std::string(column) + ", -1))"; };
  const std::string sql =
      "WITH " + kRequestTerms +
      " SELECT toUInt32(intDiv(start, 3600) * 3600) AS hour, toUInt8(start + seconds > hour + 3600) AS "
      "goes_on, "
      "count(), sum(cityHash64(start, seconds, customer_id, service_id, CAST(model_name, 'String'), "
      "toString(status), CAST(instance_id, 'String'), " +
      real("prefill_ms") + ", " + real("decode_ms") + ", " + whole("prompt_tokens") + ", " +
      whole("completion_tokens") + ", " + whole("cached_tokens") + ")) FROM " +
      table(session, Family::kPerformance) + " WHERE timestamp >= toDateTime({from:UInt32} - " +
      std::to_string(kLongestRequest.count()) +
      ", 'UTC') AND timestamp < toDateTime({to:UInt32}, 'UTC') AND start + seconds > {from:UInt32} "
      "GROUP BY hour, goes_on";
  return each_block(
      session,
      {.sql = sql, .parameters = {{"from", seconds_text(range.begin)}, {"to", seconds_text(range.end)}}},
      [&](const Block& block) {
        for (std::size_t i = 0; i < block.row_count(); ++i) {
          const sys_seconds hour{std::chrono::seconds{numbers<std::uint32_t>(block, 0)[i]}};
          const auto rows = numbers<std::uint64_t>(block, 2)[i], hash = numbers<std::uint64_t>(block, 3)[i];
          const sys_seconds next = hour + std::chrono::seconds{kHour};
          if (hour >= range.begin) add(digests[hour], rows, hash);
          if (numbers<std::uint8_t>(block, 1)[i] != 0 && next < range.end) add(digests[next], rows, hash * 3);
        }
        return true;
      });
}

Result<void> digest_charges(Session& session, TimeRange range, std::map<sys_seconds, RawDigest>& digests) {
  const std::string sql =
      "SELECT toUInt32(toUnixTimestamp(toStartOfHour(timestamp))) AS hour, count(), "
      "sum(cityHash64(customer_id, CAST(cloud_provider, 'String'), CAST(instance_id, 'String'), CAST(region, "
      "'String'), "
      "CAST(instance_type, 'String'), CAST(currency, 'String'), toString(charge_category), cost_per_hour, "
      "ifNull(hours_covered, 1))) FROM " +
      table(session, Family::kCost) +
      " WHERE timestamp >= toDateTime({from:UInt32}, 'UTC') AND timestamp < toDateTime({to:UInt32}, 'UTC') "
      "GROUP BY hour";
  return each_block(
      session,
      {.sql = sql, .parameters = {{"from", seconds_text(range.begin)}, {"to", seconds_text(range.end)}}},
      [&](const Block& block) {
        for (std::size_t i = 0; i < block.row_count(); ++i)
          add(digests[sys_seconds{std::chrono::seconds{numbers<std::uint32_t>(block, 0)[i]}}],
              numbers<std::uint64_t>(block, 1)[i], numbers<std::uint64_t>(block, 2)[i] * 5);
        return true;
      });
}

}  // namespace

Result<std::map<sys_seconds, RawDigest>> read_digests(Session& session, TimeRange range) {
  std::map<sys_seconds, RawDigest> digests;
  OPTIINFRA_CHECK(digest_requests(session, range, digests));
  OPTIINFRA_CHECK(digest_charges(session, range, digests));
  return digests;
}

Result<HourInput> read_hour(Session& session, sys_seconds hour) {
  HourInput input;
  OPTIINFRA_CHECK(read_charges(session, hour, input.charges));
  OPTIINFRA_CHECK(read_requests(session, hour, input));
  return input;
}

std::string newest_versions(std::string_view database) {
  return "hour >= toDateTime({from:UInt32}, 'UTC') AND hour < toDateTime({to:UInt32}, 'UTC') AND (hour, "
         "version) GLOBAL IN (SELECT hour, max(version) FROM " +
         qualified(database, store::kAttributedHoursTable) +
         " WHERE hour >= toDateTime({from:UInt32}, 'UTC') AND hour < toDateTime({to:UInt32}, 'UTC') GROUP BY "
         "hour)";
}

Result<std::vector<EfficientRate>> read_rates(Session& session, sys_seconds day) {
  // An instance and hour count for the model that weighs most, in the unit of its weights.
  const std::string sql =
      "SELECT type, model, is_time, quantileExact(0.95)(intDiv(weight, busy)), count() FROM (SELECT hour, "
      "instance_id, argMax(instance_type, (model_weight, model_name)) AS type, argMax(model_name, "
      "(model_weight, model_name)) AS model, max(is_time) AS is_time, sum(model_weight) AS weight, "
      "max(model_busy) AS busy FROM (SELECT hour, instance_id, CAST(model_name, 'String') AS model_name, "
      "CAST(argMax(instance_type, (weight, instance_type)), 'String') AS instance_type, sum(weight) AS "
      "model_weight, "
      "toUInt64(max(busy_seconds)) "
      "AS model_busy, toUInt8(max(CAST(method, 'String') LIKE 'request_times/%' OR CAST(method, 'String') "
      "LIKE 'instance_rates/%')) AS "
      "is_time, max(CAST(method, 'String') LIKE 'duration/%') AS is_duration FROM " +
      qualified(session.database(), store::kAttributedCostTable) + " WHERE instance_id != '' AND " +
      newest_versions(session.database()) +
      " GROUP BY hour, instance_id, model_name HAVING is_duration = 0) GROUP BY hour, instance_id HAVING "
      "busy > "
      "0 AND weight > 0) GROUP BY type, model, is_time ORDER BY type, model, is_time";
  std::vector<EfficientRate> rates;
  OPTIINFRA_CHECK(each_block(
      session,
      {.sql = sql, .parameters = {{"from", seconds_text(day - kEfficientWindow)}, {"to", seconds_text(day)}}},
      [&](const Block& block) {
        for (std::size_t i = 0; i < block.row_count(); ++i) {
          if (numbers<std::uint64_t>(block, 4)[i] < kEfficientHoursMin) continue;
          rates.push_back({std::string(texts(block, 0)[i]), std::string(texts(block, 1)[i]),
                           numbers<std::uint8_t>(block, 2)[i] != 0, numbers<std::uint64_t>(block, 3)[i]});
        }
        return true;
      }));
  return rates;
}

}  // namespace optiinfra::attribution
