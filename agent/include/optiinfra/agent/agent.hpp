/// @file optiinfra/agent/agent.hpp
/// One process for a host: measures it, scrapes targets and follows logs, and sends all to a service.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "optiinfra/agent/config.hpp"
#include "optiinfra/api/api_store.hpp"
#include "optiinfra/collect/sink.hpp"
#include "optiinfra/core/error.hpp"
#include "optiinfra/scrape/scraper.hpp"
#include "optiinfra/tail/tail.hpp"

namespace optiinfra::agent {

struct TailStatus {
  std::string name;
  tail::TailCounts counts;
};

struct AgentStatus {
  std::uint64_t rows_measured = 0;  ///< Of host and targets.
  OutboxCounts outbox;
  std::vector<TailStatus> tails;
  std::vector<scrape::TargetStatus> targets;
};

/// Threads: one call at a time.
class Agent {
 public:
  /// Opens outbox, sources and the logs' states. The service may be away. Errors: those of its parts, with
  /// which.
  static Result<Agent> open(AgentConfig config, api::ApiStore service);

  ~Agent();
  Agent(Agent&&) noexcept;
  Agent& operator=(Agent&&) noexcept;

  /// Works until `is_stopped`, which is asked about every 100 ms. While the disk or the outbox is full
  /// nothing is measured or read. A source that cannot be read, and a log whose state cannot be written, is
  /// said and tried again. Errors: those that waiting does not cure; what was taken lies in the outbox.
  Result<void> run(const std::function<bool()>& is_stopped, const collect::Remark& remark);

  /// Puts the rest into the outbox, and sends for up to `patience`. All parts are closed; the error is that
  /// of the first that failed. No other call but status() may follow.
  Result<void> close(std::chrono::milliseconds patience, const collect::Remark& remark);

  AgentStatus status() const;

 private:
  class State;
  explicit Agent(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

/// Opens the sources of a configuration and closes them again: whether an agent could run. Changes nothing on
/// the disk.
Result<void> check_sources(const AgentConfig& config);

}  // namespace optiinfra::agent
