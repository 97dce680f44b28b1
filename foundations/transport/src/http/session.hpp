/// Sessions with a ClickHouse server over HTTP and HTTPS (docs/decisions/0010-http.md).
#pragma once

#include <memory>

#include "optiinfra/transport/connector.hpp"

namespace optiinfra::http {

/// A connector to the servers of `store`, whose protocol is kHttp or kHttps.
/// Errors: kInvalidArgument for a user or password that HTTP cannot carry.
Result<std::shared_ptr<Connector>> make_http_connector(const StoreUrl& store);

}  // namespace optiinfra::http
