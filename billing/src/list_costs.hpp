/// What charges would have cost at list prices, from the rows of bills, as long as those are kept.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "optiinfra/attribution/hour.hpp"
#include "optiinfra/client/client.hpp"

namespace optiinfra::billing {

class ListCosts {
 public:
  /// Of the charges of `hours` all of whose rows state one. Errors: those of the store.
  static Result<ListCosts> read(Client& client, TimeRange hours);

  bool empty() const noexcept { return nano_.empty(); }

  /// The list cost of a charge of `hour` in billionths, split among its parts (all of them) by their cost.
  /// The shares add up to it; credits have none of it. Nothing when it is not known.
  std::optional<std::vector<std::uint64_t>> of(sys_seconds hour,
                                               std::span<const attribution::AttributedCost> parts) const;

 private:
  using ChargeKey =
      std::tuple<sys_seconds, Uuid, std::string, std::string, std::string, std::string, std::string>;
  std::map<ChargeKey, std::uint64_t> nano_;
};

}  // namespace optiinfra::billing
