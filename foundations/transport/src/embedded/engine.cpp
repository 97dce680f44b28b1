#include "embedded/engine.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <mutex>
#include <optional>
#include <set>

#include "embedded/captured_standard_error.hpp"
#include "embedded/configuration.hpp"
#include "embedded/deduplication_log.hpp"
#include "embedded/definitions.hpp"
#include "embedded/file.hpp"
#include "embedded/log_sync.hpp"
#include "embedded/planted.hpp"
#include "embedded/recovery.hpp"
#include "embedded/users_configuration.hpp"
#include "embedded/write_guard.hpp"

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
  std::shared_ptr<LogSync> log_sync;  ///< Of `folder`.
  bool was_taken = false;             ///< By ExclusiveEngine, now or before.
  std::vector<FolderFault> faults;    ///< Of the last opening, until they are taken.
};

Process& process() {
  static Process* const instance = new Process;  // Outlives every static object that may hold a session.
  return *instance;
}

Result<chdb_connection*> connect(const Library& library, const Folder& folder) {
  std::string arguments[] = {
      "optiinfra", "--path=" + folder.engine_path().string(),
      "--config-file=" + folder.configuration_path().string(),
      "--min_free_disk_bytes_to_perform_insert=" + std::to_string(insert_floor_bytes(folder.room()))};
  char* argv[std::size(arguments)];
  for (std::size_t i = 0; i < std::size(arguments); ++i) argv[i] = arguments[i].data();
  CapturedStandardError captured;
  chdb_connection* const connection = library.connect(static_cast<int>(std::size(arguments)), argv);
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
  // A copy that is missing or old is written by the next command; the store is whole without it.
  if (!state.is_temporary) (void)keep_definitions_copy(state.folder->engine_path());
  // After a failed write the next open has to look at what the engine left.
  if (!write_guard::failure()) state.folder->mark_clean();
  state.folder.reset();
  state.log_sync.reset();
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
/// A program that opens stores only in other threads has the exit handler, which comes before the
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

/// Holds process().mutex.
Result<Folder> open_folder(const fs::path& path, IfAbsent if_absent, UseReserve use_reserve) {
  OPTIINFRA_TRY(Folder folder, Folder::open(path, if_absent, use_reserve));
  process().faults.clear();
  const auto repair = folder.is_only_read() ? FolderRepair::kNone : FolderRepair::kRepair;
  OPTIINFRA_TRY(process().faults, recover_folder(folder.stored_path(), repair));
  if (folder.is_only_read()) return folder;
  if (folder.was_unclean()) OPTIINFRA_CHECK(repair_deduplication_logs(folder.engine_path()));
  return folder;
}

Result<void> start(Process& state, const fs::path& path, IfAbsent if_absent, UseReserve use_reserve) {
  state.is_temporary = path.empty();
  state.path = path;
  if (state.is_temporary) {
    OPTIINFRA_TRY(state.path, make_temporary_folder());
    if_absent = IfAbsent::kCreate;
  }
  auto folder = open_folder(state.path, if_absent, use_reserve);
  if (!folder) {
    std::error_code ignored;
    if (state.is_temporary) fs::remove_all(state.path, ignored);
    return std::move(folder).error();
  }
  OPTIINFRA_CHECK(expect_nothing_planted(folder->engine_path()));
  write_guard::begin(folder->engine_path());
  // Without a file of its own the engine would read ./config.xml or one from the home folder.
  const fs::path file = folder->configuration_path();
  const fs::path users = folder->users_configuration_path();
  OPTIINFRA_CHECK(replace_file(users, own_user_configuration(), users.string() + ".new"));
  OPTIINFRA_CHECK(replace_file(file, engine_configuration(*folder), file.string() + ".new"));
  state.folder.emplace(std::move(folder).value());
  state.log_sync = std::make_shared<LogSync>(state.folder->engine_path());
  // Rows that a killed process stored and did not sync may be found now, and then count as acknowledged.
  if (state.folder->was_unclean()) OPTIINFRA_CHECK(state.log_sync->sync());
  return {};
}

bool is_same_folder(const Process& state, const fs::path& path) {
  std::error_code code;
  return path.empty() ? state.is_temporary : !state.is_temporary && fs::equivalent(state.path, path, code);
}

}  // namespace

Result<Connection> Connection::open(const fs::path& path, IfAbsent if_absent, UseReserve use_reserve) {
  OPTIINFRA_TRY(const Library* library, Library::load());
  Process& state = process();
  const std::lock_guard lock(state.mutex);
  const bool boots = state.connections.empty();
  if (state.was_taken) {
    return Error{
        ErrorKind::kUnavailable,
        "the engine of this process serves a store, or did; use another process for " + path.string()};
  }
  if (boots) {
    OPTIINFRA_CHECK(start(state, path, if_absent, use_reserve));
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
  if (boots && !state.is_temporary) (void)keep_definitions_copy(state.folder->engine_path());
  state.library = library;
  state.connections.insert(*connection);
  close_all_at_exit();
  return Connection(library, *connection, state.folder->why_only_reading());
}

Result<void> Connection::expect_writable() const {
  if (why_only_reading_.empty()) return {};
  return Error{ErrorKind::kStorage, "the store is open for reading only: " + why_only_reading_ +
                                        "; repair that, and repeat the call"};
}

Result<void> Connection::sync_inserts() const {
  std::shared_ptr<LogSync> log_sync;
  {
    const std::lock_guard lock(process().mutex);
    log_sync = process().log_sync;
  }
  if (auto failure = write_guard::failure()) return *std::move(failure);
  return log_sync->sync();
}

Result<void> Connection::keep_definitions() const {
  const std::lock_guard lock(process().mutex);
  return process().is_temporary ? Result<void>{} : keep_definitions_copy(process().folder->engine_path());
}

Connection::Connection(Connection&& other) noexcept
    : library_(other.library_),
      connection_(std::exchange(other.connection_, nullptr)),
      why_only_reading_(std::move(other.why_only_reading_)) {}

Connection::~Connection() {
  if (connection_ == nullptr) return;
  Process& state = process();
  const std::lock_guard lock(state.mutex);
  if (state.connections.erase(connection_) == 0) return;  // Closed at exit already.
  library_->close_conn(connection_);
  if (state.connections.empty()) stop(state);
}

Result<ExclusiveEngine> ExclusiveEngine::take(const fs::path& path, IfAbsent if_absent) {
  OPTIINFRA_TRY(const Library* library, Library::load());
  Process& state = process();
  const std::lock_guard lock(state.mutex);
  if (state.was_taken || !state.connections.empty()) {
    return Error{
        ErrorKind::kUnavailable,
        "this process has used the engine for a server or has a store open; use another process for " +
            path.string()};
  }
  // A server goes on when there is room, so it may take the reserve to get there.
  OPTIINFRA_TRY(Folder folder, open_folder(path, if_absent, UseReserve::kYes));
  state.was_taken = true;
  return ExclusiveEngine(*library, std::move(folder));
}

}  // namespace optiinfra::embedded

namespace optiinfra {

std::vector<UnnamedTable> unnamed_tables() {
  const embedded::Process& state = embedded::process();
  const std::lock_guard lock(embedded::process().mutex);
  return state.folder ? embedded::unnamed_tables_in(state.folder->engine_path())
                      : std::vector<UnnamedTable>{};
}

std::vector<FolderFault> take_faults_of_opening() {
  embedded::Process& state = embedded::process();
  const std::lock_guard lock(state.mutex);
  return std::exchange(state.faults, {});
}

}  // namespace optiinfra
