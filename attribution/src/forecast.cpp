// What a month will have cost at its end, from attributed hours.
#include <algorithm>

#include "answer_cells.hpp"
#include "conversion.hpp"
#include "cost_keys.hpp"
#include "given.hpp"
#include "hour_reader.hpp"
#include "hour_writer.hpp"
#include "month_end.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/attribution_tables.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "question_list.hpp"

namespace optiinfra::attribution {
namespace {

using namespace std::chrono_literals;

/// Hours before the forecast that it is made from.
constexpr std::chrono::days kHistory{28};

/// What one thing cost in the hours in which it cost something, in their order.
struct HourlyCosts {
  Key key;
  std::string currency;
  struct Hour {
    sys_seconds hour;
    double cost;    ///< But for credits, refunds and adjustments.
    double billed;  ///< With them.
  };
  std::vector<Hour> hours;
};

std::vector<AnswerColumn> forecast_columns(const Selection& selection) {
  std::vector<AnswerColumn> columns = selection.columns();
  const auto add = [&](const char* key, const char* heading, const char* unit, CellKind kind,
                       int decimals = 0) { columns.push_back({key, heading, unit, kind, decimals}); };
  add("currency", "currency", "", CellKind::kText);
  add("cost_so_far", "so far", "currency", CellKind::kNumber, 2);
  add("month_end_cost", "at month end", "currency", CellKind::kNumber, 2);
  add("month_end_cost_p10", "p10", "currency", CellKind::kNumber, 2);
  add("month_end_cost_p90", "p90", "currency", CellKind::kNumber, 2);
  add("attributed_hours", "hours so far", "h", CellKind::kCount);
  add("estimated_hours", "hours estimated", "h", CellKind::kCount);
  add("history_hours", "hours it rests on", "h", CellKind::kCount);
  add("method", "method", "", CellKind::kText);
  add("reason", "absent because", "", CellKind::kText);
  return columns;
}

class ForecastQuestion {
 public:
  ForecastQuestion(Client& client, Selection selection, sys_seconds at, std::string currency)
      : client_(client),
        selection_(std::move(selection)),
        at_(at),
        currency_(std::move(currency)),
        month_(month_of(at)) {}

  Result<Answer> run() {
    answer_.window = month_;
    answer_.columns = forecast_columns(selection_);
    OPTIINFRA_TRY(conversion_, Conversion::create(client_, currency_, read_range(), selection_.conditions(),
                                                  selection_.parameters()));
    add_rates_column(answer_.columns, conversion_);
    OPTIINFRA_CHECK(client_.with_session([&](Session& session) { return read(session); }));
    OPTIINFRA_CHECK(expect_rows_fit(answer_.rows.size()));
    return std::move(answer_);
  }

 private:
  TimeRange read_range() const { return {std::min<sys_seconds>(month_.begin, at_ - kHistory), at_}; }

  Result<void> read(Session& session) {
    OPTIINFRA_TRY(const auto versions, read_versions(session, read_range()));
    for (const auto& [hour, version] : versions) attributed_.push_back(hour);
    const std::string groups = selection_.key_names() + ", money, start";
    const std::string sql = conversion_.with() + "SELECT " + selection_.keys() + ", " + conversion_.money() +
                            " AS money, toUInt32(toUnixTimestamp(hour)) AS start, toFloat64(sumIf(" +
                            conversion_.amount("cost") + ", kind != 'unreconciled')) / 1e9, toFloat64(sum(" +
                            conversion_.amount("cost") + ")) / 1e9 FROM " +
                            qualified(session.database(), store::kAttributedCostTable) + " WHERE " +
                            newest_versions(session.database()) + " AND kind != 'unpriced'" +
                            selection_.conditions() + " GROUP BY " + groups + " ORDER BY " + groups;
    std::vector<NamedValue> parameters = {{"from", std::to_string(to_column_time(read_range().begin))},
                                          {"to", std::to_string(to_column_time(read_range().end))}};
    parameters.insert(parameters.end(), selection_.parameters().begin(), selection_.parameters().end());
    HourlyCosts costs;
    OPTIINFRA_CHECK(done(session.query({.sql = sql, .parameters = parameters}, [&](const Block& block) {
      for (std::size_t row = 0; row < block.row_count(); ++row) take(block, row, costs);
      return answer_.rows.size() <= kAnswerRowsMax;
    })));
    finish(costs);
    return conversion_.expect_known(billed_);
  }

  void take(const Block& block, std::size_t row, HourlyCosts& costs) {
    const std::size_t after = selection_.key_count();
    Key key = selection_.key_at(block, row);
    const std::string_view currency = (*block.values<Strings>(after))[row];
    if (!costs.hours.empty() && (key != costs.key || currency != costs.currency)) finish(costs);
    costs.key = std::move(key);
    costs.currency = currency;
    billed_ += (*block.values<std::vector<double>>(after + 3))[row];
    costs.hours.push_back(
        {sys_seconds{std::chrono::seconds{(*block.values<std::vector<std::uint32_t>>(after + 1))[row]}},
         (*block.values<std::vector<double>>(after + 2))[row],
         (*block.values<std::vector<double>>(after + 3))[row]});
  }

  /// An attributed hour in which the thing cost nothing is known to have cost 0, from its first cost on.
  std::vector<KnownHour> known_hours(const HourlyCosts& costs) const {
    const sys_seconds begin = std::max<sys_seconds>(costs.hours.front().hour, at_ - kHistory);
    std::vector<KnownHour> known;
    auto next = costs.hours.begin();
    for (const sys_seconds hour : attributed_) {
      if (hour < begin) continue;
      while (next != costs.hours.end() && next->hour < hour) ++next;
      known.push_back({hour, next != costs.hours.end() && next->hour == hour ? next->cost : 0});
    }
    return known;
  }

  /// Those of the month that are not attributed: the future, and gaps since the first cost.
  std::vector<sys_seconds> open_hours(const HourlyCosts& costs) const {
    std::vector<sys_seconds> open;
    const sys_seconds begin = std::min(std::max(month_.begin, costs.hours.front().hour), at_);
    for (sys_seconds hour = std::max(begin, month_.begin); hour < month_.end; hour += 1h)
      if (!std::binary_search(attributed_.begin(), attributed_.end(), hour)) open.push_back(hour);
    return open;
  }

  /// Adds the row of `costs`, and empties it.
  void finish(HourlyCosts& costs) {
    if (costs.hours.empty()) return;
    double so_far = 0;
    for (const HourlyCosts::Hour& each : costs.hours)
      if (each.hour >= month_.begin) so_far += each.billed;
    const auto known = known_hours(costs);
    const auto open = open_hours(costs);
    const Estimate estimate = estimate_hours(known, open);
    const auto in_month =
        attributed_.end() - std::lower_bound(attributed_.begin(), attributed_.end(), month_.begin);
    constexpr const char* kNoEstimate = "fewer than 24 hours since its first cost are attributed";
    AnswerCells cells(selection_.cells_of(costs.key));
    cells.add(costs.currency);
    const auto add = [&](const std::optional<double>& rest, const char* why) {
      cells.add_number(rest.has_value(), so_far + rest.value_or(0), why);
    };
    cells.add_number(in_month > 0, so_far, "no hour of the month is attributed");
    add(estimate.expected, kNoEstimate);
    const char* const why_no_spread =
        estimate.expected ? "a spread needs 14 days of attributed hours" : kNoEstimate;
    add(estimate.p10, why_no_spread);
    add(estimate.p90, why_no_spread);
    cells.add_count(static_cast<double>(in_month));
    cells.add_count(static_cast<double>(open.size()));
    cells.add_count(static_cast<double>(known.size()));
    cells.add(std::string(estimate.method));
    if (conversion_.is_active()) cells.add(conversion_.described());
    answer_.rows.push_back(cells.take());
    costs.hours.clear();
  }

  Client& client_;
  Selection selection_;
  sys_seconds at_;
  std::string currency_;
  TimeRange month_;
  Conversion conversion_;
  std::vector<sys_seconds> attributed_;
  double billed_ = 0;  ///< Of all rows that were read; NaN when one was not converted.
  Answer answer_;
};

Result<Answer> ask_forecast(Client& client, TimeRange range, const GivenValues& given) {
  sys_seconds at = range.end;
  if (const auto text = given_value(given, "at")) {
    auto time = parse_time(*text);
    if (!time) return with_context(std::move(time).error(), "at");
    at = *time;
  }
  OPTIINFRA_TRY(Selection selection, Selection::create(kCostKeys, given_names(given, "by"),
                                                       given_filters(given, kCostKeys), {}, "hour"));
  return ForecastQuestion(client, std::move(selection), floor_hour(at), given_currency(given)).run();
}

}  // namespace

ComputedQuestion forecast_question() {
  ComputedQuestion question{.name = "forecast",
                            .meaning =
                                "What the month will have cost at its end, with what it costs less than in "
                                "10 % and in 90 % of cases, "
                                "from the attributed hours of four weeks",
                            .examples =
                                "  optiinfra query forecast --by customer\n"
                                "  optiinfra query forecast --customer UUID --by model --at 2026-11-20",
                            .is_of_attributed_hours = true,
                            .has_window = false,
                            .parameters = selection_parameters(kCostKeys),
                            .ask = ask_forecast};
  std::erase_if(question.parameters, [](const QuestionParameter& each) { return each.name == "bucket"; });
  question.parameters.push_back(currency_parameter());
  question.parameters.push_back(
      {.name = "at",
       .meaning = "Forecast the month of this time from the hours before it; default now",
       .form = "TIME"});
  return question;
}

}  // namespace optiinfra::attribution
