// What the tests of this layer share: a fixed end of time, and all rows of a fleet at once.
#pragma once

#include <gtest/gtest.h>

#include "optiinfra/generate/fleet.hpp"

namespace optiinfra::fleet {

inline constexpr sys_seconds kFleetEnd{std::chrono::seconds{1'772'323'200}};  // Sunday 2026-03-01, 00:00 UTC.

inline Fleet make_fleet(FleetOptions options) {
  if (options.end == sys_seconds{}) options.end = kFleetEnd;
  auto fleet = Fleet::create(options);
  EXPECT_TRUE(fleet) << (fleet ? "" : fleet.error().message);
  return *std::move(fleet);
}

/// All rows of one family that `fleet` has not handed out yet.
template <typename Row>
Batch<Row> all_rows(Fleet& fleet) {
  Batch<Row> batch;
  fleet.next_batch(batch, kFleetRowsMax);
  return batch;
}

inline sys_seconds at(std::uint32_t time) { return sys_seconds{std::chrono::seconds{time}}; }

inline bool holds(const TimeRange& range, std::uint32_t time) {
  return at(time) >= range.begin && at(time) < range.end;
}

struct Mean {
  double sum = 0;
  std::size_t count = 0;
  void add(double value) { sum += value, ++count; }
  double value() const { return count == 0 ? 0 : sum / static_cast<double>(count); }
};

}  // namespace optiinfra::fleet
