#include "optiinfra/testing/tls_terminator.hpp"

#include <charconv>
#include <fstream>
#include <thread>

#include "optiinfra/core/error.hpp"

namespace optiinfra::testing {
namespace {

namespace fs = std::filesystem;

void openssl(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "openssl");
  const ProgramResult result = run_program(arguments);
  if (result.exit_code != 0) detail::broken_invariant("openssl failed: " + result.error_output);
}

/// A new key on a curve: made in no time, unlike RSA's.
const char* const kNewKey[] = {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"};

std::vector<std::string> request(const std::string& subject, const fs::path& key, const fs::path& out) {
  std::vector<std::string> arguments{"req", "-new"};
  arguments.insert(arguments.end(), std::begin(kNewKey), std::end(kNewKey));
  for (const std::string& more : {std::string("-subj"), subject, std::string("-keyout"), key.string(),
                                  std::string("-out"), out.string()})
    arguments.push_back(more);
  return arguments;
}

/// It logs only to a file: a pipe that nobody reads would fill and stop it.
fs::path configuration(const fs::path& folder, const Certificate& certificate, std::uint16_t server_port) {
  const fs::path file = folder / "stunnel.conf";
  std::ofstream(file) << "foreground = quiet\npid =\nsyslog = no\ndebug = info\noutput = "
                      << (folder / "log").string() << "\n[tls]\naccept = 127.0.0.1:0\n"
                      << "connect = 127.0.0.1:" << server_port
                      << "\ncert = " << certificate.certificate_file.string()
                      << "\nkey = " << certificate.key_file.string() << "\n";
  return file;
}

std::string text_of(const fs::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// Where the log says that it listens; 0 as long as it says nothing.
std::uint16_t port_in(std::string_view log) {
  constexpr std::string_view kBound = "bound to 127.0.0.1:";
  std::uint16_t port = 0;
  const std::size_t at = log.find(kBound);
  if (at != std::string_view::npos && log.find("Accepting new connections") != std::string_view::npos)
    std::from_chars(log.data() + at + kBound.size(), log.data() + log.size(), port);
  return port;
}

}  // namespace

CertificateAuthority::CertificateAuthority() : own_{folder_ / "ca.pem", folder_ / "ca.key"} {
  auto arguments = request("/CN=authority of a test", own_.key_file, own_.certificate_file);
  arguments.insert(arguments.end(), {"-x509", "-days", "2"});
  openssl(std::move(arguments));
}

Certificate CertificateAuthority::issue(const std::string& names, Validity validity) {
  const fs::path base = folder_ / std::to_string(++issued_);
  const auto file = [&base](const char* extension) { return fs::path(base).replace_extension(extension); };
  openssl(request("/CN=server of a test", file("key"), file("csr")));
  std::ofstream(file("ext")) << "subjectAltName=" << names << "\n";
  openssl({"x509", "-req", "-in", file("csr"), "-CA", own_.certificate_file, "-CAkey", own_.key_file,
           "-CAcreateserial", "-days", validity == Validity::kNow ? "1" : "-1", "-extfile", file("ext"),
           "-out", file("pem")});
  return {file("pem"), file("key")};
}

TlsTerminator::TlsTerminator(const Certificate& certificate, std::uint16_t server_port)
    : program_({"stunnel4", configuration(folder_.path(), certificate, server_port).string()}) {
  for (int waited = 0; port_ == 0 && waited < 1'000; ++waited) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    port_ = port_in(text_of(folder_ / "log"));
  }
  if (port_ == 0) detail::broken_invariant("stunnel4 did not start: " + text_of(folder_ / "log"));
}

}  // namespace optiinfra::testing
