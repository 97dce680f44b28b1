#include "embedded/library.hpp"

#include <dlfcn.h>
#include <sys/resource.h>

#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <optional>
#include <vector>

#include "embedded/write_guard.hpp"

namespace optiinfra::embedded {
namespace {

/// The file that holds this code: the program, or a shared library such as liboptiinfra.so or another
/// language's extension.
std::filesystem::path own_file() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&own_file), &info) == 0 || info.dli_fname == nullptr) return {};
  std::error_code ignored;
  return std::filesystem::canonical(info.dli_fname, ignored);
}

std::vector<std::string> candidates() {
  if (const char* chosen = std::getenv("OPTIINFRA_LIBCHDB"); chosen != nullptr && *chosen != '\0')
    return {chosen};
  std::vector<std::string> paths;
  std::error_code ignored;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", ignored);
  if (!program.empty()) {
    const auto prefix = program.parent_path().parent_path();
    for (const char* folder : {"lib", "lib/optiinfra"}) {
      const auto path = prefix / folder / "libchdb.so";
      if (std::filesystem::exists(path, ignored)) paths.push_back(path.string());
    }
  }
  if (const auto own = own_file(); !own.empty() && own != program) {
    for (const char* folder : {".", "optiinfra"}) {
      const auto path = own.parent_path() / folder / "libchdb.so";
      if (std::filesystem::exists(path, ignored)) paths.push_back(path.lexically_normal().string());
    }
  }
  paths.emplace_back("libchdb.so");
  for (const char* installed : {"/usr/local/lib/optiinfra/libchdb.so", "/usr/lib/optiinfra/libchdb.so"}) {
    if (std::filesystem::exists(installed, ignored)) paths.emplace_back(installed);
  }
  return paths;
}

template <typename Function>
bool resolve(void* handle, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(handle, name));
  return function != nullptr;
}

bool resolve_all(void* handle, Library& library) {
  return resolve(handle, "chdb_connect", library.connect) &&
         resolve(handle, "chdb_close_conn", library.close_conn) &&
         resolve(handle, "chdb_set_signal_handlers_enabled", library.set_signal_handlers_enabled) &&
         resolve(handle, "chdb_query_cmdline", library.query_cmdline) &&
         resolve(handle, "chdb_query_with_params_n", library.query_with_params_n) &&
         resolve(handle, "chdb_stream_query_with_params_n", library.stream_query_with_params_n) &&
         resolve(handle, "chdb_stream_fetch_result", library.stream_fetch_result) &&
         resolve(handle, "chdb_stream_cancel_query", library.stream_cancel_query) &&
         resolve(handle, "chdb_stream_insert_n", library.stream_insert_n) &&
         resolve(handle, "chdb_stream_insert_error", library.stream_insert_error) &&
         resolve(handle, "chdb_stream_append", library.stream_append) &&
         resolve(handle, "chdb_stream_done", library.stream_done) &&
         resolve(handle, "chdb_stream_cancel_insert", library.stream_cancel_insert) &&
         resolve(handle, "chdb_destroy_insert_stream", library.destroy_insert_stream) &&
         resolve(handle, "chdb_destroy_query_result", library.destroy_query_result) &&
         resolve(handle, "chdb_result_buffer", library.result_buffer) &&
         resolve(handle, "chdb_result_length", library.result_length) &&
         resolve(handle, "chdb_result_error", library.result_error) &&
         resolve(handle, "chdb_result_rows_written", library.result_rows_written) &&
         resolve(handle, "chdb_result_storage_rows_read", library.result_storage_rows_read) &&
         resolve(handle, "chdb_result_storage_bytes_read", library.result_storage_bytes_read);
}

/// With less the engine ends the process without a word, or cannot start its threads.
constexpr rlim_t kAddressSpaceMin = rlim_t{2} << 30;

Result<void> expect_address_space() {
  struct rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur >= kAddressSpaceMin) return {};
  return Error{ErrorKind::kUnavailable, "this process may use " + std::to_string(limit.rlim_cur >> 20) +
                                            " MiB of address space, and the engine needs at least " +
                                            std::to_string(kAddressSpaceMin >> 20) +
                                            " MiB; raise the limit (ulimit -v)"};
}

Result<Library> load_first(const std::vector<std::string>& paths) {
  std::string tried;
  for (const std::string& path : paths) {
    void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
      tried += "\n  " + std::string(dlerror());
      continue;
    }
    Library library{};
    if (resolve_all(handle, library)) {
      library.set_signal_handlers_enabled(0);
      return library;
    }
    tried += "\n  " + path + ": lacks a function of chdb 26.7";
    dlclose(handle);
  }
  return Error{ErrorKind::kUnavailable,
               "the embedded engine (libchdb.so) could not be loaded. Install the package optiinfra-engine, "
               "run ./setup in "
               "the source tree, or "
               "name the library in OPTIINFRA_LIBCHDB. Tried:" +
                   tried};
}

}  // namespace

Result<const Library*> Library::load() {
  static std::mutex mutex;
  static std::optional<Library> loaded;
  const std::lock_guard lock(mutex);
  if (!loaded) {
    OPTIINFRA_CHECK(expect_address_space());
    OPTIINFRA_TRY(const Library library, load_first(candidates()));
    OPTIINFRA_CHECK(write_guard::install(library));
    loaded = library;
  }
  return &*loaded;
}

}  // namespace optiinfra::embedded
