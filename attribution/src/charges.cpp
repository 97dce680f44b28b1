#include "optiinfra/attribution/charges.hpp"

#include <algorithm>
#include <optional>

#include "hour_reader.hpp"
#include "hour_writer.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/attribution_tables.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra::attribution {
namespace {

CostKind kind_of(std::string_view name) {
  constexpr CostKind kKinds[] = {CostKind::kServed, CostKind::kWasted,   CostKind::kUnderfill,
                                 CostKind::kIdle,   CostKind::kOverhead, CostKind::kUnreconciled};
  for (const CostKind kind : kKinds)
    if (name == to_string(kind)) return kind;
  return CostKind::kUnpriced;
}

bool is_of_one_charge(const AttributedCost& a, const AttributedCost& b) {
  const auto key = [](const AttributedCost& part) {
    return std::tie(part.payer, part.provider, part.instance, part.region, part.instance_type, part.currency);
  };
  return key(a) == key(b);
}

constexpr const char* kChargeColumns =
    "toUInt32(toUnixTimestamp(hour)), customer_id, served_customer_id, service_id, CAST(model_name, "
    "'String'), "
    "CAST(instance_id, 'String'), CAST(cloud_provider, 'String'), CAST(region, 'String'), "
    "CAST(instance_type, 'String'), CAST(currency, 'String'), CAST(kind, 'String'), cost, CAST(method, "
    "'String'), CAST(price_source, 'String')";

AttributedCost part_at(const Block& block, std::size_t row) {
  const auto text = [&](std::size_t column) { return std::string((*block.values<Strings>(column))[row]); };
  const auto id = [&](std::size_t column) { return (*block.values<std::vector<Uuid>>(column))[row]; };
  AttributedCost part;
  part.payer = id(1);
  part.served = id(2);
  part.service = id(3);
  part.model = text(4);
  part.instance = text(5);
  part.provider = text(6);
  part.region = text(7);
  part.instance_type = text(8);
  part.currency = text(9);
  part.kind = kind_of(text(10));
  part.cost = (*block.values<std::vector<std::int64_t>>(11))[row];
  part.method = text(12);
  part.price_source = text(13);
  return part;
}

/// Gathers rows, which come charge by charge, and hands over each charge.
class Gathering {
 public:
  explicit Gathering(const OnCharge& on_charge) : on_charge_(on_charge) {}

  /// False once a charge was refused.
  bool take(sys_seconds hour, AttributedCost part) {
    if (!parts_.empty() && (hour != hour_ || !is_of_one_charge(parts_.front(), part))) hand_over();
    hour_ = hour;
    parts_.push_back(std::move(part));
    return !error_;
  }

  Result<void> finish() {
    if (!parts_.empty() && !error_) hand_over();
    if (error_) return *error_;
    return {};
  }

 private:
  void hand_over() {
    auto taken = on_charge_(hour_, parts_);
    if (!taken) error_ = std::move(taken).error();
    parts_.clear();
  }

  const OnCharge& on_charge_;
  sys_seconds hour_{};
  std::vector<AttributedCost> parts_;
  std::optional<Error> error_;
};

Result<void> read_day(Session& session, TimeRange hours, std::span<const Uuid> customers,
                      const OnCharge& on_charge) {
  std::vector<NamedValue> parameters = {{"from", std::to_string(to_column_time(hours.begin))},
                                        {"to", std::to_string(to_column_time(hours.end))}};
  std::string list;
  for (const Uuid& customer : customers) {
    const std::string name = "customer" + std::to_string(parameters.size());
    list += (list.empty() ? "{" : ", {") + name + ":UUID}";
    parameters.emplace_back(name, customer.to_string());
  }
  const std::string sql = std::string("SELECT ") + kChargeColumns + " FROM " +
                          qualified(session.database(), store::kAttributedCostTable) + " WHERE " +
                          newest_versions(session.database()) + " AND kind != 'unpriced'" +
                          (list.empty() ? "" : " AND served_customer_id IN (" + list + ")") +
                          " ORDER BY hour, customer_id, cloud_provider, instance_id, region, instance_type, "
                          "currency, served_customer_id, service_id, model_name, kind, method, cost";
  Gathering gathering(on_charge);
  OPTIINFRA_CHECK(done(session.query({.sql = sql, .parameters = parameters}, [&](const Block& block) {
    for (std::size_t row = 0; row < block.row_count(); ++row) {
      const sys_seconds hour{std::chrono::seconds{(*block.values<std::vector<std::uint32_t>>(0))[row]}};
      if (!gathering.take(hour, part_at(block, row))) return false;
    }
    return true;
  })));
  return gathering.finish();
}

}  // namespace

Result<std::vector<sys_seconds>> attributed_hours(Client& client, TimeRange range) {
  std::vector<sys_seconds> hours;
  OPTIINFRA_CHECK(client.with_session([&](Session& session) -> Result<void> {
    OPTIINFRA_TRY(const auto versions, read_versions(session, range));
    for (const auto& [hour, version] : versions) hours.push_back(hour);
    return {};
  }));
  return hours;
}

Result<void> each_charge(Client& client, TimeRange range, std::span<const Uuid> customers,
                         const OnCharge& on_charge) {
  // A day at a time: the engine sorts what it reads.
  for (sys_seconds begin = floor_hour(range.begin); begin < range.end;) {
    const sys_seconds end = std::min<sys_seconds>(begin + std::chrono::days{1}, range.end);
    OPTIINFRA_CHECK(client.with_session(
        [&](Session& session) { return read_day(session, {begin, end}, customers, on_charge); }));
    begin = end;
  }
  return {};
}

}  // namespace optiinfra::attribution
