/// What a Client holds.
#pragma once

#include <memory>

#include "attempts.hpp"
#include "name_book.hpp"
#include "optiinfra/client/client.hpp"
#include "optiinfra/store/retention.hpp"
#include "session_pool.hpp"
#include "shards.hpp"
#include "spare_blocks.hpp"

namespace optiinfra {

class Client::State {
 public:
  /// Errors: kInvalidArgument for options that cannot be.
  static Result<std::unique_ptr<State>> make(std::shared_ptr<Connector> connector, ClientOptions options) {
    if (options.call_timeout.count() <= 0) return invalid_argument("call_timeout must be positive");
    return std::make_unique<State>(std::move(connector), std::move(options));
  }

  State(std::shared_ptr<Connector> connector, ClientOptions client_options)
      : pool(std::move(connector)), options(std::move(client_options)), whole{.pool = &pool} {}

  Budget budget_of(const CallOptions& call) const {
    return {call.timeout.value_or(options.call_timeout), call.stop};
  }

  /// Runs `use(Session&)`, which returns a Result, with a session of the pool.
  template <typename Use>
  auto with_session(const Budget& budget, Use&& use) -> decltype(use(std::declval<Session&>())) {
    OPTIINFRA_TRY(SessionPool::Lease lease, pool.take(budget));
    auto result = use(*lease);
    if (!result) lease.settle(result.error());
    return result;
  }

  template <typename Use>
  auto with_session(Use&& use) {
    return with_session(budget_of({}), std::forward<Use>(use));
  }

  SessionPool pool;
  SpareBlocks spares;
  NameCache names;
  const ClientOptions options;
  const InsertRoute whole;         ///< To a store on one machine.
  std::unique_ptr<Shards> shards;  ///< nullptr for a store on one machine.
};

}  // namespace optiinfra
