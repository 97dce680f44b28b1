// Energy of GPUs per token and request, from attributed hours and what the GPUs reported.
#include "answer_cells.hpp"
#include "cost_keys.hpp"
#include "given.hpp"
#include "hour_reader.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/attribution_tables.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "question_list.hpp"

namespace optiinfra::attribution {
namespace {

using namespace std::chrono_literals;

constexpr double kJoulesPerKwh = 3.6e6;

/// What each row of the answer adds up, in this order.
constexpr const char* kEnergySums[] = {"sumIf(joules, kind != 'idle' AND has_energy)",
                                       "sumIf(joules, kind = 'idle' AND has_energy)",
                                       "sumIf(requests, has_energy)",
                                       "sumIf(completion_tokens, has_energy)",
                                       "uniqExactIf((hour, instance_id), has_energy)",
                                       "uniqExact((hour, instance_id))"};

/// The rows of attributed hours with their part of the instance's energy in the hour: that of their cost,
/// with underfill shared among the requests, because the GPUs worked for them.
std::string rows_with_energy(std::string_view database) {
  const TableDefinition& resource = table_of(Family::kResource);
  const std::string energy =
      "SELECT instance_id, hour, sum(gpu_energy) AS hour_joules, "
      "sum(gpu_energy_j_count) AS samples FROM " +
      qualified(database, resource.rollup_table) +
      " WHERE hour >= toDateTime({from:UInt32}, 'UTC') AND hour < "
      "toDateTime({to:UInt32}, 'UTC') GROUP BY instance_id, hour";
  const std::string costs =
      "SELECT hour, served_customer_id, service_id, model_name, instance_id, cloud_provider, region, "
      "instance_type, kind, requests, completion_tokens, cost + shared_underfill AS part, "
      "sum(cost) OVER (PARTITION BY hour, instance_id) AS whole FROM " +
      qualified(database, store::kAttributedCostTable) + " WHERE " + newest_versions(database) +
      " AND instance_id != '' AND kind IN ('served', 'wasted', 'underfill', 'idle')";
  return "SELECT c.*, ifNull(e.samples, 0) > 0 AND whole > 0 AS has_energy, "
         "if(has_energy, e.hour_joules * part / whole, 0) AS joules FROM (" +
         costs + ") AS c LEFT JOIN (" + energy +
         ") AS e ON c.instance_id = e.instance_id AND c.hour = e.hour";
}

std::vector<AnswerColumn> energy_columns(const Selection& selection) {
  std::vector<AnswerColumn> columns = selection.columns();
  const auto add = [&](const char* key, const char* heading, const char* unit, CellKind kind,
                       int decimals = 0) { columns.push_back({key, heading, unit, kind, decimals}); };
  add("energy_kwh", "energy", "kWh", CellKind::kNumber, 3);
  add("busy_energy_kwh", "with requests", "kWh", CellKind::kNumber, 3);
  add("idle_energy_kwh", "idle", "kWh", CellKind::kNumber, 3);
  add("requests", "requests", "requests", CellKind::kCount);
  add("completion_tokens", "generated tokens", "tokens", CellKind::kCount);
  add("joules_per_output_token", "per generated token", "J", CellKind::kNumber, 3);
  add("joules_per_request", "per request", "J", CellKind::kNumber, 1);
  add("tokens_per_joule", "tokens per joule", "tokens/J", CellKind::kNumber, 3);
  add("carbon_kg", "carbon", "kg CO2e", CellKind::kNumber, 3);
  add("coverage", "measured", "share of instance hours", CellKind::kNumber, 4);
  add("reason", "absent because", "", CellKind::kText);
  return columns;
}

/// What a kWh stands for; unset unless the caller says.
struct Carbon {
  std::optional<double> grams_per_kwh;
  double pue = 1;
};

std::vector<Cell> energy_cells(std::vector<Cell> keys, const Carbon& carbon, const std::vector<double>& of) {
  constexpr const char* kNotMeasured = "no GPU reported its energy";
  const double busy = of[0], idle = of[1], requests = of[2], tokens = of[3];
  const bool is_measured = of[4] > 0;
  AnswerCells cells(std::move(keys));
  for (const double joules : {busy + idle, busy, idle})
    cells.add_number(is_measured, joules / kJoulesPerKwh, kNotMeasured);
  cells.add_count(requests);
  cells.add_count(tokens);
  cells.add_quotient(is_measured, busy, tokens, 1, is_measured ? "no tokens were counted" : kNotMeasured);
  cells.add_quotient(is_measured, busy, requests, 1, is_measured ? "no request began" : kNotMeasured);
  cells.add_quotient(is_measured, tokens, busy, 1,
                     is_measured ? "no energy went into requests" : kNotMeasured);
  cells.add_number(is_measured && carbon.grams_per_kwh,
                   (busy + idle) / kJoulesPerKwh * carbon.pue * carbon.grams_per_kwh.value_or(0) / 1000,
                   is_measured ? "no grams of carbon per kWh were given" : kNotMeasured);
  cells.add_quotient(true, of[4], of[5], 1, nullptr);
  return cells.take();
}

Result<Answer> ask_energy(Client& client, TimeRange range, const GivenValues& given) {
  OPTIINFRA_TRY(const auto bucket, given_bucket(given));
  OPTIINFRA_TRY(const Selection selection,
                Selection::create(kCostKeys, given_names(given, "by"), given_filters(given, kCostKeys),
                                  bucket, "hour"));
  Carbon carbon;
  OPTIINFRA_TRY(carbon.grams_per_kwh, given_number(given, "grid_g_per_kwh", {0, 5000}));
  OPTIINFRA_TRY(const auto pue, given_number(given, "pue", {1, 5}));
  carbon.pue = pue.value_or(1);
  Answer answer;
  answer.window = {floor_hour(range.begin), floor_hour(range.end + 1h - 1s)};
  answer.columns = energy_columns(selection);
  std::vector<NamedValue> parameters = {{"from", std::to_string(to_column_time(answer.window.begin))},
                                        {"to", std::to_string(to_column_time(answer.window.end))}};
  parameters.insert(parameters.end(), selection.parameters().begin(), selection.parameters().end());
  OPTIINFRA_CHECK(client.with_session([&](Session& session) -> Result<void> {
    std::string sql = "SELECT " + selection.keys();
    for (const char* sum : kEnergySums) sql += std::string(", toFloat64(") + sum + ")";
    sql += " FROM (" + rows_with_energy(session.database()) + ") WHERE 1" + selection.conditions() +
           " GROUP BY " + selection.key_names() + " ORDER BY " + selection.key_names();
    return done(session.query({.sql = sql, .parameters = parameters}, [&](const Block& block) {
      for (std::size_t row = 0; row < block.row_count(); ++row) {
        std::vector<double> of;
        for (std::size_t i = selection.key_count(); i < block.columns().size(); ++i)
          of.push_back((*block.values<std::vector<double>>(i))[row]);
        answer.rows.push_back(energy_cells(selection.cells_of(selection.key_at(block, row)), carbon, of));
      }
      return answer.rows.size() <= kAnswerRowsMax;
    }));
  }));
  OPTIINFRA_CHECK(expect_rows_fit(answer.rows.size()));
  return answer;
}

}  // namespace

ComputedQuestion energy_question() {
  ComputedQuestion question{
      .name = "energy",
      .meaning = "Energy of GPUs with and without requests, per generated token and per request",
      .examples =
          "  optiinfra query energy --by model --hours 168\n"
          "  optiinfra query energy --by region --grid-g-per-kwh 380 --pue 1.2",
      .is_of_attributed_hours = true,
      .parameters = selection_parameters(kCostKeys),
      .ask = ask_energy};
  question.parameters.push_back({.name = "grid_g_per_kwh",
                                 .meaning =
                                     "Grams of CO2 equivalent per kWh of the grid; without it there is "
                                     "no carbon",
                                 .form = "GRAMS"});
  question.parameters.push_back({.name = "pue",
                                 .meaning = "Power of the whole site over that of its machines; default 1",
                                 .form = "RATIO"});
  return question;
}

}  // namespace optiinfra::attribution
