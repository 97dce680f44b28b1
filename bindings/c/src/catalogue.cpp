#include "optiinfra/client/catalogue.hpp"

#include <nlohmann/json.hpp>

#include "optiinfra/c_interface/questions.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra::c_interface {
namespace {

using Json = nlohmann::ordered_json;

Json family_json(Family family) {
  Json columns = Json::array();
  for (const ColumnDefinition& column : table_of(family).columns()) {
    columns.push_back({{"name", column.name},
                       {"type", column.contract_type},
                       {"is_required", column.presence == Presence::kRequired},
                       {"may_be_absent", column.may_be_absent()},
                       {"rule", rule_text(column.rule)},
                       {"unit", column.unit},
                       {"meaning", column.meaning}});
  }
  return {{"name", table_of(family).name},
          {"table", table_of(family).raw_table},
          {"columns", std::move(columns)}};
}

Json question_json(const NamedQuestion& question) {
  Json parameters = Json::array(), choices = Json::array();
  for (const Parameter& each : question.parameters)
    parameters.push_back({{"name", each.name}, {"is_required", each.is_required}, {"meaning", each.meaning}});
  for (const Choice& each : question.choices) choices.push_back(each.name);
  return {{"name", question.name},
          {"meaning", question.meaning},
          {"family", table_of(question.family).name},
          {"parameters", std::move(parameters)},
          {"by", std::move(choices)},
          {"bucket", question.bucket ? Json(to_string(*question.bucket)) : Json()},
          {"bucket_may_differ", question.bucket_may_differ},
          {"is_object", question.is_object},
          {"needs_range", question.needs_range}};
}

std::string make_json() {
  Json json{{"families", Json::array()},
            {"measures", Json::array()},
            {"dimensions", Json::array()},
            {"questions", Json::array()}};
  for (const Family family : kFamilies) json["families"].push_back(family_json(family));
  for (const Measure& measure : measures())
    json["measures"].push_back({{"name", measure.name},
                                {"family", table_of(measure.family).name},
                                {"key", measure.column.key},
                                {"unit", measure.column.unit}});
  for (const Dimension& dimension : dimensions()) {
    Json families = Json::array();
    for (const Family family : kFamilies)
      if (known_by(family, dimension) != KnownBy::kNothing) families.push_back(table_of(family).name);
    json["dimensions"].push_back(
        {{"name", dimension.name}, {"key", dimension.column}, {"families", std::move(families)}});
  }
  for (const NamedQuestion& question : named_questions())
    json["questions"].push_back(question_json(question));
  return json.dump();
}

}  // namespace

const std::string& catalogue_json() {
  static const std::string json = make_json();
  return json;
}

}  // namespace optiinfra::c_interface
