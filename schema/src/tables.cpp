#include "optiinfra/schema/tables.hpp"

#include "families/families.hpp"

namespace optiinfra {
namespace {

const TableDefinition kTables[] = {
#define BEGIN_FAMILY(Name, name)                                             \
  {name##_family(),     Family::k##Name,         #name,                      \
   #name "_metrics_ts", #name "_metrics_hourly", #name "_metrics_hourly_mv", \
   #name "_hourly"},
#include "optiinfra/schema/families.def"
};

}  // namespace

std::vector<ColumnDefinition> TableDefinition::columns() const {
  std::vector<ColumnDefinition> result;
  with_metric(family, [&]<typename Row>() {
    for_each_column<Row>([&](const auto& access) { result.push_back(access.definition); });
  });
  return result;
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
  return result;
}

const TableDefinition& table_of(Family family) { return kTables[static_cast<std::size_t>(family)]; }

const TableDefinition* find_table(std::string_view name) {
  for (const TableDefinition& table : kTables) {
    if (name == table.name) return &table;
  }
  return nullptr;
}

}  // namespace optiinfra
