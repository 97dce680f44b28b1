#include "plan.hpp"

#include <algorithm>

#include "conversion.hpp"
#include "customers.hpp"
#include "expression.hpp"
#include "optiinfra/core/nearest.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "optiinfra/transport/sql.hpp"
#include "reading_query.hpp"
#include "sql.hpp"

namespace optiinfra {
namespace {

/// Where in its map the expression of a column stands.
std::string place_of(std::string_view column) {
  return (column == kDeliveryColumn.name ? "" : "column ") + std::string(column);
}

class Planner {
 public:
  Planner(Session& session, const PlanRequest& request, TypesOfValues& known_types)
      : session_(session),
        request_(request),
        map_(request.map.map),
        known_types_(known_types),
        query_(request.file, request.format, map_, counts_line_breaks()) {}

  Result<ReadPlan> plan() {
    OPTIINFRA_TRY(query_.source,
                  read_source_columns(session_, request_.file, request_.format, map_, request_.survey));
    OPTIINFRA_CHECK(map_.is_contract ? take_contract() : take_map());
    OPTIINFRA_CHECK(settle_decimal());
    OPTIINFRA_CHECK(choose_conversions());
    if (query_.misread_names().size() > kMisreadMax)
      return refuse("the map reads more than 64 typed columns");
    ReadPlan plan;
    plan.sql = query_.sql(request_.clock);
    if (!is_text() || request_.map.may_fail)
      plan.check_sql = "SELECT ignore(*) FROM (" + query_.given_sql() + ")";
    plan.settings = settings_of_rows();
    plan.has_lines = is_text() && !request_.format.is_json_over_lines && map_.rows.empty();
    plan.lines_before_rows =
        request_.format.kind == FormatKind::kDelimited ? request_.format.lines_above_header + 1 : 0;
    plan.counts_line_breaks = counts_line_breaks();
    plan.describer = {query_.misread_names(), query_.given_names(), query_.raw_names(), request_.columns};
    return plan;
  }

 private:
  bool is_text() const { return request_.format.kind != FormatKind::kTyped; }
  bool counts_line_breaks() const {
    return request_.format.kind == FormatKind::kDelimited && !request_.survey.lines_are_rows;
  }
  std::vector<NamedValue> settings_of_rows() const {
    auto settings = reading_settings(request_.format);
    if (request_.format.kind == FormatKind::kDelimited)
      settings.emplace_back(request_.format.is_csv() ? "input_format_csv_skip_first_lines"
                                                     : "input_format_tsv_skip_first_lines",
                            std::to_string(request_.format.lines_above_header + 1));
    return settings;
  }

  Error refuse(const std::string& what) const {
    return invalid_argument(request_.file.path().string() + ": " + what);
  }

  std::vector<std::string> source_names() const {
    std::vector<std::string> names;
    for (const SourceColumn& column : query_.source)
      if (!column.name.empty()) names.push_back(column.name);
    return names;
  }

  /// Each column of the file must be one of the table, so that a misspelt one is not left to its default.
  Result<void> take_contract() {
    std::vector<std::string> known;
    for (const ColumnDefinition& column : request_.columns) known.emplace_back(column.name);
    const auto names = source_names();
    for (const std::string& name : names) {
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      return refuse("the column '" + shown(name) + "' is not a column of " + request_.table +
                    suggestion(name, known) + " Columns are " + listed(known) +
                    "; a file with other columns needs a map");
    }
    // Without a single JSON object there is nothing to miss a column in: every line will be refused.
    const bool has_no_row = request_.format.kind == FormatKind::kJsonLines && names.empty();
    for (const ColumnDefinition& column : request_.columns) {
      if (std::find(names.begin(), names.end(), column.name) != names.end()) {
        query_.given.push_back({column, sql_identifier(column.name)});
        query_.used.insert(column.name);
      } else if (column.presence == Presence::kRequired && !has_no_row) {
        return refuse("the required column '" + std::string(column.name) + "' (" + column.meaning +
                      ") is missing; the file has " + listed(names));
      }
    }
    if (is_text()) {
      // The table's types say how the text is read.
      for (SourceColumn& column : query_.source) column.type = "String";
    }
    return {};
  }

  /// What stands before fractions, where it may be a comma because nothing else is. 1,234 tells nothing: then
  /// another number must.
  Result<void> settle_decimal() {
    query_.decimal = request_.format.decimal;
    if (request_.format.delimiter == ',' || !request_.survey.has_commas || query_.decimal == '.') return {};
    const std::string numbers = query_.numbers_sql();
    if (numbers.empty()) return {};
    OPTIINFRA_TRY(
        const auto rows,
        query_texts(
            session_,
            {.sql = "SELECT toString(form), tupleElement(any(number), 1), tupleElement(any(number), 2) "
                    "FROM (SELECT number, " +
                    number_form("tupleElement(number, 2)") + " AS form FROM (" + numbers +
                    ")) WHERE form > 0 AND " +
                    // Where the map says that fractions follow a comma, points stand between thousands.
                    (query_.decimal == 0 ? "1"
                                         : "NOT match(tupleElement(number, 2), "
                                           "'^[+-]?\\d{1,3}([.]\\d{3})+$')") +
                    " GROUP BY form",
             .settings = settings_of_rows(),
             .timeout = kReadTimeout}));
    std::map<NumberForm, std::string> found;
    for (const auto& row : rows)
      found[static_cast<NumberForm>(std::stoi(row[0]))] =
          "'" + shown(row[2]) + "' in column " + shown(row[1]);
    const bool has_points = found.contains(NumberForm::kPoint);
    if (found.contains(NumberForm::kComma) || query_.decimal != 0) {
      if (has_points)
        return refuse("a comma stands before fractions in " +
                      (query_.decimal != 0 ? "the map" : found[NumberForm::kComma]) + ", and a point in " +
                      found[NumberForm::kPoint] +
                      ": write all numbers in one way, or state decimal = \".\" or "
                      "\",\" in a map");
      query_.decimal = ',';
    } else if (found.contains(NumberForm::kCommaOrThousands) && !has_points) {
      return refuse(
          found[NumberForm::kCommaOrThousands] +
          " may have a fraction or thousands, and no other number of the file tells: state decimal = "
          "\",\" or \".\" in a map, or write the number without the comma");
    }
    return {};
  }

  /// Names that the map may use and that no column of the file may have.
  std::vector<std::string> own_names() const {
    std::vector<std::string> names;
    if (map_.repeats()) names = {kRepeatIndex, kRepeatCount};
    if (!map_.parts.empty()) names.emplace_back(kPartIndex);
    if (!map_.rows.empty()) names.emplace_back(kListRow);
    return names;
  }

  Error lacks(const std::string& column, const std::string& place, const std::vector<std::string>& names) {
    std::vector<std::string> in_file;
    for (const SourceColumn& each : query_.source)
      if (!each.name.empty() && !each.is_absent) in_file.push_back(each.file_name());
    return refuse("there is no column '" + column + "', which " + place + " reads" +
                  suggestion(column, names) + " The file has " + listed(in_file));
  }

  Result<void> take_map() {
    const auto names = source_names();
    const std::vector<std::string> own = own_names();
    if (!map_.rows.empty() && request_.format.kind != FormatKind::kJsonLines)
      return refuse("the map's `rows` takes objects of JSON apart, and the file is " + request_.format.name);
    for (const ExpressionReads& reads : request_.map.reads) {
      for (const std::string& column : reads.columns) {
        if (std::find(own.begin(), own.end(), column) != own.end()) continue;
        if (std::find(names.begin(), names.end(), column) == names.end()) {
          if (column != kStatedTime) return lacks(column, reads.place, names);
        } else if (!reads.is_rows) {
          query_.used_by_rows.insert(column);
        }
        query_.used.insert(column);
      }
    }
    for (const std::string& name : own) {
      if (std::find(names.begin(), names.end(), name) != names.end())
        return refuse("its column '" + name +
                      "' has a name that maps with `repeat` or `rows` need for themselves");
    }
    for (const ColumnDefinition& column : request_.columns) {
      const std::string_view text = expression_of(map_, column.name);
      if (text.empty()) continue;
      std::string expression = "(\n" + std::string(text) + "\n)";
      if (column.name == kCustomerColumn && !map_.customers.key.empty())
        expression = customer_of(map_.customers, expression);
      query_.given.push_back({column, std::move(expression)});
    }
    keep_texts();
    return {};
  }

  const ExpressionReads* reads_of(const GivenColumn& given) const {
    for (const ExpressionReads& reads : request_.map.reads)
      if (reads.column == given.column.name) return &reads;
    return nullptr;
  }

  /// Columns that the engine takes for numbers or times, though the map does not say so.
  std::set<std::string> inferred_types(const std::vector<std::string>& columns) const {
    std::set<std::string> names;
    for (const SourceColumn& column : query_.source) {
      if (column.stated.empty() && column.type != "String" &&
          std::find(columns.begin(), columns.end(), column.name) != columns.end())
        names.insert(column.name);
    }
    return names;
  }

  /// What goes into a column of text is the text of the file where the expression can take it: 012 is no 12
  /// and 1.10 no 1.1 there, whatever the engine takes the column for.
  void keep_texts() {
    if (request_.format.kind != FormatKind::kDelimited) return;
    std::set<std::string> computed_with;
    for (const ExpressionReads& reads : request_.map.reads) {
      if (reads.column.empty()) computed_with.merge(inferred_types(reads.columns));
    }
    for (GivenColumn& given : query_.given) {
      const ExpressionReads* reads = reads_of(given);
      auto columns = reads == nullptr ? std::set<std::string>{} : inferred_types(reads->columns);
      if (columns.empty()) continue;
      given.reads_text =
          keeps_text(given.column) &&
          describe("SELECT " + given.expression + " AS value FROM (" + query_.text_sql(columns) + ")")
              .has_value();
      (given.reads_text ? query_.texts : computed_with).merge(columns);
    }
    for (SourceColumn& column : query_.source) {
      if (!query_.texts.contains(column.name) || computed_with.contains(column.name)) continue;
      column.type = "String";  // Nothing computes with it.
      query_.texts.erase(column.name);
    }
    if (!query_.texts.empty()) return;
    for (GivenColumn& given : query_.given) given.reads_text = false;
  }

  /// Chooses how each column is made of its expression's value, by the type that the engine gives the value.
  Result<void> choose_conversions() {
    OPTIINFRA_TRY(auto types, types_of_values());
    for (GivenColumn& given : query_.given) {
      const std::string name = kGivenPrefix + std::string(given.column.name);
      auto chosen = conversion(given.column, value_kind(types[name]), sql_identifier(name));
      if (!chosen) {
        return refuse("the value for " + std::string(given.column.name) + " is of type " + types[name] +
                      ", of which " + given.column.contract_type + " cannot be made");
      }
      given.conversion = *std::move(chosen);
    }
    if (map_.where.empty()) return {};
    const ValueKind kind = value_kind(types[kWhere]);
    if (kind == ValueKind::kInteger || kind == ValueKind::kBool || kind == ValueKind::kAbsent) return {};
    return refuse("the map's `where` is of type " + types[kWhere] + " and must be a condition");
  }

  Result<std::map<std::string, std::string>> types_of_values() {
    std::string key = request_.format.name;
    for (const SourceColumn& column : query_.source) {
      key += "\n" + column.name + "\n" + column.type + (column.is_absent ? " absent" : "");
    }
    if (const auto found = known_types_.find(key); found != known_types_.end()) return found->second;
    auto rows = describe(query_.given_sql());
    if (!rows) return blame_expression(rows.error());
    std::map<std::string, std::string> types;
    for (auto& row : *rows) types[row[0]] = row[1];
    known_types_.emplace(std::move(key), types);
    return types;
  }

  Result<std::vector<std::vector<std::string>>> describe(const std::string& sql) {
    return query_texts(
        session_, {.sql = "DESCRIBE TABLE (" + sql + ")", .settings = reading_settings(request_.format)});
  }

  /// Finds the expression that the engine refused.
  Error blame_expression(const Error& error) {
    struct Suspect {
      std::string place, expression, from;
    };
    std::vector<Suspect> suspects;
    if (!map_.rows.empty()) suspects.push_back({"rows", map_.rows, query_.unlisted_sql()});
    if (!map_.repeat.empty()) suspects.push_back({"repeat", map_.repeat, query_.source_sql()});
    if (!map_.parts.empty()) suspects.push_back({"parts", map_.parts, query_.source_sql()});
    for (const GivenColumn& given : query_.given) {
      suspects.push_back({place_of(given.column.name), given.expression, query_.repeated_sql()});
    }
    if (!map_.where.empty()) suspects.push_back({"where", map_.where, query_.repeated_sql()});
    if (!map_.amount.empty()) suspects.push_back({"amount", map_.amount, query_.repeated_sql()});
    if (!map_.category.empty()) suspects.push_back({"category", map_.category, query_.repeated_sql()});
    for (const Suspect& suspect : suspects) {
      auto rows = describe("SELECT (\n" + suspect.expression + "\n) AS value FROM (" + suspect.from + ")");
      if (!rows) {
        return refuse("map " + map_.name + ", " + suspect.place + ": " +
                      short_engine_message(rows.error().message));
      }
    }
    return with_context(error, request_.file.path().string());
  }

  Session& session_;
  const PlanRequest& request_;
  const ImportMap& map_;
  TypesOfValues& known_types_;
  ReadingQuery query_;
};

}  // namespace

Result<CheckedMap> check_map(Session& session, ImportMap map) {
  std::vector<Expression> expressions;
  std::vector<std::string> given;
  for (const auto& [column, text] : map.columns) {
    const bool is_key = column == kCustomerColumn && !map.customers.key.empty();
    expressions.push_back(is_key ? Expression{map.customers.file + ", " + map.customers.key_name, text}
                                 : Expression{"map " + map.name + ", " + place_of(column), text});
    given.push_back(column);
  }
  if (!map.rows.empty()) expressions.push_back({"map " + map.name + ", rows", map.rows});
  if (!map.where.empty()) expressions.push_back({"map " + map.name + ", where", map.where});
  if (!map.repeat.empty()) expressions.push_back({"map " + map.name + ", repeat", map.repeat});
  if (!map.parts.empty()) expressions.push_back({"map " + map.name + ", parts", map.parts});
  if (!map.amount.empty()) expressions.push_back({"map " + map.name + ", amount", map.amount});
  if (!map.category.empty()) expressions.push_back({"map " + map.name + ", category", map.category});
  given.resize(expressions.size());
  OPTIINFRA_TRY(auto names, check_expressions(session, expressions));
  CheckedMap checked{.map = std::move(map)};
  for (std::size_t i = 0; i < names.size(); ++i) {
    checked.may_fail = checked.may_fail || may_fail(names[i]);
    const bool is_rows = !checked.map.rows.empty() && i == checked.map.columns.size();
    checked.reads.push_back({expressions[i].place, given[i], std::move(names[i].columns), is_rows});
  }
  return checked;
}

Result<CheckedMap> check_delivery(Session& session, const ImportMap& map) {
  ImportMap names = map;
  names.columns = {{kDeliveryColumn.name, map.delivery}};
  names.customers = {};
  names.amount.clear();
  names.category.clear();
  // A row is not repeated for its name, unless the map tells its repetitions apart.
  names.repeat.clear();
  names.parts.clear();
  OPTIINFRA_TRY(CheckedMap checked, check_map(session, names));
  const auto tells_apart = [](const ExpressionReads& reads) {
    return std::ranges::any_of(reads.columns, [](const std::string& column) {
      return column == kRepeatIndex || column == kRepeatCount || column == kPartIndex;
    });
  };
  if (!std::ranges::any_of(checked.reads, tells_apart)) return checked;
  names.repeat = map.repeat;
  names.parts = map.parts;
  return check_map(session, std::move(names));
}

Result<bool> holds_known_by(Session& session, const SourceFile& file, const FileFormat& format,
                            const ImportMap& map, const std::vector<std::string>& names) {
  const Expression expression{"map " + map.name + ", known_by", map.known_by};
  OPTIINFRA_TRY(const auto checked, check_expressions(session, std::span(&expression, 1)));
  ReadingQuery query(file, format, map, false);
  query.source = stated_source_columns(format, map, names);
  query.used.insert(checked[0].columns.begin(), checked[0].columns.end());
  OPTIINFRA_TRY(
      const auto rows,
      query_texts(session, {.sql = "SELECT toString(countIf(ifNull(known, 0))) FROM (SELECT toUInt8OrNull("
                                   "toString((\n" +
                                   map.known_by + "\n))) AS known FROM (" + query.unlisted_sql() +
                                   ") LIMIT " + std::to_string(kNamesSampleRows) + ")",
                            .settings = reading_settings(format),
                            .timeout = kReadTimeout}));
  return rows.at(0)[0] != "0";
}

Result<ReadPlan> plan_reading(Session& session, const PlanRequest& request, TypesOfValues& known_types) {
  return Planner(session, request, known_types).plan();
}

}  // namespace optiinfra
