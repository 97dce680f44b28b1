#include "http/session.hpp"

#include <new>

#include "hosts.hpp"
#include "http/call.hpp"
#include "http/session_settings.hpp"
#include "optiinfra/codec/native.hpp"
#include "statement_text.hpp"

namespace optiinfra::http {
namespace {

using std::chrono::milliseconds;

/// For telling the server that nobody wants the rest of an answer.
constexpr milliseconds kStopTimeout{1'000};
constexpr std::size_t kTextPieceBytes = 256 << 10;
constexpr int kUnknownDatabase = 81;

std::chrono::microseconds since(Clock::time_point begin) {
  return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin);
}

QuerySummary summary_of(const Answer& answer, Clock::time_point begin) {
  const Summary& summary = answer.head().summary();
  return {summary.rows_read, summary.bytes_read, since(begin), answer.query_id()};
}

/// What the sessions of one connector share.
struct Store {
  Store(const StoreUrl& store_url, SessionState first_state)
      : url(store_url), state(std::move(first_state)), hosts(store_url.hosts) {}

  const StoreUrl url;
  const SessionState state;  ///< Of a new session.
  Hosts hosts;
};

class HttpSession final : public Session {
 public:
  HttpSession(std::shared_ptr<Store> store, std::size_t host, std::unique_ptr<Connection> connection)
      : store_(std::move(store)), host_(host), connection_(std::move(connection)), state_(store_->state) {}

  /// Sees that a ClickHouse server answers, what it knows, and whether the database exists.
  Result<void> greet(Clock::time_point deadline) {
    state_.database = database();
    auto greeted = greet_once(deadline);
    if (!greeted && greeted.error().server_code == kUnknownDatabase) {
      state_.database.clear();
      greeted = greet_once(deadline);
    }
    return greeted;
  }

  std::string_view database() const noexcept override { return store_->url.database; }

  Result<QuerySummary> query(const Statement& statement, const BlockSink& on_block) override {
    const auto begin = Clock::now();
    OPTIINFRA_TRY(Running running, ask(statement, "Native", AnswerWhen::kAtOnce));
    Answer& answer = *running.answer;
    if (!answer.head().format().empty() && answer.head().format() != "Native")
      return invalid_argument(
          "the statement names a FORMAT of its own; leave it out when blocks are asked for");
    NativeReader reader([&answer](std::span<std::byte> into) { return answer.read(into); });
    Block block;
    while (true) {
      auto more = reader.next(block);
      if (!more) return noted(std::move(more).error(), answer);
      if (!*more || (!block.empty() && !on_block(block))) break;
    }
    return summary_of(answer, begin);
  }

  Result<QuerySummary> query_text(const Statement& statement, std::string_view format,
                                  const TextSink& on_text) override {
    const auto begin = Clock::now();
    OPTIINFRA_TRY(Running running, ask(statement, format, AnswerWhen::kAtOnce));
    std::vector<std::byte> piece(kTextPieceBytes);
    while (true) {
      auto size = running.answer->read(piece);
      if (!size) return noted(std::move(size).error(), *running.answer);
      if (*size == 0 || !on_text({reinterpret_cast<const char*>(piece.data()), *size})) break;
    }
    return summary_of(*running.answer, begin);
  }

  Result<void> execute(const Statement& statement) override {
    OPTIINFRA_TRY(const std::string_view sql, single_statement(statement.sql));
    OPTIINFRA_TRY(const auto set, parse_set(sql));
    if (set) OPTIINFRA_CHECK(expect_settings(*set));
    OPTIINFRA_TRY(const Running running, ask(statement, "Null", AnswerWhen::kEnded));
    if (auto drained = running.answer->drain(); !drained)
      return noted(std::move(drained).error(), *running.answer);
    if (!set) return {};
    for (const auto& [name, value] : *set) set_value(state_.settings, name, value);
    return {};
  }

  Result<InsertSummary> insert(const InsertStatement& statement, const Block& block) override {
    const auto begin = Clock::now();
    if (block.empty()) return InsertSummary{};
    OPTIINFRA_TRY(Call call, insert_call(state_, statement, block));
    Answer answer(*connection_, std::move(call.request), call.deadline, std::move(call.answer));
    const auto sent = send_block(block, answer);
    // Where sending failed, the answer says why.
    if (auto begun = answer.begin(); !begun) return noted(std::move(begun).error(), answer);
    if (!sent) return noted(sent.error(), answer);
    if (auto drained = answer.drain(); !drained) return noted(std::move(drained).error(), answer);
    return InsertSummary{answer.head().summary().rows_written, since(begin), answer.query_id()};
  }

 private:
  /// An answer that is being read. When it is left before its end, the server is told.
  struct Running {
    Running(HttpSession& owner, std::unique_ptr<Answer> begun, Clock::time_point until)
        : session(&owner), answer(std::move(begun)), deadline(until) {}
    Running(Running&&) = default;
    ~Running() {
      if (answer != nullptr) session->leave(std::move(answer), deadline);
    }
    HttpSession* session;
    std::unique_ptr<Answer> answer;
    Clock::time_point deadline;
  };

  Result<std::unique_ptr<Answer>> begin(Call call) {
    auto answer = std::make_unique<Answer>(*connection_, std::move(call.request), call.deadline,
                                           std::move(call.answer));
    auto begun = answer->begin();
    if (begun) return answer;
    Error error = noted(std::move(begun).error(), *answer);
    if (error.kind == ErrorKind::kCancelled) leave(std::move(answer), Clock::now() + kStopTimeout);
    return error;
  }

  Result<void> greet_once(Clock::time_point deadline) {
    OPTIINFRA_TRY(const auto answer, begin(greeting_call(state_, deadline)));
    state_.server_marks_errors = !answer->head().exception_tag().empty();
    return answer->drain();
  }

  Result<Running> ask(const Statement& statement, std::string_view format, AnswerWhen when) {
    OPTIINFRA_TRY(Call call, statement_call(state_, statement, format, when));
    const auto deadline = call.deadline;
    auto answer = begin(std::move(call));
    if (!answer && answer.error().server_code == kUnknownDatabase && !state_.database.empty()) {
      // Was it a database that the statement names, or the session's, dropped since? Then nothing has run.
      OPTIINFRA_CHECK(greet(deadline));
      if (state_.database.empty()) {
        OPTIINFRA_TRY(Call again, statement_call(state_, statement, format, when));
        again.deadline = deadline;
        answer = begin(std::move(again));
      }
    }
    if (!answer) return std::move(answer).error();
    return Running(*this, std::move(answer).value(), deadline);
  }

  Result<void> send_block(const Block& block, Answer& answer) const {
    const ByteSink to_answer = [&answer](std::span<const std::byte> bytes) { return answer.send(bytes); };
    if (state_.compression == Compression::kNone) return write_native(block, to_answer);
    FrameWriter frames(state_.compression, to_answer);
    OPTIINFRA_CHECK(
        write_native(block, [&frames](std::span<const std::byte> bytes) { return frames.write(bytes); }));
    return frames.flush();
  }

  /// A server notices a closed connection when it next writes to it, which may be long after.
  void leave(std::unique_ptr<Answer> answer, Clock::time_point deadline) noexcept {
    const bool running = answer->is_running();
    try {
      const std::string query_id = answer->query_id();
      answer.reset();
      if (!running) return;
      Call call = stop_call(state_, query_id, std::min(deadline, Clock::now() + kStopTimeout));
      Answer stopped(*connection_, std::move(call.request), call.deadline, std::move(call.answer));
      if (stopped.begin()) (void)stopped.drain();
    } catch (const std::bad_alloc&) {
      // The closed connection has to be enough.
    }
  }

  Error noted(Error error, const Answer& answer) const {
    error.query_id = answer.query_id();
    if (error.kind == ErrorKind::kUnavailable && !error.connection_usable) store_->hosts.failed(host_);
    return error;
  }

  std::shared_ptr<Store> store_;
  std::size_t host_;
  std::unique_ptr<Connection> connection_;
  SessionState state_;
};

class HttpConnector final : public Connector {
 public:
  HttpConnector(const StoreUrl& url, SessionState state)
      : store_(std::make_shared<Store>(url, std::move(state))) {}

  Result<std::unique_ptr<Session>> connect() override {
    const auto deadline = Clock::now() + kCallTimeout;
    Error last;
    const auto hosts = store_->hosts.in_order();
    for (const std::size_t host : hosts) {
      OPTIINFRA_TRY(auto connection, Connection::make(store_->url, store_->hosts[host]));
      auto session = std::make_unique<HttpSession>(store_, host, std::move(connection));
      const auto time = host == hosts.back() ? kConnectTimeout : kHostConnectTimeout;
      auto greeted = session->greet(std::min(deadline, Clock::now() + time));
      if (greeted) {
        store_->hosts.succeeded(host);
        return std::unique_ptr<Session>(std::move(session));
      }
      last = std::move(greeted).error();
      last.applied = Applied::kNo;
      if (last.server_code != 0) return last;
      store_->hosts.failed(host);
    }
    return with_context(std::move(last),
                        store_->hosts.size() == 1 ? "connect" : "no host answers; the last one");
  }

  std::string description() const override { return store_->url.description(); }

 private:
  std::shared_ptr<Store> store_;
};

}  // namespace

Result<std::shared_ptr<Connector>> make_http_connector(const StoreUrl& store) {
  SessionState state;
  state.database = store.database;
  state.compression = store.compression;
  OPTIINFRA_TRY(state.credentials, credential_headers(store));
  return std::shared_ptr<Connector>(std::make_shared<HttpConnector>(store, std::move(state)));
}

}  // namespace optiinfra::http
