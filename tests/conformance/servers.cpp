#include "servers.hpp"

#include <fstream>

#include "optiinfra/core/error.hpp"

namespace optiinfra::testing {

std::unique_ptr<ServerProcess> start_server(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "password";
  std::ofstream(file) << kPassword << "\n";
  return std::make_unique<ServerProcess>(
      OPTIINFRA_PROGRAM, folder / "store",
      std::vector<std::string>{"--user", std::string(kUser), "--password-file", file});
}

SharedServers::SharedServers() : server_(start_server(folder_.path())) {
  if (!server_->is_ready()) detail::broken_invariant(server_->failure());
}

std::uint16_t SharedServers::plain_port(const EndpointKind& kind) const {
  return speaks_http(kind) ? server_->http_port() : server_->tcp_port();
}

Endpoint SharedServers::endpoint(const EndpointKind& kind) {
  const std::uint16_t port = plain_port(kind);
  if (!kind.can.tls) return {"localhost", port};
  std::optional<TlsTerminator>& terminator = speaks_http(kind) ? https_ : native_tls_;
  if (!terminator) terminator.emplace(authority_.issue("DNS:localhost,IP:127.0.0.1"), port);
  return {"localhost", terminator->port()};
}

SharedServers& shared_servers() {
  static SharedServers servers;
  return servers;
}

}  // namespace optiinfra::testing
