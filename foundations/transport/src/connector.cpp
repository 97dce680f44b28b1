#include "optiinfra/transport/connector.hpp"

#include "embedded/session.hpp"
#include "http/session.hpp"
#include "native/store.hpp"

namespace optiinfra {

Result<std::shared_ptr<Connector>> make_connector(const StoreUrl& url, IfAbsent if_absent,
                                                  UseReserve use_reserve) {
  switch (url.protocol) {
    case Protocol::kEmbedded:
      return embedded::make_embedded_connector(url.folder, if_absent, use_reserve);
    case Protocol::kNative:
    case Protocol::kNativeTls:
      return native::make_native_connector(url);
    case Protocol::kHttp:
    case Protocol::kHttps:
      break;
  }
  return http::make_http_connector(url);
}

Result<std::shared_ptr<Connector>> make_connector(std::string_view url, IfAbsent if_absent) {
  OPTIINFRA_TRY(const StoreUrl store, parse_store_url(url));
  return make_connector(store, if_absent);
}

}  // namespace optiinfra
