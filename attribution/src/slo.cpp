// Attainment, goodput and burn of service level objectives, from single requests: all of a question's in one
// pass over them.
#include <algorithm>
#include <cmath>
#include <iomanip>
#include <locale>
#include <map>
#include <sstream>
#include <tuple>

#include "answer_cells.hpp"
#include "given.hpp"
#include "optiinfra/attribution/objectives.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "question_list.hpp"
#include "scope.hpp"
#include "slo_keys.hpp"

namespace optiinfra::attribution {
namespace {

using namespace std::chrono_literals;

/// What a request may be held to. The column that says has the same name.
struct Target {
  const char* name;
  const char* heading;
  const char* meaning;
  std::optional<double> Objective::* of_objective;
};
constexpr Target kTargets[] = {
    {"time_to_first_token_ms", "first token within", "The most ms to the first token of a good request",
     &Objective::time_to_first_token_ms},
    {"inter_token_latency_ms", "between tokens within",
     "The most ms between two tokens of a good request, on average", &Objective::inter_token_latency_ms},
    {"latency_ms", "all within", "The most ms from arrival to the last token of a good request",
     &Objective::latency_ms},
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
constexpr const char* kPeriodBegin = "period";

/// Above every target: of an objective that has none of this kind.
constexpr double kNoTarget = 1e300;
constexpr const char* kNoTargetText = "1e300";

/// Objectives of the store, or the one that the question itself gives, which has no name and no period.
struct SloQuestion {
  TimeRange window;
  sys_seconds kept_since;
  std::optional<Bucket> bucket = {};
  std::vector<Objective> objectives = {};
  bool has_periods = false;

  bool has_target(const Target& target) const {
    return std::any_of(objectives.begin(), objectives.end(),
                       [&](const Objective& each) { return (each.*target.of_objective).has_value(); });
  }
  /// Whether the requests of the objective's whole period are kept.
  bool knows_period(const Objective& objective) const {
    return has_periods && !bucket && window.end - objective.period >= kept_since;
  }
};

/// SQL that says of a request, and of the objective that it is held to, what it counts as. An answer of one
/// token has no gap between tokens to measure.
struct Verdicts {
  std::string good, missed, unmeasured, measured, not_counted;
};

std::string limit_of(const Target& target) { return std::string("limit_") + target.name; }

Verdicts verdicts(const SloQuestion& question) {
  std::string beyond, unknown;
  for (const Target& target : kTargets) {
    if (!question.has_target(target)) continue;
    const std::string column = target.name, limit = limit_of(target);
    beyond += (beyond.empty() ? "" : " OR ") + ("ifNull(" + column + " > " + limit + ", 0)");
    std::string absent = "isNull(" + column + ")";
    if (column == "inter_token_latency_ms") absent += " AND NOT ifNull(completion_tokens <= 1, 0)";
    unknown +=
        (unknown.empty() ? "" : " OR ") + ("(" + limit + " < " + kNoTargetText + " AND " + absent + ")");
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
/// answers (NaN when none of them has a number of tokens), then good and measured of each burn window and of
/// the period.
enum Number : std::size_t { kAll, kGood, kMissed, kNotMeasured, kNotCounted, kGoodTokens, kBurns };

std::string numbers(const SloQuestion& question) {
  const Verdicts are = verdicts(question);
  const std::string within = question.bucket ? "" : since("from") + " AND ";
  std::string sql;
  for (const std::string& each : {std::string("1"), are.good, are.missed, are.unmeasured, are.not_counted})
    sql += counted(within + each);
  sql += ", ifNull(toFloat64(sumIf(completion_tokens, " + within + are.good + ")), nan)";
  if (question.bucket) return sql;
  const auto add_since = [&](const std::string& condition) {
    for (const std::string& each : {are.good, are.measured}) sql += counted(condition + " AND " + each);
  };
  for (const BurnWindow& window : kBurnWindows) add_since(since(window.key));
  if (question.has_periods) add_since(std::string("start >= ") + kPeriodBegin);
  return sql;
}

/// Which of the objectives each request is held to, as SQL: one pass over the requests answers for all of
/// them. Sorts the objectives, so that those for the same requests have numbers in a row.
class Held {
 public:
  explicit Held(std::vector<Objective>& objectives) {
    const auto scope_of = [](const Objective& each) { return std::tie(each.scope, each.scope_id); };
    std::sort(objectives.begin(), objectives.end(),
              [&](const Objective& a, const Objective& b) { return scope_of(a) < scope_of(b); });
    for (std::size_t begin = 0; begin < objectives.size();) {
      std::size_t end = begin;
      while (end < objectives.size() && scope_of(objectives[end]) == scope_of(objectives[begin])) ++end;
      add(objectives[begin], begin, end - begin);
      begin = end;
    }
  }

  /// Of one request.
  std::size_t most() const {
    std::size_t most = of_all_;
    for (const auto& [column, scope] : scopes_) most += scope.most;
    return most;
  }

  /// An array of the numbers of its objectives.
  std::string numbers() const {
    std::string sql = "arrayConcat(range(toUInt32(" + std::to_string(of_all_) + "))";
    for (const auto& [column, scope] : scopes_) {
      const std::string found = "CAST(transform(toString(" + std::string(column->column) + "), [" +
                                scope.ids + "], [" + scope.places + "], toUInt32(0)), 'UInt32')";
      sql += ", range(intDiv(" + found + ", " + kPlace + "), intDiv(" + found + ", " + kPlace + ") + " +
             found + " % " + kPlace + ")";
    }
    return sql + ")";
  }

  /// " AND (...)": the requests that are held to any.
  std::string conditions() const {
    if (of_all_ > 0) return "";
    std::string any;
    for (const auto& [column, scope] : scopes_)
      any += (any.empty() ? "" : " OR ") + (column->column + (" IN (" + scope.values + ")"));
    return " AND (" + any + ")";
  }

  const std::vector<NamedValue>& parameters() const { return parameters_; }

 private:
  /// What the number of the first objective is multiplied with, to have room for how many there are.
  static constexpr const char* kPlace = "65536";
  static_assert(kObjectivesMax < 65536);

  struct Scope {
    std::string ids, values, places;
    std::size_t most = 0;
  };

  void add(const Objective& first, std::size_t begin, std::size_t count) {
    if (first.scope.empty()) {
      of_all_ = count;
      return;
    }
    const auto column = std::find_if(std::begin(kSloKeys), std::end(kSloKeys), [&](const KeyColumn& each) {
      return first.scope == each.dimension.name;
    });
    Scope& scope = scopes_[column];
    const std::string name = "scope" + std::to_string(parameters_.size()), value = "{" + name + ":String}";
    parameters_.emplace_back(name, first.scope_id);
    const auto append = [](std::string& list, const std::string& each) {
      list += (list.empty() ? "" : ", ") + each;
    };
    append(scope.ids, value);
    append(scope.values, column->is_uuid ? "toUUID(" + value + ")" : value);
    append(scope.places,
           "toUInt32(" + std::to_string(begin) + " * " + kPlace + " + " + std::to_string(count) + ")");
    scope.most = std::max(scope.most, count);
  }

  std::size_t of_all_ = 0;
  std::map<const KeyColumn*, Scope> scopes_;
  std::vector<NamedValue> parameters_;
};

/// "[...]" of a number for each objective.
template <typename Value>
std::string list_of(const std::vector<Objective>& objectives, Value value) {
  std::string list;
  for (std::size_t i = 0; i < objectives.size(); ++i) {
    std::ostringstream number;
    number.imbue(std::locale::classic());
    number << std::setprecision(17) << value(i);
    list += (i == 0 ? "" : ",") + number.str();
  }
  return "[" + list + "]";
}

std::vector<AnswerColumn> slo_columns(const Selection& selection, bool has_buckets) {
  std::vector<AnswerColumn> columns = selection.columns();
  const auto add = [&](const char* key, const char* heading, const char* unit, CellKind kind,
                       int decimals = 0) { columns.push_back({key, heading, unit, kind, decimals}); };
  add("requests", "requests", "requests", CellKind::kCount);
  add("good_requests", "good", "requests", CellKind::kCount);
  add("missed_requests", "missed", "requests", CellKind::kCount);
  add("unmeasured_requests", "not measured", "requests", CellKind::kCount);
  add("not_counted_requests", "not counted", "requests", CellKind::kCount);
  add("objective_name", "objective", "", CellKind::kText);
  for (const Target& target : kTargets)
    columns.push_back({std::string("target_") + target.name, target.heading, "ms", CellKind::kNumber, 0});
  add("attainment", "attainment", "share of requests", CellKind::kNumber, 5);
  add("objective", "wanted", "share of requests", CellKind::kNumber, 5);
  add("error_budget_left", "error budget left", "share", CellKind::kNumber, 3);
  add("burn_rate", "burn", "times", CellKind::kNumber, 2);
  if (!has_buckets) {
    for (const BurnWindow& window : kBurnWindows)
      add(window.key, window.heading, "times", CellKind::kNumber, 2);
    add("period_days", "period", "days", CellKind::kCount);
    add("period_error_budget_left", "budget left of the period", "share", CellKind::kNumber, 3);
  }
  add("goodput_requests_per_second", "goodput", "requests/s", CellKind::kNumber, 3);
  add("goodput_tokens_per_second", "goodput", "tokens/s", CellKind::kNumber, 1);
  add("coverage", "measured", "share of requests", CellKind::kNumber, 4);
  add("reason", "absent because", "", CellKind::kText);
  return columns;
}

constexpr const char* kNothingMeasured = "no request was measured against the targets";
constexpr const char* kNothingToBurn = "no request in the window of a burn rate was measured";

std::vector<Cell> slo_cells(const SloQuestion& question, const Objective& objective, std::vector<Cell> keys,
                            double seconds, const std::vector<double>& of) {
  AnswerCells cells(std::move(keys));
  for (const Number count : {kAll, kGood, kMissed, kNotMeasured, kNotCounted}) cells.add_count(of[count]);
  if (objective.name.empty())
    cells.add_absent(nullptr);
  else
    cells.add(objective.name);
  for (const Target& target : kTargets) {
    const auto& limit = objective.*target.of_objective;
    cells.add_number(limit.has_value(), limit.value_or(0), nullptr);
  }
  const double measured = of[kGood] + of[kMissed], budget = 1 - objective.share;
  const auto add_burn = [&](double good, double all, const char* why) {
    cells.add_quotient(true, all - good, all * budget, 1, why);
  };
  const auto add_budget_left = [&](double missed, double all) {
    cells.add_number(all > 0, all > 0 ? 1 - missed / (all * budget) : 0, kNothingMeasured);
  };
  cells.add_quotient(true, of[kGood], measured, 1, kNothingMeasured);
  cells.add(objective.share);
  add_budget_left(of[kMissed], measured);
  add_burn(of[kGood], measured, kNothingMeasured);
  std::size_t next = kBurns;
  for (std::size_t i = 0; !question.bucket && i < std::size(kBurnWindows); ++i, next += 2)
    add_burn(of[next], of[next + 1], measured > 0 ? kNothingToBurn : kNothingMeasured);
  if (!question.bucket && !question.has_periods) {
    cells.add_absent(nullptr);
    cells.add_absent(nullptr);
  } else if (!question.bucket) {
    cells.add_count(static_cast<double>(objective.period.count()));
    if (question.knows_period(objective))
      add_budget_left(of[next + 1] - of[next], of[next + 1]);
    else
      cells.add_absent("the requests of the objective's whole period are not kept");
  }
  cells.add_quotient(true, of[kGood], seconds, 1, nullptr);
  const bool has_tokens = of[kGood] == 0 || !std::isnan(of[kGoodTokens]);
  cells.add_quotient(has_tokens, of[kGood] == 0 ? 0 : of[kGoodTokens], seconds, 1,
                     "no good request has a number of tokens");
  cells.add_quotient(true, measured, measured + of[kNotMeasured], 1, kNothingMeasured);
  return cells.take();
}

/// Seconds of the bucket that begins at `begin`, within the window.
double seconds_of(TimeRange window, const std::optional<Bucket>& bucket, const Key& key) {
  if (!bucket) return static_cast<double>((window.end - window.begin).count());
  const sys_seconds begin{std::chrono::seconds{std::stoul(key[0])}};
  const sys_seconds from = std::max(begin, window.begin),
                    to = std::min(bucket_end(begin, *bucket), window.end);
  return static_cast<double>((to - from).count());
}

/// Adds a row for each objective and key with requests, by the objectives' names.
/// Errors: kTooLarge when a request would be held to more than kObjectivesOfRequestMax.
Result<void> add_rows(Client& client, SloQuestion question, const Selection& selection, Answer& answer) {
  const Held held(question.objectives);
  if (held.most() > kObjectivesOfRequestMax)
    return Error{ErrorKind::kTooLarge,
                 std::to_string(held.most()) +
                     " objectives are for the same requests, and a question takes " +
                     std::to_string(kObjectivesOfRequestMax) +
                     "; name one with objective_name, ask for some of the customers, services or models that "
                     "they are for, or give targets here"};
  const auto& objectives = question.objectives;
  const TimeRange window = question.window;
  const auto own_begin = [&](const Objective& each) {
    sys_seconds begin = window.begin;
    if (!question.bucket) begin = std::min(begin, window.end - kLongestBurnWindow);
    return question.knows_period(each) ? std::min(begin, window.end - each.period) : begin;
  };
  sys_seconds read_from = window.begin;
  for (const Objective& each : objectives) read_from = std::min(read_from, own_begin(each));
  const auto time = [](sys_seconds each) { return std::to_string(to_column_time(each)); };
  std::vector<NamedValue> parameters = {
      {"read_from", time(read_from)}, {"from", time(window.begin)}, {"to", time(window.end)}};
  for (const BurnWindow& burn : kBurnWindows)
    parameters.emplace_back(burn.key, time(window.end - burn.length));
  // A single objective needs no look at which of them a request is held to, and is asked for most.
  const bool is_one = objectives.size() == 1;
  if (!is_one) parameters.emplace_back("objectives", list_of(objectives, [](std::size_t i) { return i; }));
  std::string with = std::string("WITH ") + (is_one ? "toUInt32(0)" : "toUInt32(held_to)") + " AS objective";
  // A number of the objective that the request is held to.
  const auto add_number = [&](const std::string& name, const std::string& type, const std::string& list) {
    parameters.emplace_back(name + "s", list);
    const std::string values = "{" + name + "s:Array(" + type + ")}";
    with += ", " +
            (is_one ? values + "[1]"
                    : "transform(objective, {objectives:Array(UInt32)}, " + values + ", CAST(0, '" + type +
                          "'))") +
            " AS " + name;
  };
  for (const Target& target : kTargets)
    if (question.has_target(target))
      add_number(limit_of(target), "Float64", list_of(objectives, [&](std::size_t i) {
                   return (objectives[i].*target.of_objective).value_or(kNoTarget);
                 }));
  if (question.has_periods && !question.bucket) {
    with += ", toUnixTimestamp(timestamp) AS start";
    add_number(kPeriodBegin, "UInt32", list_of(objectives, [&](std::size_t i) {
                 return to_column_time(
                     question.knows_period(objectives[i]) ? window.end - objectives[i].period : window.end);
               }));
  }
  // What one objective reads of the past gives others no rows without requests.
  std::string having;
  if (!is_one && question.has_periods && !question.bucket) {
    add_number("own_begin", "UInt32",
               list_of(objectives, [&](std::size_t i) { return to_column_time(own_begin(objectives[i])); }));
    having = " HAVING toUnixTimestamp(max(timestamp)) >= own_begin";
  }
  for (const auto* const more : {&selection.parameters(), &held.parameters()})
    parameters.insert(parameters.end(), more->begin(), more->end());
  std::vector<std::vector<std::vector<Cell>>> rows(objectives.size());
  std::size_t count = 0;
  OPTIINFRA_CHECK(client.with_session([&](Session& session) -> Result<void> {
    const std::string sql =
        with + " SELECT " + selection.keys() + ", objective" + numbers(question) + " FROM " +
        qualified(session.database(), table_of(Family::kPerformance).raw_table) +
        (is_one ? "" : " ARRAY JOIN " + held.numbers() + " AS held_to") + " WHERE " + since("read_from") +
        " AND timestamp < toDateTime({to:UInt32}, 'UTC')" + selection.conditions() + held.conditions() +
        " GROUP BY " + selection.key_names() + ", objective" + having + " ORDER BY " + selection.key_names();
    return done(session.query({.sql = sql, .parameters = parameters}, [&](const Block& block) {
      const std::size_t keys = selection.key_count();
      for (std::size_t row = 0; row < block.row_count(); ++row, ++count) {
        std::vector<double> of;
        for (std::size_t i = keys + 1; i < block.columns().size(); ++i)
          of.push_back((*block.values<std::vector<double>>(i))[row]);
        const std::size_t objective = (*block.values<std::vector<std::uint32_t>>(keys))[row];
        const Key key = selection.key_at(block, row);
        rows[objective].push_back(slo_cells(question, objectives[objective], selection.cells_of(key),
                                            seconds_of(window, question.bucket, key), of));
      }
      return count <= kAnswerRowsMax;
    }));
  }));
  OPTIINFRA_CHECK(expect_rows_fit(count));
  std::map<std::string_view, std::size_t> by_name;
  for (std::size_t i = 0; i < objectives.size(); ++i) by_name.emplace(objectives[i].name, i);
  for (const auto& [name, i] : by_name)
    for (auto& row : rows[i]) answer.rows.push_back(std::move(row));
  return {};
}

/// What the question itself gives; nothing when it leaves that to the store's objectives.
Result<std::optional<Objective>> given_objective(const GivenValues& given) {
  Objective objective;
  bool is_given = false;
  for (const Target& target : kTargets) {
    OPTIINFRA_TRY(objective.*target.of_objective, given_number(given, target.name, {0, 1e9}));
    is_given = is_given || (objective.*target.of_objective).has_value();
  }
  OPTIINFRA_TRY(const auto share, given_number(given, "objective", {0, 1, false}));
  objective.share = share.value_or(objective.share);
  return is_given || share ? std::optional(objective) : std::nullopt;
}

/// Whether a request can meet the question's filters and be what the objective is for.
bool is_for_some_of(const Objective& objective, const std::vector<Filter>& filters) {
  bool is_filtered = false;
  for (const Filter& filter : filters) {
    if (filter.dimension != objective.scope) continue;
    if (filter.value == objective.scope_id) return true;
    is_filtered = true;
  }
  return !is_filtered;
}

/// The store's objectives, or the one that the question names; of those for customers, these of the
/// question's customers.
Result<std::vector<Objective>> objectives_for(Client& client, const GivenValues& given) {
  OPTIINFRA_TRY(auto objectives, read_objectives(client));
  const auto customers = given_names(given, "customer");
  // A caller that sees some customers learns nothing of others' objectives, not even that a name is taken.
  std::erase_if(objectives, [&](const Objective& each) {
    return !customers.empty() && each.scope == "customer" &&
           std::find(customers.begin(), customers.end(), each.scope_id) == customers.end();
  });
  const auto wanted = given_value(given, "objective_name");
  if (!wanted) return objectives;
  std::vector<std::string> known;
  for (const Objective& each : objectives) known.push_back(each.name);
  std::erase_if(objectives, [&](const Objective& each) { return each.name != *wanted; });
  if (!objectives.empty()) return objectives;
  // Nor are the names of what it may not see a suggestion.
  if (!customers.empty()) known.clear();
  return no_such("objective", *wanted, known);
}

Result<Answer> ask_slo(Client& client, TimeRange range, const GivenValues& given) {
  OPTIINFRA_TRY(const auto bucket, given_bucket(given));
  OPTIINFRA_TRY(const auto own, given_objective(given));
  if (own && given_value(given, "objective_name"))
    return invalid_argument("objective_name: an objective has targets of its own; leave one of the two out");
  const auto dimensions = given_names(given, "by");
  const auto filters = given_filters(given, kSloKeys);
  OPTIINFRA_TRY(const Selection selection,
                Selection::create(kSloKeys, dimensions, filters, bucket, "timestamp"));
  // Single requests are kept for a while only; the answer's window says what they cover.
  OPTIINFRA_TRY(const auto retention, client.raw_retention(Family::kPerformance));
  SloQuestion question{.window = {std::max(range.begin, now() - retention), range.end},
                       .kept_since = now() - retention,
                       .bucket = bucket,
                       .objectives = {own.value_or(Objective{})}};
  Answer answer;
  answer.window = question.window;
  answer.columns = slo_columns(selection, bucket.has_value());
  SloQuestion of_store = question;
  of_store.objectives.clear();
  of_store.has_periods = true;
  if (!own) {
    OPTIINFRA_TRY(of_store.objectives, objectives_for(client, given));
  }
  if (answer.window.begin >= answer.window.end) return answer;
  std::erase_if(of_store.objectives, [&](const Objective& each) { return !is_for_some_of(each, filters); });
  if (!of_store.objectives.empty()) OPTIINFRA_CHECK(add_rows(client, of_store, selection, answer));
  // Where no objective is for these requests, errors alone count.
  const bool asks_for_one = given_value(given, "objective_name").has_value();
  if (answer.rows.empty() && !asks_for_one)
    OPTIINFRA_CHECK(add_rows(client, std::move(question), selection, answer));
  return answer;
}

}  // namespace

ComputedQuestion slo_question() {
  ComputedQuestion question{
      .name = "slo",
      .meaning =
          "How many requests met the objectives that are set, or the targets given here; how fast the "
          "error budget burns, and goodput",
      .examples =
          "  optiinfra query slo\n"
          "  optiinfra query slo --time-to-first-token-ms 500 --objective 0.99 --by service\n"
          "  optiinfra query slo --customer UUID --latency-ms 20000 --bucket day --hours 168",
      .is_of_attributed_hours = false,
      .parameters = selection_parameters(kSloKeys),
      .ask = ask_slo};
  for (const Target& target : kTargets)
    question.parameters.push_back({.name = target.name, .meaning = target.meaning, .form = "MS"});
  question.parameters.push_back({.name = "objective",
                                 .meaning = "The share of requests that shall be good; default 0.99",
                                 .form = "SHARE"});
  question.parameters.push_back(
      {.name = "objective_name",
       .meaning =
           "Only this one of the objectives that are set; without it and without a target: all of them",
       .form = "NAME"});
  return question;
}

}  // namespace optiinfra::attribution
