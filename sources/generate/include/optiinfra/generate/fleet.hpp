/// @file optiinfra/generate/fleet.hpp
/// A believable LLM fleet, made from a seed: six customers on three clouds, 24 services, their
/// instances, and what they measured up to a given instant.
///
/// Of all `rows`, 9 % are quality, 20 % resource, at most 1 % cost (5 % with FleetColumns::kAll), with
/// FleetColumns::kAll 5 % serving, and the rest performance:
/// - performance: requests, following the demand of each customer's day and week.
/// - quality: a sample of those requests, with their request_id, timestamp and latency.
/// - resource: rounds over all GPUs of the fleet, evenly spaced. The fleet grows from kFleetInstances
///   to as many instances as one row per GPU and minute needs; fewer rows make the rounds rarer, and
///   rows beyond kFleetInstancesMax instances make them more frequent. The last round may be partial.
/// - cost: one row per instance and hour. When there are too few rows, only the first instances get
///   theirs, the busiest services first.
/// - serving: rounds over all engines, one per instance with a GPU. What an engine counts is what the
/// requests
///   that began in the interval add up to. The last round may be partial.
///
/// Values have the precision of real sensors: whole numbers, or one to four decimals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/core/uuid.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace optiinfra::fleet {

inline constexpr std::uint64_t kFleetRowsMax = 10'000'000'000;
inline constexpr int kFleetDaysMax = 3650;
inline constexpr std::size_t kFleetInstances = 40;
inline constexpr std::size_t kFleetInstancesMax = 1'000;

/// Quality's overall score is the average of its parts under these weights, to 0.001.
inline constexpr double kRelevanceWeight = 0.35;
inline constexpr double kCoherenceWeight = 0.25;
inline constexpr double kFactualityWeight = 0.30;
inline constexpr double kHarmlessnessWeight = 0.10;  ///< Of 1 - toxicity_score.

/// Which columns have values.
enum class FleetColumns {
  kContract,  ///< Those of the contract, in its four families: what figures of earlier versions were measured
              ///< with.
  kAll,  ///< All that a fleet knows: times of the parts of a request, cache hits, failures, power, engines.
};

enum class RequestIds {
  kVersion4,  ///< Random, as most gateways make them: 16 bytes each in the store.
  kVersion7,  ///< Beginning with the request's time in milliseconds; sorted by time.
};

struct FleetOptions {
  std::uint64_t seed = 1;
  int days = 7;                    ///< 1 to kFleetDaysMax; the fleet's time is [end - days, end).
  std::uint64_t rows = 1'000'000;  ///< In all, over the families, exactly; at most kFleetRowsMax.
  sys_seconds end{};               ///< After the newest row. Must be set: floor_hour(now()), for example.
  RequestIds request_ids = RequestIds::kVersion4;
  FleetColumns columns = FleetColumns::kContract;
};

struct FleetCustomer {
  Uuid id;
  std::string name;
  double share = 0;            ///< Of all requests.
  int utc_offset_minutes = 0;  ///< Time zone of its users, whose day gives its traffic its rhythm.
};

struct FleetService {
  Uuid id;
  std::size_t customer = 0;  ///< Index in FleetDescription::customers.
  std::string name;          ///< What it is for: "chat", "retrieval", ...
  std::string type;          ///< vllm, tgi or sglang.
  std::string model;
  double share = 0;  ///< Of all requests.
};

enum class Purchase { kOnDemand, kSpot, kReserved };

struct FleetInstance {
  std::string id;
  std::string type;
  std::string provider;
  std::string service_name;  ///< The provider's: ec2, compute-engine or vm.
  std::string region;
  std::size_t service = 0;  ///< Index in FleetDescription::services.
  unsigned gpu_count = 0;   ///< 0 on a gateway, which has processors only.
  Purchase purchase = Purchase::kOnDemand;
  double on_demand_cost_per_hour = 0;
};

enum class IncidentKind {
  kLatencySpike,       ///< A service under overload: its requests take four times as long.
  kGpuOutage,          ///< A GPU that reports no work and no memory in use.
  kQualityRegression,  ///< A model that makes things up, in every service that runs it.
  kCostSpike,          ///< A customer's spot instances replaced by on-demand ones.
};

/// Something that went wrong in the fleet's time. Fields that its kind does not name are empty.
struct FleetIncident {
  IncidentKind kind = IncidentKind::kLatencySpike;
  TimeRange range;
  Uuid customer_id;         ///< kLatencySpike, kGpuOutage, kCostSpike.
  Uuid service_id;          ///< kLatencySpike.
  std::string model_name;   ///< kLatencySpike, kQualityRegression.
  std::string instance_id;  ///< kGpuOutage.
  unsigned gpu_index = 0;   ///< kGpuOutage.
  std::string text;         ///< One sentence for people.
};

struct FleetDescription {
  TimeRange range;
  std::vector<FleetCustomer> customers;  ///< The largest first.
  std::vector<FleetService> services;    ///< By customer, the busiest of each first.
  std::vector<FleetInstance> instances;
  std::vector<FleetIncident> incidents;  ///< One of each kind, by time.
  std::chrono::seconds
      resource_interval{};  ///< Between two rounds over the GPUs, cut to seconds; 0 without rows.
};

/// Hands out the fleet's rows, each family by time. The same options give the same bytes on every
/// machine, and a row does not depend on how batches are cut. Every row passes validate() with any
/// clock from the end of its range on.
///
/// Threads: one call at a time per family; different families may be read at the same time.
/// Memory: about 8 bytes per five minutes of the range, and the caller's batch.
class Fleet {
 public:
  /// Errors: kInvalidArgument naming the option that is out of range.
  static Result<Fleet> create(const FleetOptions& options);

  ~Fleet();
  Fleet(Fleet&&) noexcept;
  Fleet& operator=(Fleet&&) noexcept;

  const FleetDescription& description() const noexcept;

  /// Rows of `family`, handed out or not. They add up to FleetOptions::rows.
  std::uint64_t rows(Family family) const noexcept;

  /// Empties `batch` and fills it with the next rows of its family, at most `rows_max` (at least 1).
  /// False when none are left: the batch is then empty. Allocates only while `batch` grows.
#define BEGIN_FAMILY(Name, name) bool next_batch(Name##Batch& batch, std::size_t rows_max);
#include "optiinfra/schema/families.def"

 private:
  struct State;
  explicit Fleet(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace optiinfra::fleet
