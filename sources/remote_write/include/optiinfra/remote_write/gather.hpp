/// @file optiinfra/remote_write/gather.hpp
/// Gathers the samples of remote write into rows: one for each target and time.
///
/// A sender cuts what it scraped into several requests, and sends them over several connections. So the
/// samples of one target that have one time wait until none has come for kRemoteWriteSettle; then they are a
/// reading, and rows are made of it and of the reading before, as from two scrapes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "optiinfra/core/uuid.hpp"
#include "optiinfra/exposition/aliases.hpp"
#include "optiinfra/exposition/reading.hpp"
#include "optiinfra/remote_write/decode.hpp"
#include "optiinfra/remote_write/named_counts.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace optiinfra::remote_write {

/// Prometheus sends a part of a batch after 5 seconds, and repeats a request 5 seconds later at most.
inline constexpr std::chrono::seconds kRemoteWriteSettle{15};
/// A replica of a sender takes the place of the one that is read once that was silent for so long.
inline constexpr std::chrono::seconds kReplicaSilence{60};
/// A target that was silent for so long is forgotten: senders keep what they could not send for less.
inline constexpr std::chrono::hours kRemoteTargetSilence{3};
/// A sample with a time so far ahead is refused: its target would have to wait for the clock.
inline constexpr std::chrono::minutes kRemoteSampleAhead{5};
inline constexpr std::size_t kRemoteTargetsMax = 20'000;
/// Series, and buckets of histograms, that one reading of one target may have.
inline constexpr std::size_t kRemoteTargetSamplesMax = 50'000;
/// Series and buckets of all targets whose last value is known.
inline constexpr std::size_t kRemoteSeriesMax = 2'000'000;
/// Samples that wait for the others of their time.
inline constexpr std::size_t kRemoteSamplesWaitingMax = 2'000'000;
/// Readings that wait for samples. When half of them wait, no further request is taken.
inline constexpr std::size_t kRemoteReadingsWaitingMax = 200'000;

/// A request that came.
struct RemoteWriteArrival {
  std::uint64_t record = 0;  ///< Under which the caller keeps it until take_released() names it. Grows.
  exposition::sys_milliseconds
      time{};  ///< When it came. Never goes back; the time that nobody listened may be left out.
  exposition::sys_milliseconds clock{};  ///< What the clock showed.
};

/// Who sends, and what the series are that do not say it.
struct RemoteWriteOrigin {
  std::vector<Uuid> customers = {};         ///< Whose rows the sender may write; empty: everybody's.
  std::string customer = {}, service = {};  ///< Of series without such a label: a name or a UUID.
};

/// What one target said at one time.
struct GatheredRows {
  /// The same whenever rows of that target and time are made.
  Uuid resource_identity, serving_identity;
  std::vector<ResourceMetric> resources = {};
  std::vector<ServingMetric> servings = {};
};

/// What became of the samples.
struct RemoteWriteCounts {
  std::uint64_t understood = 0;  ///< A row is made of them.
  std::uint64_t absent = 0;      ///< Of the understood: not a number, staleness markers, blank values.
  std::uint64_t repeated = 0;    ///< Of the understood: they had been sent before.
  std::uint64_t late = 0;        ///< Their reading was made already; most of them were sent before.
  std::uint64_t replicas = 0;    ///< Of a replica that is not the one that is read.
  std::uint64_t unneeded = 0;    ///< Known, and no table has a place for them.
  std::uint64_t exemplars = 0;
  NamedCounts unknown;            ///< By metric.
  NamedCounts native_histograms;  ///< By metric; not understood.
  NamedCounts refused;            ///< By reason and metric: "reason: metric".
  std::uint64_t resets = 0, first_sights = 0, changed_buckets = 0;
  std::uint64_t readings = 0;
};

/// What is held now.
struct RemoteWriteUsage {
  std::size_t targets = 0;
  std::size_t series = 0;           ///< Whose last value is known.
  std::size_t samples_waiting = 0;  ///< For the others of their time.
};

/// What is said to the sender.
struct RemoteWriteAnswer {
  std::uint64_t samples = 0;     ///< Taken, those without a place in a table included.
  std::uint64_t histograms = 0;  ///< Likewise.
  std::uint64_t refused = 0;
  std::string reason = {};  ///< Why the first of them was refused.
  bool is_needed = false;   ///< A later row is made of the request.
};

/// Depends on the requests and their times alone: the same requests again give the same rows under the same
/// identities.
///
/// Threads: one call at a time. The table must outlive it.
class RemoteWriteGatherer {
 public:
  explicit RemoteWriteGatherer(const exposition::AliasTable& aliases);
  ~RemoteWriteGatherer();
  RemoteWriteGatherer(RemoteWriteGatherer&&) noexcept;
  RemoteWriteGatherer& operator=(RemoteWriteGatherer&&) noexcept;

  /// Whether a request with that many samples may be added now. Waiting makes room.
  bool has_room(std::size_t samples) const;

  RemoteWriteAnswer add(const RemoteWriteArrival& arrival, const RemoteWriteRequest& request,
                        const RemoteWriteOrigin& origin);

  /// Makes the readings whose samples have waited long enough. The same requests give the same rows again
  /// only if this is called again, too, unless a request came at `now` or later.
  void settle(exposition::sys_milliseconds now);

  /// The rows that were made since the last call.
  std::vector<GatheredRows> take_rows();

  /// The records that no later row needs, once the rows that were made so far are stored.
  std::vector<std::uint64_t> take_released();

  const RemoteWriteCounts& counts() const;
  RemoteWriteUsage usage() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace optiinfra::remote_write
