#include "native/store.hpp"

#include "native/session.hpp"
#include "socket/tcp.hpp"

namespace optiinfra::native {
namespace {

net::Deadline share_of(net::Deadline deadline, std::size_t hosts_left) {
  if (hosts_left == 1) return deadline;
  const auto share = deadline.left() / static_cast<std::int64_t>(hosts_left);
  return sooner(deadline, net::Deadline::after(std::min(share, kHostConnectTimeout)));
}

bool is_final(const Error& error) {
  return error.kind == ErrorKind::kIncompatible ||
         (error.kind == ErrorKind::kRejected && error.server_code != 0);
}

class NativeConnector final : public Connector {
 public:
  explicit NativeConnector(std::shared_ptr<Store> store) : store_(std::move(store)) {}

  Result<std::unique_ptr<Session>> connect() override {
    OPTIINFRA_TRY(Store::Made made, store_->connect(net::Deadline::after(kConnectTimeout)));
    return make_session(store_, std::move(made));
  }

  std::string description() const override { return store_->url().description(); }

 private:
  std::shared_ptr<Store> store_;
};

}  // namespace

Result<std::shared_ptr<Store>> Store::make(const StoreUrl& url) {
  std::shared_ptr<const net::TlsContext> tls;
  if (url.protocol == Protocol::kNativeTls) {
    OPTIINFRA_TRY(tls, net::TlsContext::make({.ca_file = url.ca_file, .verify = url.verify_certificate}));
  }
  return std::shared_ptr<Store>(new Store(url, std::move(tls)));
}

Result<std::unique_ptr<Connection>> Store::connect_to(const Endpoint& endpoint,
                                                      net::Deadline deadline) const {
  const std::string name = to_string(endpoint);
  auto channel = [&]() -> Result<std::unique_ptr<net::Channel>> {
    OPTIINFRA_TRY(std::unique_ptr<net::Channel> tcp, net::connect_tcp(endpoint, deadline));
    if (!tls_) return tcp;
    return tls_->connect(std::move(tcp), endpoint.host, deadline);
  }();
  if (!channel) return with_context(std::move(channel).error(), name);
  return Connection::open(std::move(channel).value(), name, {url_.user, url_.password}, url_.compression,
                          deadline);
}

Result<Store::Made> Store::connect(net::Deadline deadline) {
  const auto order = hosts_.in_order();
  std::string reasons;
  bool in_time = true;
  for (std::size_t i = 0; i < order.size() && in_time; ++i) {
    auto connection = connect_to(hosts_[order[i]], share_of(deadline, order.size() - i));
    if (connection) {
      hosts_.succeeded(order[i]);
      return Made{std::move(connection).value(), order[i]};
    }
    Error error = std::move(connection).error();
    error.connection_usable = false;
    if (is_final(error)) return error;
    hosts_.failed(order[i]);
    if (order.size() == 1 && error.kind != ErrorKind::kTimeout) return error;
    reasons += (reasons.empty() ? "" : "; ") + error.message;
    in_time = !deadline.passed();
  }
  return Error{in_time ? ErrorKind::kUnavailable : ErrorKind::kTimeout,
               "no host of " + url_.description() + " accepted a connection: " + reasons, Applied::kNo,
               false};
}

Result<std::shared_ptr<Connector>> make_native_connector(const StoreUrl& url) {
  OPTIINFRA_TRY(auto store, Store::make(url));
  return std::shared_ptr<Connector>(std::make_shared<NativeConnector>(std::move(store)));
}

}  // namespace optiinfra::native
