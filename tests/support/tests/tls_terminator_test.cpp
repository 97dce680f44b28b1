#include "optiinfra/testing/tls_terminator.hpp"

#include <gtest/gtest.h>

namespace optiinfra::testing {
namespace {

/// The verdict of openssl, as a client that trusts only `authority`, on the terminator's certificate.
std::string verified(const CertificateAuthority& authority, const TlsTerminator& terminator) {
  const ProgramResult result =
      run_program({"openssl", "s_client", "-connect", "127.0.0.1:" + std::to_string(terminator.port()),
                   "-CAfile", authority.certificate_file(), "-verify_hostname", "localhost"});
  const std::size_t at = result.output.find("Verify return code: ");
  return at == std::string::npos ? result.output + result.error_output
                                 : result.output.substr(at + 20, result.output.find('\n', at) - at - 20);
}

TEST(TlsTerminator, ShowsTheCertificateItWasGiven) {
  constexpr std::uint16_t kNoServer = 9;
  CertificateAuthority authority, other;
  const TlsTerminator good(authority.issue("DNS:localhost,IP:127.0.0.1"), kNoServer);
  EXPECT_EQ(verified(authority, good), "0 (ok)");
  EXPECT_NE(verified(other, good), "0 (ok)");
  EXPECT_EQ(verified(authority, TlsTerminator(authority.issue("DNS:elsewhere"), kNoServer)),
            "62 (hostname mismatch)");
  EXPECT_EQ(verified(authority, TlsTerminator(authority.issue("DNS:localhost", Validity::kOver), kNoServer)),
            "10 (certificate has expired)");
}

}  // namespace
}  // namespace optiinfra::testing
