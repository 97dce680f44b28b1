/// @file optiinfra/testing/tls_terminator.hpp
/// TLS in front of a server that speaks none, with certificates made for the test.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "optiinfra/testing/program.hpp"
#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra::testing {

/// A certificate and its private key, in PEM.
struct Certificate {
  std::filesystem::path certificate_file, key_file;
};

enum class Validity { kNow, kOver };

/// Makes certificates with the program `openssl`. Ends the process when that fails: no test can go on
/// without them.
class CertificateAuthority {
 public:
  CertificateAuthority();

  /// What a client must trust to accept the certificates.
  const std::filesystem::path& certificate_file() const noexcept { return own_.certificate_file; }

  /// A certificate for `names`, as openssl has them: "DNS:localhost,IP:127.0.0.1". Lasts as long as
  /// this object.
  Certificate issue(const std::string& names, Validity validity = Validity::kNow);

 private:
  TemporaryFolder folder_;
  Certificate own_;
  int issued_ = 0;
};

/// The program `stunnel4` on a free port of 127.0.0.1, which passes on what comes inside TLS to
/// 127.0.0.1:`server_port`. Ends the process when it does not start.
class TlsTerminator {
 public:
  TlsTerminator(const Certificate& certificate, std::uint16_t server_port);

  std::uint16_t port() const noexcept { return port_; }

 private:
  TemporaryFolder folder_;
  Program program_;
  std::uint16_t port_ = 0;
};

}  // namespace optiinfra::testing
