#include "optiinfra/report/stored_names.hpp"

#include <algorithm>
#include <charconv>

#include "optiinfra/core/nearest.hpp"
#include "optiinfra/report/names.hpp"
#include "optiinfra/schema/select.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra::report {
namespace {

/// Names that a sentence lists when they are all there are.
constexpr std::size_t kNamesListed = 5;

/// Names that the engine picks as the nearest; which of them are near enough is nearest_names()'s to say.
constexpr std::size_t kNamesCompared = 50;

std::string listed(const std::vector<std::string>& names, const std::string& last = " and ") {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i)
    text += (i == 0 ? "" : i + 1 == names.size() ? last : ", ") + names[i];
  return text;
}

std::string rows_of(const std::vector<Family>& families, const std::string& last) {
  std::vector<std::string> names;
  for (const Family family : families) names.emplace_back(table_of(family).name);
  return listed(names, last) + " rows";
}

std::string name_of(const NameFilter& filter) {
  return std::string(filter.dimension->name) + " " + listed(filter.values, " or ");
}

/// "model M of service S of customer C".
std::string name_of(std::span<const NameFilter> filters) {
  std::string text;
  for (const NameFilter& filter : filters) text = name_of(filter) + (text.empty() ? "" : " of ") + text;
  return text;
}

/// One entry for each dimension, the widest dimension first, as the catalogue lists them.
std::vector<NameFilter> grouped(const std::vector<Filter>& filters) {
  std::vector<NameFilter> groups;
  for (const Dimension& dimension : dimensions()) {
    NameFilter group{&dimension, {}};
    for (const Filter& filter : filters)
      if (filter.dimension == dimension.name || filter.dimension == dimension.column)
        group.values.push_back(filter.value);
    if (!group.values.empty()) groups.push_back(std::move(group));
  }
  return groups;
}

/// The command that lists what a wrong name could have been.
std::string list_command(std::span<const NameFilter> owner, const Dimension& dimension) {
  const std::string name = dimension.name;
  if (name != "customer" && name != "service" && name != "instance" && name != "model") return {};
  std::string command = "optiinfra " + name + "s";
  if (!owner.empty() && std::string_view(owner.front().dimension->name) == "customer")
    command += " --customer " + owner.front().values.front();
  return "; `" + command + "` lists all";
}

/// Looks up names in one store.
class Finder {
 public:
  Finder(Session& session, std::vector<Family> families)
      : session_(session), families_(std::move(families)) {}

  Result<Absence> explain(std::span<const NameFilter> filters, TimeRange window) {
    for (std::size_t count = 0; count <= filters.size(); ++count) {
      OPTIINFRA_TRY(const auto having, families_with(filters.first(count), families_));
      if (!having.empty()) continue;
      OPTIINFRA_TRY(std::string sentence, why_unknown(filters.first(count)));
      return Absence{true, std::move(sentence)};
    }
    OPTIINFRA_TRY(std::string sentence, why_outside(filters, window));
    return Absence{false, std::move(sentence)};
  }

 private:
  /// Those of `families` that have a row with these names.
  Result<std::vector<Family>> families_with(std::span<const NameFilter> filters,
                                            std::span<const Family> families) {
    std::vector<Family> having;
    for (const Family family : families) {
      const auto rows = named_rows(session_.database(), family, filters);
      if (!rows) continue;
      const Select one{.columns = {{"1", "one"}}, .from = rows->from, .where = rows->where, .limit = 1};
      OPTIINFRA_TRY(const std::uint64_t found,
                    query_number(session_, {.sql = "SELECT toUInt64(count()) FROM (" + one.sql() + ")",
                                            .parameters = rows->parameters}));
      if (found != 0) having.push_back(family);
    }
    return having;
  }

  /// The last of `filters` is what no row has.
  Result<std::string> why_unknown(std::span<const NameFilter> filters) {
    OPTIINFRA_TRY(const auto others, families_with(filters, kFamilies));
    const std::string subject = filters.empty() ? "the store" : name_of(filters);
    if (!others.empty())
      return subject + " has no " + rows_of(families_, " or ") + "; it has " + rows_of(others, " and ");
    if (filters.empty())
      return std::string(
          "the store has no rows yet; `optiinfra import`, `collect` and `generate` bring some");
    const auto owner = filters.first(filters.size() - 1);
    OPTIINFRA_TRY(const auto names, known_names(filters));
    return (owner.empty() ? std::string("the store") : name_of(owner)) + " has no " +
           name_of(filters.back()) + suggestion(names, filters.back()) +
           list_command(owner, *filters.back().dimension);
  }

  static std::string suggestion(const std::vector<std::string>& names, const NameFilter& wanted) {
    if (names.empty()) return {};
    if (names.size() <= kNamesListed) return "; it has " + listed(names);
    const auto near = nearest_names(wanted.values.front(), names);
    return near.empty() ? std::string{}
                        : "; near it " + std::string(near.size() == 1 ? "is " : "are ") + listed(near);
  }

  /// Names of the last filter's dimension in rows that have the others, the nearest to its value first.
  Result<std::vector<std::string>> known_names(std::span<const NameFilter> filters) {
    const NameFilter& wanted = filters.back();
    std::vector<Select> parts;
    std::vector<NamedValue> parameters;
    for (const Family family : families_) {
      auto rows = named_rows(session_.database(), family, filters);
      if (!rows) continue;
      rows->where.pop_back();
      parts.push_back({.columns = {{std::string("CAST(") + wanted.dimension->column + ", 'String')", "name"}},
                       .from = rows->from,
                       .where = rows->where,
                       .group_by = {wanted.dimension->column}});
      parameters = std::move(rows->parameters);
    }
    parameters.emplace_back("wanted", wanted.values.front());
    const Select names{
        .columns = {{"name"}},
        .from = subquery(parts),
        .where = {"name != ''"},
        .group_by = {"name"},
        .order_by = {"position(name, {wanted:String}) = 0", "editDistance(name, {wanted:String})", "name"},
        .limit = kNamesCompared};
    const auto found = query_texts(session_, {.sql = names.sql(), .parameters = parameters});
    std::vector<std::string> texts;
    // A server that cannot compare names has none to suggest.
    if (!found) return texts;
    for (const auto& row : *found) texts.push_back(row.front());
    return texts;
  }

  Result<std::string> why_outside(std::span<const NameFilter> filters, TimeRange window) {
    std::string text = "no rows from " + format_time(window.begin) + " to " + format_time(window.end);
    for (const Family family : families_) {
      const auto rows = named_rows(session_.database(), family, filters);
      if (!rows) continue;
      const std::string time = rows->time_column;
      const Select ends{.columns = {{"toString(toUnixTimestamp(toStartOfHour(min(" + time + "))))"},
                                    {"toString(toUnixTimestamp(toStartOfHour(max(" + time + "))))"},
                                    {"toString(count())"}},
                        .from = rows->from,
                        .where = rows->where};
      OPTIINFRA_TRY(const auto found,
                    query_texts(session_, {.sql = ends.sql(), .parameters = rows->parameters}));
      if (found.empty() || found.front()[2] == "0") continue;
      text += "; " + (filters.empty() ? std::string("the store") : name_of(filters)) + " has " +
              table_of(family).name + " rows from " + hour_text(found.front()[0]) + " to the hour of " +
              hour_text(found.front()[1]);
    }
    return text;
  }

  static std::string hour_text(const std::string& seconds) {
    long value = 0;
    std::from_chars(seconds.data(), seconds.data() + seconds.size(), value);
    return format_time(sys_seconds{std::chrono::seconds{value}});
  }

  Session& session_;
  std::vector<Family> families_;
};

}  // namespace

const Dimension& dimension_of(std::string_view name) {
  const auto all = dimensions();
  return *std::find_if(all.begin(), all.end(), [&](const Dimension& each) { return name == each.name; });
}

const char* value_type(Family family, const Dimension& dimension) {
  for (const ColumnDefinition& column : table_of(family).columns()) {
    if (std::string_view(column.name) == dimension.column && std::string_view(column.contract_type) == "UUID")
      return "UUID";
  }
  return "String";
}

bool takes_uuid(const NamedQuestion& question, const Parameter& parameter) {
  return std::string_view(value_type(question.family, dimension_of(parameter.dimension))) == "UUID";
}

std::optional<NamedRows> named_rows(std::string_view database, Family family,
                                    std::span<const NameFilter> filters) {
  const TableDefinition& table = table_of(family);
  NamedRows rows{qualified(database, table.rollup_table), "hour", {}, {}};
  for (const NameFilter& filter : filters) {
    const KnownBy known = known_by(family, *filter.dimension);
    if (known == KnownBy::kNothing) return std::nullopt;
    if (known == KnownBy::kRaw)
      rows.from = qualified(database, table.raw_table), rows.time_column = "timestamp";
    std::vector<std::string> any;
    for (std::size_t i = 0; i < filter.values.size(); ++i) {
      const std::string name = std::string(filter.dimension->name) + "_" + std::to_string(i);
      any.push_back(std::string(filter.dimension->column) + " = {" + name + ":" +
                    value_type(family, *filter.dimension) + "}");
      rows.parameters.emplace_back(name, filter.values[i]);
    }
    rows.where.push_back("(" + joined(any, " OR ") + ")");
  }
  return rows;
}

Result<std::optional<Absence>> absence_of(Client& client, const Question& question, const Answer& answer) {
  std::vector<Family> families;
  for (const Coverage& each : answer.coverage) {
    if (each.rows != 0) return std::optional<Absence>();
    families.push_back(each.family);
  }
  OPTIINFRA_TRY(Absence absence, explain_absence(client, question.filters, families, answer.window));
  return std::optional(std::move(absence));
}

Result<Absence> explain_absence(Client& client, std::vector<Filter> filters,
                                const std::vector<Family>& families, TimeRange window) {
  OPTIINFRA_CHECK(resolve_names(client, filters));
  Absence absence;
  OPTIINFRA_CHECK(client.with_session([&](Session& session) -> Result<void> {
    OPTIINFRA_TRY(absence, Finder(session, families).explain(grouped(filters), window));
    return {};
  }));
  absence.sentence = with_names(absence.sentence, names_or_none(client));
  return absence;
}

}  // namespace optiinfra::report
