#include "optiinfra/report/wire.hpp"

#include <cmath>
#include <limits>

#include "json_text.hpp"

namespace optiinfra::report {
namespace {

struct WireValue {
  Json operator()(std::monostate) const { return nullptr; }
  Json operator()(double value) const { return std::isfinite(value) ? Json(value) : Json(nullptr); }
  Json operator()(sys_seconds value) const { return {{"time", value.time_since_epoch().count()}}; }
  template <typename T>
  Json operator()(const T& value) const {
    return value;
  }
};

Value value_of(const Json& json) {
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number_unsigned()) return json.get<std::uint64_t>();
  if (json.is_number_integer()) return json.get<std::int64_t>();
  if (json.is_number_float()) return json.get<double>();
  if (json.is_string()) return json.get<std::string>();
  if (json.is_object()) return sys_seconds{std::chrono::seconds{json.at("time").get<std::int64_t>()}};
  return {};
}

Json field_json(const Field& field) {
  return {{"key", field.key},
          {"heading", field.heading},
          {"look", static_cast<int>(field.look)},
          {"decimals", field.decimals},
          {"only_if_present", field.only_if_present}};
}

Field field_of(const Json& json) {
  const int look = json.at("look").get<int>();
  const bool is_known = look >= 0 && look <= static_cast<int>(Look::kBytes);
  return {.key = json.at("key"),
          .heading = json.at("heading"),
          .look = is_known ? static_cast<Look>(look) : Look::kText,
          .decimals = json.at("decimals"),
          .only_if_present = json.at("only_if_present")};
}

Json wire_section(const Section& section) {
  Json fields = Json::array(), rows = Json::array();
  for (const Field& field : section.records.fields) fields.push_back(field_json(field));
  for (const Row& row : section.records.rows) {
    Json cells = Json::array();
    for (const Value& value : row) cells.push_back(std::visit(WireValue{}, value));
    rows.push_back(std::move(cells));
  }
  return {{"key", section.key},
          {"title", section.title},
          {"is_object", section.is_object},
          {"fields", fields},
          {"rows", rows}};
}

Section section_of(const Json& json) {
  Section section{
      .key = json.at("key"), .title = json.at("title"), .records = {}, .is_object = json.at("is_object")};
  for (const Json& field : json.at("fields")) section.records.fields.push_back(field_of(field));
  for (const Json& cells : json.at("rows")) {
    Row& row = section.records.rows.emplace_back();
    for (const Json& cell : cells) row.push_back(value_of(cell));
    row.resize(section.records.fields.size());
  }
  if (section.is_object) section.records.rows.resize(1, Row(section.records.fields.size()));
  return section;
}

Json series_json(const Series& series) {
  Json values = Json::array();
  for (const double value : series.values) values.push_back(WireValue{}(value));
  return {{"title", series.title},       {"begin", series.begin.time_since_epoch().count()},
          {"step", series.step.count()}, {"from_zero", series.from_zero},
          {"decimals", series.decimals}, {"values", values}};
}

Series series_of_json(const Json& json) {
  Series series{.title = json.at("title"),
                .begin = sys_seconds{std::chrono::seconds{json.at("begin").get<std::int64_t>()}},
                .step = std::chrono::seconds{json.at("step").get<std::int64_t>()},
                .values = {},
                .from_zero = json.at("from_zero"),
                .decimals = json.at("decimals")};
  for (const Json& value : json.at("values"))
    series.values.push_back(value.is_number() ? value.get<double>()
                                              : std::numeric_limits<double>::quiet_NaN());
  return series;
}

Report report_of(const Json& json) {
  Report report{.command = json.at("command")};
  if (json.contains("window")) {
    const auto time = [&](int i) {
      return sys_seconds{
          std::chrono::seconds{json.at("window").at(static_cast<std::size_t>(i)).get<std::int64_t>()}};
    };
    report.window = TimeRange{time(0), time(1)};
  }
  for (const Json& section : json.at("sections")) report.sections.push_back(section_of(section));
  for (const Json& series : json.at("charts")) report.charts.push_back(series_of_json(series));
  report.notes = json.at("notes").get<std::vector<std::string>>();
  report.instead = json.at("instead");
  for (const Json& pair : json.at("units")) report.units.emplace_back(pair.at(0), pair.at(1));
  for (const Json& pair : json.at("coverage"))
    report.coverage.emplace_back(pair.at(0), pair.at(1).get<std::uint64_t>());
  report.has_more = json.at("has_more");
  return report;
}

}  // namespace

std::string encode_report(const Report& report) {
  Json json = {{"command", report.command}};
  if (report.window)
    json["window"] = {report.window->begin.time_since_epoch().count(),
                      report.window->end.time_since_epoch().count()};
  json["sections"] = json["charts"] = json["units"] = json["coverage"] = Json::array();
  for (const Section& section : report.sections) json["sections"].push_back(wire_section(section));
  for (const Series& series : report.charts) json["charts"].push_back(series_json(series));
  json["notes"] = report.notes;
  json["instead"] = report.instead;
  for (const auto& [key, unit] : report.units) json["units"].push_back(Json::array({key, unit}));
  for (const auto& [family, rows] : report.coverage) json["coverage"].push_back(Json::array({family, rows}));
  json["has_more"] = report.has_more;
  return dump_json(json) + "\n";
}

Result<Report> decode_report(std::string_view text) {
  try {
    Report report = report_of(Json::parse(text));
    if (!report.sections.empty()) return report;
  } catch (const Json::exception&) {
    // Told below, in our words.
  }
  return Error{ErrorKind::kCorrupt, "the answer is no report of an optiinfra service"};
}

}  // namespace optiinfra::report
