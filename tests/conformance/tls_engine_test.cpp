// Certificates are verified by default, over both kinds of TLS.
#include <gmock/gmock.h>

#include "servers.hpp"
#include "store_test.hpp"

namespace optiinfra {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

class Tls : public testing::StoreTest {
 protected:
  /// The store behind a terminator of its own that shows `certificate`.
  StoreUrl behind(const testing::Certificate& certificate) {
    terminator_.emplace(certificate, testing::shared_servers().plain_port(GetParam()));
    StoreUrl url = url_;
    url.hosts = {{"localhost", terminator_->port()}};
    return url;
  }

  static Result<void> use(const StoreUrl& url) {
    OPTIINFRA_TRY(const auto session, open(url));
    return session->execute({.sql = "SELECT 1"});
  }

  /// With verification the store is refused for `reason`, and without it is used.
  static void expect_refused_unless_told(StoreUrl url, const std::string& reason) {
    const auto refused = use(url);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::kUnavailable) << refused.error().message;
    EXPECT_EQ(refused.error().applied, Applied::kNo);
    EXPECT_THAT(refused.error().message, HasSubstr("certificate"));
    EXPECT_THAT(refused.error().message, HasSubstr(reason));
    url.verify_certificate = false;
    const auto used = use(url);
    EXPECT_TRUE(used) << used.error().message;
  }

  std::optional<testing::TlsTerminator> terminator_;
};
INSTANTIATE_TEST_SUITE_P(Over, Tls, ::testing::ValuesIn(testing::tls_endpoints()), testing::name_of);

TEST_P(Tls, AcceptsWhatTheGivenAuthoritySigned) { EXPECT_EQ(ask("SELECT 7"), "7\n"); }

TEST_P(Tls, AcceptsAnAddressThatTheCertificateNames) {
  StoreUrl url = url_;
  url.hosts[0].host = "127.0.0.1";
  const auto used = use(url);
  EXPECT_TRUE(used) << used.error().message;
}

TEST_P(Tls, RefusesAnAuthorityThatTheSystemDoesNotKnow) {
  StoreUrl url = url_;
  url.ca_file.clear();
  expect_refused_unless_told(url, "");
}

TEST_P(Tls, RefusesAnotherAuthorityThanTheGivenOne) {
  const testing::CertificateAuthority other;
  StoreUrl url = url_;
  url.ca_file = other.certificate_file();
  expect_refused_unless_told(url, "");
}

TEST_P(Tls, RefusesACertificateOfAnotherHost) {
  expect_refused_unless_told(
      behind(testing::shared_servers().authority().issue("DNS:elsewhere,IP:127.0.0.2")), "localhost");
}

TEST_P(Tls, RefusesACertificateWhoseTimeIsOver) {
  expect_refused_unless_told(
      behind(testing::shared_servers().authority().issue("DNS:localhost", testing::Validity::kOver)),
      "expired");
}

TEST_P(Tls, NamesAFileOfAuthoritiesThatIsNotThere) {
  StoreUrl url = url_;
  url.ca_file = "/nonexistent/ca.pem";
  const auto refused = use(url);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kInvalidArgument) << refused.error().message;
  EXPECT_THAT(refused.error().message, HasSubstr("/nonexistent/ca.pem"));
}

TEST_P(Tls, IsAClearErrorWhereTheServerSpeaksNone) {
  StoreUrl url = url_;
  url.hosts = {{"localhost", testing::shared_servers().plain_port(GetParam())}};
  const auto begin = std::chrono::steady_clock::now();
  const auto refused = use(url);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnavailable) << refused.error().message;
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(12));
}

}  // namespace
}  // namespace optiinfra
