#include "list_costs.hpp"

#include <algorithm>

#include "optiinfra/attribution/apportion.hpp"
#include "optiinfra/attribution/price_book.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra::billing {

Result<ListCosts> ListCosts::read(Client& client, TimeRange hours) {
  ListCosts costs;
  OPTIINFRA_CHECK(client.with_session([&](Session& session) {
    const std::string list = "ifNull(list_cost_per_hour, 0) * ifNull(hours_covered, 1)";
    const std::string sql =
        "SELECT toUInt32(toUnixTimestamp(toStartOfHour(timestamp))) AS hour, customer_id, "
        "CAST(cloud_provider, "
        "'String'), CAST(instance_id, 'String'), CAST(region, 'String'), CAST(instance_type, 'String'), "
        "CAST(currency, 'String'), toInt64(round(sum(" +
        list + ") * 1e9)) FROM " + qualified(session.database(), table_of(Family::kCost).raw_table) +
        " WHERE timestamp >= toDateTime({from:UInt32}, 'UTC') AND timestamp < toDateTime({to:UInt32}, 'UTC') "
        "GROUP BY hour, customer_id, cloud_provider, instance_id, region, instance_type, currency HAVING "
        "countIf(isNull(list_cost_per_hour)) = 0 AND sum(" +
        list + ") BETWEEN 0 AND 9e9";
    return done(session.query(
        {.sql = sql,
         .parameters = {{"from", std::to_string(to_column_time(hours.begin))},
                        {"to", std::to_string(to_column_time(hours.end))}}},
        [&](const Block& block) {
          for (std::size_t row = 0; row < block.row_count(); ++row) {
            const auto text = [&](std::size_t column) {
              return std::string((*block.values<Strings>(column))[row]);
            };
            const sys_seconds hour{std::chrono::seconds{(*block.values<std::vector<std::uint32_t>>(0))[row]}};
            costs.nano_[{hour, (*block.values<std::vector<Uuid>>(1))[row], text(2), text(3), text(4), text(5),
                         text(6)}] =
                static_cast<std::uint64_t>((*block.values<std::vector<std::int64_t>>(7))[row]);
          }
          return true;
        }));
  }));
  return costs;
}

std::optional<std::vector<std::uint64_t>> ListCosts::of(
    sys_seconds hour, std::span<const attribution::AttributedCost> parts) const {
  const attribution::AttributedCost& first = parts.front();
  if (first.price_source.starts_with(attribution::kPriceBookSource)) return {};
  const auto found = nano_.find(
      {hour, first.payer, first.provider, first.instance, first.region, first.instance_type, first.currency});
  if (found == nano_.end()) return {};
  std::vector<std::uint64_t> weights;
  std::uint64_t all = 0;
  for (const attribution::AttributedCost& part : parts) {
    const bool counts = part.kind != attribution::CostKind::kUnreconciled && part.cost > 0;
    weights.push_back(counts ? static_cast<std::uint64_t>(part.cost) : 0);
    all += weights.back();
  }
  if (all == 0 && found->second > 0) return {};
  return attribution::apportion(found->second, weights);
}

}  // namespace optiinfra::billing
