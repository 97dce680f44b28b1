#include "optiinfra/transport/serve.hpp"

#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
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
#include "embedded/write_guard.hpp"

namespace optiinfra {
namespace fs = std::filesystem;
namespace embedded {
namespace {

/// How long cancelled statements may take to notice it.
constexpr std::chrono::seconds kCancelTime{3};
/// How often a stop looks whether statements still run: so many times in all.
constexpr int kLooks = 50;
/// How often a server keeps a copy of definitions that its clients have changed (definitions.hpp) or, where it only
/// reads, looks whether it could write.
constexpr std::chrono::seconds kLook{5};

std::string start_statements(const std::string& answer_path) {
  return "SYSTEM START LISTEN TCP;\nSYSTEM START LISTEN HTTP;\n"
         "SELECT getServerPort('tcp_port'), getServerPort('http_port') INTO OUTFILE '" +
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
/// reads from two files of statements, which are pipes: the first opens the ports, the second comes
/// when a stop is asked for. Waiting for a pipe costs nothing, and no user can cancel it.
class Server {
 public:
  Server(const ServeOptions& options, ExclusiveEngine& engine, Pipe start, Pipe answer, Pipe stop)
      : options_(options),
        engine_(engine),
        files_(engine.folder()),
        start_(std::move(start)),
        answer_(std::move(answer)),
        stop_(std::move(stop)) {}

  Result<void> run(const ServeReady& on_ready, const std::stop_token& stop) {
    OPTIINFRA_CHECK(files_.write(options_));
    start_.write(start_statements(answer_path_));
    start_.close_write_end();
    std::thread engine([this] { run_engine(); });
    follow(on_ready, stop);
    engine.join();
    return verdict(stop);
  }

 private:
  /// From boot to the request to stop.
  void follow(const ServeReady& on_ready, const std::stop_token& stop) {
    if (const auto address = address_of(answer_.read_line())) {
      is_ready_ = true;
      files_.remove();
      const std::string printed = without_log_notice(captured_.take());
      std::fwrite(printed.data(), 1, printed.size(), stderr);
      engine_.folder().announce(address->url(options_).description());
      refusal_ = on_ready(*address);
      if (refusal_) refusal_ = wait(stop);
      stop_.write(stop_statements(options_.grace, answer_path_));
      stop_.close_write_end();
      answer_.read_line();
      // The engine waits five seconds for connections to end and then ends the process; one that has said
      // nothing yet would not end.
      end_connections({address->tcp.port, address->http.port});
    }
    stop_.close_write_end();
  }

  /// Until a stop is asked for or the engine ends. A store that was opened for reading because its disk was
  /// full is given back when there is room: the engine boots once in a process.
  Result<void> wait(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    do {
      if (!engine_.folder().is_only_read()) {
        (void)keep_definitions_copy(engine_.folder().engine_path());  // Tried again in the next round.
      } else if (engine_.folder().has_room_again()) {
        return Error{ErrorKind::kUnavailable,
                     "the store can be written to again; start the server once more to take inserts"};
      }
      changed_.wait_for(lock, stop, kLook, [this] { return has_ended_; });
    } while (!has_ended_ && !stop.stop_requested());
    return {};
  }

  std::optional<ServedAddress> address_of(const std::string& ports) const {
    unsigned tcp = 0, http = 0;
    if (std::sscanf(ports.c_str(), "%u\t%u", &tcp, &http) != 2) return std::nullopt;
    return ServedAddress{.tcp = {options_.listen, static_cast<std::uint16_t>(tcp)},
                         .http = {options_.listen, static_cast<std::uint16_t>(http)},
                         .is_fenced = is_fenced_,
                         .why_only_reading = engine_.folder().why_only_reading()};
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
                               start_.read_name(),
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
    if (!is_ready_) {
      const std::string printed = without_log_notice(captured_.take());
      return boot_error(options_, printed.empty() ? reason_ : first_line(printed));
    }
    if (!refusal_) return refusal_;
    if (!stop.stop_requested())
      return Error{ErrorKind::kUnavailable, "the engine stopped by itself: " + first_line(reason_)};
    return {};
  }

  const ServeOptions& options_;
  ExclusiveEngine& engine_;
  const ServerFiles files_;
  Pipe start_, answer_, stop_;
  const std::string answer_path_ = answer_.write_name();
  CapturedStandardError captured_;
  bool is_ready_ = false;
  bool is_fenced_ = false;  ///< Written before the answer comes.
  Result<void> refusal_;    ///< Of on_ready.
  std::string reason_;      ///< Of the engine's end.
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool has_ended_ = false;
};

}  // namespace
}  // namespace embedded

Result<void> serve(const ServeOptions& options, const ServeReady& on_ready, std::stop_token stop) {
  using namespace embedded;
  OPTIINFRA_CHECK(check_serve_options(options));
  OPTIINFRA_TRY(ExclusiveEngine engine, ExclusiveEngine::take(options.folder, IfAbsent::kCreate));
  OPTIINFRA_CHECK(survive_connection_errors(engine.library()));
  OPTIINFRA_CHECK(refuse_orc(engine.library()));
  write_guard::begin(engine.folder().engine_path(), end_process);
  OPTIINFRA_TRY(Pipe start_pipe, Pipe::open());
  OPTIINFRA_TRY(Pipe answer_pipe, Pipe::open());
  OPTIINFRA_TRY(Pipe stop_pipe, Pipe::open());
  Server server(options, engine, std::move(start_pipe), std::move(answer_pipe), std::move(stop_pipe));
  auto served = server.run(on_ready, stop);
  (void)keep_definitions_copy(engine.folder().engine_path());
  engine.folder().mark_clean();
  return served;
}

}  // namespace optiinfra
