/// @file optiinfra/attribution/objectives.hpp
/// Service level objectives: which requests are good, and what share of them shall be. The computed question
/// `slo` holds requests to them.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/client/client.hpp"
#include "optiinfra/store/forget.hpp"

namespace optiinfra::attribution {

/// A request is good when it ended well and met every target that is set. Without a target, the objective is
/// about errors alone.
struct Objective {
  std::string name;           ///< Of people's choice; unique.
  std::string scope = {};     ///< "customer", "service", "model", ...; empty for all requests.
  std::string scope_id = {};  ///< The customer's UUID, the model's name, ...; empty for all requests.
  std::optional<double> time_to_first_token_ms = {}, inter_token_latency_ms = {},
                        latency_ms = {};  ///< Above 0.
  double share = 0.99;                    ///< Of the requests that shall be good; between 0 and 1.
  /// That the error budget is for, up to the time of the question; 1 to 366. The default is below the 30 days
  /// for which requests are kept unless set, since a question may be about a time some hours ago.
  std::chrono::days period{28};

  friend bool operator==(const Objective&, const Objective&) = default;
};

/// Most objectives that hold at a time. Most records of the table, those of earlier objectives included.
inline constexpr std::size_t kObjectivesMax = 1'000, kObjectiveRecordsMax = 100'000;

/// Most objectives that a question `slo` holds the same request to: one pass over the requests answers for
/// all objectives, but looks at a request for each that is for it.
inline constexpr std::size_t kObjectivesOfRequestMax = 50;

/// The objectives that hold, by name. Errors: of the store; kTooLarge beyond kObjectiveRecordsMax.
Result<std::vector<Objective>> read_objectives(Client& client);

/// Sets objectives, all or none, each new or in place of the one of its name. Returns how many were new or
/// changed. Errors: kInvalidArgument naming the objective (the first is 1) and the field; kTooLarge beyond
/// kObjectivesMax and kObjectiveRecordsMax; of the store.
Result<std::size_t> set_objectives(Client& client, std::vector<Objective> objectives);

/// Errors: kInvalidArgument when there is no objective of this name; of the store.
Result<void> remove_objective(Client& client, const std::string& name);

/// Sets the objectives of `source` whose names `target` does not have. Returns how many. Errors: of either
/// store.
Result<std::size_t> copy_objectives(Client& source, Client& target);

/// The names of an objective's fields: objective (its name), scope, scope_id, time_to_first_token_ms,
/// inter_token_latency_ms, latency_ms, share, period_days.
std::span<const std::string_view> objective_fields();

/// An objective from texts, one for each of objective_fields(); objective is required. Errors:
/// kInvalidArgument, naming the field.
Result<Objective> objective_of(std::vector<std::string> texts);

/// All records of objectives for the customer.
store::RowsToRemove objectives_of(const Uuid& customer);

}  // namespace optiinfra::attribution
