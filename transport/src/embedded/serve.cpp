#include "optiinfra/transport/serve.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>

#include "embedded/captured_standard_error.hpp"
#include "embedded/configuration.hpp"
#include "embedded/engine.hpp"
#include "embedded/file.hpp"
#include "embedded/serve_options.hpp"

namespace optiinfra {
namespace fs = std::filesystem;
namespace embedded {
namespace {

/// How often a stop looks whether statements still run, and for how long after they were cancelled.
constexpr std::chrono::milliseconds kLookEvery{100};
constexpr std::chrono::seconds kCancelTime{3};

/// One end each for the engine, which opens it by its name below /proc, and for us.
class Pipe {
 public:
  static Result<Pipe> open() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return storage_error("/proc/self/fd", "cannot open a pipe in", errno);
    return Pipe(ends[0], ends[1]);
  }
  Pipe(Pipe&& other) noexcept : ends_{std::exchange(other.ends_[0], -1), std::exchange(other.ends_[1], -1)} {}
  Pipe& operator=(Pipe&&) = delete;
  ~Pipe() {
    for (const int end : ends_) {
      if (end >= 0) ::close(end);
    }
  }

  std::string read_name() const { return "/proc/self/fd/" + std::to_string(ends_[0]); }
  std::string write_name() const { return "/proc/self/fd/" + std::to_string(ends_[1]); }

  /// Text up to the size of a pipe never waits.
  void write(std::string_view text) {
    while (!text.empty()) {
      const auto size = ::write(ends_[1], text.data(), text.size());
      if (size < 0 && errno != EINTR) return;
      if (size > 0) text.remove_prefix(static_cast<std::size_t>(size));
    }
  }

  /// The reader sees the end.
  void close_write_end() {
    if (ends_[1] >= 0) ::close(std::exchange(ends_[1], -1));
  }

  /// A line without its end; empty when the writer closes first.
  std::string read_line() {
    std::string line;
    for (char character = 0;;) {
      const auto size = ::read(ends_[0], &character, 1);
      if (size < 0 && errno == EINTR) continue;
      if (size <= 0) return {};
      if (character == '\n') return line;
      line += character;
    }
  }

 private:
  Pipe(int read_end, int write_end) : ends_{read_end, write_end} {}
  int ends_[2];
};

/// Statements that take `time` while others run, and no time when none does.
std::string wait_statements(std::chrono::milliseconds time) {
  std::string text;
  for (auto left = time; left > left.zero(); left -= kLookEvery) {
    text +=
        "SELECT sleepEachRow(0.1) FROM system.one "
        "WHERE (SELECT count() FROM system.processes) > 1 FORMAT Null;\n";
  }
  return text;
}

std::string start_statements(const std::string& answer_path) {
  return "SYSTEM START LISTEN TCP;\nSYSTEM START LISTEN HTTP;\n"
         "SELECT getServerPort('tcp_port'), getServerPort('http_port') INTO OUTFILE '" +
         answer_path + "' APPEND FORMAT TSV;\n";
}

std::string stop_statements(std::chrono::seconds grace) {
  return "SYSTEM STOP LISTEN TCP;\nSYSTEM STOP LISTEN HTTP;\n" + wait_statements(grace) +
         "KILL QUERY WHERE query_id != queryID() ASYNC FORMAT Null;\n" + wait_statements(kCancelTime);
}

/// A server on its way from boot to stop. The engine runs in the thread that calls run(); what it is to
/// do it reads from two files of statements, which are pipes: the first opens the ports, the second
/// comes when a stop is asked for. A read from a pipe costs nothing, and no user can cancel it.
class Server {
 public:
  Server(const ServeOptions& options, ExclusiveEngine& engine, Pipe start, Pipe answer, Pipe stop)
      : options_(options),
        engine_(engine),
        start_(std::move(start)),
        answer_(std::move(answer)),
        stop_(std::move(stop)) {}

  Result<void> run(const std::function<void(const ServedAddress&)>& on_ready, const std::stop_token& stop) {
    start_.write(start_statements(answer_.write_name()));
    start_.close_write_end();
    std::jthread follower([&] { follow(on_ready, stop); });
    const std::string reason = run_engine();
    {
      const std::lock_guard lock(mutex_);
      has_ended_ = true;
    }
    changed_.notify_all();
    answer_.close_write_end();
    follower.join();
    return verdict(reason, stop);
  }

 private:
  void follow(const std::function<void(const ServedAddress&)>& on_ready, const std::stop_token& stop) {
    const std::string ports = answer_.read_line();
    const auto address = address_of(ports);
    if (address) {
      is_ready_ = true;
      printed_ = captured_.take();
      std::fwrite(printed_.data(), 1, printed_.size(), stderr);
      engine_.folder().announce(address->url(options_));
      on_ready(*address);
      std::unique_lock lock(mutex_);
      changed_.wait(lock, stop, [this] { return has_ended_; });
      stop_.write(stop_statements(options_.grace));
    }
    stop_.close_write_end();
  }

  std::optional<ServedAddress> address_of(const std::string& ports) const {
    unsigned tcp = 0, http = 0;
    if (std::sscanf(ports.c_str(), "%u\t%u", &tcp, &http) != 2) return std::nullopt;
    return ServedAddress{.tcp = {options_.listen, static_cast<std::uint16_t>(tcp)},
                         .http = {options_.listen, static_cast<std::uint16_t>(http)}};
  }

  /// Returns what the engine gave as the reason of an early end.
  std::string run_engine() {
    const Folder& folder = engine_.folder();
    std::string arguments[] = {"optiinfra",
                               "--path=" + folder.engine_path().string(),
                               "--config-file=" + folder.server_configuration_path().string(),
                               "--queries-file",
                               start_.read_name(),
                               stop_.read_name()};
    char* argv[std::size(arguments)];
    for (std::size_t i = 0; i < std::size(arguments); ++i) argv[i] = arguments[i].data();
    const Library& library = engine_.library();
    chdb_result* const result = library.query_cmdline(static_cast<int>(std::size(arguments)), argv);
    if (result == nullptr) return "it gave no reason";
    const char* const message = library.result_error(result);
    const std::string reason = message == nullptr ? "" : message;
    library.destroy_query_result(result);
    return reason;
  }

  Result<void> verdict(const std::string& reason, const std::stop_token& stop) {
    if (!is_ready_) {
      const std::string printed = captured_.take();
      return boot_error(options_, printed.empty() ? reason : first_line(printed));
    }
    if (!stop.stop_requested())
      return Error{ErrorKind::kUnavailable, "the engine stopped by itself: " + first_line(reason)};
    return {};
  }

  const ServeOptions& options_;
  ExclusiveEngine& engine_;
  Pipe start_, answer_, stop_;
  CapturedStandardError captured_;
  std::string printed_;
  std::atomic<bool> is_ready_ = false;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool has_ended_ = false;
};

/// The files that the engine reads at boot, gone when the server is: they hold what opens the store.
class ServerFiles {
 public:
  explicit ServerFiles(const Folder& folder) : folder_(folder) {}
  ServerFiles(const ServerFiles&) = delete;
  ServerFiles& operator=(const ServerFiles&) = delete;
  ~ServerFiles() {
    ::unlink(folder_.server_configuration_path().c_str());
    ::unlink(folder_.users_configuration_path().c_str());
  }

  Result<void> write(const ServeOptions& options) const {
    const fs::path users = folder_.users_configuration_path(), server = folder_.server_configuration_path();
    OPTIINFRA_CHECK(replace_file(users, users_configuration(options), users.string() + ".new"));
    return replace_file(server, server_configuration(options, users.string()), server.string() + ".new");
  }

 private:
  const Folder& folder_;
};

}  // namespace
}  // namespace embedded

Result<void> serve(const ServeOptions& options, const std::function<void(const ServedAddress&)>& on_ready,
                   std::stop_token stop) {
  using namespace embedded;
  OPTIINFRA_CHECK(check_serve_options(options));
  OPTIINFRA_TRY(ExclusiveEngine engine, ExclusiveEngine::take(options.folder, IfAbsent::kCreate));
  const ServerFiles files(engine.folder());
  OPTIINFRA_CHECK(files.write(options));
  OPTIINFRA_TRY(Pipe start_pipe, Pipe::open());
  OPTIINFRA_TRY(Pipe answer_pipe, Pipe::open());
  OPTIINFRA_TRY(Pipe stop_pipe, Pipe::open());
  Server server(options, engine, std::move(start_pipe), std::move(answer_pipe), std::move(stop_pipe));
  const auto served = server.run(on_ready, stop);
  engine.folder().mark_clean();
  return served;
}

}  // namespace optiinfra
