// The API over TLS: with a certificate that clients can check, which is read again when its files change.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optiinfra/testing/http_call.hpp"
#include "optiinfra/testing/program.hpp"
#include "optiinfra/testing/server.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "optiinfra/testing/tls_terminator.hpp"

namespace optiinfra::service {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Tls : public ::testing::Test {
 protected:
  Tls() { install(authority_.issue("DNS:localhost,IP:127.0.0.1")); }

  std::vector<std::string> flags() const {
    return {"--tls-cert", certificate_.string(), "--tls-key", key_.string()};
  }

  /// Puts a certificate where the server looks for it.
  void install(const testing::Certificate& certificate) {
    const auto replace = std::filesystem::copy_options::overwrite_existing;
    std::filesystem::copy_file(certificate.certificate_file, certificate_, replace);
    std::filesystem::copy_file(certificate.key_file, key_, replace);
  }

  /// curl's exit code and what it printed; 60 is a certificate that it does not trust.
  testing::ProgramResult curl(const std::string& path, std::vector<std::string> more = {}) const {
    std::vector<std::string> words = {"curl",
                                      "--silent",
                                      "--show-error",
                                      "--max-time",
                                      "20",
                                      "--cacert",
                                      authority_.certificate_file().string()};
    words.insert(words.end(), more.begin(), more.end());
    words.push_back("https://localhost:" + std::to_string(server_->api_port()) + path);
    return testing::run_program(words);
  }

  void start() {
    server_.emplace(OPTIINFRA_PROGRAM, folder_ / "store", flags());
    ASSERT_TRUE(server_->is_ready()) << server_->failure();
  }

  testing::TemporaryFolder folder_;
  testing::CertificateAuthority authority_;
  const std::filesystem::path certificate_ = folder_ / "api.crt", key_ = folder_ / "api.key";
  std::optional<testing::ServerProcess> server_;
};

TEST_F(Tls, AnswersWhoChecksTheCertificate) {
  start();
  const auto health = curl("/healthz");
  EXPECT_EQ(health.exit_code, 0) << health.error_output;
  EXPECT_THAT(health.output, HasSubstr("ok"));
  // A body of several TLS records, both ways.
  std::string statement = "SELECT count() AS n FROM numbers(3) WHERE ";
  for (int i = 0; i < 5'000; ++i) statement += "number != 9 AND ";
  const auto large = curl("/api/v1/sql", {"--data-binary", statement + "1"});
  EXPECT_THAT(large.output, HasSubstr("\"n\":3")) << large.error_output;
}

TEST_F(Tls, IsCheckedByTheProgramToo) {
  start();
  const auto ping = [&](const std::string& more) {
    const std::string url = "apis://localhost:" + std::to_string(server_->api_port()) + more;
    return testing::run_program({OPTIINFRA_PROGRAM, "--url", url, "ping"});
  };
  const auto trusting = ping("?ca_file=" + authority_.certificate_file().string());
  EXPECT_EQ(trusting.exit_code, 0) << trusting.error_output;
  const auto other = ping("");
  EXPECT_NE(other.exit_code, 0);
  EXPECT_THAT(other.error_output, HasSubstr("certificate"));
}

TEST_F(Tls, ReadsItsFilesAgainWhenTheyChange) {
  install(authority_.issue("DNS:elsewhere.example"));
  start();
  EXPECT_EQ(curl("/healthz").exit_code, 60) << "the certificate is for another name";
  install(authority_.issue("DNS:localhost"));
  EXPECT_EQ(curl("/healthz").exit_code, 0);
}

TEST_F(Tls, GoesOnWithTheOldCertificateWhileTheNewOneIsHalfWritten) {
  start();
  std::filesystem::resize_file(certificate_, std::filesystem::file_size(certificate_) / 2);
  EXPECT_EQ(curl("/healthz").exit_code, 0);
}

TEST_F(Tls, SaysWhatIsWrongWithANewCertificateWhenAskedToReadIt) {
  start();
  EXPECT_THAT(curl("/-/reload", {"-X", "POST"}).output, HasSubstr("\"reloaded\":true"));
  std::filesystem::resize_file(certificate_, std::filesystem::file_size(certificate_) / 2);
  EXPECT_THAT(curl("/-/reload", {"-X", "POST"}).output,
              AllOf(HasSubstr("\"status\":500"), HasSubstr(certificate_.string())));
  server_->send_signal(SIGHUP);
  // It goes on, and only a stop ends it.
  EXPECT_EQ(curl("/healthz").exit_code, 0);
  const auto stopped = server_->stop();
  EXPECT_EQ(stopped.exit_code, 0);
  EXPECT_THAT(stopped.error_output, AllOf(HasSubstr("SIGHUP"), HasSubstr(certificate_.string())));
}

TEST_F(Tls, ClientsWithoutItAreCutOffAndOthersServed) {
  start();
  EXPECT_THAT(
      testing::exchange_bytes(server_->api_port(), "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"),
      Not(HasSubstr("200")));
  EXPECT_EQ(curl("/healthz").exit_code, 0);
}

TEST_F(Tls, ACertificateThatCannotBeUsedIsNamedAtTheStart) {
  std::filesystem::resize_file(certificate_, 10);
  server_.emplace(OPTIINFRA_PROGRAM, folder_ / "store", flags());
  EXPECT_FALSE(server_->is_ready());
  EXPECT_THAT(server_->failure(), HasSubstr(certificate_.string()));
}

}  // namespace
}  // namespace optiinfra::service
