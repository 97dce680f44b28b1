/// Charges of instances that no bill covers yet, from the price book.
#pragma once

#include <map>
#include <vector>

#include "optiinfra/attribution/hour.hpp"
#include "optiinfra/attribution/price_book.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra::attribution {

inline bool is_estimate(const Charge& charge) { return charge.price_source.starts_with(kPriceBookSource); }

/// An instance in an hour: it has samples or requests there, and no charge for usage or purchase that covers
/// it.
struct UnbilledHour {
  sys_seconds hour{};
  Uuid payer;  ///< Of its last bill; without one, the customer of its samples, else of its requests.
  PricedInstance instance;
};

/// Those of the whole hours of `hours`, by hour and instance. `hours` lie in one day. What an instance is,
/// its last bill says, up to the hour itself and from at most 35 days before the day on: the same for every
/// range in which the hour is asked for. Errors: of the store; kTooLarge beyond kChargesMax of an hour.
Result<std::vector<UnbilledHour>> read_unbilled_hours(Session& session, TimeRange hours);

/// A charge of one whole hour for each of them that has a price, by hour. Instances without a price get none.
Result<std::map<sys_seconds, std::vector<Charge>>> read_estimates(Session& session, const PriceBook& book,
                                                                  TimeRange hours);

}  // namespace optiinfra::attribution
