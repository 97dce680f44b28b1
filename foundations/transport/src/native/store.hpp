/// A store on servers: how its connections are made, and what its sessions share.
#pragma once

#include <memory>

#include "hosts.hpp"
#include "native/connection.hpp"
#include "optiinfra/transport/connector.hpp"
#include "socket/tls.hpp"

namespace optiinfra::native {

/// Time for connecting when no call's budget bounds it.
inline constexpr std::chrono::milliseconds kConnectTimeout{10'000};

/// Time for one host while others are left to try.
inline constexpr std::chrono::milliseconds kHostConnectTimeout{3'000};

/// Threads: any, at once.
class Store {
 public:
  /// Errors: kInvalidArgument for a ca_file that cannot be read.
  static Result<std::shared_ptr<Store>> make(const StoreUrl& url);

  /// A connection that has been made, and the host it leads to.
  struct Made {
    std::unique_ptr<Connection> connection;
    std::size_t host = 0;
  };

  /// Tries the hosts, those that are well first. A server that refuses the user or is too old ends the
  /// search: its like would say the same.
  /// Errors: kUnavailable that tells of each host, kTimeout, and those refusals.
  Result<Made> connect(net::Deadline deadline);

  const StoreUrl& url() const noexcept { return url_; }

  /// A call on a connection to `host` ended because the connection broke.
  void broke(std::size_t host) { hosts_.failed(host); }

 private:
  Store(StoreUrl url, std::shared_ptr<const net::TlsContext> tls)
      : url_(std::move(url)), hosts_(url_.hosts), tls_(std::move(tls)) {}
  Result<std::unique_ptr<Connection>> connect_to(const Endpoint& endpoint, net::Deadline deadline) const;

  const StoreUrl url_;
  Hosts hosts_;
  std::shared_ptr<const net::TlsContext> tls_;  ///< Absent without TLS.
};

/// Errors: those of Store::make.
Result<std::shared_ptr<Connector>> make_native_connector(const StoreUrl& url);

}  // namespace optiinfra::native
