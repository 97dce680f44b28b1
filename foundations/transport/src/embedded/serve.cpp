#include "optiinfra/transport/serve.hpp"

#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <mutex>
#include <optional>
#include <thread>

#include "embedded/captured_standard_error.hpp"
#include "embedded/configuration.hpp"
#include "embedded/connection_errors.hpp"
#include "embedded/definitions.hpp"
#include "embedded/engine.hpp"
#include "embedded/fence.hpp"
#include "embedded/file.hpp"
#include "embedded/open_connections.hpp"
#include "embedded/pipe.hpp"
#include "embedded/refused_formats.hpp"
#include "embedded/serve_options.hpp"
#include "embedded/users_configuration.hpp"
#include "embedded/write_guard.hpp"

namespace optiinfra {
namespace fs = std::filesystem;
namespace embedded {
namespace {

/// How long cancelled statements may take to notice it.
constexpr std::chrono::seconds kCancelTime{3};
/// How often a stop looks whether statements still run: so many times in all.
constexpr int kLooks = 50;
/// How often a running server looks whether its ports are open and, where it only reads, whether it could
/// write; every so many looks it keeps a copy of definitions that its clients have changed (definitions.hpp).
constexpr std::chrono::seconds kLook{1};
constexpr unsigned kDiskLooks = 5;

/// Opens the port of `protocol`, "TCP" or "HTTP", and answers with its number.
std::string listen_statements(const std::string& protocol, const std::string& answer_path) {
  const std::string port = protocol == "TCP" ? "tcp_port" : "http_port";
  return "SYSTEM START LISTEN " + protocol + ";\nSELECT getServerPort('" + port + "') INTO OUTFILE '" +
         answer_path + "' APPEND FORMAT TSV;\n";
}

/// Statements that take `time` while others run, and none when no other does.
std::string wait_statements(std::chrono::duration<double> time) {
  std::string text;
  for (int look = 0; look < kLooks; ++look) {
    text += "SELECT sleepEachRow(" + std::to_string(time.count() / kLooks) +
            ") FROM system.one WHERE (SELECT count() FROM system.processes) > 1 FORMAT Null;\n";
  }
  return text;
}

/// The engine would acknowledge what it could not write, so it does not get that far: the process ends as if
/// it was killed, which clients and the next start recover from.
void end_process(const Error& error) {
  const std::string text =
      "error: " + error.message + "; the server ends, so that nothing is acknowledged that is not stored\n";
  (void)!::write(STDERR_FILENO, text.data(), text.size());
  ::_exit(EXIT_FAILURE);
}

/// The answer comes when no statement runs any more, or when the time for it is over.
std::string stop_statements(std::chrono::seconds grace, const std::string& answer_path) {
  return "SYSTEM STOP LISTEN TCP;\nSYSTEM STOP LISTEN HTTP;\n" + wait_statements(grace) +
         "KILL QUERY WHERE query_id != queryID() ASYNC FORMAT Null;\n" + wait_statements(kCancelTime) +
         "SELECT 'stopped' INTO OUTFILE '" + answer_path + "' APPEND FORMAT TSV;\n";
}

/// What the engine printed, less the line that names its log file.
std::string without_log_notice(std::string printed) {
  return printed.starts_with("Logging ")
             ? printed.substr(std::min(printed.find('\n'), printed.size() - 1) + 1)
             : printed;
}

/// The files that the engine reads at boot, gone when it has: they hold what opens the store.
class ServerFiles {
 public:
  explicit ServerFiles(const Folder& folder)
      : folder_(folder),
        server_(folder.server_configuration_path()),
        users_(folder.users_configuration_path()) {}
  ServerFiles(const ServerFiles&) = delete;
  ServerFiles& operator=(const ServerFiles&) = delete;
  ~ServerFiles() { remove(); }

  Result<void> write(const ServeOptions& options) const {
    OPTIINFRA_CHECK(replace_file(users_, users_configuration(options, insert_floor_bytes(folder_.room())),
                                 users_.string() + ".new"));
    return replace_file(server_, server_configuration(options, folder_), server_.string() + ".new");
  }

  void remove() const {
    ::unlink(server_.c_str());
    ::unlink(users_.c_str());
  }

  const fs::path& server() const { return server_; }
  const fs::path& users() const { return users_; }

 private:
  const Folder& folder_;
  fs::path server_, users_;
};

Fence fence_of(const ServeOptions& options, const Folder& folder, const ServerFiles& files) {
  Fence fence{.readable = files_of_the_system(),
              .writable = {folder.engine_path()},
              .may_connect = !options.clusters.empty()};
  fence.readable.insert(fence.readable.end(), {files.server(), files.users()});
  if (folder.is_only_read()) fence.readable.push_back(folder.stored_path());
  if (!options.log_file.empty()) fence.write_only.push_back(options.log_file.parent_path());
  return fence;
}

/// A server on its way from boot to stop. The engine runs in a thread of its own; what it is to do it
/// reads from three files of statements, which are pipes: the first opens the native port, the second, once
/// the tables are there, the HTTP port, and the third comes when a stop is asked for. Waiting for a pipe
/// costs nothing, and no user can cancel it.
class Server {
 public:
  Server(const ServeOptions& options, ExclusiveEngine& engine, Pipe native, Pipe http, Pipe stop, Pipe answer)
      : options_(options),
        engine_(engine),
        files_(engine.folder()),
        native_(std::move(native)),
        http_(std::move(http)),
        stop_(std::move(stop)),
        answer_(std::move(answer)) {}

  Result<void> run(const ServeEvents& events, const std::stop_token& stop) {
    OPTIINFRA_CHECK(files_.write(options_));
    native_.write(listen_statements("TCP", answer_path_));
    native_.close_write_end();
    std::thread engine([this] { run_engine(); });
    follow(events, stop);
    engine.join();
    return verdict(stop);
  }

 private:
  /// From boot to the request to stop.
  void follow(const ServeEvents& events, const std::stop_token& stop) {
    ServedAddress address{.tcp = {options_.listen, 0}, .http = {options_.listen, 0}};
    if (read_port(address.tcp)) {
      address.is_fenced = is_fenced_;
      address.why_only_reading = engine_.folder().why_only_reading();
      files_.remove();
      outcome_ = events.on_native(address);
      if (outcome_) {
        http_.write(listen_statements("HTTP", answer_path_));
        http_.close_write_end();
        if (read_port(address.http)) {
          become_ready(address);
          outcome_ = events.on_ready(address);
          if (outcome_) outcome_ = serve_until(stop, {address.tcp.port, address.http.port});
        }
      }
      http_.close_write_end();
      stop_.write(stop_statements(options_.grace, answer_path_));
      stop_.close_write_end();
      answer_.read_line();
      // The engine waits five seconds for connections to end and then ends the process; one that has said
      // nothing yet would not end.
      end_connections({address.tcp.port, address.http.port});
    }
    http_.close_write_end();
    stop_.close_write_end();
  }

  bool read_port(Endpoint& endpoint) {
    unsigned port = 0;
    if (std::sscanf(answer_.read_line().c_str(), "%u", &port) != 1) return false;
    endpoint.port = static_cast<std::uint16_t>(port);
    return true;
  }

  void become_ready(const ServedAddress& address) {
    is_ready_ = true;
    const std::string printed = without_log_notice(captured_.take());
    std::fwrite(printed.data(), 1, printed.size(), stderr);
    engine_.folder().announce(address.url(options_).description());
  }

  /// Keeps a copy of definitions that clients have changed. A store that was opened for reading because its
  /// disk was full is given back when there is room: the engine boots once in a process.
  Result<void> look_after_disk() {
    if (!engine_.folder().is_only_read()) {
      if (looks_++ % kDiskLooks == 0)
        (void)keep_definitions_copy(engine_.folder().engine_path());  // Tried again in the next round.
    } else if (engine_.folder().has_room_again()) {
      return Error{ErrorKind::kUnavailable,
                   "the store can be written to again; start the server once more to take inserts"};
    }
    return {};
  }

  /// Returns when the engine or the server is to end, or an error when a statement has closed a port: a
  /// process that nobody can reach would only hold the store.
  Result<void> serve_until(const std::stop_token& stop, std::initializer_list<std::uint16_t> ports) {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, stop, kLook, [this] { return has_ended_; })) {
      if (stop.stop_requested()) return {};
      if (auto kept = look_after_disk(); !kept) return kept;
      for (const std::uint16_t port : ports) {
        if (listens_on(port)) continue;
        return Error{
            ErrorKind::kUnavailable,
            "port " + std::to_string(port) +
                " was closed by a statement (SYSTEM STOP LISTEN), so the server ends; start it again, "
                "with --user so that such statements are refused"};
      }
    }
    return {};
  }

  void run_engine() {
    const auto fenced = raise_fence(fence_of(options_, engine_.folder(), files_));
    if (fenced) {
      is_fenced_ = *fenced;
      reason_ = run_statements();
    } else {
      reason_ = fenced.error().message;
    }
    {
      const std::lock_guard lock(mutex_);
      has_ended_ = true;
    }
    changed_.notify_all();
    answer_.close_write_end();
  }

  /// Returns what the engine gave as the reason of an early end.
  std::string run_statements() {
    std::string arguments[] = {"optiinfra",
                               "--path=" + engine_.folder().engine_path().string(),
                               "--config-file=" + files_.server().string(),
                               "--queries-file",
                               native_.read_name(),
                               http_.read_name(),
                               stop_.read_name()};
    char* argv[std::size(arguments)];
    for (std::size_t i = 0; i < std::size(arguments); ++i) argv[i] = arguments[i].data();
    const Library& library = engine_.library();
    chdb_result* const result = library.query_cmdline(static_cast<int>(std::size(arguments)), argv);
    if (result == nullptr) return "it gave no reason";
    const char* const message = library.result_error(result);
    std::string reason = message == nullptr ? "" : message;
    library.destroy_query_result(result);
    return reason;
  }

  Result<void> verdict(const std::stop_token& stop) {
    if (!outcome_) return outcome_;
    if (!is_ready_) {
      const std::string printed = without_log_notice(captured_.take());
      return boot_error(options_, printed.empty() ? reason_ : first_line(printed));
    }
    if (!stop.stop_requested())
      return Error{ErrorKind::kUnavailable, "the engine stopped by itself: " + first_line(reason_)};
    return {};
  }

  const ServeOptions& options_;
  ExclusiveEngine& engine_;
  const ServerFiles files_;
  Pipe native_, http_, stop_, answer_;
  const std::string answer_path_ = answer_.write_name();
  CapturedStandardError captured_;
  bool is_ready_ = false;
  bool is_fenced_ = false;  ///< Written before the answer comes.
  Result<void> outcome_;    ///< Of the caller's events, and of the ports.
  std::string reason_;      ///< Of the engine's end.
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool has_ended_ = false;
  unsigned looks_ = 0;
};

}  // namespace
}  // namespace embedded

Result<void> serve(const ServeOptions& options, const ServeEvents& events, std::stop_token stop) {
  using namespace embedded;
  OPTIINFRA_CHECK(check_serve_options(options));
  OPTIINFRA_TRY(ExclusiveEngine engine, ExclusiveEngine::take(options.folder, IfAbsent::kCreate));
  OPTIINFRA_CHECK(survive_connection_errors(engine.library()));
  OPTIINFRA_CHECK(refuse_orc(engine.library()));
  write_guard::begin(engine.folder().engine_path(), end_process);
  OPTIINFRA_TRY(Pipe native_pipe, Pipe::open());
  OPTIINFRA_TRY(Pipe http_pipe, Pipe::open());
  OPTIINFRA_TRY(Pipe stop_pipe, Pipe::open());
  OPTIINFRA_TRY(Pipe answer_pipe, Pipe::open());
  Server server(options, engine, std::move(native_pipe), std::move(http_pipe), std::move(stop_pipe),
                std::move(answer_pipe));
  auto served = server.run(events, stop);
  (void)keep_definitions_copy(engine.folder().engine_path());
  engine.folder().mark_clean();
  return served;
}

}  // namespace optiinfra
