#include "map_choice.hpp"

#include <algorithm>

#include "customers.hpp"
#include "optiinfra/core/nearest.hpp"
#include "optiinfra/transport/sql.hpp"
#include "source_columns.hpp"
#include "source_names.hpp"
#include "text_form.hpp"

namespace optiinfra {
namespace {

/// The text that an expression is, when it is a literal without escapes and nothing else.
std::optional<std::string> text_of_literal(std::string_view expression) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\n'; };
  while (!expression.empty() && is_space(expression.front())) expression.remove_prefix(1);
  while (!expression.empty() && is_space(expression.back())) expression.remove_suffix(1);
  if (expression.size() < 3 || expression.front() != '\'' || expression.back() != '\'') return std::nullopt;
  expression = expression.substr(1, expression.size() - 2);
  if (expression.find_first_of("'\\") != std::string_view::npos) return std::nullopt;
  return std::string(expression);
}

/// Replaces the name of a customer or service, where the map gives one to all rows, by its id:
/// customer_id = "'acme'".
Result<void> replace_names(Client& client, ImportMap& map) {
  for (auto& [column, expression] : map.columns) {
    const auto kind = name_kind_of_column(column);
    const auto text = kind ? text_of_literal(expression) : std::nullopt;
    if (!text || Uuid::parse(*text)) continue;
    OPTIINFRA_TRY(const Names names, client.names());
    auto id = names.id_of(*kind, *text);
    if (!id) return with_context(std::move(id).error(), "map " + map.name + ", column " + column);
    expression = sql_literal(*id);
  }
  return {};
}

std::vector<std::string> required_columns(Family family) {
  std::vector<std::string> names;
  for (const ColumnDefinition& column : table_of(family).columns())
    if (column.presence == Presence::kRequired) names.emplace_back(column.name);
  return names;
}

/// A map that needs fewer columns would fit files that it is not for; it must be named.
constexpr std::size_t kColumnsToBeKnownBy = 3;

/// How much of what a form needs is there, from 0 to 1.
double share_of(std::size_t lacking, std::size_t needed) {
  return needed == 0 ? 0 : 1 - static_cast<double>(lacking) / static_cast<double>(needed);
}

/// Whether the map uses the time that is stated for a file.
bool reads_stated_time(const CheckedMap& map) {
  return std::any_of(map.reads.begin(), map.reads.end(), [](const ExpressionReads& reads) {
    return std::find(reads.columns.begin(), reads.columns.end(), kStatedTime) != reads.columns.end();
  });
}

std::string quoted(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "'" : ", '") + shown(name) + "'";
  return text;
}

/// For messages.
std::string shown_path(const std::filesystem::path& path) {
  return path == kStandardInput ? kStandardInputName : path.string();
}

}  // namespace

Result<FittingMap> fitting_map(const std::vector<ImportMap>& maps, Family family,
                               const std::vector<std::string>& columns) {
  std::size_t contract_lacks = 0;
  const auto required = required_columns(family);
  for (const std::string& name : required)
    if (std::find(columns.begin(), columns.end(), name) == columns.end()) ++contract_lacks;
  if (contract_lacks == 0) return FittingMap{.name = kContractMap, .hint = {}};

  std::vector<std::string> fit;
  const ImportMap* nearest_map = nullptr;
  std::vector<std::string> nearest_lacks;
  double nearest_share = std::max(0.5, share_of(contract_lacks, required.size()));
  std::string other_family;
  for (const ImportMap& map : maps) {
    auto lacking = lacking_columns(map, columns);
    const bool is_known = !map.known_by.empty() && lacking.empty();
    if (required_source_count(map) < kColumnsToBeKnownBy && !is_known) continue;
    if (!map.lacks.empty() && !lacking.empty()) continue;  // Nobody wants the nearest of these.
    if (map.family && *map.family != family) {
      if (lacking.empty())
        other_family = "they are those of " + map.name + ", which are " +
                       std::string(table_of(*map.family).name) + " metrics: optiinfra import " +
                       table_of(*map.family).name;
      continue;
    }
    if (lacking.empty()) fit.push_back(map.name);
    if (const double share = share_of(lacking.size(), required_source_count(map)); share >= nearest_share) {
      nearest_share = share;
      nearest_map = &map;
      nearest_lacks = std::move(lacking);
    }
  }
  if (fit.size() == 1) return FittingMap{.name = fit.front(), .hint = {}};
  if (!fit.empty())
    return invalid_argument("its columns fit the maps " + listed(fit) + ": choose one with --map");
  if (!other_family.empty()) return FittingMap{.name = {}, .hint = other_family};
  if (nearest_map == nullptr) return FittingMap{};
  return FittingMap{.name = {},
                    .hint = "the nearest ready-made map is " + nearest_map->name + ", which also needs " +
                            quoted(nearest_lacks) + "; name a map of your own with --map"};
}

Result<MapChoice> MapChoice::make(Client& client, const ImportOptions& options, const Inputs& inputs) {
  std::optional<ImportMap> named;
  if (!options.map.empty()) {
    OPTIINFRA_TRY(named, load_map(options.map));
    OPTIINFRA_CHECK(expect_fit(*named, options.family));
    OPTIINFRA_CHECK(replace_names(client, *named));
  }
  CustomersByKey customers;
  if (!options.customers.empty()) {
    OPTIINFRA_TRY(customers, read_customers(client, options.customers));
  }
  return MapChoice(options, inputs, std::move(named), std::move(customers));
}

Result<PreparedMap*> MapChoice::map_of(Session& reader, const std::filesystem::path& path) {
  OPTIINFRA_TRY(PreparedMap * map, map_named(reader, path));
  const bool takes_time = reads_stated_time(map->checked);
  if (takes_time && !options_.time)
    return invalid_argument(shown_path(path) + ": a file of the form " + map->checked.map.name +
                            " does not say when its rows were made: state it with --at, such as "
                            "--at 2026-03-01T10:00:00Z");
  if (!takes_time && options_.time)
    return invalid_argument(shown_path(path) +
                            ": --at states the time for files that say none, and this one says it");
  if (options_.delivery == kDeliveryOfBill && !map->delivery)
    return invalid_argument(shown_path(path) + ": the map " + map->checked.map.name +
                            " does not say which delivery a row belongs to: name it with --delivery NAME, or "
                            "state `delivery` in a map of your own. Nothing was stored");
  return map;
}

Result<PreparedMap*> MapChoice::map_named(Session& reader, const std::filesystem::path& path) {
  if (named_) {
    if (prepared_.empty()) return prepare(reader, *named_);
    return prepared_.front().get();
  }
  OPTIINFRA_TRY(const std::string name, choose(reader, path));
  if (name == kContractMap && !customers_.key_name.empty())
    return invalid_argument(
        shown_path(path) +
        ": customers are given, and the file either has the table's own columns, which say "
        "who pays, or fits no ready-made map: name one with --map");
  for (const auto& each : prepared_)
    if (each->checked.map.name == name) return each.get();
  OPTIINFRA_TRY(ImportMap map, load_map(name));
  return prepare(reader, std::move(map));
}

Result<PreparedMap*> MapChoice::prepare(Session& reader, ImportMap map) {
  if (!customers_.key_name.empty()) OPTIINFRA_CHECK(give_customers(customers_, map));
  OPTIINFRA_TRY(CheckedMap checked, check_map(reader, std::move(map)));
  if (options_.time && reads_stated_time(checked))
    checked.map.time = std::to_string(options_.time->time_since_epoch().count());
  std::optional<CheckedMap> delivery;
  if (options_.delivery == kDeliveryOfBill && !checked.map.delivery.empty()) {
    OPTIINFRA_TRY(delivery, check_delivery(reader, checked.map));
  }
  prepared_.push_back(std::make_unique<PreparedMap>(
      PreparedMap{.checked = std::move(checked), .delivery = std::move(delivery)}));
  return prepared_.back().get();
}

/// The ready-made maps without those that have all their columns in the file and are still not for it.
Result<std::vector<ImportMap>> MapChoice::candidates(Session& reader, const SourceFile& file,
                                                     const FileFormat& format,
                                                     const std::vector<std::string>& columns) const {
  std::vector<ImportMap> maps;
  for (const ImportMap& map : ready_made_) {
    if (!map.known_by.empty()) {
      if (format.kind != FormatKind::kJsonLines) continue;
      if (lacking_columns(map, columns).empty()) {
        OPTIINFRA_TRY(const bool holds, holds_known_by(reader, file, format, map, columns));
        if (!holds) continue;
      }
    }
    maps.push_back(map);
  }
  return maps;
}

Result<std::string> MapChoice::choose(Session& reader, const std::filesystem::path& path) {
  OPTIINFRA_TRY(FileFormat format, inputs_.format_of(path, ""));
  // Of those only a process of its own may read the names.
  if (format.is_read_apart) return std::string(kContractMap);
  OPTIINFRA_TRY(SourceFile file, inputs_.open(path));
  OPTIINFRA_CHECK(settle_text_form(reader, file, format));
  OPTIINFRA_TRY(const auto columns, read_column_names(reader, file, format));
  if (ready_made_.empty()) {
    OPTIINFRA_TRY(ready_made_, ready_made_maps());
  }
  OPTIINFRA_TRY(const auto maps, candidates(reader, file, format, columns));
  auto fitting = fitting_map(maps, options_.family, columns);
  if (!fitting) return with_context(std::move(fitting).error(), file.path().string());
  if (fitting->hint)
    return invalid_argument(file.path().string() + " has not the columns of " +
                            table_of(options_.family).raw_table + "; " + *fitting->hint);
  for (const ImportMap& map : maps)
    if (map.name == fitting->name && !map.lacks.empty())
      return invalid_argument(file.path().string() + ": " + map.description + ": " + map.lacks);
  // Without a near one the contract's error says which columns there are.
  return fitting->name.empty() ? std::string(kContractMap) : fitting->name;
}

}  // namespace optiinfra
