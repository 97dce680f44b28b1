#include "embedded/engine.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <optional>
#include <set>

#include "embedded/deduplication_log.hpp"
#include "embedded/folder.hpp"

namespace optiinfra::embedded {
namespace fs = std::filesystem;
namespace {

/// The engine is one per process, so its state is too: guarded by `mutex`, empty while it is stopped.
struct Process {
  std::mutex mutex;
  std::optional<Folder> folder;
  fs::path path;
  bool is_temporary = false;
  std::set<chdb_connection*> connections;
  const Library* library = nullptr;
};

Process& process() {
  static Process* const instance = new Process;  // Outlives every static object that may hold a session.
  return *instance;
}

/// The share of the machine's memory that the engine may take: the caller's program needs the rest.
std::uint64_t memory_bytes_max() {
  const auto total = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                     static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return total / 2;
}

/// Without a file of its own the engine would read ./config.xml or one from the home folder.
Result<void> write_configuration(const fs::path& path) {
  std::ofstream file(path, std::ios::trunc);
  // On a terminal the engine would log to it, one "current_thread contains invalid address" an insert.
  file << "<clickhouse>\n"
          "  <logger><console>false</console></logger>\n"
          "  <timezone>UTC</timezone>\n"
          "  <max_server_memory_usage>"
       << memory_bytes_max()
       << "</max_server_memory_usage>\n"
          "  <mark_cache_size>268435456</mark_cache_size>\n"
          "  <primary_index_cache_size>134217728</primary_index_cache_size>\n"
          "  <uncompressed_cache_size>0</uncompressed_cache_size>\n"
          // What counts is this process, not its control group; where there is none, the engine would
          // also complain on standard error.
          "  <memory_worker_use_cgroup>0</memory_worker_use_cgroup>\n"
          "</clickhouse>\n";
  file.close();
  if (file) return {};
  return Error{ErrorKind::kStorage, "cannot write " + path.string() + "; is the disk full or read-only?"};
}

/// What the engine prints on standard error while it boots: the only place where it says why not.
class CapturedStandardError {
 public:
  CapturedStandardError()
      : captured_(::memfd_create("optiinfra-stderr", MFD_CLOEXEC)),
        original_(captured_ < 0 ? -1 : ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)) {
    std::fflush(stderr);
    if (original_ >= 0) ::dup2(captured_, STDERR_FILENO);
  }
  CapturedStandardError(const CapturedStandardError&) = delete;
  CapturedStandardError& operator=(const CapturedStandardError&) = delete;
  ~CapturedStandardError() {
    (void)take();
    if (captured_ >= 0) ::close(captured_);
  }

  /// What was printed. From here on standard error is the caller's again.
  std::string take() {
    if (original_ < 0) return {};
    std::fflush(stderr);
    ::dup2(original_, STDERR_FILENO);
    ::close(std::exchange(original_, -1));
    std::string text(std::size_t{64} << 10, '\0');
    const auto size = ::pread(captured_, text.data(), text.size(), 0);
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
  }

 private:
  int captured_;
  int original_;
};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

Result<chdb_connection*> connect(const Library& library, const Folder& folder) {
  std::string arguments[] = {"optiinfra", "--path=" + folder.engine_path().string(),
                             "--config-file=" + folder.configuration_path().string()};
  char* argv[] = {arguments[0].data(), arguments[1].data(), arguments[2].data()};
  CapturedStandardError captured;
  chdb_connection* const connection = library.connect(3, argv);
  const std::string printed = captured.take();
  if (connection != nullptr && *connection != nullptr) {
    // Other threads may have printed meanwhile: theirs must not be lost.
    std::fwrite(printed.data(), 1, printed.size(), stderr);
    return connection;
  }
  return Error{ErrorKind::kStorage, "the engine cannot open " + folder.engine_path().string() + ": " +
                                        (printed.empty() ? "it gave no reason" : first_line(printed))};
}

void stop(Process& state) {
  state.folder->mark_clean();
  state.folder.reset();
  std::error_code ignored;
  if (state.is_temporary) fs::remove_all(state.path, ignored);
}

/// The engine crashes when the process ends with a connection open: objects that it made while it ran
/// are destroyed under its threads. So what is still open is closed before.
void close_all() {
  Process& state = process();
  const std::lock_guard lock(state.mutex);
  if (state.connections.empty()) return;
  for (chdb_connection* connection : state.connections) state.library->close_conn(connection);
  state.connections.clear();
  stop(state);
}

/// Objects of the main thread go before every static object and exit handler, so this closes in time.
/// A program that opens stores in other threads alone has the exit handler, which comes before the
/// library's handlers but after statics that it made later: such a program should close its clients.
void close_all_at_exit() {
  struct Closer {
    ~Closer() { close_all(); }
  };
  static const bool registered = std::atexit(close_all) == 0;
  (void)registered;
  if (::gettid() != ::getpid()) return;
  static thread_local Closer closer;
  (void)&closer;
}

Result<fs::path> make_temporary_folder() {
  const char* base = std::getenv("TMPDIR");
  std::string pattern = std::string(base != nullptr && *base != '\0' ? base : "/tmp") + "/optiinfra-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr)
    return Error{ErrorKind::kStorage, "cannot create a temporary folder " + pattern};
  return fs::path(pattern);
}

Result<Folder> open_folder(const fs::path& path, IfAbsent if_absent) {
  OPTIINFRA_TRY(Folder folder, Folder::open(path, if_absent));
  if (folder.was_unclean()) OPTIINFRA_CHECK(repair_deduplication_logs(folder.engine_path()));
  OPTIINFRA_CHECK(write_configuration(folder.configuration_path()));
  return folder;
}

Result<void> start(Process& state, const fs::path& path, IfAbsent if_absent) {
  state.is_temporary = path.empty();
  state.path = path;
  if (state.is_temporary) {
    OPTIINFRA_TRY(state.path, make_temporary_folder());
    if_absent = IfAbsent::kCreate;
  }
  auto folder = open_folder(state.path, if_absent);
  if (!folder) {
    std::error_code ignored;
    if (state.is_temporary) fs::remove_all(state.path, ignored);
    return std::move(folder).error();
  }
  state.folder.emplace(std::move(folder).value());
  return {};
}

bool is_same_folder(const Process& state, const fs::path& path) {
  std::error_code code;
  return path.empty() ? state.is_temporary : !state.is_temporary && fs::equivalent(state.path, path, code);
}

}  // namespace

Result<Connection> Connection::open(const fs::path& path, IfAbsent if_absent) {
  OPTIINFRA_TRY(const Library* library, Library::load());
  Process& state = process();
  const std::lock_guard lock(state.mutex);
  const bool boots = state.connections.empty();
  if (boots) {
    OPTIINFRA_CHECK(start(state, path, if_absent));
  } else if (!is_same_folder(state, path)) {
    return Error{ErrorKind::kUnavailable,
                 "this process already has the embedded store " + state.path.string() +
                     " open, and a process holds one at a time; use another process for " + path.string()};
  }
  auto connection = connect(*library, *state.folder);
  if (!connection) {
    if (boots) stop(state);
    return std::move(connection).error();
  }
  state.library = library;
  state.connections.insert(*connection);
  close_all_at_exit();
  return Connection(library, *connection);
}

Connection::Connection(Connection&& other) noexcept
    : library_(other.library_), connection_(std::exchange(other.connection_, nullptr)) {}

Connection::~Connection() {
  if (connection_ == nullptr) return;
  Process& state = process();
  const std::lock_guard lock(state.mutex);
  if (state.connections.erase(connection_) == 0) return;  // Closed at exit already.
  library_->close_conn(connection_);
  if (state.connections.empty()) stop(state);
}

}  // namespace optiinfra::embedded
