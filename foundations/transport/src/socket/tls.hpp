/// TLS over a channel, by OpenSSL.
#pragma once

#include <memory>
#include <string>

#include "socket/channel.hpp"

namespace optiinfra::net {

struct TlsOptions {
  std::string ca_file = {};  ///< Certificates to trust instead of the system's, in PEM.
  bool verify = true;        ///< False accepts any certificate: only for tests.
};

/// What the connections of one store share: the certificates that are trusted. Threads: any, at once.
class TlsContext {
 public:
  /// Errors: kInvalidArgument for a ca_file that cannot be read, kUnavailable when OpenSSL cannot start.
  static Result<std::shared_ptr<const TlsContext>> make(const TlsOptions& options);

  virtual ~TlsContext() = default;

  /// Speaks TLS 1.2 or newer over `inner` and verifies, unless the options say otherwise, that the
  /// certificate is trusted, valid now and made out to `host`, a name or an address. Errors: kUnavailable,
  /// which says what is wrong with the certificate, kTimeout.
  virtual Result<std::unique_ptr<Channel>> connect(std::unique_ptr<Channel> inner, const std::string& host,
                                                   Deadline deadline) const = 0;
};

}  // namespace optiinfra::net
