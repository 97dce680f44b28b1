#include "separate_reader.hpp"

#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "optiinfra/import/import.hpp"
#include "optiinfra/transport/connector.hpp"
#include "optiinfra/transport/sql.hpp"
#include "source_columns.hpp"
#include "sql.hpp"

extern char** environ;

namespace optiinfra {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPoll{5};
constexpr std::size_t kReasonBytesMax = 4096;

Error failed(const SourceFile& file, const FileFormat& format, const std::string& why) {
  return invalid_argument(file.path().string() + " cannot be read as " + format.name + ": " + why);
}

std::uint64_t size_of(int file) {
  struct stat status{};
  return ::fstat(file, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

struct End {
  bool was_out_of_patience = false;
  int status = 0;
};

/// Waits for the end of `reader`, or brings it about.
End wait_for(pid_t reader, int output, std::chrono::milliseconds patience) {
  auto deadline = steady_clock::now() + patience;
  std::uint64_t written = 0;
  End end;
  while (::waitpid(reader, &end.status, WNOHANG) == 0) {
    if (const std::uint64_t now = size_of(output); now != written) {
      written = now;
      deadline = steady_clock::now() + patience;
    }
    if (steady_clock::now() > deadline) {
      ::kill(reader, SIGKILL);
      ::waitpid(reader, &end.status, 0);
      end.was_out_of_patience = true;
      break;
    }
    std::this_thread::sleep_for(kPoll);
  }
  return end;
}

/// Starts the reader in a process group of its own: an interrupt is the importing program's to handle.
Result<pid_t> start(const std::filesystem::path& program, const FileFormat& format,
                    const std::filesystem::path& temporary, int input, int output, int reason) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, reason, STDERR_FILENO);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  std::string words[] = {program.string(), kReadApart, format.name, format.compression};
  char* arguments[std::size(words) + 1] = {};
  for (std::size_t i = 0; i < std::size(words); ++i) arguments[i] = words[i].data();
  std::string temporary_variable = "TMPDIR=" + temporary.string();
  std::vector<char*> variables{temporary_variable.data()};
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!std::string_view(*variable).starts_with("TMPDIR=")) variables.push_back(*variable);
  }
  variables.push_back(nullptr);
  pid_t reader = 0;
  const int code =
      ::posix_spawn(&reader, program.c_str(), &actions, &attributes, arguments, variables.data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (code == 0) return reader;
  return Error{ErrorKind::kUnavailable, "cannot start " + program.string() + ", which reads " + format.name +
                                            " files: " + std::strerror(code)};
}

/// For the files that a crashed reader would leave.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::error_code ignored;
    std::string name = (std::filesystem::temp_directory_path(ignored) / "optiinfra-reader-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

std::string text_of(int file) {
  std::string text(kReasonBytesMax, '\0');
  const ssize_t size = ::pread(file, text.data(), text.size(), 0);
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace

Result<SourceFile> read_by(const std::filesystem::path& program, const SourceFile& file,
                           const FileFormat& format, std::chrono::milliseconds patience) {
  if (program.empty())
    return failed(
        file, format,
        "the engine's reader of this format does not survive damaged files, and this program has no "
        "other to read them (ImportOptions::reader_program); write the file as Parquet");
  OPTIINFRA_TRY(SourceFile copy, file.make_copy());
  const int reason = ::memfd_create("reason", MFD_CLOEXEC);
  if (reason < 0) return Error{ErrorKind::kUnavailable, "cannot make a memory file for " + program.string()};
  const TemporaryFolder temporary;
  const auto reader = start(program, format, temporary.path(), file.descriptor(), copy.descriptor(), reason);
  const End end = reader ? wait_for(*reader, copy.descriptor(), patience) : End{};
  const std::string why = text_of(reason);
  ::close(reason);
  if (!reader) return reader.error();
  if (end.was_out_of_patience)
    return failed(file, format,
                  "its reader wrote nothing for " + std::to_string(patience.count() / 1000) +
                      " s; the file is damaged");
  if (WIFSIGNALED(end.status))
    return failed(file, format,
                  std::string("the engine's reader crashed on it (") + ::strsignal(WTERMSIG(end.status)) +
                      "); the file is damaged, and nothing of it is stored");
  if (WEXITSTATUS(end.status) != 0) return failed(file, format, why);
  copy.take_size();
  if (copy.size_bytes() == 0) return failed(file, format, "it has no rows");
  return copy;
}

Result<void> read_apart(const std::string& format, const std::string& compression) {
  // A reader without an importer has nobody to read for.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  OPTIINFRA_TRY(const auto engine, make_connector("embedded:", IfAbsent::kCreate));
  OPTIINFRA_TRY(const auto session, engine->connect());
  auto settings = reading_settings({.name = format, .compression = compression});
  settings.emplace_back("engine_file_truncate_on_insert", "1");
  const auto copied = session->execute(
      {.sql =
           "INSERT INTO FUNCTION file('/proc/self/fd/1', 'Native') SELECT * FROM file('/proc/self/fd/0', " +
           sql_literal(format) + ", 'auto', " + sql_literal(compression) + ")",
       .settings = settings,
       .timeout = kReadTimeout});
  if (copied) return {};
  return invalid_argument(short_engine_message(copied.error().message));
}

}  // namespace optiinfra
