#include "optiinfra/transport/fetch.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <deque>
#include <list>
#include <optional>
#include <thread>

#include "http/libcurl.hpp"

namespace optiinfra {
namespace {

using http::Libcurl;
using FetchClock = Fetcher::Clock;

/// Idle connections that are kept for the next request.
constexpr long kIdleConnectionsMax = 1'024;
constexpr long kFetchBufferBytes = 64 << 10;

Result<void> expect_readable(const std::string& file, const char* what) {
  if (file.empty() || ::access(file.c_str(), R_OK) == 0) return {};
  return invalid_argument(std::string(what) + " " + file + " cannot be read");
}

/// One request on its way.
struct Fetch {
  FetchRequest request;
  Fetcher::Done done;
  CURL* easy = nullptr;
  curl_slist* headers = nullptr;
  FetchAnswer answer = {};
  bool is_too_large = false;
  std::array<char, CURL_ERROR_SIZE> message{};

  static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self) {
    auto& fetch = *static_cast<Fetch*>(self);
    if (fetch.answer.body.size() + size * count > fetch.request.body_bytes_max) {
      fetch.is_too_large = true;
      return 0;
    }
    fetch.answer.body.append(bytes, size * count);
    return size * count;
  }

  void prepare(const Libcurl& curl) {
    const auto set = [&](CURLoption option, auto value) { curl.easy_setopt(easy, option, value); };
    curl.easy_reset(easy);
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, request.follows_redirects ? 1L : 0L);
    set(CURLOPT_MAXREDIRS, kFetchRedirectsMax);
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_QUICK_EXIT, 1L);
    set(CURLOPT_BUFFERSIZE, kFetchBufferBytes);
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
    set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(request.body_bytes_max));
    if (request.accepts_gzip) set(CURLOPT_ACCEPT_ENCODING, "gzip");
    set(CURLOPT_ERRORBUFFER, message.data());
    set(CURLOPT_WRITEFUNCTION, &Fetch::on_body);
    set(CURLOPT_WRITEDATA, static_cast<void*>(this));
    set(CURLOPT_PRIVATE, static_cast<void*>(this));
    for (const std::string& each : request.headers) headers = curl.slist_append(headers, each.c_str());
    set(CURLOPT_HTTPHEADER, headers);
    set_credentials(curl);
  }

  void set_credentials(const Libcurl& curl) {
    const auto set = [&](CURLoption option, auto value) { curl.easy_setopt(easy, option, value); };
    if (!request.user.empty()) {
      set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
      set(CURLOPT_USERNAME, request.user.c_str());
      set(CURLOPT_PASSWORD, request.password.c_str());
    }
    if (!request.bearer_token.empty()) {
      set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BEARER));
      set(CURLOPT_XOAUTH2_BEARER, request.bearer_token.c_str());
    }
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(CURLOPT_SSL_VERIFYPEER, request.verifies_certificate ? 1L : 0L);
    set(CURLOPT_SSL_VERIFYHOST, request.verifies_certificate ? 2L : 0L);
    if (!request.ca_file.empty()) set(CURLOPT_CAINFO, request.ca_file.c_str());
    if (!request.certificate_file.empty()) set(CURLOPT_SSLCERT, request.certificate_file.c_str());
    if (!request.key_file.empty()) set(CURLOPT_SSLKEY, request.key_file.c_str());
  }

  Error failure(const Libcurl& curl, CURLcode code) const {
    if (is_too_large || code == CURLE_FILESIZE_EXCEEDED)
      return {ErrorKind::kTooLarge,
              "the answer has more than " + std::to_string(request.body_bytes_max) + " bytes"};
    const std::string cause = message[0] != 0 ? message.data() : curl.easy_strerror(code);
    if (code == CURLE_OPERATION_TIMEDOUT)
      return {ErrorKind::kTimeout,
              "no complete answer within " + std::to_string(request.timeout.count()) + " ms (" + cause + ")"};
    if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT || code == CURLE_SSL_CERTPROBLEM)
      return invalid_argument(cause);
    return {ErrorKind::kUnavailable, cause};
  }

  Result<FetchAnswer> result(const Libcurl& curl, CURLcode code) {
    if (code != CURLE_OK) return failure(curl, code);
    long status = 0;
    const char* type = nullptr;
    double seconds = 0;
    curl.easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl.easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
    curl.easy_getinfo(easy, CURLINFO_TOTAL_TIME, &seconds);
    answer.status = static_cast<int>(status);
    answer.content_type = type == nullptr ? "" : type;
    answer.elapsed = std::chrono::duration<double>(seconds);
    return std::move(answer);
  }
};

}  // namespace

class Fetcher::State {
 public:
  State(const Libcurl& curl, unsigned connections)
      : curl_(curl), connections_(std::max(connections, 1U)), multi_(curl.multi_init()) {
    curl_.multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kIdleConnectionsMax);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  ~State() {
    for (Fetch& each : running_) release(each);
    for (CURL* const each : idle_) curl_.easy_cleanup(each);
    curl_.multi_cleanup(multi_);
  }

  Result<void> start(FetchRequest request, Done done) {
    if (waiting_.size() >= kFetchesWaitingMax)
      return Error{ErrorKind::kTooLarge, std::to_string(waiting_.size()) + " requests wait already"};
    OPTIINFRA_CHECK(expect_readable(request.ca_file, "ca_file"));
    OPTIINFRA_CHECK(expect_readable(request.certificate_file, "cert_file"));
    OPTIINFRA_CHECK(expect_readable(request.key_file, "key_file"));
    waiting_.emplace_back(std::move(request), std::move(done));
    return {};
  }

  std::size_t pending() const { return waiting_.size() + running_.size(); }

  void work(FetchClock::time_point until) {
    while (true) {
      begin_waiting();
      if (running_.empty()) return std::this_thread::sleep_until(until);
      int running = 0;
      curl_.multi_perform(multi_, &running);
      if (take_finished()) return;
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - FetchClock::now()).count();
      if (left <= 0) return;
      curl_.multi_poll(multi_, nullptr, 0, static_cast<int>(std::min<std::int64_t>(left, 1'000)), nullptr);
    }
  }

 private:
  void begin_waiting() {
    while (running_.size() < connections_ && !waiting_.empty()) {
      Fetch& fetch = running_.emplace_back();
      fetch.request = std::move(waiting_.front().first);
      fetch.done = std::move(waiting_.front().second);
      waiting_.pop_front();
      fetch.easy = take_handle();
      fetch.prepare(curl_);
      curl_.multi_add_handle(multi_, fetch.easy);
    }
  }

  CURL* take_handle() {
    if (idle_.empty()) return curl_.easy_init();
    CURL* const easy = idle_.back();
    idle_.pop_back();
    return easy;
  }

  bool take_finished() {
    bool has_finished = false;
    int left = 0;
    while (const CURLMsg* const message = curl_.multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      has_finished = true;
      finish(message->easy_handle, message->data.result);
    }
    return has_finished;
  }

  void finish(CURL* easy, CURLcode code) {
    const auto at = std::find_if(running_.begin(), running_.end(),
                                 [easy](const Fetch& each) { return each.easy == easy; });
    if (at == running_.end()) return;
    auto result = at->result(curl_, code);
    const Done done = std::move(at->done);
    release(*at);
    running_.erase(at);
    done(std::move(result));
  }

  void release(Fetch& fetch) {
    curl_.multi_remove_handle(multi_, fetch.easy);
    curl_.slist_free_all(fetch.headers);
    idle_.push_back(fetch.easy);
  }

  const Libcurl& curl_;
  const std::size_t connections_;
  CURLM* const multi_;
  std::deque<std::pair<FetchRequest, Done>> waiting_;
  std::list<Fetch> running_;  ///< libcurl holds their addresses.
  std::vector<CURL*> idle_;
};

Fetcher::Fetcher(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Fetcher::~Fetcher() = default;
Fetcher::Fetcher(Fetcher&&) noexcept = default;
Fetcher& Fetcher::operator=(Fetcher&&) noexcept = default;

Result<Fetcher> Fetcher::open(unsigned connections) {
  OPTIINFRA_TRY(const Libcurl* const curl, Libcurl::load());
  return Fetcher(std::make_unique<State>(*curl, connections));
}

Result<void> Fetcher::start(FetchRequest request, Done done) {
  return state_->start(std::move(request), std::move(done));
}
std::size_t Fetcher::pending() const noexcept { return state_->pending(); }
void Fetcher::work(Clock::time_point until) { state_->work(until); }

Result<FetchAnswer> fetch(FetchRequest request) {
  OPTIINFRA_TRY(Fetcher fetcher, Fetcher::open(1));
  std::optional<Result<FetchAnswer>> result;
  OPTIINFRA_CHECK(
      fetcher.start(std::move(request), [&](Result<FetchAnswer> done) { result = std::move(done); }));
  while (!result) fetcher.work(FetchClock::now() + std::chrono::seconds{1});
  return *std::move(result);
}

}  // namespace optiinfra
