#include "optiinfra/attribution/unit_cost.hpp"

#include <algorithm>
#include <map>

#include "hour_reader.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/attribution_tables.hpp"
#include "unit_cost_row.hpp"

namespace optiinfra {
namespace {

using namespace std::chrono_literals;

constexpr Known kKnown[] = {
    {{"customer", "customer_id", "customer"}, "served_customer_id", "customer_id", true},
    {{"service", "service_id", "service"}, "service_id", "service_id", true},
    {{"model", "model_name", "model"}, "model_name", "model_name", false},
    {{"instance", "instance_id", "instance"}, "instance_id", nullptr, false},
    {{"provider", "cloud_provider", "provider"}, "cloud_provider", nullptr, false},
    {{"region", "region", "region"}, "region", nullptr, false},
    {{"instance_type", "instance_type", "instance type"}, "instance_type", nullptr, false},
};

Result<const Known*> find_known(const std::string& name) {
  std::string names;
  for (const Known& each : kKnown) {
    if (name == each.dimension.name) return &each;
    names += (names.empty() ? "" : ", ") + std::string(each.dimension.name);
  }
  return Error{ErrorKind::kInvalidArgument, "'" + name + "' is not one of " + names};
}

std::string sum_of(const std::string& kind) { return "toFloat64(sumIf(cost, kind = '" + kind + "'))"; }

const std::string (&sum_expressions())[kSums] {
  static const std::string expressions[kSums] = {sum_of("served"),
                                                 sum_of("wasted"),
                                                 sum_of("underfill"),
                                                 sum_of("idle"),
                                                 sum_of("overhead"),
                                                 sum_of("unreconciled"),
                                                 "toFloat64(sum(input_cost))",
                                                 "toFloat64(sum(avoided_cost))",
                                                 "toFloat64(sum(shared_underfill))",
                                                 "toFloat64(sum(shared_idle))",
                                                 "toFloat64(sum(requests))",
                                                 "toFloat64(sumIf(requests, kind = 'served'))",
                                                 "toFloat64(sumIf(requests, kind = 'wasted'))",
                                                 "toFloat64(sumIf(requests, kind = 'unpriced'))",
                                                 "toFloat64(sum(prompt_tokens))",
                                                 "toFloat64(sum(cached_tokens))",
                                                 "toFloat64(sum(completion_tokens))",
                                                 "toFloat64(sumIf(requests, kind != 'unpriced'))",
                                                 "toFloat64(sumIf(prompt_tokens, kind != 'unpriced'))",
                                                 "toFloat64(sumIf(cached_tokens, kind != 'unpriced'))",
                                                 "toFloat64(sumIf(completion_tokens, kind != 'unpriced'))",
                                                 "toFloat64(countIf(kind != 'unpriced'))",
                                                 "toFloat64(countIf(efficient_rate > 0))",
                                                 "toFloat64(uniqExact(hour))"};
  return expressions;
}

std::string bucket_expression(const std::optional<Bucket>& bucket, const char* time) {
  if (!bucket) return "toUInt32(0)";
  const std::string column = time;
  if (*bucket == Bucket::kHour) return "toUInt32(toUnixTimestamp(toStartOfHour(" + column + ")))";
  if (*bucket == Bucket::kDay) return "toUInt32(toUnixTimestamp(toStartOfDay(" + column + ")))";
  return "toUInt32(toUnixTimestamp(toDateTime(toMonday(" + column + "), 'UTC')))";
}

/// A nil identifier counts as absent.
std::string text_expression(const Known& known, const char* column) {
  if (!known.is_uuid) return "CAST(" + std::string(column) + ", 'String')";
  return "if(" + std::string(column) + " = toUUID('00000000-0000-0000-0000-000000000000'), '', toString(" +
         column + "))";
}

class UnitCost {
 public:
  UnitCost(Client& client, const UnitCostQuestion& question) : client_(client), question_(question) {}

  Result<Answer> run() {
    OPTIINFRA_CHECK(check());
    answer_.columns = unit_cost_columns(question_, dimensions_);
    OPTIINFRA_CHECK(client_.with_session([&](Session& session) { return read(session); }));
    for (const Sums& sums : sums_) {
      const auto found = scores_.find(sums.key);
      answer_.rows.push_back(unit_cost_cells(
          question_, sums, {knows_scores_, found == scores_.end() ? Scores{} : found->second}));
    }
    return std::move(answer_);
  }

 private:
  Result<void> read(Session& session) {
    OPTIINFRA_CHECK(read_sums(session));
    return question_.good_score && knows_scores_ ? read_scores(session) : Result<void>{};
  }

  Result<void> check() {
    TimeRange& window = answer_.window;
    window = {floor_hour(question_.range.begin), floor_hour(question_.range.end + 1h - 1s)};
    if (question_.range.begin >= question_.range.end)
      return Error{ErrorKind::kInvalidArgument, "the window ends before it begins"};
    for (const std::string& name : question_.dimensions) {
      OPTIINFRA_TRY(const Known* known, find_known(name));
      dimensions_.push_back(known);
    }
    knows_scores_ = std::all_of(dimensions_.begin(), dimensions_.end(),
                                [](const Known* known) { return known->score_column != nullptr; });
    for (const Filter& filter : question_.filters) {
      OPTIINFRA_TRY(const Known* known, find_known(filter.dimension));
      if (known->is_uuid) OPTIINFRA_CHECK(done_parsing(filter.value));
      filters_[known].push_back(filter.value);
      knows_scores_ = knows_scores_ && known->score_column != nullptr;
    }
    return {};
  }

  static Result<void> done_parsing(const std::string& text) {
    OPTIINFRA_TRY([[maybe_unused]] const Uuid id, Uuid::parse(text));
    return {};
  }

  /// Adds the filters to `where`, and their values to `parameters`.
  void add_filters(const char* Known::* column, std::string& where,
                   std::vector<NamedValue>& parameters) const {
    std::size_t index = 0;
    for (const auto& [known, values] : filters_) {
      std::string list;
      for (const std::string& value : values) {
        const std::string name = "filter" + std::to_string(index++);
        list += (list.empty() ? "{" : ", {") + name + (known->is_uuid ? ":UUID}" : ":String}");
        parameters.emplace_back(name, value);
      }
      where += " AND " + std::string(known->*column) + " IN (" + list + ")";
    }
  }

  /// "SELECT bucket, dimension, ...": the caller adds the rest.
  std::string keys(const char* Known::* column, const char* time) const {
    std::string sql = "SELECT " + bucket_expression(question_.bucket, time) + " AS bucket";
    for (std::size_t i = 0; i < dimensions_.size(); ++i)
      sql += ", " + text_expression(*dimensions_[i], dimensions_[i]->*column) + " AS key" + std::to_string(i);
    return sql;
  }
  std::string key_names() const {
    std::string names = "bucket";
    for (std::size_t i = 0; i < dimensions_.size(); ++i) names += ", key" + std::to_string(i);
    return names;
  }

  std::vector<NamedValue> bounds() const {
    return {{"from", std::to_string(to_column_time(answer_.window.begin))},
            {"to", std::to_string(to_column_time(answer_.window.end))}};
  }

  Key key_at(const Block& block, std::size_t row) const {
    Key key = {std::to_string((*block.values<std::vector<std::uint32_t>>(0))[row])};
    for (std::size_t i = 0; i < dimensions_.size(); ++i)
      key.emplace_back((*block.values<Strings>(1 + i))[row]);
    return key;
  }

  Result<void> read_sums(Session& session) {
    const auto list = [](const char* column) {
      const std::string name = "CAST(" + std::string(column) + ", 'String')";
      return ", arrayStringConcat(arraySort(groupUniqArrayIf(" + name + ", " + name + " != '')), ', ')";
    };
    std::vector<NamedValue> parameters = bounds();
    std::string where = newest_versions(session.database());
    add_filters(&Known::cost_column, where, parameters);
    std::string sql = keys(&Known::cost_column, "hour") + ", CAST(currency, 'String') AS money" +
                      list("method") + list("price_source");
    for (const std::string& expression : sum_expressions()) sql += ", " + expression;
    sql += " FROM " + qualified(session.database(), kAttributedCostTable) + " WHERE " + where + " GROUP BY " +
           key_names() + ", money ORDER BY " + key_names() + ", money";
    auto asked = session.query({.sql = sql, .parameters = std::move(parameters)}, [&](const Block& block) {
      const std::size_t texts = 1 + dimensions_.size();
      for (std::size_t row = 0; row < block.row_count(); ++row) {
        Sums& sums = sums_.emplace_back();
        sums.key = key_at(block, row);
        sums.begin = sys_seconds{std::chrono::seconds{(*block.values<std::vector<std::uint32_t>>(0))[row]}};
        sums.currency = (*block.values<Strings>(texts))[row];
        sums.methods = (*block.values<Strings>(texts + 1))[row];
        sums.sources = (*block.values<Strings>(texts + 2))[row];
        for (std::size_t i = 0; i < kSums; ++i)
          sums.values[i] = (*block.values<std::vector<double>>(texts + 3 + i))[row];
      }
      return sums_.size() <= kAnswerRowsMax;
    });
    if (!asked) return std::move(asked).error();
    if (sums_.size() <= kAnswerRowsMax) return {};
    return Error{ErrorKind::kTooLarge, "the answer has more than " + std::to_string(kAnswerRowsMax) +
                                           " rows; ask for a shorter window, fewer dimensions or a filter"};
  }

  Result<void> read_scores(Session& session) {
    std::vector<NamedValue> parameters = bounds();
    parameters.emplace_back("good", std::to_string(*question_.good_score));
    std::string where =
        " WHERE timestamp >= toDateTime({from:UInt32}, 'UTC') AND timestamp < toDateTime({to:UInt32}, 'UTC')";
    add_filters(&Known::score_column, where, parameters);
    const std::string sql = keys(&Known::score_column, "timestamp") +
                            ", toFloat64(countIf(overall_quality_score >= toFloat32({good:Float64}))), "
                            "toFloat64(count()) FROM " +
                            qualified(session.database(), table_of(Family::kQuality).raw_table) + where +
                            " GROUP BY " + key_names();
    auto asked = session.query({.sql = sql, .parameters = std::move(parameters)}, [&](const Block& block) {
      const std::size_t numbers = 1 + dimensions_.size();
      for (std::size_t row = 0; row < block.row_count(); ++row)
        scores_[key_at(block, row)] = {(*block.values<std::vector<double>>(numbers))[row],
                                       (*block.values<std::vector<double>>(numbers + 1))[row]};
      return true;
    });
    if (!asked) return std::move(asked).error();
    return {};
  }

  Client& client_;
  const UnitCostQuestion& question_;
  std::vector<const Known*> dimensions_;
  std::map<const Known*, std::vector<std::string>> filters_;
  bool knows_scores_ = true;
  std::vector<Sums> sums_;
  std::map<Key, Scores> scores_;
  Answer answer_;
};

}  // namespace

Result<CostBasis> parse_cost_basis(std::string_view text) {
  if (text == "reservation") return CostBasis::kReservation;
  if (text == "usage") return CostBasis::kUsage;
  return Error{ErrorKind::kInvalidArgument, "'" + std::string(text) + "' is not one of reservation, usage"};
}

Result<IdlePolicy> parse_idle_policy(std::string_view text) {
  if (text == "separate") return IdlePolicy::kSeparate;
  if (text == "share") return IdlePolicy::kShare;
  if (text == "hide") return IdlePolicy::kHide;
  return Error{ErrorKind::kInvalidArgument,
               "'" + std::string(text) + "' is not one of separate, share, hide"};
}

std::span<const Dimension> unit_cost_dimensions() {
  static const std::vector<Dimension> dimensions = [] {
    std::vector<Dimension> all;
    for (const Known& each : kKnown) all.push_back(each.dimension);
    return all;
  }();
  return dimensions;
}

Result<Answer> query_unit_cost(Client& client, const UnitCostQuestion& question) {
  return UnitCost(client, question).run();
}

}  // namespace optiinfra
