#include "optiinfra/schema/tables.hpp"

#include <algorithm>

#include "families/families.hpp"
#include "optiinfra/core/nearest.hpp"

namespace optiinfra {
namespace {

template <typename Row>
std::vector<ColumnDefinition> columns_of() {
  std::vector<ColumnDefinition> result;
  for_each_column<Row>([&](const auto& access) { result.push_back(access.definition); });
  return result;
}

MeasureDefinition count_of(const MeasureDefinition& rows, const FamilyDefinition& family,
                           const char* column) {
  MeasureDefinition count{.name = std::string(column) + "_count",
                          .aggregate = Aggregate::kCountPresent,
                          .source = {.column = column, .may_be_absent = true},
                          .value_type = "UInt64",
                          .unit = rows.unit,
                          .key = std::string(column) + "_count",
                          .heading = rows.heading + " with " + column};
  const auto& once = family.once_never_absent;
  if (std::any_of(once.begin(), once.end(), [&](std::string_view each) { return each == column; }))
    count.default_value = rows.name;
  return count;
}

/// Says of each measure whether its source may be absent, and adds the counts of those that are not.
FamilyDefinition completed(FamilyDefinition family, const std::vector<ColumnDefinition>& columns) {
  const auto rows = std::find_if(family.measures.begin(), family.measures.end(),
                                 [](const auto& each) { return each.aggregate == Aggregate::kCount; });
  const MeasureDefinition row_count = *rows;
  std::vector<MeasureDefinition> counts;
  for (MeasureDefinition& measure : family.measures) {
    const auto column = std::find_if(columns.begin(), columns.end(), [&](const ColumnDefinition& each) {
      return std::string_view(each.name) == measure.source.column;
    });
    if (column == columns.end() || !column->may_be_absent()) continue;
    measure.source.may_be_absent = true;
    if (measure.aggregate == Aggregate::kMinimum) measure.default_value = "inf";
    if (measure.aggregate == Aggregate::kMaximum) measure.default_value = "-inf";
    MeasureDefinition count = count_of(row_count, family, column->name);
    measure.counted_by = count.name;
    if (std::none_of(counts.begin(), counts.end(), [&](const auto& each) { return each.name == count.name; }))
      counts.push_back(std::move(count));
  }
  family.measures.insert(family.measures.end(), counts.begin(), counts.end());
  return family;
}

const TableDefinition kTables[] = {
#define BEGIN_FAMILY(Name, name)                           \
  {completed(name##_family(), columns_of<Name##Metric>()), \
   Family::k##Name,                                        \
   #name,                                                  \
   #name "_metrics_ts",                                    \
   #name "_metrics_hourly",                                \
   #name "_metrics_hourly_mv",                             \
   #name "_hourly"},
#include "optiinfra/schema/families.def"
};

}  // namespace

std::vector<ColumnDefinition> TableDefinition::columns() const {
  return with_metric(family, []<typename Row>() { return columns_of<Row>(); });
}

const MeasureDefinition& TableDefinition::row_count() const {
  for (const MeasureDefinition& measure : measures) {
    if (measure.aggregate == Aggregate::kCount) return measure;
  }
  detail::broken_invariant("a family whose rollup does not count rows");
}

std::vector<const char*> TableDefinition::grouped() const {
  std::vector<const char*> result;
  for (const char* column : rollup_key) {
    if (std::string_view(column) != "hour") result.push_back(column);
  }
  result.insert(result.end(), later_key.begin(), later_key.end());
  return result;
}

const TableDefinition& table_of(Family family) { return kTables[static_cast<std::size_t>(family)]; }

Result<Family> parse_family(std::string_view name) {
  std::vector<std::string> names;
  for (const TableDefinition& table : kTables) {
    if (name == table.name) return table.family;
    names.emplace_back(table.name);
  }
  return invalid_argument("there is no family '" + shown(name) + "'; the families are " + listed(names) +
                          suggestion(name, names));
}

}  // namespace optiinfra
