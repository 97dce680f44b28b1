#include "map.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "builtin_maps.hpp"
#include "conversion.hpp"
#include "format.hpp"
#include "optiinfra/core/nearest.hpp"
#include "optiinfra/import/import.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra {
namespace {

constexpr std::uint64_t kMapBytesMax = 1 << 20;

/// What the map of FOCUS was called when it read one version.
constexpr std::string_view kFormerFocus = "focus-1.0", kFocus = "focus";

Error refuse(const std::string& name, const std::string& what) {
  return invalid_argument("map " + name + ": " + what);
}

/// Reads the keys of one map. The first failure is kept.
class MapReader {
 public:
  MapReader(const toml::table& table, std::string name) : table_(table) { map_.name = std::move(name); }

  Result<ImportMap> read() {
    for (const auto& [key, value] : table_) read_key(std::string(key.str()), value);
    if (!failure_ && map_.columns.empty() && map_.lacks.empty())
      fail("the table [columns] is missing or empty");
    if (failure_) return *failure_;
    return std::move(map_);
  }

 private:
  void fail(const std::string& what) {
    if (!failure_) failure_ = refuse(map_.name, what);
  }

  void read_key(const std::string& key, const toml::node& value) {
    static const std::vector<std::string> kKeys = {
        "amount",      "category", "columns", "decimal", "delimiter", "delivery",
        "description", "encoding", "family",  "format",  "keys",      "known_by",
        "lacks",       "parts",    "repeat",  "rows",    "source",    "where"};
    if (key == "columns") return read_entries(key, value, map_.columns);
    if (key == "source") return read_source(key, value);
    if (key == "keys") return read_entries(key, value, map_.keys);
    if (key == "description") return read_text(key, value, map_.description);
    if (key == "amount") return read_text(key, value, map_.amount);
    if (key == "category") return read_text(key, value, map_.category);
    if (key == "delivery") return read_text(key, value, map_.delivery);
    if (key == "where") return read_text(key, value, map_.where);
    if (key == "known_by") return read_text(key, value, map_.known_by);
    if (key == "lacks") return read_text(key, value, map_.lacks);
    if (key == "rows") return read_text(key, value, map_.rows);
    if (key == "repeat") return read_text(key, value, map_.repeat);
    if (key == "parts") return read_text(key, value, map_.parts);
    if (key == "format") return read_format(key, value);
    if (key == "delimiter") return read_letter(key, value, map_.text_form.delimiter);
    if (key == "decimal") return read_letter(key, value, map_.text_form.decimal);
    if (key == "encoding") return read_encoding(key, value);
    if (key == "family") return read_family(key, value);
    fail("unknown key '" + key + "'" + suggestion(key, kKeys) + " Keys are " + listed(kKeys));
  }

  void read_text(const std::string& key, const toml::node& value, std::string& into) {
    if (const auto text = value.value_exact<std::string>(); text && !text->empty()) {
      into = *text;
    } else {
      fail("line " + std::to_string(value.source().begin.line) + ": '" + key + "' must be a text in quotes");
    }
  }

  void read_entries(const std::string& key, const toml::node& value, std::vector<MapEntry>& into) {
    const toml::table* table = value.as_table();
    if (table == nullptr) return fail("'" + key + "' must be a table, [" + key + "]");
    for (const auto& [name, expression] : *table) {
      std::string text;
      read_text(key + "." + std::string(name.str()), expression, text);
      into.emplace_back(std::string(name.str()), std::move(text));
    }
    std::sort(into.begin(), into.end());
  }

  void read_source(const std::string& key, const toml::node& value) {
    const toml::table* table = value.as_table();
    if (table == nullptr) return fail("'" + key + "' must be a table, [" + key + "]");
    for (const auto& [name, type] : *table) read_source_column(std::string(name.str()), type);
    std::sort(map_.source.begin(), map_.source.end());
    std::sort(map_.optional.begin(), map_.optional.end());
    const auto types = source_type_names();
    for (const auto& [column, type] : map_.source) {
      if (std::find(types.begin(), types.end(), type) != types.end()) continue;
      fail("the source column '" + column + "' has the unknown type '" + type + "'" +
           suggestion(type, types) + " Types are " + listed(types));
    }
  }

  /// "Float64", or { type = "Float64", optional = true, aliases = ["cost"] }.
  void read_source_column(const std::string& name, const toml::node& value) {
    const std::string place = "source." + name;
    std::string type;
    const toml::table* form = value.as_table();
    const toml::node* type_node = form == nullptr ? &value : form->get("type");
    if (type_node == nullptr) return fail("'" + place + "' has no 'type'");
    read_text(form == nullptr ? place : place + ".type", *type_node, type);
    map_.source.emplace_back(name, std::move(type));
    if (form == nullptr) return;
    static const std::vector<std::string> kKeys = {"aliases", "optional", "type"};
    for (const auto& [key, entry] : *form) {
      if (key == "type") continue;
      if (key == "aliases") {
        read_aliases(name, place + ".aliases", entry);
        continue;
      }
      if (key != "optional")
        return fail("'" + place + "' has the unknown key '" + std::string(key.str()) + "'" +
                    suggestion(std::string(key.str()), kKeys));
      const auto is_optional = entry.value_exact<bool>();
      if (!is_optional) return fail("'" + place + ".optional' must be true or false");
      if (*is_optional) map_.optional.push_back(name);
    }
  }

  void read_aliases(const std::string& name, const std::string& place, const toml::node& value) {
    const toml::array* list = value.as_array();
    if (list == nullptr) return fail("'" + place + "' must be a list of names in quotes");
    for (const toml::node& alias : *list) {
      std::string text;
      read_text(place, alias, text);
      map_.aliases.emplace_back(name, std::move(text));
    }
  }

  void read_format(const std::string& key, const toml::node& value) {
    read_text(key, value, map_.format);
    if (failure_) return;
    if (auto known = expect_known_format(map_.format); !known) fail(known.error().message);
  }

  /// One letter that separates.
  void read_letter(const std::string& key, const toml::node& value, char& into) {
    std::string text;
    read_text(key, value, text);
    if (failure_) return;
    const std::string_view allowed = key == "decimal" ? ",." : ",;\t|";
    if (text.size() != 1 || allowed.find(text[0]) == std::string_view::npos)
      return fail("'" + key + "' must be one of " +
                  (key == "decimal" ? R"("," and ".")" : R"(",", ";", "\t" and "|")"));
    into = text[0];
  }

  void read_encoding(const std::string& key, const toml::node& value) {
    std::string text;
    read_text(key, value, text);
    if (failure_ || text == "utf-8") return;
    if (text != "windows-1252" && text != "latin-1")
      return fail("'encoding' must be utf-8, windows-1252 or latin-1; UTF-16 is recognised");
    map_.text_form.encoding = TextEncoding::kWindows1252;
  }

  void read_family(const std::string& key, const toml::node& value) {
    std::string name;
    read_text(key, value, name);
    if (failure_) return;
    const auto family = parse_family(name);
    if (!family) return fail(family.error().message);
    map_.family = *family;
  }

  const toml::table& table_;
  ImportMap map_;
  std::optional<Error> failure_;
};

Result<ImportMap> read_map_file(const std::string& path) {
  std::error_code code;
  const auto size = std::filesystem::file_size(path, code);
  if (code) return invalid_argument("cannot read the map " + path + ": " + code.message());
  if (size > kMapBytesMax)
    return Error{ErrorKind::kTooLarge, "the map " + path + " is over the limit of 1 MiB"};
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) return Error{ErrorKind::kStorage, "cannot read the map " + path};
  return parse_map(text, path);
}

std::vector<std::string> builtin_names() {
  std::vector<std::string> names{kContractMap};
  for (const BuiltinMap& map : builtin_maps())
    if (map.name != kContractMap) names.push_back(map.name);
  return names;
}

/// Optional columns that no row is made of: of all expressions `delivery` alone has their names in it.
std::set<std::string> columns_of_delivery(const ImportMap& map) {
  std::string of_rows = map.where + "\n" + map.repeat + "\n" + map.parts + "\n" + map.rows + "\n" +
                        map.known_by + "\n" + map.amount + "\n" + map.category + "\n" + map.customers.key;
  for (const auto& [name, expression] : map.columns) of_rows += "\n" + expression;
  for (const auto& [name, expression] : map.keys) of_rows += "\n" + expression;
  std::set<std::string> names;
  for (const std::string& column : map.optional)
    if (map.delivery.find(column) != std::string::npos && of_rows.find(column) == std::string::npos)
      names.insert(column);
  return names;
}

}  // namespace

std::string ImportMap::identity() const {
  const std::set<std::string> unread = columns_of_delivery(*this);
  std::string text = is_contract ? "contract\n" : "map\n";
  text += "format " + format + "\nwhere " + where + "\nrepeat " + repeat + "\n";
  if (text_form.delimiter != 0) text += std::string("delimiter ") + text_form.delimiter + "\n";
  if (text_form.decimal != 0) text += std::string("decimal ") + text_form.decimal + "\n";
  if (text_form.encoding != TextEncoding::kUtf8) text += "encoding windows-1252\n";
  for (const auto& [column, type] : source)
    if (!unread.contains(column)) text += "source " + column + " " + type + "\n";
  for (const std::string& column : optional)
    if (!unread.contains(column)) text += "optional " + column + "\n";
  for (const auto& [column, alias] : aliases)
    if (!unread.contains(column)) text += "alias " + column + " " + alias + "\n";
  if (!parts.empty()) text += "parts " + parts + "\n";
  if (!rows.empty()) text += "rows " + rows + "\n";
  if (!time.empty()) text += "time " + time + "\n";
  for (const auto& [column, expression] : columns) text += "column " + column + " " + expression + "\n";
  if (!customers.key.empty()) text += "customers by " + customers.key + "\n";
  for (const auto& [key, id] : customers.ids) text += "customer " + key + " " + id + "\n";
  if (!customers.others.empty()) text += "other customers " + customers.others + "\n";
  return text;
}

ImportMap contract_map() {
  ImportMap map;
  map.name = kContractMap;
  map.description = "files whose columns have the names of the table's columns";
  map.is_contract = true;
  return map;
}

Result<ImportMap> parse_map(std::string_view text, std::string name) {
  try {
    const toml::table table = toml::parse(text);
    return MapReader(table, std::move(name)).read();
  } catch (const toml::parse_error& error) {
    return refuse(
        name, "line " + std::to_string(error.source().begin.line) + ": " + std::string(error.description()));
  }
}

Result<std::vector<ImportMap>> ready_made_maps() {
  std::vector<ImportMap> maps;
  for (const auto& text : builtin_map_texts()) {
    OPTIINFRA_TRY(ImportMap map, parse_map(text.toml, std::string(text.name)));
    maps.push_back(std::move(map));
  }
  return maps;
}

Result<ImportMap> load_map(const std::string& name) {
  if (name.empty() || name == kContractMap) return contract_map();
  if (name.find('/') != std::string::npos || name.ends_with(".toml")) return read_map_file(name);
  for (const auto& map : builtin_map_texts()) {
    if (map.name == (name == kFormerFocus ? kFocus : std::string_view(name)))
      return parse_map(map.toml, std::string(map.name));
  }
  const auto names = builtin_names();
  return invalid_argument("there is no ready-made map '" + name + "'" + suggestion(name, names) +
                          " Ready-made are " + listed(names) + "; a map file has a '/' or ends in .toml");
}

Result<void> expect_fit(const ImportMap& map, Family family) {
  const TableDefinition& table = table_of(family);
  if (map.family && *map.family != family) {
    return refuse(map.name,
                  "it is for " + std::string(table_of(*map.family).name) + " metrics, not for " + table.name);
  }
  if (map.is_contract) return {};
  if (!map.lacks.empty()) return refuse(map.name, map.lacks);
  if (!map.amount.empty() && family != Family::kCost)
    return refuse(map.name, "`amount` is for the lines of a bill, which cost metrics are made of");
  if (map.amount.empty() && !map.category.empty())
    return refuse(map.name, "`category` needs `amount`: what a line comes to");
  const auto columns = table.columns();
  std::vector<std::string> names;
  for (const ColumnDefinition& column : columns) names.emplace_back(column.name);
  for (const auto& [name, expression] : map.columns) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    return refuse(map.name, std::string(table.raw_table) + " has no column '" + name + "'" +
                                suggestion(name, names) + " Columns are " + listed(names));
  }
  for (const ColumnDefinition& column : columns) {
    if (column.presence == Presence::kOptional || !expression_of(map, column.name).empty()) continue;
    return refuse(map.name, "the required column '" + std::string(column.name) + "' (" + column.meaning +
                                ") is missing in [columns]");
  }
  return {};
}

std::string_view expression_of(const ImportMap& map, std::string_view column) {
  for (const auto& [name, expression] : map.columns) {
    if (name == column) return expression;
  }
  return {};
}

std::vector<BuiltinMap> builtin_maps() {
  std::vector<BuiltinMap> maps{{kContractMap, std::nullopt, contract_map().description}};
  for (const auto& text : builtin_map_texts()) {
    auto map = parse_map(text.toml, std::string(text.name));
    if (map && map->lacks.empty()) maps.push_back({map->name, map->family, map->description});
  }
  return maps;
}

}  // namespace optiinfra
