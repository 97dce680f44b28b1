/// @file optiinfra/report/grafana.hpp
/// Dashboards for Grafana, made from the catalogue: one for each family, for the ClickHouse data source.
#pragma once

#include <string>
#include <string_view>

#include "optiinfra/schema/metrics.hpp"

namespace optiinfra::report {

/// The dashboard of `family` as JSON to import. Its panels read the rollup in `database` with the expressions
/// that questions use: all measures over time, one panel for those of one unit and source, then money, or
/// else the number of rows, by customer, model, provider and instance, the eight largest each. Amounts are
/// split by currency. Variables choose the data source and the customers. `database` stands in SQL as it is:
/// it must be a name without quotes.
std::string grafana_dashboard(Family family, std::string_view database);

}  // namespace optiinfra::report
