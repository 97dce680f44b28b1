#include "optiinfra/transport/http_call.hpp"

#include <array>

#include "http/exchange.hpp"

namespace optiinfra {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{64} << 10;

StoreUrl url_of(const HttpService& service) {
  StoreUrl url;
  url.protocol = service.is_encrypted ? Protocol::kHttps : Protocol::kHttp;
  url.hosts = {service.endpoint};
  url.ca_file = service.ca_file;
  url.verify_certificate = service.verify_certificate;
  return url;
}

http::Request request_of(const HttpCall& call) {
  return {.url_query = http::url_query(call.parameters),
          .headers = call.headers,
          .stop = call.stop,
          .body = call.body,
          .method = call.method,
          .path = call.path};
}

}  // namespace

std::string HttpAnswer::own_header(std::string_view name) const {
  for (const auto& [own, value] : own_headers)
    if (own == name) return value;
  return {};
}

class HttpClient::State {
 public:
  explicit State(const HttpService& service) : url_(url_of(service)) {}

  Result<void> connect() {
    OPTIINFRA_TRY(connection_, http::Connection::make(url_, url_.hosts.front()));
    return {};
  }

  Result<HttpAnswer> call(const HttpCall& call) {
    if (connection_ == nullptr) OPTIINFRA_CHECK(connect());
    auto answer = exchange(call);
    if (!answer) connection_.reset();
    return answer;
  }

 private:
  Result<HttpAnswer> exchange(const HttpCall& call) {
    http::Exchange exchange(*connection_, request_of(call), http::Clock::now() + call.timeout);
    OPTIINFRA_CHECK(exchange.wait_for_head());
    HttpAnswer answer{
        .status = exchange.head().status(), .body = {}, .own_headers = exchange.head().own_headers()};
    std::array<std::byte, kPieceBytes> piece;
    while (true) {
      OPTIINFRA_TRY(const std::size_t size, exchange.read(piece));
      if (size == 0) return answer;
      answer.body.append(reinterpret_cast<const char*>(piece.data()), size);
      if (answer.body.size() > kHttpAnswerBytesMax)
        return Error{ErrorKind::kTooLarge, connection_->place() + ": the answer is over 256 MiB"};
    }
  }

  const StoreUrl url_;
  std::unique_ptr<http::Connection> connection_;
};

HttpClient::HttpClient(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

Result<HttpClient> HttpClient::make(const HttpService& service) {
  auto state = std::make_unique<State>(service);
  OPTIINFRA_CHECK(state->connect());
  return HttpClient(std::move(state));
}

Result<HttpAnswer> HttpClient::call(const HttpCall& call) { return state_->call(call); }

}  // namespace optiinfra
