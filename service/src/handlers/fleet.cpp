// A first fleet for a store that has no rows: POST /api/v1/generated-fleet.
#include "optiinfra/generate/fleet.hpp"

#include "optiinfra/attribution/attribute.hpp"
#include "optiinfra/client/client.hpp"
#include "optiinfra/client/names.hpp"
#include "optiinfra/report/name_lists.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/service/fleet_names.hpp"
#include "problem.hpp"
#include "routes.hpp"

namespace optiinfra::service {
namespace {

/// Small enough that a person waits for it: a few seconds with two cores.
constexpr int kFleetDays = 7;
constexpr std::uint64_t kFleetRows = 200'000;
/// Whose costs are attributed; the rest is for `optiinfra attribute`, because each hour takes a tenth of a
/// second.
constexpr std::chrono::hours kAttributed{48};
constexpr std::size_t kFleetBatchRows = 100'000;

Result<bool> is_empty(Client& client) {
  for (const report::NameList& names : report::name_lists()) {
    OPTIINFRA_TRY(const report::ListedNames listed, report::list_names(client, names, {}, 1, Names()));
    if (!listed.records.rows.empty()) return false;
  }
  return true;
}

/// Under tokens of their own, so that two requests at once fill the store once.
template <typename Row>
Result<void> insert_rows(Client& client, fleet::Fleet& fleet, const std::string& name) {
  Batch<Row> batch;
  for (int number = 0; fleet.next_batch(batch, kFleetBatchRows); ++number)
    OPTIINFRA_CHECK(client.insert<Row>(batch, {.token = name + "/" + std::to_string(number)}));
  return {};
}

Result<fleet::FleetDescription> fill(Client& client) {
  const fleet::FleetOptions options{
      .days = kFleetDays, .rows = kFleetRows, .end = floor_hour(now()), .columns = fleet::FleetColumns::kAll};
  OPTIINFRA_TRY(fleet::Fleet fleet, fleet::Fleet::create(options));
  for (const Family family : kFamilies) {
    Result<void> inserted;
    const std::string name =
        "generated-fleet/" + format_time(options.end) + "/" + std::string(table_of(family).name);
    with_metric(family, [&]<typename Row>() { inserted = insert_rows<Row>(client, fleet, name); });
    OPTIINFRA_CHECK(inserted);
  }
  OPTIINFRA_CHECK(name_fleet(client, fleet.description()));
  OPTIINFRA_CHECK(attribution::attribute(client, {options.end - kAttributed, options.end}));
  return fleet.description();
}

Response answer_fleet(const Call& call) {
  Client& client = call.backend.client;
  auto empty = is_empty(client);
  if (!empty) return problem_of(empty.error());
  if (!*empty) return problem(409, "the store has rows already; a generated fleet would mix with them");
  if (call.backend.writer == nullptr) return problem(507, call.backend.why_no_writer);
  auto fleet = fill(client);
  if (!fleet) return problem_of(fleet.error());
  return {.body = "{\"rows\":" + std::to_string(kFleetRows) +
                  ",\"customers\":" + std::to_string(fleet->customers.size()) + ",\"begin\":\"" +
                  format_time(fleet->range.begin) + "\",\"end\":\"" + format_time(fleet->range.end) +
                  "\"}\n"};
}

}  // namespace

Route generated_fleet_route() {
  return {.method = "POST",
          .path = "/api/v1/generated-fleet",
          .name = "generate_fleet",
          .tag = kInsertTag,
          .meaning = "Fills a store that has no rows with a week of a generated fleet, to look around in",
          .openness = Openness::kSeesAll,
          .scope = Scope::kAdmin,
          .handle = answer_fleet};
}

}  // namespace optiinfra::service
