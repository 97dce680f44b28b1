#include "optiinfra/attribution/objectives.hpp"

#include <cmath>
#include <tuple>

#include "field_texts.hpp"
#include "money_records.hpp"
#include "optiinfra/store/money_tables.hpp"
#include "scope.hpp"
#include "slo_keys.hpp"

namespace optiinfra::attribution {
namespace {

constexpr std::pair<const char*, std::optional<double> Objective::*> kObjectiveTargets[] = {
    {"time_to_first_token_ms", &Objective::time_to_first_token_ms},
    {"inter_token_latency_ms", &Objective::inter_token_latency_ms},
    {"latency_ms", &Objective::latency_ms}};

/// Checks it, and writes a UUID in the one form in which it is compared.
Result<void> expect_objective(Objective& objective) {
  OPTIINFRA_CHECK(expect_scope("objective", objective.name, objective.scope, objective.scope_id, kSloKeys));
  for (const auto& [name, target] : kObjectiveTargets) {
    const auto& ms = objective.*target;
    if (ms && !(std::isfinite(*ms) && *ms > 0 && *ms <= 1e9))
      return invalid_argument(std::string(name) + " must be above 0 and at most 1,000,000,000");
  }
  if (!(objective.share > 0 && objective.share < 1))
    return invalid_argument("share must be between 0 and 1, such as 0.99");
  if (objective.period < std::chrono::days{1} || objective.period > std::chrono::days{366})
    return invalid_argument("period must be from 1 to 366 days");
  return {};
}

std::optional<Objective> objective_at(const Block& block, std::size_t row) {
  return Objective{.name = text_in(block, 0, row),
                   .scope = text_in(block, 1, row),
                   .scope_id = text_in(block, 2, row),
                   .time_to_first_token_ms = maybe_number_in(block, 3, row),
                   .inter_token_latency_ms = maybe_number_in(block, 4, row),
                   .latency_ms = maybe_number_in(block, 5, row),
                   .share = number_in<double>(block, 6, row),
                   .period = std::chrono::days{number_in<std::uint16_t>(block, 7, row)}};
}

Block block_of_objectives(std::span<const Record<Objective>> records) {
  Dictionary scopes;
  Strings names, ids;
  std::vector<double> shares;
  std::vector<std::uint16_t> periods;
  for (const auto& [objective, set_at_us, is_removed] : records) {
    names.append(objective.name);
    scopes.append(objective.scope);
    ids.append(objective.scope_id);
    shares.push_back(objective.share);
    periods.push_back(static_cast<std::uint16_t>(objective.period.count()));
  }
  Block block;
  block.add({"name", "String", std::move(names)});
  block.add({"scope", "LowCardinality(String)", std::move(scopes)});
  block.add({"scope_id", "String", std::move(ids)});
  for (const auto& [name, target] : kObjectiveTargets) {
    auto column = std::make_unique<Nullable>();
    std::vector<double> values;
    for (const auto& record : records) {
      const auto& ms = record.value.*target;
      column->null.push_back(ms ? 0 : 1);
      values.push_back(ms.value_or(0));
    }
    column->values = std::move(values);
    block.add({name, "Nullable(Float64)", std::move(column)});
  }
  block.add({"share", "Float64", std::move(shares)});
  block.add({"period_days", "UInt16", std::move(periods)});
  return block;
}

using ObjectiveKey = std::tuple<const std::string&>;
constexpr RecordTable<Objective, ObjectiveKey> kObjectives = {
    .name = store::kObjectiveTable,
    .one = "objective",
    .what = "the table of objectives",
    .records_max = kObjectiveRecordsMax,
    .columns =
        "name, CAST(scope, 'String'), scope_id, time_to_first_token_ms, inter_token_latency_ms, "
        "latency_ms, share, period_days",
    .key_of = [](const Objective& objective) { return ObjectiveKey(objective.name); },
    .value_at = objective_at,
    .block_of = block_of_objectives,
    .described = [](const Objective& objective) { return shown(objective.name); }};

}  // namespace

std::span<const std::string_view> objective_fields() {
  static constexpr std::string_view kFields[] = {
      "objective",  "scope", "scope_id",   "time_to_first_token_ms", "inter_token_latency_ms",
      "latency_ms", "share", "period_days"};
  return kFields;
}

Result<Objective> objective_of(std::vector<std::string> texts) {
  Objective objective{
      .name = std::move(texts[0]), .scope = std::move(texts[1]), .scope_id = std::move(texts[2])};
  for (std::size_t i = 0; i < std::size(kObjectiveTargets); ++i) {
    OPTIINFRA_TRY(objective.*kObjectiveTargets[i].second,
                  maybe_number_of(texts[3 + i], kObjectiveTargets[i].first));
  }
  OPTIINFRA_TRY(const auto share, maybe_number_of(texts[6], "share"));
  objective.share = share.value_or(objective.share);
  OPTIINFRA_TRY(const auto days, maybe_number_of(texts[7], "period_days"));
  if (days && !(*days >= 1 && *days <= 366 && *days == std::floor(*days)))
    return invalid_argument("period_days must be a whole number from 1 to 366");
  if (days) objective.period = std::chrono::days{static_cast<int>(*days)};
  return objective;
}

Result<std::vector<Objective>> read_objectives(Client& client) { return read_values(client, kObjectives); }

Result<std::size_t> set_objectives(Client& client, std::vector<Objective> objectives) {
  for (std::size_t i = 0; i < objectives.size(); ++i) {
    if (auto fits = expect_objective(objectives[i]); !fits)
      return with_context(std::move(fits).error(), "objective " + std::to_string(i + 1));
  }
  OPTIINFRA_TRY(const auto held, read_objectives(client));
  const auto is_new = [&](const Objective& objective) {
    return std::none_of(held.begin(), held.end(),
                        [&](const Objective& each) { return each.name == objective.name; });
  };
  const auto added = std::count_if(objectives.begin(), objectives.end(), is_new);
  if (held.size() + static_cast<std::size_t>(added) > kObjectivesMax)
    return Error{ErrorKind::kTooLarge,
                 "there would be more than " + std::to_string(kObjectivesMax) +
                     " objectives; one of them by a dimension (`query slo --by service`) needs no objective "
                     "for each value. Nothing was set"};
  return set_values(client, kObjectives, objectives);
}

Result<void> remove_objective(Client& client, const std::string& name) {
  OPTIINFRA_TRY(const bool was_there, remove_value(client, kObjectives, {.name = name}));
  if (was_there) return {};
  OPTIINFRA_TRY(const auto objectives, read_objectives(client));
  std::vector<std::string> known;
  for (const Objective& each : objectives) known.push_back(each.name);
  return no_such("objective", name, known);
}

Result<std::size_t> copy_objectives(Client& source, Client& target) {
  return copy_values(source, target, kObjectives);
}

store::RowsToRemove objectives_of(const Uuid& customer) {
  return {.table = store::kObjectiveTable,
          .condition = "scope = 'customer' AND scope_id = toString({customer:UUID})",
          .parameters = {{"customer", customer.to_string()}}};
}

}  // namespace optiinfra::attribution
