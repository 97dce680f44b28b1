#include "http/exchange.hpp"

#include <algorithm>
#include <cstring>
#include <system_error>

namespace optiinfra::http {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

int milliseconds_until(Clock::time_point time) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(time - Clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
}

}  // namespace

Exchange::Exchange(Connection& connection, Request request, Clock::time_point deadline)
    : connection_(connection),
      curl_(connection.curl()),
      deadline_(deadline),
      stop_(std::move(request.stop)),
      url_(connection.url() + request.path + "?" + request.url_query),
      body_(std::move(request.body)) {
  connection_.prepare();
  CURL* const easy = connection_.easy();
  // No waiting for "100 Continue", which a proxy may swallow.
  headers_ = curl_.slist_append(headers_, "Expect:");
  for (const std::string& header : request.headers) headers_ = curl_.slist_append(headers_, header.c_str());
  if (body_) {
    piece_ = bytes_of(*body_);
    body_complete_ = true;
    curl_.easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_->size()));
  } else {
    headers_ = curl_.slist_append(headers_, "Transfer-Encoding: chunked");
  }
  curl_.easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(kConnectTimeout.count()));
  curl_.easy_setopt(easy, CURLOPT_ERRORBUFFER, curl_message_.data());
  curl_.easy_setopt(easy, CURLOPT_URL, url_.c_str());
  curl_.easy_setopt(easy, CURLOPT_POST, 1L);
  if (request.method != "POST") curl_.easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  curl_.easy_setopt(easy, CURLOPT_HTTPHEADER, headers_);
  curl_.easy_setopt(easy, CURLOPT_READFUNCTION, &Exchange::on_read);
  curl_.easy_setopt(easy, CURLOPT_READDATA, this);
  curl_.easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Exchange::on_write);
  curl_.easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_.easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Exchange::on_header);
  curl_.easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_.multi_add_handle(connection_.multi(), easy);
}

Exchange::~Exchange() {
  if (!is_running() && result_ == CURLE_OK && head_.complete()) connection_.set_idle(head_.keep_alive());
  curl_.multi_remove_handle(connection_.multi(), connection_.easy());
  curl_.slist_free_all(headers_);
}

Result<void> Exchange::send(std::span<const std::byte> piece) {
  piece_ = piece;
  resume();
  const auto refused = [this] { return head_.complete() && head_.status() >= 300; };
  OPTIINFRA_CHECK(drive([&] { return piece_.empty() || refused(); }));
  if (piece_.empty()) return {};
  piece_ = {};
  if (done_ && !head_.complete()) return failure();
  return error(ErrorKind::kRejected, "the server answered before it had the whole request");
}

Result<void> Exchange::wait_for_head() {
  if (!body_complete_) {
    body_complete_ = true;
    resume();
  }
  OPTIINFRA_CHECK(drive([this] { return head_.complete(); }));
  if (!head_.complete()) return failure();
  return {};
}

Result<std::size_t> Exchange::read(std::span<std::byte> into) {
  if (read_to_ == received_.size()) {
    received_.clear();
    read_to_ = 0;
    if (!done_ && paused_) resume();
    OPTIINFRA_CHECK(drive([this] { return !received_.empty(); }));
  }
  const std::size_t size = std::min(into.size(), received_.size() - read_to_);
  if (size == 0 && result_ != CURLE_OK) return failure();
  if (size > 0) std::memcpy(into.data(), received_.data() + read_to_, size);
  read_to_ += size;
  return size;
}

bool Exchange::is_running() {
  if (!done_ && !failure_) perform();
  return !done_ && !failure_;
}

/// Lets libcurl work until the condition holds or the transfer is done.
template <typename Until>
Result<void> Exchange::drive(Until until) {
  if (failure_) return *failure_;
  while (true) {
    perform();
    if (done_ || until()) return {};
    if (stop_.stop_requested()) {
      failure_ = error(ErrorKind::kCancelled, "the caller stopped the call");
      return *failure_;
    }
    int left = milliseconds_until(deadline_);
    if (left == 0) {
      failure_ = error(ErrorKind::kTimeout, "no complete answer within the call's time budget");
      return *failure_;
    }
    if (stop_.stop_possible()) left = std::min(left, static_cast<int>(kStopPoll.count()));
    curl_.multi_poll(connection_.multi(), nullptr, 0, left, nullptr);
  }
}

void Exchange::perform() {
  int running = 0;
  curl_.multi_perform(connection_.multi(), &running);
  int left = 0;
  while (const CURLMsg* message = curl_.multi_info_read(connection_.multi(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    done_ = true;
    result_ = message->data.result;
  }
}

void Exchange::resume() {
  paused_ = false;
  if (!done_) curl_.easy_pause(connection_.easy(), CURLPAUSE_CONT);
}

Error Exchange::failure() {
  if (!failure_) failure_ = transfer_error();
  return *failure_;
}

Error Exchange::error(ErrorKind kind, const std::string& what) const {
  return {kind, connection_.place() + ": " + what, body_begun_ ? Applied::kUnknown : Applied::kNo, false};
}

Error Exchange::transfer_error() const {
  long system_error = 0;
  curl_.easy_getinfo(connection_.easy(), CURLINFO_OS_ERRNO, &system_error);
  std::string cause = curl_message_[0] != 0 ? curl_message_.data() : curl_.easy_strerror(result_);
  if (result_ == CURLE_COULDNT_CONNECT && system_error != 0)
    cause = std::generic_category().message(static_cast<int>(system_error));
  cause = " (" + cause + ")";
  switch (result_) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return error(ErrorKind::kUnavailable,
                   "the host's name is not known" + cause + "; check the store's URL");
    case CURLE_COULDNT_CONNECT:
      return error(ErrorKind::kUnavailable,
                   "cannot connect" + cause + "; check that the server runs and that this is its HTTP port");
    case CURLE_OPERATION_TIMEDOUT:
      return error(ErrorKind::kUnavailable, "no connection in time" + cause);
    case CURLE_PEER_FAILED_VERIFICATION:
      return error(ErrorKind::kUnavailable,
                   "the server's certificate is not trusted" + cause +
                       "; name the certificates to trust with the option ca_file of the store's URL");
    case CURLE_SSL_CONNECT_ERROR:
      return error(ErrorKind::kUnavailable,
                   "no TLS 1.2 or newer with the server" + cause + "; check that this is its HTTPS port");
    case CURLE_SSL_CACERT_BADFILE:
      return error(ErrorKind::kInvalidArgument, "ca_file does not hold certificates in PEM" + cause);
    case CURLE_SEND_FAIL_REWIND:
      return error(ErrorKind::kUnavailable, "the server closed the kept connection as the request was sent");
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
      return error(ErrorKind::kCorrupt,
                   "the answer is not HTTP" + cause + "; check that this is the server's HTTP port");
    default:
      return error(ErrorKind::kUnavailable, "the connection ended before the answer was whole" + cause);
  }
}

std::size_t Exchange::on_read(char* into, std::size_t size, std::size_t count, void* self) {
  auto& exchange = *static_cast<Exchange*>(self);
  auto& piece = exchange.piece_;
  if (piece.empty()) return exchange.body_complete_ ? 0 : CURL_READFUNC_PAUSE;
  exchange.body_begun_ = true;
  const std::size_t step = std::min(size * count, piece.size());
  std::memcpy(into, piece.data(), step);
  piece = piece.subspan(step);
  return step;
}

std::size_t Exchange::on_write(const char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& exchange = *static_cast<Exchange*>(self);
  auto& received = exchange.received_;
  if (!received.empty() && received.size() + size * count > kReceivedBytesMax) {
    exchange.paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  const auto* begin = reinterpret_cast<const std::byte*>(bytes);
  received.insert(received.end(), begin, begin + size * count);
  return size * count;
}

std::size_t Exchange::on_header(const char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& exchange = *static_cast<Exchange*>(self);
  exchange.head_bytes_ += size * count;
  if (exchange.head_bytes_ > kHeadBytesMax) {
    exchange.failure_ = exchange.error(
        ErrorKind::kTooLarge, "the answer's head has more than " + std::to_string(kHeadBytesMax) + " bytes");
    return 0;
  }
  exchange.head_.take_line({bytes, size * count});
  return size * count;
}

}  // namespace optiinfra::http
