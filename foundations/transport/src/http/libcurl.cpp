#include "http/libcurl.hpp"

#include <dlfcn.h>

#include <mutex>
#include <optional>
#include <string>

namespace optiinfra::http {
namespace {

/// The name has stayed since 2006: libcurl adds functions and takes none away.
constexpr const char* kLibrary = "libcurl.so.4";

template <typename Function>
bool resolve(void* handle, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(handle, name));
  return function != nullptr;
}

bool resolve_all(void* handle, Libcurl& curl) {
  return resolve(handle, "curl_global_init", curl.global_init) &&
         resolve(handle, "curl_easy_init", curl.easy_init) &&
         resolve(handle, "curl_easy_cleanup", curl.easy_cleanup) &&
         resolve(handle, "curl_easy_reset", curl.easy_reset) &&
         resolve(handle, "curl_easy_setopt", curl.easy_setopt) &&
         resolve(handle, "curl_easy_getinfo", curl.easy_getinfo) &&
         resolve(handle, "curl_easy_pause", curl.easy_pause) &&
         resolve(handle, "curl_easy_strerror", curl.easy_strerror) &&
         resolve(handle, "curl_multi_init", curl.multi_init) &&
         resolve(handle, "curl_multi_cleanup", curl.multi_cleanup) &&
         resolve(handle, "curl_multi_setopt", curl.multi_setopt) &&
         resolve(handle, "curl_multi_add_handle", curl.multi_add_handle) &&
         resolve(handle, "curl_multi_remove_handle", curl.multi_remove_handle) &&
         resolve(handle, "curl_multi_perform", curl.multi_perform) &&
         resolve(handle, "curl_multi_poll", curl.multi_poll) &&
         resolve(handle, "curl_multi_info_read", curl.multi_info_read) &&
         resolve(handle, "curl_slist_append", curl.slist_append) &&
         resolve(handle, "curl_slist_free_all", curl.slist_free_all);
}

Error unusable(const std::string& why) {
  return {
      ErrorKind::kUnavailable,
      "stores behind http:// and https:// need libcurl 7.66 or newer, which cannot be used here (" + why +
          "). Install Debian's package libcurl4 (libcurl4t64 from Debian 13 on), or use the server's native "
          "port: clickhouse://HOST"};
}

Result<Libcurl> load_and_start() {
  void* const handle = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return unusable(dlerror());
  Libcurl curl{};
  if (!resolve_all(handle, curl)) {
    const Error error = unusable(dlerror());
    dlclose(handle);
    return error;
  }
  if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return unusable("it does not start");
  return curl;
}

}  // namespace

Result<const Libcurl*> Libcurl::load() {
  static std::mutex mutex;
  static std::optional<Libcurl> loaded;
  const std::lock_guard lock(mutex);
  if (!loaded) {
    OPTIINFRA_TRY(loaded, load_and_start());
  }
  return &*loaded;
}

}  // namespace optiinfra::http
