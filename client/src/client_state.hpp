/// What a Client holds.
#pragma once

#include <memory>

#include "optiinfra/client/client.hpp"
#include "optiinfra/store/retention.hpp"
#include "session_pool.hpp"
#include "shards.hpp"

namespace optiinfra {

class Client::State {
 public:
  State(std::shared_ptr<Connector> connector, std::string database, ClientOptions client_options)
      : pool(std::move(connector)),
        options(client_options),
        whole{.pool = &pool, .database = std::move(database)} {}

  /// Runs `use(Transport&)`, which returns a Result, with a session of the pool.
  template <typename Use>
  auto with_session(Use&& use) -> decltype(use(std::declval<Transport&>())) {
    OPTIINFRA_TRY(SessionPool::Lease lease, pool.take(options.call_timeout));
    auto result = use(*lease);
    if (!result) lease.settle(result.error());
    return result;
  }

  SessionPool pool;
  const ClientOptions options;
  const InsertRoute whole;         ///< To a store on one machine.
  std::unique_ptr<Shards> shards;  ///< nullptr for a store on one machine.
};

}  // namespace optiinfra
