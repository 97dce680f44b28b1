// Instances that nobody used, by money, from attributed hours.
#include "answer_cells.hpp"
#include "conversion.hpp"
#include "given.hpp"
#include "hour_reader.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/attribution_tables.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "question_list.hpp"

namespace optiinfra::attribution {
namespace {

using namespace std::chrono_literals;

/// A customer is who pays for the instance.
constexpr KeyColumn kIdleColumns[] = {
    {{"customer", "customer_id", "payer"}, "customer_id", true},
    {{"instance", "instance_id", "instance"}, "instance_id"},
    {{"instance_type", "instance_type", "instance type"}, "instance_type"},
    {{"provider", "cloud_provider", "provider"}, "cloud_provider"},
    {{"region", "region", "region"}, "region"},
};

/// What each row of the answer adds up, in this order.
constexpr const char* kIdleSums[] = {
    "sum(idle)", "sumIf(idle, NOT was_used)", "sum(underfill)", "sum(paid)",
    "count()",   "countIf(NOT was_used)",     "sum(busy)",      "sum(covered)"};

std::vector<AnswerColumn> idle_columns(const Selection& selection, const Conversion& conversion) {
  std::vector<AnswerColumn> columns = selection.columns();
  const auto add = [&](const char* key, const char* heading, const char* unit, CellKind kind,
                       int decimals = 0) { columns.push_back({key, heading, unit, kind, decimals}); };
  add("currency", "currency", "", CellKind::kText);
  add("idle_cost", "idle", "currency", CellKind::kNumber, 2);
  add("unused_cost", "in hours without a request", "currency", CellKind::kNumber, 2);
  add("between_requests_cost", "between requests", "currency", CellKind::kNumber, 2);
  add("underfill_cost", "underfill", "currency", CellKind::kNumber, 2);
  add("total_cost", "total", "currency", CellKind::kNumber, 2);
  add("idle_share", "idle share", "share of cost", CellKind::kNumber, 3);
  add("instance_hours", "instance hours", "h", CellKind::kCount);
  add("unused_hours", "hours without a request", "h", CellKind::kCount);
  add("busy_share", "busy", "share of time", CellKind::kNumber, 3);
  add("reason", "absent because", "", CellKind::kText);
  add_rates_column(columns, conversion);
  return columns;
}

std::vector<Cell> idle_cells(std::vector<Cell> keys, std::string currency, const std::vector<double>& of,
                             const Conversion& conversion) {
  AnswerCells cells(std::move(keys));
  cells.add(std::move(currency));
  cells.add(of[0] * kNano);
  cells.add(of[1] * kNano);
  cells.add((of[0] - of[1]) * kNano);
  cells.add(of[2] * kNano);
  cells.add(of[3] * kNano);
  cells.add_quotient(true, of[0], of[3], 1, "nothing was paid");
  cells.add_count(of[4]);
  cells.add_count(of[5]);
  cells.add_quotient(true, of[6], of[7], 1, "no charge says how long it covers");
  if (conversion.is_active()) cells.add(conversion.described());
  return cells.take();
}

constexpr const char* kIsOfInstances =
    "instance_id != '' AND kind IN ('served', 'wasted', 'underfill', 'idle')";

/// What each instance was in each hour. Charges without an instance are nobody's idle time.
std::string instance_hours(std::string_view database, const Conversion& conversion) {
  const std::string cost = conversion.amount("cost");
  return conversion.with() +
         "SELECT hour, customer_id, instance_id, instance_type, cloud_provider, region, " +
         conversion.money() + " AS money, sumIf(" + cost + ", kind = 'idle') AS idle, sumIf(" + cost +
         ", kind = 'underfill') AS underfill, sum(" + cost +
         ") AS paid, "
         "countIf(kind IN ('served', 'wasted')) > 0 AS was_used, sum(busy_seconds) AS busy, "
         "sum(covered_seconds) AS covered FROM " +
         qualified(database, store::kAttributedCostTable) + " WHERE " + newest_versions(database) + " AND " +
         kIsOfInstances +
         " GROUP BY hour, "
         "customer_id, instance_id, instance_type, cloud_provider, region, money";
}

Result<Answer> ask_idle(Client& client, TimeRange range, const GivenValues& given) {
  std::vector<std::string> dimensions = given_names(given, "by");
  if (dimensions.empty()) dimensions = {"instance", "instance_type", "region", "customer"};
  OPTIINFRA_TRY(const auto bucket, given_bucket(given));
  OPTIINFRA_TRY(
      const Selection selection,
      Selection::create(kIdleColumns, dimensions, given_filters(given, kIdleColumns), bucket, "hour"));
  Answer answer;
  answer.window = {floor_hour(range.begin), floor_hour(range.end + 1h - 1s)};
  OPTIINFRA_TRY(const Conversion conversion,
                Conversion::create(client, given_currency(given), answer.window,
                                   std::string(" AND ") + kIsOfInstances + selection.conditions(),
                                   selection.parameters()));
  answer.columns = idle_columns(selection, conversion);
  std::vector<NamedValue> parameters = {{"from", std::to_string(to_column_time(answer.window.begin))},
                                        {"to", std::to_string(to_column_time(answer.window.end))}};
  parameters.insert(parameters.end(), selection.parameters().begin(), selection.parameters().end());
  OPTIINFRA_CHECK(client.with_session([&](Session& session) -> Result<void> {
    std::string sql = "SELECT " + selection.keys() + ", money";
    for (const char* sum : kIdleSums) sql += std::string(", toFloat64(") + sum + ")";
    sql += " FROM (" + instance_hours(session.database(), conversion) + ") WHERE 1" + selection.conditions() +
           " GROUP BY " + selection.key_names() + ", money ORDER BY bucket, sum(idle) DESC, " +
           selection.key_names();
    double paid = 0;
    auto asked = session.query({.sql = sql, .parameters = parameters}, [&](const Block& block) {
      for (std::size_t row = 0; row < block.row_count(); ++row) {
        std::vector<double> of;
        for (std::size_t i = selection.key_count() + 1; i < block.columns().size(); ++i)
          of.push_back((*block.values<std::vector<double>>(i))[row]);
        paid += of[3];
        answer.rows.push_back(idle_cells(selection.cells_of(selection.key_at(block, row)),
                                         std::string((*block.values<Strings>(selection.key_count()))[row]),
                                         of, conversion));
      }
      return answer.rows.size() <= kAnswerRowsMax;
    });
    if (!asked) return std::move(asked).error();
    return conversion.expect_known(paid);
  }));
  OPTIINFRA_CHECK(expect_rows_fit(answer.rows.size()));
  return answer;
}

}  // namespace

ComputedQuestion idle_question() {
  ComputedQuestion question{
      .name = "idle",
      .meaning = "What was paid for instances while nobody used them, the most expensive first",
      .examples =
          "  optiinfra query idle --hours 168\n"
          "  optiinfra query idle --by instance_type,region --hours 720 --output csv",
      .is_of_attributed_hours = true,
      .parameters = selection_parameters(kIdleColumns),
      .ask = ask_idle};
  question.parameters.push_back(currency_parameter());
  return question;
}

}  // namespace optiinfra::attribution
