#include "http/server.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "problem.hpp"

namespace optiinfra::service {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;

/// What ends a connection from outside of it.
class Ending {
 public:
  virtual ~Ending() = default;
  virtual void end() = 0;
};

/// What all connections of a server share.
struct Shared {
  HttpEvents events;
  asio::thread_pool handlers{kHandlerThreads};
  std::atomic<std::size_t> body_bytes{0};
  std::atomic<std::uint64_t> refused{0}, broken{0};
  std::atomic<bool> is_stopping{false};

  std::mutex mutex;
  std::condition_variable changed;
  std::unordered_map<const void*, std::weak_ptr<Ending>> connections;  ///< Guarded by mutex.
  std::size_t busy = 0;  ///< Requests between their headers and their answer's end. Guarded by mutex.

  void add_busy(int change) {
    const std::lock_guard lock(mutex);
    busy = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(busy) + change);
    if (busy == 0) changed.notify_all();
  }
};

/// Room for a body within kBodiesBytesMax, given back when it is destroyed.
class BodyRoom {
 public:
  BodyRoom(Shared& shared, std::size_t bytes) : shared_(shared), bytes_(bytes) {
    is_there_ = shared_.body_bytes.fetch_add(bytes_) + bytes_ <= kBodiesBytesMax;
  }
  ~BodyRoom() { shared_.body_bytes -= bytes_; }
  BodyRoom(const BodyRoom&) = delete;
  BodyRoom& operator=(const BodyRoom&) = delete;
  bool is_there() const { return is_there_; }

  /// Room for a body that has become this long; false where there is none.
  bool grow_to(std::size_t bytes) {
    if (bytes <= bytes_) return true;
    const std::size_t more = bytes - std::exchange(bytes_, bytes);
    return shared_.body_bytes.fetch_add(more) + more <= kBodiesBytesMax;
  }

 private:
  Shared& shared_;
  std::size_t bytes_;
  bool is_there_;
};

/// Most bytes of a body that are read at once.
constexpr std::size_t kReadBytes = std::size_t{64} << 10;
/// How long the rest of a refused body is read and dropped.
constexpr std::chrono::seconds kDiscardTime{2};

template <typename Stream>
constexpr bool kIsTls = !std::is_same_v<Stream, beast::tcp_stream>;

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& letter : result)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return result;
}

/// What is wrong with bytes that make no request.
Response problem_of_bytes(ErrorCode error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow)
    return problem(431, "the headers are longer than " + std::to_string(kHeaderBytesMax) + " bytes");
  if (error == http::error::body_limit)
    return problem_of(
        {ErrorKind::kTooLarge, "the body is longer than " + std::to_string(kBodyBytesMax) + " bytes"});
  return problem(400, "this is not HTTP/1.1: " + error.message());
}

Response no_room() {
  return problem(503, "too many large requests are being read; send it again in a moment", 1);
}

template <typename Stream>
class Connection final : public Ending, public std::enable_shared_from_this<Connection<Stream>> {
 public:
  template <typename... Arguments>
  explicit Connection(std::shared_ptr<Shared> shared, Arguments&&... arguments)
      : shared_(std::move(shared)), stream_(std::forward<Arguments>(arguments)...) {}

  ~Connection() override {
    const std::lock_guard lock(shared_->mutex);
    shared_->connections.erase(this);
    shared_->changed.notify_all();
  }

  void run() {
    {
      const std::lock_guard lock(shared_->mutex);
      shared_->connections[this] = std::static_pointer_cast<Ending>(this->shared_from_this());
    }
    asio::dispatch(stream_.get_executor(), [self = this->shared_from_this()] { self->begin(); });
  }

  void end() override {
    asio::post(stream_.get_executor(), [self = this->shared_from_this()] { self->close(); });
  }

 private:
  void begin() {
    if constexpr (kIsTls<Stream>) {
      lowest().expires_after(kHeaderTime);
      stream_.async_handshake(asio::ssl::stream_base::server,
                              [self = this->shared_from_this()](ErrorCode error) {
                                if (!error) self->read_headers();
                              });
    } else {
      read_headers();
    }
  }

  void read_headers() {
    if (shared_->is_stopping) return close();
    // A connection that waits holds no more than it needs for headers.
    if (buffer_.capacity() > kHeaderBytesMax) buffer_.shrink_to_fit();
    parser_.emplace();
    parser_->header_limit(kHeaderBytesMax);
    parser_->body_limit(kBodyBytesMax);
    lowest().expires_after(kHeaderTime);
    http::async_read_header(
        stream_, buffer_, *parser_,
        [self = this->shared_from_this()](ErrorCode error, std::size_t) { self->on_headers(error); });
  }

  void on_headers(ErrorCode error) {
    if (error) return on_broken(error);
    shared_->add_busy(1);
    request_ = Request{};
    const auto& message = parser_->get();
    request_.method = std::string(message.method_string());
    request_.is_encrypted = kIsTls<Stream>;
    for (const auto& field : message)
      request_.headers.emplace_back(lower({field.name_string().data(), field.name_string().size()}),
                                    std::string(field.value()));
    const std::string_view target(message.target().data(), message.target().size());
    if (!parse_target(target, request_))
      return refuse(problem(400, "the request's target is no path, or is not percent-encoded as it must be"));
    if (auto refusal = shared_->events.admit(request_)) return refuse(*std::move(refusal));
    // How long a chunked body is, is seen when it is there.
    const auto length = parser_->content_length();
    room_.emplace(*shared_, length ? std::min<std::size_t>(*length, kBodyBytesMax) : 0);
    if (!room_->is_there()) return refuse(no_room());
    if (lower(request_.header("expect")) == "100-continue" && !parser_->is_done()) return allow_body();
    read_body();
  }

  void allow_body() {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    lowest().expires_after(kAnswerTime);
    asio::async_write(stream_, asio::buffer(kContinue),
                      [self = this->shared_from_this()](ErrorCode error, std::size_t) {
                        if (error) return self->done_with_request();
                        self->read_body();
                      });
  }

  void read_body() {
    lowest().expires_after(kBodyTime);
    if (parser_->is_done()) return handle();
    // As it is, the buffer has room for 512 bytes, and a body of 64 MiB would take 131,072 reads.
    buffer_.reserve(std::min<std::size_t>(parser_->content_length().value_or(kReadBytes), kReadBytes));
    read_more_body();
  }

  void read_more_body() {
    http::async_read_some(stream_, buffer_, *parser_,
                          [self = this->shared_from_this()](ErrorCode error, std::size_t) {
                            if (error == http::error::body_limit)
                              return self->refuse(problem_of_bytes(error));
                            if (error) {
                              self->done_with_request();
                              return self->on_broken(error);
                            }
                            if (!self->room_->grow_to(self->parser_->get().body().size()))
                              return self->refuse(no_room());
                            if (self->parser_->is_done()) return self->handle();
                            self->read_more_body();
                          });
  }

  void handle() {
    lowest().expires_never();
    request_.body = std::move(parser_->get().body());
    keep_alive_ = parser_->get().keep_alive();
    asio::post(shared_->handlers, [self = this->shared_from_this()] {
      Response response;
      try {
        response = self->shared_->events.handle(self->request_);
      } catch (const std::bad_alloc&) {
        response = problem(503, "not enough memory for this request", 1);
      }
      asio::post(self->stream_.get_executor(),
                 [self, response = std::move(response)]() mutable { self->write(std::move(response)); });
    });
  }

  /// Answers a request whose body is not read; where there is one, the connection cannot go on.
  void refuse(Response response) {
    has_unread_body_ = !parser_->is_done();
    keep_alive_ = !has_unread_body_ && parser_->get().keep_alive();
    write(std::move(response));
  }

  void write(Response response) {
    request_.body = {};
    room_.reset();
    auto message =
        std::make_shared<http::response<http::string_body>>(static_cast<http::status>(response.status), 11);
    message->set(http::field::server, "optiinfra");
    message->set(http::field::content_type, response.content_type);
    message->set("X-Content-Type-Options", "nosniff");
    message->set("Referrer-Policy", "no-referrer");
    message->set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    for (const auto& [name, value] : response.headers) message->set(name, value);
    if (message->find(http::field::cache_control) == message->end())
      message->set(http::field::cache_control, "no-store");
    const std::size_t size = response.body.size();
    // To HEAD the same headers, the body's length among them, and no body.
    if (request_.method != "HEAD") message->body() = std::move(response.body);
    if (response.status != 304 && response.status != 204) message->content_length(size);
    message->keep_alive(keep_alive_ && !shared_->is_stopping);
    lowest().expires_after(kAnswerTime);
    http::async_write(stream_, *message,
                      [self = this->shared_from_this(), message](ErrorCode error, std::size_t) {
                        self->done_with_request();
                        if (error) return self->close();
                        if (message->keep_alive()) return self->read_headers();
                        if (self->has_unread_body_) return self->discard_rest();
                        self->close();
                      });
  }

  void done_with_request() {
    room_.reset();
    shared_->add_busy(-1);
  }

  void on_broken(ErrorCode error) {
    const bool is_about_http = error.category() == http::make_error_code(http::error::bad_method).category();
    if (error == http::error::end_of_stream || (!is_about_http && error != beast::error::timeout))
      return close();
    ++shared_->broken;
    if (!is_about_http || error == http::error::partial_message) return close();
    shared_->add_busy(1);
    refuse(problem_of_bytes(error));
  }

  /// A close with bytes unread resets the connection, and the peer, which still sends, would lose the answer.
  void discard_rest() {
    ErrorCode ignored;
    lowest().socket().shutdown(Tcp::socket::shutdown_send, ignored);
    lowest().expires_after(kDiscardTime);
    buffer_.clear();
    discard_more();
  }

  void discard_more() {
    lowest().async_read_some(buffer_.prepare(kHeaderBytesMax),
                             [self = this->shared_from_this()](ErrorCode error, std::size_t) {
                               if (error) return self->close();
                               self->discard_more();
                             });
  }

  void close() {
    ErrorCode ignored;
    lowest().socket().shutdown(Tcp::socket::shutdown_both, ignored);
    lowest().close();
  }

  beast::tcp_stream& lowest() { return beast::get_lowest_layer(stream_); }

  std::shared_ptr<Shared> shared_;
  Stream stream_;
  beast::flat_buffer buffer_{kHeaderBytesMax + kReadBytes};
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<BodyRoom> room_;
  Request request_;
  bool keep_alive_ = false, has_unread_body_ = false;
};

/// A certificate and its key, read again when their files change.
class Certificate {
 public:
  Certificate(std::string certificate_file, std::string key_file)
      : certificate_file_(std::move(certificate_file)), key_file_(std::move(key_file)) {}

  /// Null when the files cannot be used and never could.
  std::shared_ptr<asio::ssl::context> context() {
    const std::lock_guard lock(mutex_);
    (void)read();
    return context_;
  }

  /// Errors: kInvalidArgument for files that cannot be used; the certificate of before stays.
  Result<void> reload() {
    const std::lock_guard lock(mutex_);
    return read();
  }

 private:
  Result<void> read() {
    const auto changed = std::pair(change_time(certificate_file_), change_time(key_file_));
    if (context_ != nullptr && changed == changed_) return {};
    auto fresh = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
    ErrorCode error;
    SSL_CTX_set_min_proto_version(fresh->native_handle(), TLS1_2_VERSION);
    fresh->use_certificate_chain_file(certificate_file_, error);
    if (!error) fresh->use_private_key_file(key_file_, asio::ssl::context::pem, error);
    if (error || SSL_CTX_check_private_key(fresh->native_handle()) != 1)
      return invalid_argument("'" + certificate_file_ + "' and '" + key_file_ +
                              "' are no certificate in PEM with its key" +
                              (error ? ": " + error.message() : ""));
    context_ = std::move(fresh);
    changed_ = changed;
    return {};
  }

  static long change_time(const std::string& file) {
    struct ::stat status{};
    return ::stat(file.c_str(), &status) == 0 ? status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec
                                              : 0;
  }

  const std::string certificate_file_, key_file_;
  std::mutex mutex_;
  std::shared_ptr<asio::ssl::context> context_;
  std::pair<long, long> changed_;
};

class BeastServer final : public HttpServer {
 public:
  explicit BeastServer(const HttpOptions& options)
      : options_(options), certificate_(options.certificate_file, options.key_file) {}

  ~BeastServer() override { stop(std::chrono::milliseconds{0}); }

  Result<void> open() {
    ErrorCode error;
    const auto address = asio::ip::make_address(options_.listen, error);
    if (error) return invalid_argument("'" + options_.listen + "' is no IP address");
    OPTIINFRA_CHECK(reload_certificate());
    const Tcp::endpoint endpoint(address, options_.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(Tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) return {};
    return Error{ErrorKind::kUnavailable, "port " + std::to_string(options_.port) + " of " + options_.listen +
                                              " cannot be served: " + error.message() +
                                              "; name another with --api-port, or 0 for a free one"};
  }

  std::uint16_t port() const override { return port_; }
  void remember_port() { port_ = acceptor_.local_endpoint().port(); }

  void start(HttpEvents events) override {
    shared_->events = std::move(events);
    asio::post(context_, [this] { accept(); });
    for (unsigned i = 0; i < kNetworkThreads; ++i) threads_.emplace_back([this] { context_.run(); });
  }

  void stop(std::chrono::milliseconds grace) override {
    if (shared_->is_stopping.exchange(true)) return;
    asio::post(context_, [this] {
      ErrorCode ignored;
      acceptor_.close(ignored);
    });
    {
      std::unique_lock lock(shared_->mutex);
      shared_->changed.wait_for(lock, grace, [this] { return shared_->busy == 0; });
    }
    for (const auto& connection : connections()) connection->end();
    shared_->handlers.join();
    {
      std::unique_lock lock(shared_->mutex);
      shared_->changed.wait_for(lock, kEndTime, [this] { return shared_->connections.empty(); });
    }
    work_.reset();
    context_.stop();
    for (std::thread& thread : threads_) thread.join();
  }

  Result<void> reload_certificate() override { return is_tls() ? certificate_.reload() : Result<void>{}; }

  HttpCounts counts() const override {
    const std::lock_guard lock(shared_->mutex);
    return {shared_->connections.size(), shared_->refused, shared_->broken};
  }

 private:
  static constexpr unsigned kNetworkThreads = 2;
  static constexpr std::chrono::seconds kEndTime{2};
  static constexpr std::chrono::milliseconds kPauseAfterFailedAccept{50};

  bool is_tls() const { return !options_.certificate_file.empty(); }

  std::vector<std::shared_ptr<Ending>> connections() {
    const std::lock_guard lock(shared_->mutex);
    std::vector<std::shared_ptr<Ending>> all;
    for (const auto& [key, connection] : shared_->connections)
      if (auto held = connection.lock()) all.push_back(std::move(held));
    return all;
  }

  void accept() {
    acceptor_.async_accept(asio::make_strand(context_), [this](ErrorCode error, Tcp::socket socket) {
      if (shared_->is_stopping) return;
      if (!error) {
        take(std::move(socket));
        return accept();
      }
      // Out of descriptors: the peers wait in the kernel until there are some.
      pause_.expires_after(kPauseAfterFailedAccept);
      pause_.async_wait([this](ErrorCode) {
        if (!shared_->is_stopping) accept();
      });
    });
  }

  void take(Tcp::socket socket) {
    {
      const std::lock_guard lock(shared_->mutex);
      if (shared_->connections.size() >= options_.connections_max) {
        ++shared_->refused;
        return;
      }
    }
    ErrorCode ignored;
    socket.set_option(Tcp::no_delay(true), ignored);
    if (!is_tls()) return std::make_shared<Connection<beast::tcp_stream>>(shared_, std::move(socket))->run();
    std::make_shared<Connection<beast::ssl_stream<beast::tcp_stream>>>(shared_, std::move(socket),
                                                                       *certificate_.context())
        ->run();
  }

  const HttpOptions options_;
  Certificate certificate_;
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  asio::io_context context_{static_cast<int>(kNetworkThreads)};
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_{context_.get_executor()};
  Tcp::acceptor acceptor_{context_};
  asio::steady_timer pause_{context_};
  std::vector<std::thread> threads_;
  std::uint16_t port_ = 0;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::listen(const HttpOptions& options) {
  auto server = std::make_unique<BeastServer>(options);
  OPTIINFRA_CHECK(server->open());
  server->remember_port();
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace optiinfra::service
