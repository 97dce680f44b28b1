// Attainment, goodput and burn of service level objectives, from single requests.
#include <algorithm>

#include "answer_cells.hpp"
#include "given.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "question_list.hpp"

namespace optiinfra::attribution {
namespace {

using namespace std::chrono_literals;

constexpr KeyColumn kSloColumns[] = {
    {{"customer", "customer_id", "customer"}, "customer_id", true},
    {{"service", "service_id", "service"}, "service_id", true},
    {{"model", "model_name", "model"}, "model_name"},
    {{"model_version", "model_version", "model version"}, "model_version"},
    {{"server", "service_type", "server"}, "service_type"},
    {{"instance", "instance_id", "instance"}, "instance_id"},
};

/// What a request may be held to, and the column that says.
struct Target {
  const char* name;
  const char* column;
  const char* meaning;
};
constexpr Target kTargets[] = {
    {"time_to_first_token_ms", "time_to_first_token_ms", "The most ms to the first token of a good request"},
    {"inter_token_latency_ms", "inter_token_latency_ms",
     "The most ms between two tokens of a good request, on average"},
    {"latency_ms", "latency_ms", "The most ms from arrival to the last token of a good request"},
};

/// The windows of the SRE workbook's alerts (table 5-8), ending where the question's window ends.
struct BurnWindow {
  const char* key;
  const char* heading;
  std::chrono::seconds length;
};
constexpr BurnWindow kBurnWindows[] = {{"burn_rate_5m", "burn 5 m", 5min},
                                       {"burn_rate_1h", "burn 1 h", 1h},
                                       {"burn_rate_6h", "burn 6 h", 6h},
                                       {"burn_rate_3d", "burn 3 d", 72h}};
constexpr std::chrono::seconds kLongestBurnWindow = 72h;

constexpr double kTargetDefault = 0.99;

struct SloQuestion {
  TimeRange range;
  double objective = kTargetDefault;
  std::vector<std::pair<const Target*, double>> targets = {};
  bool has_buckets = false;
};

/// SQL that says of a request what it counts as. An answer of one token has no gap between tokens to measure.
struct Verdicts {
  std::string good, missed, unmeasured, measured, not_counted;
};

Verdicts verdicts(const SloQuestion& question) {
  std::string beyond, unknown;
  for (const auto& [target, limit] : question.targets) {
    const std::string column = target->column, parameter = std::string("{") + target->name + ":Float64}";
    beyond += (beyond.empty() ? "" : " OR ") + ("ifNull(" + column + " > " + parameter + ", 0)");
    std::string absent = "isNull(" + column + ")";
    if (column == "inter_token_latency_ms")
      absent = "(" + absent + " AND NOT ifNull(completion_tokens <= 1, 0))";
    unknown += (unknown.empty() ? "" : " OR ") + absent;
  }
  beyond = beyond.empty() ? "0" : "(" + beyond + ")";
  unknown = unknown.empty() ? "0" : "(" + unknown + ")";
  const std::string ended_well = "status IN ('', 'ok')";
  Verdicts are;
  are.good = "(" + ended_well + " AND NOT " + beyond + " AND NOT " + unknown + ")";
  // A sender that gives up after a target was missed has seen it missed.
  are.missed =
      "(status IN ('server_error', 'dropped') OR (status IN ('', 'ok', 'aborted') AND " + beyond + "))";
  are.unmeasured = "(" + ended_well + " AND NOT " + beyond + " AND " + unknown + ")";
  are.measured = "(" + are.good + " OR " + are.missed + ")";
  are.not_counted = "(status = 'client_error' OR (status = 'aborted' AND NOT " + beyond + "))";
  return are;
}

std::string counted(const std::string& condition) { return ", toFloat64(countIf(" + condition + "))"; }

std::string since(const std::string& name) { return "timestamp >= toDateTime({" + name + ":UInt32}, 'UTC')"; }

/// The numbers of a row, in this order: requests, good, missed, unmeasured, not counted, tokens of good
/// answers, then good and measured of each burn window.
enum Number : std::size_t { kAll, kGood, kMissed, kNotMeasured, kNotCounted, kGoodTokens, kBurns };

std::string numbers(const SloQuestion& question) {
  const Verdicts are = verdicts(question);
  const std::string within = question.has_buckets ? "" : since("from") + " AND ";
  std::string sql;
  for (const std::string& each : {std::string("1"), are.good, are.missed, are.unmeasured, are.not_counted})
    sql += counted(within + each);
  sql += ", toFloat64(sumIf(ifNull(completion_tokens, 0), " + within + are.good + "))";
  if (question.has_buckets) return sql;
  for (const BurnWindow& window : kBurnWindows)
    for (const std::string& each : {are.good, are.measured})
      sql += counted(since(window.key) + " AND " + each);
  return sql;
}

std::vector<AnswerColumn> slo_columns(const Selection& selection, const SloQuestion& question) {
  std::vector<AnswerColumn> columns = selection.columns();
  const auto add = [&](const char* key, const char* heading, const char* unit, CellKind kind,
                       int decimals = 0) { columns.push_back({key, heading, unit, kind, decimals}); };
  add("requests", "requests", "requests", CellKind::kCount);
  add("good_requests", "good", "requests", CellKind::kCount);
  add("missed_requests", "missed", "requests", CellKind::kCount);
  add("unmeasured_requests", "not measured", "requests", CellKind::kCount);
  add("not_counted_requests", "not counted", "requests", CellKind::kCount);
  add("attainment", "attainment", "share of requests", CellKind::kNumber, 5);
  add("objective", "objective", "share of requests", CellKind::kNumber, 5);
  add("error_budget_left", "error budget left", "share", CellKind::kNumber, 3);
  add("burn_rate", "burn", "times", CellKind::kNumber, 2);
  if (!question.has_buckets)
    for (const BurnWindow& window : kBurnWindows)
      add(window.key, window.heading, "times", CellKind::kNumber, 2);
  add("goodput_requests_per_second", "goodput", "requests/s", CellKind::kNumber, 3);
  add("goodput_tokens_per_second", "goodput", "tokens/s", CellKind::kNumber, 1);
  add("coverage", "measured", "share of requests", CellKind::kNumber, 4);
  add("reason", "absent because", "", CellKind::kText);
  return columns;
}

constexpr const char* kNothingMeasured = "no request was measured against the targets";

std::vector<Cell> slo_cells(const SloQuestion& question, std::vector<Cell> keys, double seconds,
                            const std::vector<double>& of) {
  AnswerCells cells(std::move(keys));
  for (const Number count : {kAll, kGood, kMissed, kNotMeasured, kNotCounted}) cells.add_count(of[count]);
  const double measured = of[kGood] + of[kMissed], budget = 1 - question.objective;
  const auto add_burn = [&](double good, double all) {
    cells.add_quotient(true, all - good, all * budget, 1, kNothingMeasured);
  };
  cells.add_quotient(true, of[kGood], measured, 1, kNothingMeasured);
  cells.add(question.objective);
  cells.add_number(measured > 0, measured > 0 ? 1 - of[kMissed] / (measured * budget) : 0, kNothingMeasured);
  add_burn(of[kGood], measured);
  for (std::size_t i = kBurns; i + 1 < of.size(); i += 2) add_burn(of[i], of[i + 1]);
  cells.add_quotient(true, of[kGood], seconds, 1, nullptr);
  cells.add_quotient(true, of[kGoodTokens], seconds, 1, nullptr);
  cells.add_quotient(true, measured, measured + of[kNotMeasured], 1, kNothingMeasured);
  return cells.take();
}

Result<SloQuestion> slo_question_of(TimeRange range, const GivenValues& given) {
  SloQuestion question{.range = range};
  for (const Target& target : kTargets) {
    OPTIINFRA_TRY(const auto limit, given_number(given, target.name, {0, 1e9}));
    if (limit) question.targets.emplace_back(&target, *limit);
  }
  OPTIINFRA_TRY(const auto objective, given_number(given, "objective", {0, 1, false}));
  question.objective = objective.value_or(kTargetDefault);
  question.has_buckets = given_value(given, "bucket").has_value();
  return question;
}

/// Seconds of the bucket that begins at `begin`, within the window.
double seconds_of(TimeRange window, const std::optional<Bucket>& bucket, const Key& key) {
  if (!bucket) return static_cast<double>((window.end - window.begin).count());
  const sys_seconds begin{std::chrono::seconds{std::stoul(key[0])}};
  const sys_seconds from = std::max(begin, window.begin),
                    to = std::min(bucket_end(begin, *bucket), window.end);
  return static_cast<double>((to - from).count());
}

Result<Answer> ask_slo(Client& client, TimeRange range, const GivenValues& given) {
  OPTIINFRA_TRY(const SloQuestion question, slo_question_of(range, given));
  OPTIINFRA_TRY(const auto bucket, given_bucket(given));
  OPTIINFRA_TRY(const Selection selection,
                Selection::create(kSloColumns, given_names(given, "by"), given_filters(given, kSloColumns),
                                  bucket, "timestamp"));
  // Single requests are kept for a while only; the answer's window says what they cover.
  OPTIINFRA_TRY(const auto retention, client.raw_retention(Family::kPerformance));
  Answer answer;
  answer.window = {std::max(range.begin, now() - retention), range.end};
  answer.columns = slo_columns(selection, question);
  if (answer.window.begin >= answer.window.end) return answer;

  const sys_seconds read_from = question.has_buckets
                                    ? answer.window.begin
                                    : std::min(answer.window.begin, range.end - kLongestBurnWindow);
  const auto time = [](sys_seconds each) { return std::to_string(to_column_time(each)); };
  std::vector<NamedValue> parameters = {
      {"read_from", time(read_from)}, {"from", time(answer.window.begin)}, {"to", time(range.end)}};
  for (const BurnWindow& window : kBurnWindows)
    parameters.emplace_back(window.key, time(range.end - window.length));
  for (const auto& [target, limit] : question.targets)
    parameters.emplace_back(target->name, std::to_string(limit));
  parameters.insert(parameters.end(), selection.parameters().begin(), selection.parameters().end());
  OPTIINFRA_CHECK(client.with_session([&](Session& session) -> Result<void> {
    const std::string sql = "SELECT " + selection.keys() + numbers(question) + " FROM " +
                            qualified(session.database(), table_of(Family::kPerformance).raw_table) +
                            " WHERE " + since("read_from") +
                            " AND timestamp < toDateTime({to:UInt32}, 'UTC')" + selection.conditions() +
                            " GROUP BY " + selection.key_names() + " ORDER BY " + selection.key_names();
    return done(session.query({.sql = sql, .parameters = parameters}, [&](const Block& block) {
      for (std::size_t row = 0; row < block.row_count(); ++row) {
        std::vector<double> of;
        for (std::size_t i = selection.key_count(); i < block.columns().size(); ++i)
          of.push_back((*block.values<std::vector<double>>(i))[row]);
        const Key key = selection.key_at(block, row);
        answer.rows.push_back(
            slo_cells(question, selection.cells_of(key), seconds_of(answer.window, bucket, key), of));
      }
      return answer.rows.size() <= kAnswerRowsMax;
    }));
  }));
  OPTIINFRA_CHECK(expect_rows_fit(answer.rows.size()));
  return answer;
}

}  // namespace

ComputedQuestion slo_question() {
  ComputedQuestion question{
      .name = "slo",
      .meaning = "How many requests met their targets, how fast the error budget burns, and goodput",
      .examples =
          "  optiinfra query slo --time-to-first-token-ms 500 --objective 0.99 --by service\n"
          "  optiinfra query slo --customer UUID --latency-ms 20000 --bucket day --hours 168",
      .is_of_attributed_hours = false,
      .parameters = selection_parameters(kSloColumns),
      .ask = ask_slo};
  for (const Target& target : kTargets)
    question.parameters.push_back({.name = target.name, .meaning = target.meaning, .form = "MS"});
  question.parameters.push_back({.name = "objective",
                                 .meaning = "The share of requests that shall be good; default 0.99",
                                 .form = "SHARE"});
  return question;
}

}  // namespace optiinfra::attribution
