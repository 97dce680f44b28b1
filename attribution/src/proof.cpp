#include "optiinfra/attribution/proof.hpp"

#include <map>

#include "hour_reader.hpp"
#include "hour_writer.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/attribution_tables.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra::attribution {
namespace {

using namespace std::chrono_literals;

struct Recorded {
  std::uint64_t version = 0, rows = 0, checksum = 0;
};

using RecordedHours = std::map<sys_seconds, Recorded>;

sys_seconds time_at(const Block& block, std::size_t column, std::size_t row) {
  return sys_seconds{std::chrono::seconds{(*block.values<std::vector<std::uint32_t>>(column))[row]}};
}

std::uint64_t count_at(const Block& block, std::size_t column, std::size_t row) {
  return (*block.values<std::vector<std::uint64_t>>(column))[row];
}

Result<RecordedHours> read_recorded(Session& session) {
  RecordedHours hours;
  auto asked = session.query(
      {.sql = "SELECT toUInt32(toUnixTimestamp(hour)), max(version), argMax(rows, version), "
              "argMax(checksum, version) FROM " +
              qualified(session.database(), store::kAttributedHoursTable) + " GROUP BY hour"},
      [&](const Block& block) {
        for (std::size_t i = 0; i < block.row_count(); ++i)
          hours[time_at(block, 0, i)] = {count_at(block, 1, i), count_at(block, 2, i), count_at(block, 3, i)};
        return true;
      });
  if (!asked) return std::move(asked).error();
  return hours;
}

std::vector<NamedValue> bounds(sys_seconds from, sys_seconds to) {
  return {{"from", std::to_string(from.time_since_epoch().count())},
          {"to", std::to_string(to.time_since_epoch().count())}};
}

/// Rows and checksum of each hour's newest version, as they are now.
Result<RecordedHours> read_present(Session& session, sys_seconds from, sys_seconds to) {
  RecordedHours hours;
  auto asked =
      session.query({.sql = "SELECT toUInt32(toUnixTimestamp(hour)), " + checksum_columns() + " FROM " +
                            qualified(session.database(), store::kAttributedCostTable) + " WHERE " +
                            newest_versions(session.database()) + " GROUP BY hour",
                     .parameters = bounds(from, to)},
                    [&](const Block& block) {
                      for (std::size_t i = 0; i < block.row_count(); ++i)
                        hours[time_at(block, 0, i)] = {0, count_at(block, 1, i), count_at(block, 2, i)};
                      return true;
                    });
  if (!asked) return std::move(asked).error();
  return hours;
}

/// The first charge of each hour that its parts do not add up to, in words.
Result<std::map<sys_seconds, std::string>> read_breaches(Session& session, sys_seconds from, sys_seconds to) {
  std::map<sys_seconds, std::string> breaches;
  const std::string sql =
      "SELECT toString(toUnixTimestamp(hour)), CAST(instance_id, 'String'), toString(customer_id), "
      "toString(toDecimal128(sum(cost), 9) / 1000000000), toString(toDecimal128(sum(billed), 9) / "
      "1000000000), CAST(currency, 'String'), toString(countIf(cost < 0 AND kind != 'unreconciled')) FROM " +
      qualified(session.database(), store::kAttributedCostTable) + " WHERE " +
      newest_versions(session.database()) +
      " GROUP BY hour, customer_id, cloud_provider, instance_id, region, instance_type, currency HAVING "
      "sum(cost) != sum(billed) OR sum(shared_underfill) != 0 OR sum(shared_idle) != 0 OR countIf(cost < 0 "
      "AND kind != 'unreconciled') > 0 ORDER BY hour, instance_id, customer_id LIMIT 1 BY hour";
  OPTIINFRA_TRY(const auto rows, query_texts(session, {.sql = sql, .parameters = bounds(from, to)}));
  for (const auto& row : rows) {
    const std::string charge = (row[1].empty() ? "the charge without an instance" : row[1]) +
                               " that customer " + row[2] + " pays for";
    const std::string money = row[5].empty() ? "" : " " + row[5];
    breaches[sys_seconds{std::chrono::seconds{std::stoll(row[0])}}] =
        row[6] != "0"      ? "a part of " + charge + " is below zero"
        : row[3] == row[4] ? "what is shared of " + charge + " does not add up to zero"
                           : "the parts of " + charge + " add up to " + row[3] + money + ", and " + row[4] +
                                 money + " was billed";
  }
  return breaches;
}

void add(AttributionProof& proof, sys_seconds hour, std::string what) {
  ++proof.hours_broken;
  if (proof.broken.size() < kBrokenHoursDescribedMax) proof.broken.push_back({hour, std::move(what)});
}

Result<void> prove_day(Session& session, const RecordedHours& recorded, sys_seconds from, sys_seconds to,
                       AttributionProof& proof) {
  OPTIINFRA_TRY(const auto present, read_present(session, from, to));
  OPTIINFRA_TRY(const auto breaches, read_breaches(session, from, to));
  for (auto each = recorded.lower_bound(from); each != recorded.end() && each->first < to; ++each) {
    const auto& [hour, expected] = *each;
    ++proof.hours_proved;
    const auto found = present.find(hour);
    const Recorded now = found == present.end() ? Recorded{} : found->second;
    if (const auto breach = breaches.find(hour); breach != breaches.end()) {
      add(proof, hour, breach->second);
    } else if (now.rows != expected.rows) {
      add(proof, hour,
          "it has " + std::to_string(now.rows) + " rows of " + std::to_string(expected.rows) +
              " that were stored");
    } else if (now.checksum != expected.checksum) {
      add(proof, hour, "its rows are not those that were stored");
    }
  }
  return {};
}

}  // namespace

Result<AttributionProof> prove_attribution(Session& session) {
  AttributionProof proof;
  OPTIINFRA_TRY(const std::uint64_t tables,
                query_number(session, {.sql = "SELECT toUInt64(count()) FROM system.tables WHERE database = "
                                              "{database:String} AND name IN ({cost:String}, {hours:String})",
                                       .parameters = {{"database", std::string(session.database())},
                                                      {"cost", store::kAttributedCostTable},
                                                      {"hours", store::kAttributedHoursTable}}}));
  if (tables < 2) return proof;
  OPTIINFRA_TRY(const RecordedHours recorded, read_recorded(session));
  for (auto each = recorded.begin(); each != recorded.end();) {
    const sys_seconds day = std::chrono::floor<std::chrono::days>(each->first);
    OPTIINFRA_CHECK(prove_day(session, recorded, day, day + 24h, proof));
    each = recorded.lower_bound(day + 24h);
  }
  return proof;
}

}  // namespace optiinfra::attribution
