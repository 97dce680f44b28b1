/// @file optiinfra/service/stated_money.hpp
/// What people state about money - prices, budgets, objectives, exchange rates - as rows, for the program and
/// the service alike. The fields have the names under which rows are set, so a list can be set again as it
/// is.
#pragma once

#include <string>
#include <vector>

#include "optiinfra/attribution/budgets.hpp"
#include "optiinfra/attribution/exchange_rates.hpp"
#include "optiinfra/attribution/objectives.hpp"
#include "optiinfra/attribution/price_book.hpp"
#include "optiinfra/report/records.hpp"

namespace optiinfra::service {

/// A value that is not stated is absent.
/// @{
/// Those of `sku`, where it is not empty.
report::Records price_records(const std::vector<attribution::Price>& prices, const std::string& sku = {});
report::Records missing_price_records(const std::vector<attribution::InstanceWithoutPrice>& instances);
report::Records budget_records(const std::vector<attribution::Budget>& budgets);
report::Records objective_records(const std::vector<attribution::Objective>& objectives);
/// Those from or to `currency`, where it is not empty.
report::Records rate_records(const std::vector<attribution::ExchangeRate>& rates,
                             const std::string& currency = {});
/// @}

}  // namespace optiinfra::service
