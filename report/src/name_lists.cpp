#include "optiinfra/report/name_lists.hpp"

#include <charconv>

#include "optiinfra/report/names.hpp"
#include "optiinfra/report/stored_names.hpp"
#include "optiinfra/schema/select.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra::report {
namespace {

std::string rows_name(Family family) { return std::string(table_of(family).name) + "_rows"; }

/// The rows of one family by all names of the list, counted ones included.
Select rows_by_name(const NameList& list, const std::vector<Family>& families, Family family,
                    const NamedRows& rows) {
  Select select{.from = rows.from, .where = rows.where};
  const auto add = [&](const char* name) {
    const Dimension& dimension = dimension_of(name);
    const bool is_known = known_by(family, dimension) == KnownBy::kRollup;
    select.columns.push_back(
        {is_known ? std::string("CAST(") + dimension.column + ", 'String')" : std::string("''"), name});
    if (is_known) select.group_by.emplace_back(dimension.column);
  };
  for (const char* key : list.keys) add(key);
  for (const char* name : list.counted) add(name);
  for (const Family each : families) {
    std::string count = "toUInt64(0)";
    if (each == family) {
      for (const FinishedColumn& column : table_of(family).finished())
        if (column.measure == &table_of(family).row_count()) count = column.answer_expression();
    }
    select.columns.push_back({std::move(count), rows_name(each)});
  }
  select.columns.push_back({"min(hour)", "first_hour"});
  select.columns.push_back({"max(hour)", "last_hour"});
  return select;
}

std::string text_of(const std::string& expression) { return "toString(" + expression + ")"; }

/// All columns as texts: the keys, the counts, the first hour and the last.
Statement make_statement(const NameList& list, std::string_view database,
                         const std::vector<NameFilter>& filters, std::size_t limit) {
  const auto families = families_of(list);
  Select select{.limit = limit};
  Statement statement;
  std::vector<Select> parts;
  for (const Family family : families) {
    auto rows = named_rows(database, family, filters);
    parts.push_back(rows_by_name(list, families, family, *rows));
    statement.parameters = std::move(rows->parameters);
  }
  select.from = subquery(parts);
  for (const char* key : list.keys) {
    select.columns.push_back({key});
    select.group_by.emplace_back(key);
  }
  for (const char* name : list.counted)
    select.columns.push_back({text_of(std::string("uniqExactIf(") + name + ", " + name + " != '')")});
  std::vector<std::string> all_rows;
  for (const Family family : families) {
    all_rows.push_back("sum(" + rows_name(family) + ")");
    select.columns.push_back({text_of(all_rows.back())});
  }
  select.columns.push_back({text_of("toUnixTimestamp(min(first_hour))")});
  select.columns.push_back({text_of("toUnixTimestamp(max(last_hour))")});
  select.order_by = {joined(all_rows, " + ") + " DESC"};
  for (const char* key : list.keys) select.order_by.emplace_back(key);
  statement.sql = select.sql();
  return statement;
}

std::vector<Field> fields_of(const NameList& list) {
  std::vector<Field> fields;
  for (const char* key : list.keys) fields.push_back({dimension_of(key).column, key});
  for (const char* name : list.counted)
    fields.push_back({std::string(name) + "s", std::string(name) + "s", Look::kCount});
  for (const Family family : families_of(list))
    fields.push_back({rows_name(family), std::string(table_of(family).name) + " rows", Look::kCount});
  fields.push_back({"first_hour", "first hour (UTC)", Look::kTime});
  fields.push_back({"last_hour", "last hour (UTC)", Look::kTime});
  return fields;
}

Value value_of(const std::string& text, Look look) {
  if (look == Look::kText) return text;
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  if (look == Look::kTime) return sys_seconds{std::chrono::seconds{number}};
  return number;
}

std::vector<NameFilter> name_filters(const std::vector<Filter>& filters) {
  std::vector<NameFilter> named;
  for (const Filter& filter : filters) named.push_back({&dimension_of(filter.dimension), {filter.value}});
  return named;
}

}  // namespace

std::span<const NameList> name_lists() {
  static const std::vector<NameList> lists = {
      {.name = "customers",
       .meaning =
           "List the customers: their services, instances and models, rows and time. The most rows first",
       .examples = "  optiinfra customers\n  optiinfra customers --limit 10 --output csv",
       .keys = {"customer"},
       .counted = {"service", "instance", "model"},
       .by_customer = false},
      {.name = "services",
       .meaning = "List the services that requests and scores name, by customer. The most rows first",
       .examples = "  optiinfra services\n  optiinfra services --customer UUID",
       .keys = {"customer", "service"},
       .counted = {"model"}},
      {.name = "instances",
       .meaning = "List the instances that resource samples name, by customer. The most rows first",
       .examples = "  optiinfra instances\n  optiinfra instances --customer UUID",
       .keys = {"customer", "instance"},
       .counted = {}},
      {.name = "models",
       .meaning = "List the models that requests and scores name. The most rows first",
       .examples = "  optiinfra models\n  optiinfra models --customer UUID --service UUID",
       .keys = {"model"},
       .counted = {"customer", "service"},
       .by_service = true}};
  return lists;
}

std::vector<Family> families_of(const NameList& list) {
  std::vector<Family> families;
  for (const Family family : kFamilies) {
    bool knows_all = true;
    for (const char* key : list.keys)
      knows_all = knows_all && known_by(family, dimension_of(key)) == KnownBy::kRollup;
    if (knows_all) families.push_back(family);
  }
  return families;
}

Result<ListedNames> list_names(Client& client, const NameList& list, std::vector<Filter> filters,
                               std::size_t limit, const Names& given) {
  OPTIINFRA_CHECK(given.resolve(filters));
  std::vector<std::vector<std::string>> names;
  OPTIINFRA_CHECK(client.with_session([&](Session& session) -> Result<void> {
    // One more than asked for shows whether there are more.
    OPTIINFRA_TRY(names, query_texts(session, make_statement(list, session.database(), name_filters(filters),
                                                             limit + 1)));
    return {};
  }));
  ListedNames listed{.records = {.fields = fields_of(list), .rows = {}}, .has_more = names.size() > limit};
  for (std::size_t i = 0; i < std::min(names.size(), limit); ++i) {
    Row& row = listed.records.rows.emplace_back();
    for (std::size_t column = 0; column < names[i].size(); ++column)
      row.push_back(value_of(names[i][column], listed.records.fields[column].look));
  }
  add_names(listed.records, given);
  return listed;
}

}  // namespace optiinfra::report
