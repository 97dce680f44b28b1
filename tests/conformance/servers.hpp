/// The servers that the suite runs against: `optiinfra server`, and TLS in front of it.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "endpoint.hpp"
#include "optiinfra/testing/server.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "optiinfra/testing/tls_terminator.hpp"

namespace optiinfra::testing {

/// The user of the suite's servers; the password holds what has a meaning in URLs, SQL, XML and HTTP.
inline constexpr std::string_view kUser = "ada";
inline constexpr std::string_view kPassword = "p@ss/w:%rd?'\"&=+< \xC3\xB6";

/// A server of the caller's own on a store in `folder`, which lets in kUser.
std::unique_ptr<ServerProcess> start_server(const std::filesystem::path& folder);

/// One server and what stands in front of it, started when first asked for and kept until the process ends.
class SharedServers {
 public:
  SharedServers();

  /// Where stores of `kind` are reached.
  Endpoint endpoint(const EndpointKind& kind);

  /// Where the server itself listens for what `kind` speaks, without TLS.
  std::uint16_t plain_port(const EndpointKind& kind) const;

  CertificateAuthority& authority() { return authority_; }

 private:
  const TemporaryFolder folder_;
  const std::unique_ptr<ServerProcess> server_;
  CertificateAuthority authority_;
  std::optional<TlsTerminator> native_tls_, https_;
};

SharedServers& shared_servers();

}  // namespace optiinfra::testing
