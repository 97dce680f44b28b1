#include "optiinfra/service/service.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "access.hpp"
#include "closed_hours.hpp"
#include "dispatch.hpp"
#include "http/guard.hpp"
#include "http/server.hpp"
#include "optiinfra/client/client.hpp"
#include "optiinfra/core/uuid.hpp"
#include "optiinfra/ingest/writer.hpp"
#include "optiinfra/service/audit.hpp"
#include "optiinfra/transport/connector.hpp"
#include "optiinfra/transport/serve.hpp"
#include "page/page.hpp"
#include "problem.hpp"
#include "rate_limit.hpp"

namespace optiinfra::service {
namespace {

/// Rows that wait in memory; what is beyond lies in the spool.
constexpr std::size_t kWriterBytesMax = std::size_t{256} << 20;
/// So that a request is answered before its client gives up.
constexpr std::chrono::seconds kCallTime{30}, kWriteTime{10};
constexpr std::size_t kAuditTargetBytesMax = 500;
/// How long counted inserts and the last uses of tokens wait in memory.
constexpr std::chrono::minutes kNotesAge{1};

Result<void> check(const ServiceOptions& options) {
  const auto invalid = [](std::string message) { return invalid_argument(std::move(message)); };
  OPTIINFRA_TRY(const bool is_local, is_loopback(options.listen));
  if (options.certificate_file.empty() != options.key_file.empty())
    return invalid("a certificate and its key belong together");
  if (!is_local && options.certificate_file.empty() && !options.is_insecure_allowed)
    return invalid("other machines can reach " + options.listen +
                   ": give a certificate (--tls-cert and --tls-key), or --insecure-http to send tokens "
                   "without encryption");
  return {};
}

/// The id that the client or a proxy before us gave the request, else one of our own.
std::string request_id(const Request& request) {
  constexpr std::size_t kLengthMax = 128;
  const std::string_view given = request.header("x-request-id");
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  if (!given.empty() && given.size() <= kLengthMax && std::all_of(given.begin(), given.end(), is_plain))
    return std::string(given);
  return Uuid::random().to_string();
}

}  // namespace

class Service::State {
 public:
  State(const ServiceOptions& options, std::unique_ptr<HttpServer> http, bool needs_token)
      : options_(options),
        http_(std::move(http)),
        tokens_(options.folder),
        access_(options.folder, needs_token),
        rate_limit_(options.requests_per_second) {}

  ~State() { stop(std::chrono::milliseconds{0}); }

  std::string address() const {
    const bool is_ipv6 = options_.listen.find(':') != std::string::npos;
    return (is_ipv6 ? "[" + options_.listen + "]" : options_.listen) + ":" + std::to_string(http_->port());
  }

  Result<void> start(const StoreUrl& store, const std::string& why_only_reading) {
    OPTIINFRA_TRY(auto connector, make_connector(store, IfAbsent::kFail));
    connector_ = std::move(connector);
    OPTIINFRA_TRY(Client client, Client::open(store, {.call_timeout = kCallTime, .log = options_.log}));
    client_.emplace(std::move(client));
    auto writer = why_only_reading.empty() ? open_writer()
                                           : Result<Writer>(Error{ErrorKind::kStorage, why_only_reading});
    // A store on a full disk or a read-only one is there to be asked.
    if (!writer && writer.error().kind != ErrorKind::kStorage) return std::move(writer).error();
    if (!writer) why_no_remote_write_ = writer.error().message;
    if (writer) {
      writer_.emplace(*std::move(writer));
      audit_.emplace(options_.folder);
      notes_ = std::jthread([this](const std::stop_token& stop) { write_notes(stop); });
      OPTIINFRA_CHECK(open_remote_write());
    }
    backend_.emplace(Backend{*client_, writer_ ? &*writer_ : nullptr, writer_ ? "" : writer.error().message,
                             remote_write_.get(), why_no_remote_write_, *connector_, statistics_, rejected_,
                             [this] { return http_->counts(); }, tokens_, [this] { return reload(); }});
    if (writer_ && options_.attribute_after)
      closed_hours_.emplace(*client_, statistics_, *options_.attribute_after, options_.log);
    http_->start({.admit = [this](const Request& request) { return admit(request); },
                  .handle = [this](const Request& request) { return handle(request); }});
    return {};
  }

  Result<void> reload() {
    OPTIINFRA_CHECK(http_->reload_certificate());
    auto tokens = tokens_.list();
    return tokens ? Result<void>{} : Result<void>(std::move(tokens).error());
  }

  void stop(std::chrono::milliseconds grace) {
    closed_hours_.reset();
    http_->stop(grace);
    backend_.reset();
    remote_write_.reset();
    // What is not stored in this time is in the spool, and the next run stores it.
    if (writer_) (void)writer_->close(grace);
    writer_.reset();
    client_.reset();
    notes_ = {};
    audit_.reset();
  }

 private:
  Result<Writer> open_writer() {
    std::error_code error;
    std::filesystem::create_directories(options_.folder, error);
    if (error)
      return Error{ErrorKind::kStorage, options_.folder.string() + " cannot be made: " + error.message()};
    return Writer::open(*client_, {.spool_folder = options_.folder / "spool",
                                   .memory_bytes_max = kWriterBytesMax,
                                   .when_full = WhenFull::kTryLater,
                                   .write_timeout = kWriteTime,
                                   .log = options_.log});
  }

  /// Without it all else works.
  Result<void> open_remote_write() {
    auto opened = RemoteWriteReceiver::open(options_.folder / "remote-write", *writer_);
    if (!opened && opened.error().kind != ErrorKind::kStorage) return std::move(opened).error();
    if (opened) {
      remote_write_ = *std::move(opened);
    } else {
      why_no_remote_write_ = opened.error().message;
    }
    return {};
  }

  /// What can be refused before the body is read.
  std::optional<Response> admit(const Request& request) {
    std::string caller = "unknown";
    auto refusal = refusal_of(request, caller);
    if (!refusal) return refusal;
    tell(request, *refusal, caller, 0);
    note_refusal(request, refusal->status, caller);
    return refusal;
  }

  /// `name` becomes that of the caller, once it is known.
  std::optional<Response> refusal_of(const Request& request, std::string& name) {
    if (auto refusal = refuse_foreign(request, options_.host_names, is_link_to_page(request))) return refusal;
    auto found = table_.find(request);
    if (auto* refusal = std::get_if<Response>(&found)) return std::move(*refusal);
    const Route& route = *std::get<const Route*>(found);
    if (route.openness == Openness::kAll) return std::nullopt;
    auto caller = access_.identify(request);
    if (auto* refusal = std::get_if<Response>(&caller)) return std::move(*refusal);
    const Caller& known = std::get<Caller>(caller);
    name = known.name;
    if (const auto wait = rate_limit_.take(known.name))
      return problem(429,
                     "more than " + std::to_string(options_.requests_per_second) +
                         " requests a second of this token (--api-rate of the server)",
                     static_cast<int>(wait->count()));
    return refuse_by_scope(route, known);
  }

  static bool is_change(const Route& route) { return route.method != "GET" && !route.is_question; }

  /// What is sent to a path that does not exist is not worth a line.
  void note_refusal(const Request& request, int status, const std::string& caller) {
    const auto found = table_.find(request);
    const auto* const route = std::get_if<const Route*>(&found);
    if (!audit_ || route == nullptr || !is_change(**route)) return;
    audit_->count(caller, (*route)->method + " " + (*route)->path, status, 0);
  }

  /// Inserts by the minute, other changes one by one.
  void note_change(const Route& route, const Request& request, const Response& response,
                   const std::string& caller, const std::string& id) {
    if (!audit_ || !is_change(route)) return;
    const std::string action = route.method + " " + route.path;
    if (route.tag == kInsertTag) {
      audit_->count(caller, action, response.status, request.body.size());
      return;
    }
    std::string target;
    for (const auto& [name, value] : request.parameters)
      target += (target.empty() ? "" : "&") + name + "=" + value;
    if (target.empty()) target = request.body.substr(0, kAuditTargetBytesMax);
    complain_of(audit_->append({.actor = caller,
                                .action = action,
                                .target = target.substr(0, kAuditTargetBytesMax),
                                .status = response.status,
                                .request_id = id}));
  }

  /// A change is not refused because it cannot be noted: the operator is told.
  void complain_of(const Result<void>& noted) const {
    if (!noted && options_.log) options_.log(LogLevel::kWarning, "the audit log: " + noted.error().message);
  }

  void write_notes(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any waiting;
    std::unique_lock lock(mutex);
    while (!waiting.wait_for(lock, stop, kNotesAge, [&] { return stop.stop_requested(); })) {
      complain_of(audit_->flush());
      access_.flush();
    }
  }

  Response handle(const Request& request) {
    const Route& route = *std::get<const Route*>(table_.find(request));
    const auto begin = std::chrono::steady_clock::now();
    Caller caller{.name = "unknown"};
    Response response = answer(route, request, caller);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    // All files of the page under one name: their paths change with every version.
    statistics_.count_request(route.tag == kPageTag ? "/" : route.path, response.status, took);
    const std::string id = tell(request, response, caller.name, took.count() * 1000);
    note_change(route, request, response, caller.name, id);
    return response;
  }

  Response answer(const Route& route, const Request& request, Caller& caller) {
    if (route.openness == Openness::kAll) return answer_route(route, request, caller, *backend_);
    // Once more: the token may have been revoked while the body came.
    auto identified = access_.identify(request);
    if (auto* refusal = std::get_if<Response>(&identified)) return std::move(*refusal);
    caller = std::get<Caller>(std::move(identified));
    return answer_route(route, request, caller, *backend_);
  }

  /// Names the answer, and tells of it. The name.
  std::string tell(const Request& request, Response& response, const std::string& caller,
                   double elapsed_ms) const {
    std::string id = request_id(request);
    if (options_.on_answer) {
      std::string path = request.path;
      std::replace_if(path.begin(), path.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
      options_.on_answer({id, caller, request.method, std::move(path), response.status, elapsed_ms,
                          request.body.size(), response.body.size()});
    }
    response.headers.emplace_back("X-Request-Id", id);
    return id;
  }

  const ServiceOptions options_;
  const RouteTable table_;
  Statistics statistics_;
  RejectedRows rejected_;
  std::unique_ptr<HttpServer> http_;
  Tokens tokens_;
  Access access_;
  RateLimit rate_limit_;
  std::optional<AuditLog> audit_;
  std::shared_ptr<Connector> connector_;
  std::optional<Client> client_;
  std::optional<Writer> writer_;
  std::unique_ptr<RemoteWriteReceiver> remote_write_;
  std::string why_no_remote_write_;
  std::optional<Backend> backend_;
  std::optional<ClosedHours> closed_hours_;
  std::jthread notes_;
};

Service::Service(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Service::~Service() = default;
Service::Service(Service&&) noexcept = default;
Service& Service::operator=(Service&&) noexcept = default;

Result<Service> Service::listen(const ServiceOptions& options) {
  OPTIINFRA_CHECK(check(options));
  OPTIINFRA_TRY(const bool is_local, is_loopback(options.listen));
  OPTIINFRA_TRY(auto http, HttpServer::listen({.listen = options.listen,
                                               .port = options.port,
                                               .connections_max = options.connections_max,
                                               .certificate_file = options.certificate_file,
                                               .key_file = options.key_file}));
  return Service(std::make_unique<State>(options, std::move(http), options.is_token_needed || !is_local));
}

std::string Service::address() const { return state_->address(); }
Result<void> Service::start(const StoreUrl& store, const std::string& why_only_reading) {
  return state_->start(store, why_only_reading);
}
Result<void> Service::reload() { return state_->reload(); }
void Service::stop(std::chrono::milliseconds grace) { state_->stop(grace); }

}  // namespace optiinfra::service
