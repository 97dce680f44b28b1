#include "endpoint.hpp"

#include <algorithm>
#include <atomic>
#include <iterator>

#include "optiinfra/testing/temporary_folder.hpp"
#include "servers.hpp"

namespace optiinfra::testing {

const std::vector<EndpointKind>& all_endpoints() {
  using enum Protocol;
  using enum Compression;
  constexpr std::size_t kFormFieldBytesMax = 128 << 10;
  constexpr Capabilities kNativeCan{.every_format = false};
  constexpr Capabilities kNativeTlsCan{.tls = true, .every_format = false};
  constexpr Capabilities kHttpCan{.temporary_tables = false, .parameter_bytes_max = kFormFieldBytesMax};
  constexpr Capabilities kHttpsCan{
      .tls = true, .temporary_tables = false, .parameter_bytes_max = kFormFieldBytesMax};
  static const std::vector<EndpointKind> kinds{
      {"embedded", kEmbedded, kNone, {.server = false}},
      {"native", kNative, kNone, kNativeCan},
      {"native_lz4", kNative, kLz4, kNativeCan},
      {"native_zstd", kNative, kZstd, kNativeCan},
      {"native_tls", kNativeTls, kLz4, kNativeTlsCan},
      {"http", kHttp, kNone, kHttpCan},
      {"http_lz4", kHttp, kLz4, kHttpCan},
      {"http_zstd", kHttp, kZstd, kHttpCan},
      {"https", kHttps, kNone, kHttpsCan},
  };
  return kinds;
}

namespace {
template <typename Wanted>
std::vector<EndpointKind> endpoints_that(Wanted wanted) {
  std::vector<EndpointKind> kinds;
  std::copy_if(all_endpoints().begin(), all_endpoints().end(), std::back_inserter(kinds), wanted);
  return kinds;
}
}  // namespace

std::vector<EndpointKind> server_endpoints() {
  return endpoints_that([](const EndpointKind& kind) { return kind.can.server; });
}

std::vector<EndpointKind> tls_endpoints() {
  return endpoints_that([](const EndpointKind& kind) { return kind.can.tls; });
}

std::vector<EndpointKind> endpoints_named(const std::vector<std::string>& names) {
  return endpoints_that([&names](const EndpointKind& kind) {
    return std::find(names.begin(), names.end(), kind.name) != names.end();
  });
}

StoreUrl new_store(const EndpointKind& kind) {
  static std::atomic<int> stores{0};
  const std::string number = std::to_string(++stores);
  StoreUrl url{.protocol = kind.protocol, .compression = kind.compression};
  if (!kind.can.server) {
    static const TemporaryFolder folder;
    url.folder = folder / number;
    return url;
  }
  url.hosts = {shared_servers().endpoint(kind)};
  url.user = kUser, url.password = kPassword;
  url.database = "store_" + number;
  if (kind.can.tls) url.ca_file = shared_servers().authority().certificate_file();
  return url;
}

}  // namespace optiinfra::testing
