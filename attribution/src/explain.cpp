// Why a cost changed between two windows, from attributed hours.
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "answer_cells.hpp"
#include "conversion.hpp"
#include "cost_keys.hpp"
#include "explain_parts.hpp"
#include "field_texts.hpp"
#include "given.hpp"
#include "hour_reader.hpp"
#include "hour_writer.hpp"
#include "optiinfra/attribution/unit_cost.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/attribution_tables.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "question_list.hpp"

namespace optiinfra::attribution {
namespace {

using namespace std::chrono_literals;

/// A number that can be explained.
struct ExplainedMeasure {
  const char* name;
  double factor;  ///< Requests or tokens that it is the cost of; 0 for a total.
  bool is_of_tokens;
};
constexpr ExplainedMeasure kExplained[] = {
    {"total_cost", 0, false}, {"cost_per_request", 1, false}, {"cost_per_million_tokens", 1e6, true}};

struct ExplainQuestion {
  ExplainedMeasure measure = kExplained[0];
  TimeRange before, after;
  CostBasis basis = CostBasis::kReservation;
  IdlePolicy idle = IdlePolicy::kSeparate;
  std::string currency = {};  ///< That all amounts are converted to; empty: as billed.
};

std::vector<AnswerColumn> explain_columns(const Selection& selection, const ExplainQuestion& question) {
  std::vector<AnswerColumn> columns = selection.columns();
  const int digits = question.measure.factor == 0 ? 2 : question.measure.factor == 1 ? 6 : 4;
  const auto add = [&](const char* key, const char* heading, const char* unit, CellKind kind,
                       int decimals = 0) { columns.push_back({key, heading, unit, kind, decimals}); };
  const char* const volume = question.measure.is_of_tokens ? "tokens" : "requests";
  add("currency", "currency", "", CellKind::kText);
  add("state", "what", "", CellKind::kText);
  add("before", "before", "currency", CellKind::kNumber, digits);
  add("after", "after", "currency", CellKind::kNumber, digits);
  add("change", "change", "currency", CellKind::kNumber, digits);
  add("part", "because of", "", CellKind::kText);
  add("amount", "amount", "currency", CellKind::kNumber, digits);
  add("share", "share", "share of the whole change", CellKind::kNumber, 3);
  add("volume_before", volume, volume, CellKind::kCount);
  add("volume_after", "after", volume, CellKind::kCount);
  add("coverage_before", "priced", "share of requests", CellKind::kNumber, 4);
  add("coverage_after", "after", "share of requests", CellKind::kNumber, 4);
  add("attributed_hours_before", "hours", "h", CellKind::kCount);
  add("attributed_hours_after", "after", "h", CellKind::kCount);
  add("before_begin", "before from", "", CellKind::kTime);
  add("before_end", "before to", "", CellKind::kTime);
  add("allocation_method", "method", "", CellKind::kText);
  add("price_source", "price from", "", CellKind::kText);
  add("reason", "absent because", "", CellKind::kText);
  return columns;
}

/// Requests of one window, and those of them that no charge covers.
struct PricedRequests {
  std::uint64_t priced = 0, unpriced = 0;

  PricedRequests& operator+=(const PricedRequests& other) {
    priced += other.priced;
    unpriced += other.unpriced;
    return *this;
  }
  double all() const { return static_cast<double>(priced + unpriced); }
};

/// A value of each window.
template <typename T>
struct BeforeAfter {
  T before{}, after{};
};

using Words = std::set<std::string>;

void add_words(Words& words, std::string_view list) {
  constexpr std::string_view kBetween = ", ";
  while (!list.empty()) {
    const auto end = std::min(list.find(kBetween), list.size());
    words.emplace(list.substr(0, end));
    list.remove_prefix(std::min(end + kBetween.size(), list.size()));
  }
}

std::string joined(const Words& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

struct ExplainedGroup {
  Key key;
  std::string currency;
  GroupCost cost;
  Words methods, sources;
};

class Explanation {
 public:
  Explanation(Client& client, const ExplainQuestion& question, Selection selection)
      : client_(client), question_(question), selection_(std::move(selection)) {}

  Result<Answer> run() {
    answer_.window = question_.after;
    answer_.columns = explain_columns(selection_, question_);
    // Of both windows and what lies between them.
    const TimeRange all{std::min(question_.before.begin, question_.after.begin),
                        std::max(question_.before.end, question_.after.end)};
    const std::string between = " AND (" + within(question_.before) + " OR " + within(question_.after) + ")";
    OPTIINFRA_TRY(conversion_,
                  Conversion::create(client_, question_.currency, all, between + selection_.conditions(),
                                     selection_.parameters()));
    add_rates_column(answer_.columns, conversion_);
    OPTIINFRA_CHECK(client_.with_session([&](Session& session) { return read_both(session); }));
    std::map<std::string, std::vector<const ExplainedGroup*>> by_currency;
    for (const auto& [key, group] : groups_) by_currency[group.currency].push_back(&group);
    for (const auto& [currency, groups] : by_currency) explain(groups);
    OPTIINFRA_CHECK(expect_rows_fit(answer_.rows.size()));
    return std::move(answer_);
  }

 private:
  static std::string within(TimeRange range) {
    return "hour >= toDateTime(" + std::to_string(to_column_time(range.begin)) +
           ", 'UTC') AND hour < toDateTime(" + std::to_string(to_column_time(range.end)) + ", 'UTC')";
  }

  Result<void> read_both(Session& session) {
    OPTIINFRA_CHECK(read(session, question_.before, &GroupCost::before, &BeforeAfter<PricedRequests>::before,
                         hours_.before));
    return read(session, question_.after, &GroupCost::after, &BeforeAfter<PricedRequests>::after,
                hours_.after);
  }

  Result<void> read(Session& session, TimeRange range, WindowCost GroupCost::* window,
                    PricedRequests BeforeAfter<PricedRequests>::* requests, std::size_t& hours) {
    OPTIINFRA_TRY(const auto versions, read_versions(session, range));
    hours = versions.size();
    const auto list = [](const char* column) {
      const std::string name = "CAST(" + std::string(column) + ", 'String')";
      return ", arrayStringConcat(arraySort(groupUniqArrayIf(" + name + ", " + name + " != '')), ', ')";
    };
    const std::string volume =
        question_.measure.is_of_tokens ? "prompt_tokens + completion_tokens" : "requests";
    std::string sql = conversion_.with() + "SELECT " + selection_.keys() + ", " + conversion_.money() +
                      " AS money" + list("method") + list("price_source");
    const auto add_sum = [&](const char* column, const char* condition) {
      const std::string sum = "sumIf(" + conversion_.amount(column) + ", " + condition + ")";
      // The engine refuses to make a whole number of what is none; the last column tells.
      sql += ", toInt64(round(" + (conversion_.is_active() ? "ifNotFinite(" + sum + ", 0.)" : sum) + "))";
    };
    add_sum("cost", "kind IN ('served', 'wasted')");
    for (const char* const kind :
         {"kind = 'underfill'", "kind = 'idle'", "kind = 'overhead'", "kind = 'unreconciled'"})
      add_sum("cost", kind);
    add_sum("shared_underfill", "1");
    add_sum("shared_idle", "1");
    sql += ", sumIf(" + volume +
           ", kind != 'unpriced'), sumIf(requests, kind != 'unpriced'), sumIf(requests, kind = 'unpriced'), "
           "countIf(kind != 'unpriced'), toFloat64(sum(" +
           conversion_.amount("cost") + ")) FROM " +
           qualified(session.database(), store::kAttributedCostTable) + " WHERE " +
           newest_versions(session.database()) + selection_.conditions() + " GROUP BY " +
           selection_.key_names() + ", money";
    std::vector<NamedValue> parameters = {{"from", std::to_string(to_column_time(range.begin))},
                                          {"to", std::to_string(to_column_time(range.end))}};
    parameters.insert(parameters.end(), selection_.parameters().begin(), selection_.parameters().end());
    OPTIINFRA_CHECK(done(session.query({.sql = sql, .parameters = parameters}, [&](const Block& block) {
      for (std::size_t row = 0; row < block.row_count(); ++row) take(block, row, window, requests);
      return groups_.size() <= kAnswerRowsMax;
    })));
    OPTIINFRA_CHECK(conversion_.expect_known(cost_));
    return expect_rows_fit(groups_.size());
  }

  void take(const Block& block, std::size_t row, WindowCost GroupCost::* window,
            PricedRequests BeforeAfter<PricedRequests>::* requests) {
    const std::size_t texts = selection_.key_count(), amounts = texts + 3, counts = amounts + 7;
    const auto amount = [&](std::size_t i) {
      return (*block.values<std::vector<std::int64_t>>(amounts + i))[row];
    };
    const auto count = [&](std::size_t i) {
      return (*block.values<std::vector<std::uint64_t>>(counts + i))[row];
    };
    Key key = selection_.key_at(block, row);
    requests_[key].*requests += PricedRequests{count(1), count(2)};
    cost_ += (*block.values<std::vector<double>>(counts + 4))[row];
    if (count(3) == 0) return;  // Requests without a price have no currency either.
    std::string currency((*block.values<Strings>(texts))[row]);
    ExplainedGroup& group = groups_[{key, currency}];
    group.key = std::move(key);
    group.currency = std::move(currency);
    add_words(group.methods, (*block.values<Strings>(texts + 1))[row]);
    add_words(group.sources, (*block.values<Strings>(texts + 2))[row]);
    const bool is_shared = question_.idle == IdlePolicy::kShare,
               is_hidden = question_.idle == IdlePolicy::kHide;
    const bool is_total = question_.measure.factor == 0;
    const bool is_held = is_total || question_.basis == CostBasis::kReservation;
    group.cost.*window = {.served = amount(0),
                          .underfill = amount(1) + (is_shared ? amount(5) : 0),
                          .idle = !is_held || is_hidden ? 0 : amount(2) + (is_shared ? amount(6) : 0),
                          .overhead = is_held ? amount(3) : 0,
                          .unreconciled = is_total ? amount(4) : 0,
                          .volume = count(0)};
  }

  /// Adds the rows of one currency: those of all groups together, then the groups that moved it most.
  void explain(const std::vector<const ExplainedGroup*>& groups) {
    std::vector<GroupCost> costs;
    ExplainedGroup whole = together(groups, costs);
    BeforeAfter<PricedRequests> requests;
    for (const auto& [key, each] : requests_) {
      requests.before += each.before;
      requests.after += each.after;
    }
    std::optional<ExplainedChange> change;
    if (hours_.before > 0 && hours_.after > 0)
      change = question_.measure.factor == 0 ? explain_total(costs)
                                             : explain_unit_cost(costs, question_.measure.factor);
    if (!change) return add_unexplained(whole, requests);

    const ChangeRow row{*change, whole, "whole", change->whole, requests};
    const auto number = [&](std::int64_t units) { return static_cast<double>(units) / change->scale; };
    add_parts(row, {{number(change->before), number(change->after)}, number(change->after - change->before)});
    for (const std::size_t i : by_contribution(*change)) {
      const ExplainedGroup& group = *groups[i];
      const auto& seen = requests_[group.key];
      add_parts({*change, group, state_of(group.cost), change->groups[i], seen}, values_of(group.cost, seen));
    }
  }

  ExplainedGroup together(const std::vector<const ExplainedGroup*>& groups,
                          std::vector<GroupCost>& costs) const {
    ExplainedGroup whole;
    whole.key.resize(selection_.key_count());
    whole.currency = groups.front()->currency;
    for (const ExplainedGroup* group : groups) {
      costs.push_back(group->cost);
      whole.cost.before.volume += group->cost.before.volume;
      whole.cost.after.volume += group->cost.after.volume;
      whole.methods.insert(group->methods.begin(), group->methods.end());
      whole.sources.insert(group->sources.begin(), group->sources.end());
    }
    return whole;
  }

  static std::vector<std::size_t> by_contribution(const ExplainedChange& change) {
    std::vector<std::int64_t> moved;
    for (const ExplainedChange::Parts& parts : change.groups)
      moved.push_back(std::abs(std::accumulate(parts.begin(), parts.end(), std::int64_t{0})));
    std::vector<std::size_t> order(moved.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return moved[a] > moved[b]; });
    return order;
  }

  /// The measure in both windows; the change is subtracted where all digits are there.
  struct Values {
    BeforeAfter<std::optional<double>> of;
    double change = 0;
  };

  struct ChangeRow {
    const ExplainedChange& change;
    const ExplainedGroup& of;
    const char* state;
    const ExplainedChange::Parts& parts;
    const BeforeAfter<PricedRequests>& requests;
  };

  /// A row for each part that is not 0; of the whole always for volume, mix and price.
  void add_parts(const ChangeRow& row, const Values& values) {
    const double all = static_cast<double>(row.change.after - row.change.before);
    for (std::size_t i = 0; i < kChangeParts; ++i) {
      const bool is_always_there =
          &row.parts == &row.change.whole && i <= static_cast<std::size_t>(ChangePart::kPrice);
      if (row.parts[i] == 0 && !is_always_there) continue;
      const double part = static_cast<double>(row.parts[i]);
      AnswerCells cells(selection_.cells_of(row.of.key));
      cells.add(row.of.currency);
      cells.add(std::string(row.state));
      add_values(cells, values);
      cells.add(std::string(to_string(static_cast<ChangePart>(i))));
      cells.add(part / row.change.scale);
      cells.add_number(all != 0, all != 0 ? part / all : 0, "the whole has not changed");
      add_rest(cells, row.of, row.requests);
    }
  }

  static const char* state_of(const GroupCost& cost) {
    if (cost.before.volume > 0) return cost.after.volume > 0 ? "in_both" : "gone";
    return cost.after.volume > 0 ? "new" : "uncounted";
  }

  Values values_of(const GroupCost& cost, const BeforeAfter<PricedRequests>& requests) const {
    Values values{{value_of(cost.before, requests.before), value_of(cost.after, requests.after)}, 0};
    if (question_.measure.factor == 0)
      values.change = static_cast<double>(cost.after.total() - cost.before.total()) / 1e9;
    else
      values.change = values.of.after.value_or(0) - values.of.before.value_or(0);
    return values;
  }

  /// The measure of one group; nothing when it is not known.
  std::optional<double> value_of(const WindowCost& cost, const PricedRequests& requests) const {
    const double total = static_cast<double>(cost.total()) / 1e9;
    if (question_.measure.factor == 0)
      return requests.priced == 0 && requests.unpriced > 0 ? std::nullopt : std::optional(total);
    if (cost.volume == 0) return std::nullopt;
    return total / static_cast<double>(cost.volume) * question_.measure.factor;
  }

  void add_values(AnswerCells& cells, const Values& values) const {
    const char* const why = question_.measure.factor == 0    ? "no charge covers the requests"
                            : question_.measure.is_of_tokens ? "no token with a price was counted"
                                                             : "no request with a price began";
    cells.add_number(values.of.before.has_value(), values.of.before.value_or(0), why);
    cells.add_number(values.of.after.has_value(), values.of.after.value_or(0), why);
    cells.add_number(values.of.before && values.of.after, values.change, why);
  }

  void add_rest(AnswerCells& cells, const ExplainedGroup& of, const BeforeAfter<PricedRequests>& requests) {
    cells.add(of.cost.before.volume);
    cells.add(of.cost.after.volume);
    for (const PricedRequests& each : {requests.before, requests.after})
      cells.add_quotient(true, static_cast<double>(each.priced), each.all(), 1, nullptr);
    cells.add(static_cast<std::uint64_t>(hours_.before));
    cells.add(static_cast<std::uint64_t>(hours_.after));
    cells.add(question_.before.begin);
    cells.add(question_.before.end);
    cells.add(joined(of.methods));
    cells.add(joined(of.sources));
    if (conversion_.is_active()) cells.add(conversion_.described());
    answer_.rows.push_back(cells.take());
  }

  void add_unexplained(const ExplainedGroup& whole, const BeforeAfter<PricedRequests>& requests) {
    const char* const why = hours_.before == 0               ? "no hour of the window before is attributed"
                            : hours_.after == 0              ? "no hour of the window is attributed"
                            : question_.measure.is_of_tokens ? "a window has no token with a price"
                                                             : "a window has no request with a price";
    AnswerCells cells(selection_.cells_of(whole.key));
    cells.add(whole.currency);
    cells.add(std::string("whole"));
    for (int i = 0; i < 3; ++i) cells.add_absent(why);
    cells.add(std::string());
    cells.add_absent(why);
    cells.add_absent(why);
    add_rest(cells, whole, requests);
  }

  Client& client_;
  const ExplainQuestion& question_;
  Selection selection_;
  Conversion conversion_;
  std::map<std::pair<Key, std::string>, ExplainedGroup> groups_;
  std::map<Key, BeforeAfter<PricedRequests>> requests_;
  BeforeAfter<std::size_t> hours_;
  double cost_ = 0;  ///< Of all rows that were read; NaN when one was not converted.
  Answer answer_;
};

TimeRange whole_hours(TimeRange range) { return {floor_hour(range.begin), floor_hour(range.end + 1h - 1s)}; }

/// The window that is named, or the one of the same length that ends where `after` begins.
Result<TimeRange> window_before(const GivenValues& given, TimeRange after) {
  const auto from = given_value(given, "before_from"), to = given_value(given, "before_to");
  if (!from && !to) return TimeRange{after.begin - (after.end - after.begin), after.begin};
  if (!from || !to)
    return invalid_argument("before_from and before_to are given together, or neither of them");
  OPTIINFRA_TRY(const sys_seconds begin, time_of(*from, "before_from"));
  OPTIINFRA_TRY(const sys_seconds end, time_of(*to, "before_to"));
  if (begin >= end) return invalid_argument("before_to: the window before ends before it begins");
  return whole_hours({begin, end});
}

Result<ExplainedMeasure> parse_explained(const std::string& name) {
  for (const ExplainedMeasure& each : kExplained)
    if (name == each.name) return each;
  return invalid_argument("measure: '" + name +
                          "' is not one of total_cost, cost_per_request, cost_per_million_tokens");
}

Result<Answer> ask_explain(Client& client, TimeRange range, const GivenValues& given) {
  if (range.begin >= range.end) return invalid_argument("the window ends before it begins");
  ExplainQuestion question;
  // Hours that have not ended are attributed in neither window.
  question.after = whole_hours({range.begin, std::min(range.end, floor_hour(now()))});
  if (question.after.begin >= question.after.end)
    return invalid_argument("no hour of the window has ended yet");
  OPTIINFRA_TRY(question.before, window_before(given, question.after));
  if (const auto measure = given_value(given, "measure")) {
    OPTIINFRA_TRY(question.measure, parse_explained(*measure));
  }
  if (const auto basis = given_value(given, "basis")) {
    OPTIINFRA_TRY(question.basis, parse_cost_basis(*basis));
  }
  if (const auto idle = given_value(given, "idle")) {
    OPTIINFRA_TRY(question.idle, parse_idle_policy(*idle));
  }
  if (const auto volume = given_value(given, "volume")) {
    if (*volume != "requests" && *volume != "tokens")
      return invalid_argument("volume: '" + *volume + "' is not one of requests, tokens");
    if (question.measure.factor != 0)
      return invalid_argument("volume: " + std::string(question.measure.name) +
                              " says what it counts; leave it out");
    question.measure.is_of_tokens = *volume == "tokens";
  }
  question.currency = given_currency(given);
  std::vector<std::string> dimensions = given_names(given, "by");
  if (dimensions.empty()) dimensions = {"model"};
  OPTIINFRA_TRY(Selection selection,
                Selection::create(kCostKeys, dimensions, given_filters(given, kCostKeys), {}, "hour"));
  return Explanation(client, question, std::move(selection)).run();
}

}  // namespace

ComputedQuestion explain_question() {
  ComputedQuestion question{
      .name = "explain",
      .meaning =
          "Why a cost changed between two windows: volume, mix, price, new and gone groups, and what no "
          "request caused, which add up to the change",
      .examples =
          "  optiinfra query explain --from 2026-11-24 --to 2026-11-25 --by model\n"
          "  optiinfra query explain --measure cost_per_million_tokens --by service,model \\\n"
          "      --from now-7d --to now --before-from now-35d --before-to now-28d\n"
          "  optiinfra query explain --customer UUID --hours 24 --volume tokens",
      .is_of_attributed_hours = true,
      .parameters = selection_parameters(kCostKeys),
      .ask = ask_explain};
  std::erase_if(question.parameters, [](const QuestionParameter& each) { return each.name == "bucket"; });
  for (QuestionParameter& each : question.parameters)
    if (each.name == "by") each.meaning += "; default model";
  const auto add = [&](QuestionParameter parameter) { question.parameters.push_back(std::move(parameter)); };
  add({.name = "measure",
       .meaning = "What is explained, as unit-cost answers it; default total_cost",
       .form = "total_cost|cost_per_request|cost_per_million_tokens",
       .words = {"total_cost", "cost_per_request", "cost_per_million_tokens"}});
  add({.name = "volume",
       .meaning = "What the volume of a total is: requests, or prompt and generated tokens; default requests",
       .form = "requests|tokens",
       .words = {"requests", "tokens"}});
  add({.name = "before_from",
       .meaning = "Start of the window that is compared with; by default it is as long as the window, "
                  "and ends where that begins",
       .form = "TIME"});
  add({.name = "before_to", .meaning = "Its end, not included", .form = "TIME"});
  add({.name = "basis",
       .meaning = "What costs per token and request are made of: all that is held, or time with requests "
                  "alone; default reservation",
       .form = "reservation|usage",
       .words = {"reservation", "usage"}});
  add({.name = "idle",
       .meaning = "Time without requests: with who pays, shared among the requests of the instance and "
                  "hour, or left out; default separate",
       .form = "separate|share|hide",
       .words = {"separate", "share", "hide"}});
  add(currency_parameter());
  return question;
}

}  // namespace optiinfra::attribution
