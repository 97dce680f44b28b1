#include "optiinfra/transport/connector.hpp"

#include "embedded/session.hpp"
#include "native/store.hpp"

namespace optiinfra {

Result<std::shared_ptr<Connector>> make_connector(const StoreUrl& url, IfAbsent if_absent) {
  if (url.protocol == Protocol::kEmbedded) return embedded::make_embedded_connector(url.folder, if_absent);
  if (url.protocol == Protocol::kNative || url.protocol == Protocol::kNativeTls)
    return native::make_native_connector(url);
  return Error{ErrorKind::kInvalidArgument, url.description() + " is not supported yet"};
}

Result<std::shared_ptr<Connector>> make_connector(std::string_view url, IfAbsent if_absent) {
  OPTIINFRA_TRY(const StoreUrl store, parse_store_url(url));
  return make_connector(store, if_absent);
}

}  // namespace optiinfra
