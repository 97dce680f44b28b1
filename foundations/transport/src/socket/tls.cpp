#include "socket/tls.hpp"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <climits>
#include <optional>
#include <system_error>

namespace optiinfra::net {
namespace {

template <auto function>
struct Call {
  template <typename T>
  void operator()(T* object) const {
    function(object);
  }
};
using SslContext = std::unique_ptr<SSL_CTX, Call<SSL_CTX_free>>;
using Ssl = std::unique_ptr<SSL, Call<SSL_free>>;
using Method = std::unique_ptr<BIO_METHOD, Call<BIO_meth_free>>;

std::string openssl_reason() {
  const unsigned long code = ERR_peek_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  const std::string text = ERR_SYSTEM_ERROR(code) ? std::generic_category().message(ERR_GET_REASON(code))
                           : reason == nullptr    ? "unknown reason"
                                                  : reason;
  ERR_clear_error();
  return text;
}

Error broken(std::string message, ErrorKind kind = ErrorKind::kUnavailable) {
  return {kind, "TLS: " + std::move(message), Applied::kNo, false};
}

/// Where OpenSSL reads and writes: the channel below, with the error that it had.
struct Below {
  std::unique_ptr<Channel> channel;
  std::optional<Error> error;
  bool ended = false;
};

Below& below(BIO* bio) { return *static_cast<Below*>(BIO_get_data(bio)); }

int write_below(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  auto sent = below(bio).channel->try_send(std::as_bytes(std::span(data, static_cast<std::size_t>(size))));
  if (!sent) return below(bio).error = std::move(sent).error(), -1;
  if (*sent == 0) return BIO_set_retry_write(bio), -1;
  return static_cast<int>(*sent);
}

int read_below(BIO* bio, char* data, int size) {
  BIO_clear_retry_flags(bio);
  auto got = below(bio).channel->try_receive(
      std::as_writable_bytes(std::span(data, static_cast<std::size_t>(size))));
  if (!got) return below(bio).error = std::move(got).error(), -1;
  if (got->ended) return below(bio).ended = true, 0;
  if (got->bytes == 0) return BIO_set_retry_read(bio), -1;
  return static_cast<int>(got->bytes);
}

long control_below(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_EOF) return below(bio).ended ? 1 : 0;
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

int create_below(BIO* bio) { return BIO_set_init(bio, 1), 1; }

/// Sends with the channel's own call, since OpenSSL's would raise SIGPIPE when the peer is gone.
BIO_METHOD* below_method() {
  static const Method method = [] {
    Method made(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "optiinfra channel"));
    if (made) {
      BIO_meth_set_write(made.get(), write_below);
      BIO_meth_set_read(made.get(), read_below);
      BIO_meth_set_ctrl(made.get(), control_below);
      BIO_meth_set_create(made.get(), create_below);
    }
    return made;
  }();
  return method.get();
}

bool is_address(const std::string& host) {
  unsigned char bytes[16];
  return ::inet_pton(AF_INET, host.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

class TlsChannel final : public Channel {
 public:
  TlsChannel(Ssl ssl, std::unique_ptr<Below> below) : below_(std::move(below)), ssl_(std::move(ssl)) {}

  ~TlsChannel() override {
    if (healthy_) SSL_shutdown(ssl_.get());  // Says good-bye; the answer is not waited for.
    ERR_clear_error();
  }

  Result<void> handshake(Deadline deadline) {
    while (true) {
      ERR_clear_error();
      const int result = SSL_connect(ssl_.get());
      if (result == 1) return healthy_ = true, Result<void>{};
      if (!wants(result)) return handshake_error();
      OPTIINFRA_TRY(const bool ready, wait(For::kReceive, deadline));
      if (!ready) return broken("the handshake was not answered in time", ErrorKind::kTimeout);
    }
  }

  Result<Received> try_receive(std::span<std::byte> into) override {
    ERR_clear_error();
    const int result = SSL_read(ssl_.get(), into.data(), size_of(into.size()));
    if (result > 0) return Received{static_cast<std::size_t>(result), false};
    if (wants(result)) return Received{};
    healthy_ = false;
    if (below_->error) return *below_->error;
    if (below_->ended || SSL_get_error(ssl_.get(), result) == SSL_ERROR_ZERO_RETURN) return Received{0, true};
    return broken(openssl_reason());
  }

  Result<std::size_t> try_send(std::span<const std::byte> bytes) override {
    ERR_clear_error();
    const int result = SSL_write(ssl_.get(), bytes.data(), size_of(bytes.size()));
    if (result > 0) return static_cast<std::size_t>(result);
    if (wants(result)) return std::size_t{0};
    healthy_ = false;
    return below_->error ? *below_->error : broken(openssl_reason());
  }

  /// TLS may have to send before it can receive, and the other way round: what it wants counts too.
  Result<bool> wait(For what, Deadline deadline) override {
    if (what != For::kSend && SSL_pending(ssl_.get()) > 0) return true;
    const bool receive = what != For::kSend || SSL_want_read(ssl_.get());
    const bool send = what == For::kBoth || SSL_want_write(ssl_.get()) ||
                      (what == For::kSend && !SSL_want_read(ssl_.get()));
    return below_->channel->wait(receive && send ? For::kBoth
                                 : receive       ? For::kReceive
                                                 : For::kSend,
                                 deadline);
  }

 private:
  static int size_of(std::size_t size) { return static_cast<int>(std::min<std::size_t>(size, INT_MAX)); }

  bool wants(int result) const {
    const int code = SSL_get_error(ssl_.get(), result);
    return code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE;
  }

  Error handshake_error() const {
    if (below_->error) return *below_->error;
    const long code = SSL_get_verify_result(ssl_.get());
    if (code != X509_V_OK && SSL_get_verify_mode(ssl_.get()) != SSL_VERIFY_NONE) {
      ERR_clear_error();
      return broken(
          "the server's certificate is refused: " + std::string(X509_verify_cert_error_string(code)) +
          "; trust its authority with the URL's ca_file option, or replace the certificate");
    }
    if (below_->ended)
      return broken("the server closed the connection during the handshake; is this its TLS port?");
    return broken("the handshake failed (" + openssl_reason() + "); is this the server's TLS port?");
  }

  std::unique_ptr<Below> below_;
  Ssl ssl_;
  bool healthy_ = false;
};

class OpenSslContext final : public TlsContext {
 public:
  OpenSslContext(SslContext context, bool verify) : context_(std::move(context)), verify_(verify) {}

  Result<std::unique_ptr<Channel>> connect(std::unique_ptr<Channel> inner, const std::string& host,
                                           Deadline deadline) const override {
    Ssl ssl(SSL_new(context_.get()));
    BIO* bio = below_method() == nullptr ? nullptr : BIO_new(below_method());
    if (!ssl || bio == nullptr) return broken("no memory for a connection");
    auto below_ssl = std::make_unique<Below>(Below{std::move(inner), std::nullopt, false});
    BIO_set_data(bio, below_ssl.get());
    SSL_set_bio(ssl.get(), bio, bio);
    if (!expect_host(ssl.get(), host))
      return broken("the host's name cannot be verified: " + openssl_reason());
    auto channel = std::make_unique<TlsChannel>(std::move(ssl), std::move(below_ssl));
    OPTIINFRA_CHECK(channel->handshake(deadline));
    return std::unique_ptr<Channel>(std::move(channel));
  }

 private:
  bool expect_host(SSL* ssl, const std::string& host) const {
    if (is_address(host))
      return !verify_ || X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
    if (SSL_set_tlsext_host_name(ssl, host.c_str()) != 1) return false;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return !verify_ || SSL_set1_host(ssl, host.c_str()) == 1;
  }

  SslContext context_;
  bool verify_;
};

}  // namespace

Result<std::shared_ptr<const TlsContext>> TlsContext::make(const TlsOptions& options) {
  SslContext context(SSL_CTX_new(TLS_client_method()));
  if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1)
    return broken("OpenSSL cannot start: " + openssl_reason());
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_verify(context.get(), options.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  const bool trusted = options.ca_file.empty()
                           ? SSL_CTX_set_default_verify_paths(context.get()) == 1
                           : SSL_CTX_load_verify_file(context.get(), options.ca_file.c_str()) == 1;
  if (options.verify && !trusted) {
    return invalid_argument("the certificates to trust cannot be read from " +
                            (options.ca_file.empty() ? "the system's folder" : "'" + options.ca_file + "'") +
                            ": " + openssl_reason() +
                            "; name a readable file in PEM with the URL's ca_file option");
  }
  ERR_clear_error();
  return std::shared_ptr<const TlsContext>(
      std::make_shared<OpenSslContext>(std::move(context), options.verify));
}

}  // namespace optiinfra::net
