/// libcurl, loaded with the first store or source of metrics behind http:// or https://. It loads thirty
/// shared libraries, which would cost every command of the program 10 ms.
#pragma once

#include <curl/curl.h>

#include "optiinfra/core/error.hpp"

namespace optiinfra::http {

/// The functions of libcurl that are used, named as there, without "curl_". Valid for the rest of the
/// process.
struct Libcurl {
  decltype(&curl_global_init) global_init;
  decltype(&curl_easy_init) easy_init;
  decltype(&curl_easy_cleanup) easy_cleanup;
  decltype(&curl_easy_reset) easy_reset;
  decltype(&curl_easy_setopt) easy_setopt;
  decltype(&curl_easy_getinfo) easy_getinfo;
  decltype(&curl_easy_pause) easy_pause;
  decltype(&curl_easy_strerror) easy_strerror;
  decltype(&curl_multi_init) multi_init;
  decltype(&curl_multi_cleanup) multi_cleanup;
  decltype(&curl_multi_setopt) multi_setopt;
  decltype(&curl_multi_add_handle) multi_add_handle;
  decltype(&curl_multi_remove_handle) multi_remove_handle;
  decltype(&curl_multi_perform) multi_perform;
  decltype(&curl_multi_poll) multi_poll;
  decltype(&curl_multi_info_read) multi_info_read;
  decltype(&curl_slist_append) slist_append;
  decltype(&curl_slist_free_all) slist_free_all;

  /// Loads and starts libcurl.so.4 once per process; after a failure the next call tries again. Threads: any.
  /// Errors: kUnavailable that says why and which package has the library.
  static Result<const Libcurl*> load();
};

}  // namespace optiinfra::http
