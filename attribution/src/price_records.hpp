/// The records of the table of prices.
#pragma once

#include <span>
#include <vector>

#include "optiinfra/attribution/price_book.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra::attribution {

struct PriceRecord {
  Price price;
  std::int64_t set_at_us = 0;
  bool is_removed = false;
};

/// All of them. Errors: of the store; kTooLarge beyond kPriceRecordsMax.
Result<std::vector<PriceRecord>> read_price_records(Session& session);

/// All or none.
Result<void> insert_price_records(Session& session, std::span<const PriceRecord> records);

}  // namespace optiinfra::attribution
