#include "optiinfra/attribution/unit_cost.hpp"

#include <map>

#include "conversion.hpp"
#include "cost_keys.hpp"
#include "given.hpp"
#include "hour_reader.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/attribution_tables.hpp"
#include "question_list.hpp"
#include "unit_cost_row.hpp"

namespace optiinfra::attribution {
namespace {

using namespace std::chrono_literals;

/// Where scores have the dimensions.
constexpr KeyColumn kScoreKeys[] = {
    {{"customer", "customer_id", "customer"}, "customer_id", true},
    {{"service", "service_id", "service"}, "service_id", true},
    {{"model", "model_name", "model"}, "model_name"},
};

constexpr const char* kTexts[] = {"method", "price_source"};

/// A text of what an array holds.
std::string joined(const std::string& array) { return "arrayStringConcat(arraySort(" + array + "), ', ')"; }

class UnitCost {
 public:
  UnitCost(Client& client, const UnitCostQuestion& question, Selection selection)
      : client_(client), question_(question), costs_(std::move(selection)) {
    answer_.window = {floor_hour(question_.range.begin), floor_hour(question_.range.end + 1h - 1s)};
    // Scores are not kept by every dimension of a cost.
    auto scores =
        Selection::create(kScoreKeys, question.dimensions, question.filters, question.bucket, "timestamp");
    if (scores) scores_by_ = *std::move(scores);
  }

  Result<Answer> run() {
    answer_.columns = unit_cost_columns(costs_);
    OPTIINFRA_TRY(conversion_, Conversion::create(client_, question_.currency, answer_.window,
                                                  costs_.conditions(), costs_.parameters()));
    add_rates_column(answer_.columns, conversion_);
    OPTIINFRA_CHECK(client_.with_session([&](Session& session) { return read(session); }));
    for (const Sums& sums : sums_) {
      const auto found = scores_.find(sums.key);
      answer_.rows.push_back(unit_cost_cells(
          question_, costs_.cells_of(sums.key), sums,
          {scores_by_.has_value(), found == scores_.end() ? Scores{} : found->second}, conversion_));
    }
    return std::move(answer_);
  }

 private:
  Result<void> read(Session& session) {
    OPTIINFRA_CHECK(read_sums(session));
    return question_.good_score && scores_by_ ? read_scores(session, *scores_by_) : Result<void>{};
  }

  std::vector<NamedValue> parameters_of(const Selection& selection) const {
    std::vector<NamedValue> parameters = {{"from", std::to_string(to_column_time(answer_.window.begin))},
                                          {"to", std::to_string(to_column_time(answer_.window.end))}};
    parameters.insert(parameters.end(), selection.parameters().begin(), selection.parameters().end());
    return parameters;
  }

  std::string rows_and_groups(const Session& session, const std::string& groups) const {
    return " FROM " + qualified(session.database(), store::kAttributedCostTable) + " WHERE " +
           newest_versions(session.database()) + costs_.conditions() + " GROUP BY " + groups;
  }

  /// Keys, currency, both texts and kSums numbers of each row.
  std::string sums_sql(const Session& session) const {
    std::string sql = "SELECT " + costs_.keys() + ", CAST(currency, 'String') AS money";
    for (const char* const column : kTexts) sql += ", " + joined(store::attributed_texts(column));
    for (const store::AttributedSum& sum : store::attributed_sums()) sql += ", toFloat64(" + sum.sql() + ")";
    const std::string groups = costs_.key_names() + ", money";
    return sql + ", toFloat64(" + store::kAttributedHourCount + ")" + rows_and_groups(session, groups) +
           " ORDER BY " + groups;
  }

  /// The same in one currency: the sums of each day at its rate. The engine has the sums of hours, but not
  /// at any rate, and the hours of two currencies overlap, so they are counted without currencies.
  std::string converted_sums_sql(const Session& session) const {
    const auto kept = store::attributed_sums();
    const auto name = [](std::size_t i) { return "sum" + std::to_string(i); };
    std::string of_days = "SELECT " + costs_.keys() + ", CAST(currency, 'String') AS of_currency, " +
                          "toUInt16(toDate(hour)) AS day";
    for (const char* const column : kTexts)
      of_days += ", " + store::attributed_texts(column) + " AS all_" + column;
    for (std::size_t i = 0; i < kept.size(); ++i) of_days += ", " + kept[i].sql() + " AS " + name(i);
    of_days += rows_and_groups(session, costs_.key_names() + ", of_currency, day");
    const std::string hours = "SELECT " + costs_.keys() + ", " + store::kAttributedHourCount + " AS hours" +
                              rows_and_groups(session, costs_.key_names());
    std::string sql = "WITH " + conversion_.rate("of_currency", "day", name(kPricedRows) + " = 0") +
                      " AS day_rate SELECT " + costs_.key_names() + ", " + conversion_.money() + " AS money";
    for (const char* const column : kTexts)
      sql += ", " + joined(std::string("groupUniqArrayArray(all_") + column + ")");
    for (std::size_t i = 0; i < kept.size(); ++i)
      sql +=
          ", toFloat64(sum(" + (i < kFirstCount ? "toFloat64(" + name(i) + ") * day_rate" : name(i)) + "))";
    return sql + ", toFloat64(any(hours)) FROM (" + of_days + ") AS paid INNER JOIN (" + hours +
           ") AS covered USING (" + costs_.key_names() + ") GROUP BY " + costs_.key_names() + " ORDER BY " +
           costs_.key_names();
  }

  Result<void> read_sums(Session& session) {
    const std::string sql = conversion_.is_active() ? converted_sums_sql(session) : sums_sql(session);
    auto asked = session.query({.sql = sql,
                                .parameters = parameters_of(costs_),
                                .settings = store::attributed_sums_settings(costs_.columns_read())},
                               [&](const Block& block) {
                                 const std::size_t texts = costs_.key_count();
                                 for (std::size_t row = 0; row < block.row_count(); ++row) {
                                   Sums& sums = sums_.emplace_back();
                                   sums.key = costs_.key_at(block, row);
                                   sums.currency = (*block.values<Strings>(texts))[row];
                                   sums.methods = (*block.values<Strings>(texts + 1))[row];
                                   sums.sources = (*block.values<Strings>(texts + 2))[row];
                                   for (std::size_t i = 0; i < kSums; ++i)
                                     sums.values[i] =
                                         (*block.values<std::vector<double>>(texts + 3 + i))[row];
                                 }
                                 return sums_.size() <= kAnswerRowsMax;
                               });
    if (!asked) return std::move(asked).error();
    for (const Sums& sums : sums_)
      for (std::size_t i = 0; i < kFirstCount; ++i) OPTIINFRA_CHECK(conversion_.expect_known(sums.values[i]));
    return expect_rows_fit(sums_.size());
  }

  Result<void> read_scores(Session& session, const Selection& by) {
    std::vector<NamedValue> parameters = parameters_of(by);
    parameters.emplace_back("good", std::to_string(*question_.good_score));
    const std::string sql =
        "SELECT " + by.keys() +
        ", toFloat64(countIf(overall_quality_score >= toFloat32({good:Float64}))), toFloat64(count()) FROM " +
        qualified(session.database(), table_of(Family::kQuality).raw_table) +
        " WHERE timestamp >= toDateTime({from:UInt32}, 'UTC') AND timestamp < toDateTime({to:UInt32}, "
        "'UTC')" +
        by.conditions() + " GROUP BY " + by.key_names();
    auto asked = session.query({.sql = sql, .parameters = std::move(parameters)}, [&](const Block& block) {
      for (std::size_t row = 0; row < block.row_count(); ++row)
        scores_[by.key_at(block, row)] = {(*block.values<std::vector<double>>(by.key_count()))[row],
                                          (*block.values<std::vector<double>>(by.key_count() + 1))[row]};
      return true;
    });
    if (!asked) return std::move(asked).error();
    return {};
  }

  Client& client_;
  const UnitCostQuestion& question_;
  Selection costs_;
  Conversion conversion_;
  std::optional<Selection> scores_by_;
  std::vector<Sums> sums_;
  std::map<Key, Scores> scores_;
  Answer answer_;
};

Result<Answer> ask_unit_cost(Client& client, TimeRange range, const GivenValues& given) {
  UnitCostQuestion question{.range = range, .dimensions = given_names(given, "by")};
  OPTIINFRA_TRY(question.bucket, given_bucket(given));
  question.filters = given_filters(given, kCostKeys);
  if (const auto basis = given_value(given, "basis")) {
    OPTIINFRA_TRY(question.basis, parse_cost_basis(*basis));
  }
  if (const auto idle = given_value(given, "idle")) {
    OPTIINFRA_TRY(question.idle, parse_idle_policy(*idle));
  }
  question.currency = given_currency(given);
  OPTIINFRA_TRY(question.good_score, given_number(given, "good_score", {0, 1}));
  return query_unit_cost(client, question);
}

}  // namespace

Result<CostBasis> parse_cost_basis(std::string_view text) {
  if (text == "reservation") return CostBasis::kReservation;
  if (text == "usage") return CostBasis::kUsage;
  return invalid_argument("'" + std::string(text) + "' is not one of reservation, usage");
}

Result<IdlePolicy> parse_idle_policy(std::string_view text) {
  if (text == "separate") return IdlePolicy::kSeparate;
  if (text == "share") return IdlePolicy::kShare;
  if (text == "hide") return IdlePolicy::kHide;
  return invalid_argument("'" + std::string(text) + "' is not one of separate, share, hide");
}

Result<Answer> query_unit_cost(Client& client, const UnitCostQuestion& question) {
  if (question.range.begin >= question.range.end) return invalid_argument("the window ends before it begins");
  OPTIINFRA_TRY(Selection selection,
                Selection::create(kCostKeys, question.dimensions, question.filters, question.bucket, "hour"));
  return UnitCost(client, question, std::move(selection)).run();
}

ComputedQuestion unit_cost_question() {
  ComputedQuestion question{
      .name = "unit-cost",
      .meaning =
          "What was paid for, and what a token, a request and a good answer cost, from hours that "
          "optiinfra attribute has split",
      .examples =
          "  optiinfra query unit-cost --hours 720 --by customer\n"
          "  optiinfra query unit-cost --by model --idle share --basis reservation\n"
          "  optiinfra query unit-cost --customer UUID --bucket day --good-score 0.8",
      .is_of_attributed_hours = true,
      .parameters = selection_parameters(kCostKeys),
      .ask = ask_unit_cost};
  question.parameters.push_back({.name = "basis",
                                 .meaning = "What costs per token and request are made of: all that is held, "
                                            "or time with requests alone; default reservation",
                                 .form = "reservation|usage",
                                 .words = {"reservation", "usage"}});
  question.parameters.push_back({.name = "idle",
                                 .meaning = "Time without requests: with who pays, shared among the requests "
                                            "of the instance and hour, or left out; default separate",
                                 .form = "separate|share|hide",
                                 .words = {"separate", "share", "hide"}});
  question.parameters.push_back({.name = "good_score",
                                 .meaning = "The least overall score of a good answer, from 0 to 1",
                                 .form = "SCORE"});
  question.parameters.push_back(currency_parameter());
  return question;
}

}  // namespace optiinfra::attribution
