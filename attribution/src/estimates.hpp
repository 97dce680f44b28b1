/// Charges of instances that no bill covers yet, from the price book.
#pragma once

#include <map>
#include <vector>

#include "optiinfra/attribution/hour.hpp"
#include "optiinfra/attribution/price_book.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra {

/// `price_source` of a charge from the price book begins with this; what follows is the price's own source.
inline constexpr const char* kPriceBookSource = "price book";

/// An instance in an hour: it has samples or requests there, and no charge for usage.
struct UnbilledHour {
  sys_seconds hour{};
  Uuid payer;  ///< Of its last bill; without one, the customer of its samples, else of its requests.
  PricedInstance instance;
};

/// Those of the whole hours of `hours`, by hour and instance. What an instance is, its last bill says that is
/// at most 35 days older. Errors: of the store; kTooLarge beyond kChargesMax of an hour.
Result<std::vector<UnbilledHour>> read_unbilled_hours(Session& session, TimeRange hours);

/// A charge of one whole hour for each of them that has a price, by hour. Instances without a price get none.
Result<std::map<sys_seconds, std::vector<Charge>>> read_estimates(Session& session, const PriceBook& book,
                                                                  TimeRange hours);

}  // namespace optiinfra
