/// What a Client holds.
#pragma once

#include <memory>

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
    if (options.call_timeout.count() <= 0)
      return Error{ErrorKind::kInvalidArgument, "call_timeout must be positive"};
    return std::make_unique<State>(std::move(connector), options);
  }

  State(std::shared_ptr<Connector> connector, ClientOptions client_options)
      : pool(std::move(connector)), options(client_options), whole{.pool = &pool} {}

  /// Runs `use(Session&)`, which returns a Result, with a session of the pool.
  template <typename Use>
  auto with_session(Use&& use) -> decltype(use(std::declval<Session&>())) {
    OPTIINFRA_TRY(SessionPool::Lease lease, pool.take(options.call_timeout));
    auto result = use(*lease);
    if (!result) lease.settle(result.error());
    return result;
  }

  SessionPool pool;
  SpareBlocks spares;
  NameCache names;
  const ClientOptions options;
  const InsertRoute whole;         ///< To a store on one machine.
  std::unique_ptr<Shards> shards;  ///< nullptr for a store on one machine.
};

}  // namespace optiinfra
