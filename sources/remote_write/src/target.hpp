// One target of remote write: whose it is, and what it said.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "last_values.hpp"
#include "optiinfra/exposition/rows_between.hpp"
#include "optiinfra/remote_write/gather.hpp"

namespace optiinfra::remote_write {

/// The labels that say whose a series is. Views of the request.
/// The label, and its value, of a counter that holds what came since its start. Receivers of other protocols
/// set it; it is no label of the series.
inline constexpr std::string_view kTemporalityLabel = "__temporality__", kDelta = "delta";

struct TargetLabels {
  std::string_view metric;
  std::string_view customer, service, job, instance, instance_type, model, replica, temporality;

  bool are_of_delta() const { return temporality == kDelta; }
};

/// Takes those labels out of `labels`; the others go to `rest`.
TargetLabels take_target_labels(std::span<const exposition::MetricLabel> labels,
                                std::vector<exposition::MetricLabel>& rest);

/// Fills in what the labels do not say. Errors: kInvalidArgument when they name no customer, no instance, or
/// a customer that the origin may not write for.
Result<exposition::TargetOwner> owner_of(const TargetLabels& labels, const RemoteWriteOrigin& origin);

/// Whether the origin may write for the customer.
bool may_write(const RemoteWriteOrigin& origin, const Uuid& customer);

/// Names a target within all.
exposition::SeriesKey target_key(const TargetLabels& labels, const RemoteWriteOrigin& origin);

/// A request that holds samples of a reading, and the reading's time.
struct HeldRecord {
  std::uint64_t record = 0;
  std::int64_t time_ms = 0;
};

/// The samples of one time, until they are a reading.
struct OpenReading {
  exposition::ReadingBuilder builder;
  exposition::sys_milliseconds last_arrival{};
  std::size_t samples = 0;
  std::string model = {};  ///< Of engines that do not tell it.
  std::vector<HeldRecord> records = {};
};

struct RemoteTarget {
  exposition::TargetOwner owner;
  std::map<std::int64_t, OpenReading> open = {};  ///< By time in milliseconds since 1970.
  LastValues last = {};
  std::vector<HeldRecord> records = {};           ///< Those that `last` is made of.
  std::optional<std::int64_t> last_time_ms = {};  ///< Of the latest reading that was made.
  exposition::sys_milliseconds last_arrival{};
  std::string replica = {};  ///< The one that is read.
};

}  // namespace optiinfra::remote_write
