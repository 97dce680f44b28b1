#include "http/connection.hpp"

#include <unistd.h>

#include "hosts.hpp"
#include "http/request.hpp"

namespace optiinfra::http {
namespace {

constexpr long kReceiveBufferBytes = 256 << 10;
constexpr long kSendBufferBytes = 512 << 10;
/// A silent peer is asked after this long, and given up after as many unanswered questions.
constexpr long kKeepAliveIdleSeconds = 15, kKeepAliveIntervalSeconds = 5;

}  // namespace

Result<std::unique_ptr<Connection>> Connection::make(const StoreUrl& store, const Endpoint& endpoint) {
  if (!store.ca_file.empty() && ::access(store.ca_file.c_str(), R_OK) != 0)
    return invalid_argument("the certificates in ca_file, " + store.ca_file +
                            ", cannot be read; name a readable file in PEM");
  OPTIINFRA_TRY(const Libcurl* const curl, Libcurl::load());
  std::unique_ptr<Connection> connection(new Connection(*curl, store, endpoint));
  if (connection->easy_ == nullptr || connection->multi_ == nullptr)
    return Error{ErrorKind::kUnavailable, "libcurl has no handle to give"};
  return connection;
}

Connection::Connection(const Libcurl& curl, const StoreUrl& store, const Endpoint& endpoint)
    : curl_(curl),
      easy_(curl.easy_init()),
      multi_(curl.multi_init()),
      place_(to_string(endpoint)),
      url_(base_url(store, endpoint)),
      ca_file_(store.ca_file),
      verify_(store.verify_certificate) {}

Connection::~Connection() {
  // The multi handle holds the connections and goes last.
  curl_.easy_cleanup(easy_);
  curl_.multi_cleanup(multi_);
}

void Connection::prepare() {
  curl_.easy_reset(easy_);
  curl_.easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_.easy_setopt(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_.easy_setopt(easy_, CURLOPT_FOLLOWLOCATION, 0L);
  // A proxy that the environment names is for web pages, and would read the credentials.
  curl_.easy_setopt(easy_, CURLOPT_PROXY, "");
  curl_.easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  // Without it, a call that gives up would wait for the thread that resolves a host's name.
  curl_.easy_setopt(easy_, CURLOPT_QUICK_EXIT, 1L);
  curl_.easy_setopt(easy_, CURLOPT_BUFFERSIZE, kReceiveBufferBytes);
  curl_.easy_setopt(easy_, CURLOPT_UPLOAD_BUFFERSIZE, kSendBufferBytes);
  curl_.easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_.easy_setopt(easy_, CURLOPT_TCP_KEEPIDLE, kKeepAliveIdleSeconds);
  curl_.easy_setopt(easy_, CURLOPT_TCP_KEEPINTVL, kKeepAliveIntervalSeconds);
  curl_.easy_setopt(easy_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_.easy_setopt(easy_, CURLOPT_SSL_VERIFYPEER, verify_ ? 1L : 0L);
  curl_.easy_setopt(easy_, CURLOPT_SSL_VERIFYHOST, verify_ ? 2L : 0L);
  if (!ca_file_.empty()) {
    curl_.easy_setopt(easy_, CURLOPT_CAINFO, ca_file_.c_str());
    curl_.easy_setopt(easy_, CURLOPT_CAPATH, nullptr);
  }
  curl_.easy_setopt(easy_, CURLOPT_FRESH_CONNECT, Clock::now() >= stale_from_ ? 1L : 0L);
}

void Connection::set_idle(std::optional<std::chrono::seconds> keep_alive) {
  // Half of it: a server that closes just as a request is sent leaves the request's outcome unknown.
  stale_from_ = Clock::now() + (keep_alive ? std::chrono::milliseconds(*keep_alive) / 2 : kIdleMax);
}

}  // namespace optiinfra::http
