#include "optiinfra/report/json.hpp"

#include <cmath>

#include "json_text.hpp"

namespace optiinfra::report {
namespace {

struct ToJson {
  Json operator()(std::monostate) const { return nullptr; }
  Json operator()(double value) const { return std::isfinite(value) ? Json(value) : Json(nullptr); }
  Json operator()(sys_seconds value) const { return format_time(value); }
  template <typename T>
  Json operator()(const T& value) const {
    return value;
  }
};

Json row_json(const Records& records, const Row& row) {
  Json object = Json::object();
  for (std::size_t i = 0; i < records.fields.size(); ++i)
    object[records.fields[i].key] = std::visit(ToJson{}, row[i]);
  return object;
}

Json section_json(const Section& section) {
  if (section.is_object) return row_json(section.records, section.records.rows.at(0));
  Json rows = Json::array();
  for (const Row& row : section.records.rows) rows.push_back(row_json(section.records, row));
  return rows;
}

Json data_json(const Report& report) {
  if (report.sections.size() == 1) return section_json(report.sections.front());
  Json data = Json::object();
  for (const Section& section : report.sections) data[section.key] = section_json(section);
  return data;
}

}  // namespace

std::string render_json(const Report& report) {
  Json json;
  json["command"] = report.command;
  if (report.window)
    json["window"] = {{"begin", format_time(report.window->begin)}, {"end", format_time(report.window->end)}};
  json["data"] = data_json(report);
  for (const auto& [key, unit] : report.units) json["units"][key] = unit;
  for (const auto& [family, rows] : report.coverage) json["coverage"][family]["rows"] = rows;
  if (report.has_more) json["has_more"] = true;
  if (report.elapsed) json["elapsed_ms"] = std::round(report.elapsed->count() * 1e6) / 1e3;
  return dump_json(json) + "\n";
}

std::string render_json_lines(const Records& records) {
  std::string text;
  for (const Row& row : records.rows) text += dump_json(row_json(records, row)) + "\n";
  return text;
}

std::string render_json_error(std::string_view kind, std::string_view message, int server_code,
                              std::string_view query_id) {
  Json json;
  json["error"] = {{"kind", kind}, {"message", message}, {"server_code", server_code}};
  if (!query_id.empty()) json["error"]["query_id"] = query_id;
  return dump_json(json) + "\n";
}

std::string json_string(std::string_view text) { return dump_json(Json(text)); }

}  // namespace optiinfra::report
